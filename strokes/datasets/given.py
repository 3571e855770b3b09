"""Pictures that the user gives: IDX, `.npz`, or a folder of PNG and JPEG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.idx import is_idx, read_idx_images, read_idx_labels
from strokes.datasets.image_files import MAX_PIXELS, SUFFIXES, read_folder, read_picture
from strokes.datasets.npz import read_npz
from strokes.errors import SourceError
from strokes.ink.drawing import UNLABELLED, IntArray
from strokes.ink.labels import DIGITS
from strokes.ink.normalise import frame_pictures
from strokes.ink.pictures import ImageSet, make_image_set

ACCEPTED = "expected IDX or IDX.gz, an .npz with `images`, a folder of PNG or JPEG, or one of those pictures"


def load_images(path: Path, labels: Path | None = None) -> ImageSet:
    """The pictures at `path`, thinned in the network's frame, in split "none".

    Args:
        path: an IDX or IDX.gz file; an `.npz` with `images` and perhaps `labels`; a folder of PNG and JPEG, one
            subfolder a class or none; or one such picture.
        labels: the IDX file of an IDX file's labels; when not given, the one that lies beside it under MNIST's names.

    A 28×28 picture is taken as it is; others are normalised as MNIST was (`strokes.ink.normalise`).

    Raises:
        SourceError: when something is missing, broken, or not what it claims to be.
    """
    pictures, found = read_given(path, labels)
    numbers, classes = number_labels(found, len(pictures), path)
    framed = frame_pictures(pictures)
    return make_image_set(
        framed.ink,
        labels=numbers,
        classes=classes,
        sizes=framed.sizes,
        frames=framed.frames,
        fine=framed.fine if any(framed.fine) else None,
        name=path.name,
    )


def number_labels(
    found: Sequence[str | None] | NDArray[Any] | None, count: int, path: Path
) -> tuple[IntArray, tuple[str, ...]]:
    """Labels as indices into classes, -1 where unknown, and the classes, sorted; digits are always all ten.

    `found` holds strings ("" or None: unknown) or integers (-1: unknown), or is None when nothing is known.

    Raises:
        SourceError: when there aren't `count` of them, or they are neither strings nor integers.
    """
    if found is None:
        return np.full(count, UNLABELLED, np.int64), ()
    names = label_names(found, path)
    if len(names) != count:
        raise SourceError(f"{path}: {count} pictures but {len(names)} labels; expected one label a picture")
    known = set(names) - {""}
    classes = DIGITS if known and known <= set(DIGITS) else tuple(sorted(known, key=_natural))
    place = {name: i for i, name in enumerate(classes)} | {"": UNLABELLED}
    return np.array([place[name] for name in names], np.int64), classes


def label_names(found: Sequence[str | None] | NDArray[Any], path: Path) -> list[str]:
    """Labels as strings, "" where unknown.

    Raises:
        SourceError: for an array that isn't one-dimensional strings or integers of -1 and above.
    """
    if not isinstance(found, np.ndarray):
        return [name or "" for name in found]
    if found.ndim == 1 and found.dtype.kind in "US":
        return [name.decode("utf-8", "replace") if isinstance(name, bytes) else name for name in found.tolist()]
    if found.ndim == 1 and found.dtype.kind in "iu" and not (found < UNLABELLED).any():
        return ["" if number == UNLABELLED else str(number) for number in found.tolist()]
    raise SourceError(
        f"labels of {path} are {found.dtype} of shape {found.shape}; expected (n,) strings, or integers from 0 "
        "with -1 for unknown"
    )


def _natural(name: str) -> tuple[bool, int, str]:
    return not name.isdecimal(), int(name) if name.isdecimal() else 0, name


def read_given(path: Path, labels: Path | None = None) -> tuple[Any, Sequence[str | None] | NDArray[Any] | None]:
    """Grey pictures, each (h, w) uint8 with ink high, and their labels if any, of a path as `load_images` takes it.

    Raises:
        SourceError: when something is missing, broken, or not what it claims to be.
    """
    if not path.exists():
        raise SourceError(f"{path} doesn't exist; {ACCEPTED}")
    if path.is_file() and is_idx(path):
        return _read_idx(path, labels)
    if labels is not None:
        raise SourceError(
            f"{path} is no IDX file, so {labels} can't label it; name an .npz's labels `labels` inside it"
        )
    if path.is_dir():
        pictures, names = read_folder(path)
        return pictures, names if any(names) else None
    if path.suffix.lower() in SUFFIXES:
        return [read_picture(path)], None
    if path.suffix.lower() == ".npz":
        images, numbers = read_npz(path)
        return _checked_size(images, path), numbers
    raise SourceError(f"{path} is nothing that can be read; {ACCEPTED}")


def _read_idx(path: Path, labels: Path | None) -> tuple[NDArray[np.uint8], NDArray[Any] | None]:
    images = _checked_size(read_idx_images(path), path)
    file = labels if labels is not None else _labels_beside(path)
    return images, None if file is None else read_idx_labels(file)


def _checked_size(images: NDArray[np.uint8], path: Path) -> NDArray[np.uint8]:
    _, height, width = images.shape
    if images.size == 0:
        raise SourceError(f"{path} holds {len(images)} pictures of {width} x {height} pixels; expected some")
    if height * width > MAX_PIXELS:
        raise SourceError(f"{path} holds pictures of {width} x {height} pixels; expected at most 64 million")
    return images


def _labels_beside(path: Path) -> Path | None:
    """The labels file that belongs to a pictures file by MNIST's naming, gzipped or not, if it is there."""
    name = path.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    candidates = (path.with_name(name), path.with_name(f"{name}.gz"))
    return next((c for c in candidates if c.is_file() and c != path), None)
