"""Folders of PNG and JPEG pictures, and single ones, as grey pictures with ink high."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from tqdm import tqdm

from strokes.errors import SourceError
from strokes.ink.pictures import FRAME_PX

SUFFIXES = (".png", ".jpg", ".jpeg")
MAX_PIXELS = 64_000_000
LEAST_CONTRAST = 40
"""A scan whose darkest ink differs from its paper by less, of 255, is blank paper."""


def read_folder(folder: Path) -> tuple[list[NDArray[np.uint8]], list[str | None]]:
    """Pictures of a folder in the order of their names, and the subfolder each lies in: its label, or None.

    Raises:
        SourceError: when there is no PNG or JPEG in it, or one can't be read.
    """
    named = find_pictures(folder)
    pictures = [read_picture(path) for path, _ in tqdm(named, desc="pictures", unit="", disable=None)]
    return pictures, [label for _, label in named]


def find_pictures(folder: Path) -> list[tuple[Path, str | None]]:
    """Files of a folder's pictures in the order of their names, and the subfolder each lies in, or None.

    Raises:
        SourceError: when there is no PNG or JPEG in it.
    """
    found: list[tuple[Path, str | None]] = [(path, None) for path in _pictures_in(folder)]
    subfolders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    named = found + [(path, sub.name) for sub in subfolders for path in _pictures_in(sub)]
    if not named:
        raise SourceError(f"{folder} holds no PNG or JPEG; expected pictures in it, or one subfolder of them a class")
    return named


def read_picture(path: Path) -> NDArray[np.uint8]:
    """One picture (h, w), ink high.

    The border decides which is ink: when its median is light, dark is ink and the picture is inverted. Transparency
    counts as white paper, unless the picture is all of one colour: then what is opaque is ink. Pictures of other sizes
    than 28×28 are stretched from the paper's grey to the ink's.

    Raises:
        SourceError: when the file is missing, no picture, broken, or above 64 megapixels.
    """
    grey = _decode(path)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if np.median(border) > 127:
        grey, border = 255 - grey, 255 - border
    if grey.shape == (FRAME_PX, FRAME_PX):
        return grey
    paper, ink = float(np.median(border)), float(grey.max())
    if ink - paper < LEAST_CONTRAST:
        return np.zeros_like(grey)
    stretched = (np.clip(grey, paper, ink) - paper) * (255 / (ink - paper))
    return np.asarray(np.rint(stretched), np.uint8)


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))


def _decode(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise SourceError(f"{path} has {width} x {height} pixels; expected at most 64 million, shrink it first")
            return _to_grey(picture)
    except FileNotFoundError:
        raise SourceError(f"{path} doesn't exist; expected a PNG or JPEG there") from None
    except UnidentifiedImageError:
        raise SourceError(f"{path} is no PNG or JPEG picture, whatever its name; convert or remove it") from None
    except Image.DecompressionBombError:
        raise SourceError(f"{path} has more than 64 million pixels; shrink it first") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise SourceError(f"{path} is a broken picture ({error}); save it again or remove it") from None


def _to_grey(picture: Image.Image) -> NDArray[np.uint8]:
    if picture.mode.startswith("I"):
        return (np.asarray(picture).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("L"))
    layers = np.asarray(picture.convert("LA")).astype(np.float32)
    shade, opacity = layers[..., 0], layers[..., 1] / 255
    visible = shade[opacity > 0]
    if visible.size and opacity.min() < 1 and np.ptp(visible) == 0:
        return np.asarray(255 * opacity, np.uint8)
    return np.rint(255 - opacity * (255 - shade)).astype(np.uint8)
