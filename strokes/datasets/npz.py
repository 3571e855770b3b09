"""Pictures and labels from NumPy's `.npz` and `.npy`, read without unpickling anything.

Pictures are called `images`, or `x_train` and `x_test` as Keras has them, or by another of `ARRAY_NAMES`; labels
beside them likewise. What numbers mean is one rule: see `strokes.datasets.scale`.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.decode import on_paper
from strokes.datasets.held import read_into_room
from strokes.datasets.idx import MAX_BYTES
from strokes.datasets.npz_arrays import BROKEN_NPZ, check_plain, open_array, open_npz, read_header
from strokes.datasets.scale import full_scale, to_bytes
from strokes.errors import SourceError
from strokes.files import reason
from strokes.ink.paper.scan import LUMA

EXPECTED_ARRAYS = "expected an .npz with `images` (n, h, w) or `x_train` and `x_test`, and perhaps `labels` (n,)"
ARRAY_NAMES = (
    (("train", "x_train", "y_train"), ("test", "x_test", "y_test"), ("none", "x_val", "y_val")),
    (
        ("train", "train_images", "train_labels"),
        ("test", "test_images", "test_labels"),
        ("none", "val_images", "val_labels"),
    ),
    *((("none", *names),) for names in (("images", "labels"), ("x", "y"), ("data", "target"), ("arr_0", "arr_1"))),
)
"""Families of split, pictures and labels, whatever the case: the first that is there is taken, all that is of it."""
COLOURS = (3, 4)
"""Of red, green and blue, with or without opacity."""
LABEL_WORDS = {"images": "labels", "imgs": "labels", "image": "label", "x": "y", "X": "y", "data": "target"}
"""How a file of pictures is called, and one of their labels."""


@dataclass(frozen=True)
class Array:
    """Pictures (n, h, w) uint8, labels (n,) or None, and the split that they are in."""

    images: NDArray[np.uint8]
    labels: NDArray[Any] | None
    split: str = "none"


def read_npz(path: Path) -> tuple[NDArray[np.uint8], NDArray[Any] | None]:
    """Grey pictures (n, h, w) and labels (n,), strings or integers, or None, of an `.npz` that isn't split.

    Raises:
        SourceError: see `read_arrays`.
    """
    (only,) = read_arrays(path)
    return only.images, only.labels


def read_arrays(path: Path) -> list[Array]:
    """The pictures of an `.npz` or `.npy`, split by split.

    Raises:
        SourceError: when the file is missing or broken, an array is missing or of another shape or type, numbers
            disagree, are of no scale that can be told, or aren't finite.
    """
    if path.suffix.lower() == ".npy":
        return [Array(to_grey(read_npy(path), path), labels_beside(path))]
    found = []
    with opened(path) as archive:
        held = {name.removesuffix(".npy").lower(): name.removesuffix(".npy") for name in archive.namelist()}
        for split, pictures, labels in chosen(held):
            values = _read_array(archive, held[pictures], path)
            numbers = _read_array(archive, held[labels], path) if labels in held else None
            beside = labels_beside(path) if numbers is None and split == "none" else numbers
            found.append(Array(to_grey(values, path), None if beside is None else one_column(beside), split))
    if not found:
        told = ", ".join(sorted(held.values())) or "nothing"
        raise SourceError(f"{path} holds {told}; {EXPECTED_ARRAYS}")
    return found


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """An `.npz`, open within the block. Raises `SourceError` when it is missing or no whole one."""
    try:
        with open_npz(path) as archive:
            yield archive
    except FileNotFoundError:
        raise SourceError(f"{path} doesn't exist; {EXPECTED_ARRAYS}") from None
    except OSError as error:
        raise SourceError(f"{path} can't be read ({reason(error)}); {EXPECTED_ARRAYS}") from None


def chosen(held: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """The members of a family of `ARRAY_NAMES` that are there, or the only array, whatever its name."""
    for family in ARRAY_NAMES:
        there = [names for names in family if names[1] in held]
        if there:
            return there
    return [("none", next(iter(held)), "")] if len(held) == 1 else []


def labels_beside(path: Path) -> NDArray[Any] | None:
    """The labels in the file whose name says labels where this one's says pictures; None without one."""
    others = (path.with_name(name) for name in names_of_labels(path.name))
    return next((read_labels(other) for other in others if other.is_file()), None)


def names_of_labels(name: str) -> list[str]:
    """What the labels of a file of pictures may be called."""
    words = re.split(r"([-_. ])", name)
    return [
        "".join([*words[:place], LABEL_WORDS[word], *words[place + 1 :]])
        for place, word in enumerate(words)
        if word in LABEL_WORDS
    ]


def read_labels(path: Path) -> NDArray[Any]:
    """The labels (n,) of an `.npy`, or of an `.npz` by whatever name. Raises `SourceError`."""
    if path.suffix.lower() == ".npy":
        return one_column(read_npy(path))
    with opened(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        own = [name for name in names if name.lower() in {"labels", "y", "arr_0", "target"}] or names
        if len(own) != 1:
            raise SourceError(f"{path} holds {', '.join(names) or 'nothing'}; expected labels alone")
        return one_column(_read_array(archive, own[0], path))


def one_column(labels: NDArray[Any]) -> NDArray[Any]:
    """Labels as they are; one-hot ones (n, classes) as the places of their ones."""
    if labels.ndim != 2 or labels.shape[1] < 2 or labels.dtype.kind not in "biuf":
        return labels
    hot = (labels == 1).sum(axis=1) == 1
    return labels.argmax(axis=1) if hot.all() and ((labels == 0) | (labels == 1)).all() else labels


def read_npy(path: Path) -> NDArray[Any]:
    """The array of an `.npy`. Raises `SourceError`."""
    try:
        with path.open("rb") as stream:
            return _read_rest(stream, path.name)
    except FileNotFoundError:
        raise SourceError(f"{path} doesn't exist; expected an .npy there") from None
    except OSError as error:
        raise SourceError(f"{path} can't be read ({reason(error)})") from None
    except BROKEN_NPZ as error:
        raise SourceError(f"{path} is no whole .npy ({str(error)[:200] or type(error).__name__})") from None


def _read_array(archive: zipfile.ZipFile, name: str, path: Path) -> NDArray[Any]:
    try:
        stream, shape, _, dtype = open_array(archive, name)
        check_announced(name, shape, dtype)
    except SourceError as error:
        raise SourceError(f"{error} in {path}; {EXPECTED_ARRAYS}") from None
    stream.close()
    with archive.open(f"{name}.npy") as stream:
        return _read_rest(stream, name)


def _read_rest(stream: IO[bytes], name: str) -> NDArray[Any]:
    """The array of an `.npy`'s stream; bytes that are many lie in a file. Raises what is among `BROKEN_NPZ`."""
    shape, by_columns, dtype = read_header(stream, name)
    check_announced(name, shape, dtype)
    if dtype.itemsize != 1 or by_columns:
        stream.seek(0)
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return array
    count = math.prod(shape)
    body = read_into_room(stream, count)
    if len(body) < count:
        raise EOFError(f"`{name}` ends after {len(body)} of {count} bytes")
    return body.view(dtype).reshape(shape)


def check_announced(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise `SourceError` for an array of objects, or one that is larger than 4 GiB."""
    check_plain(name, dtype)
    if math.prod(shape) * dtype.itemsize > MAX_BYTES:
        raise SourceError(f"`{name}` announces shape {shape}, more than 4 GiB; split the file")


def to_grey(images: NDArray[Any], path: Path | str) -> NDArray[np.uint8]:
    """Pictures in any of the shapes that people keep them in as (n, h, w) uint8, by the rule of scales."""
    shaped = as_pictures(images, path)
    if shaped.dtype.kind == "f" and not np.isfinite(shaped).all():
        bad = int(np.flatnonzero(~np.isfinite(shaped).all(axis=tuple(range(1, shaped.ndim))))[0])
        raise SourceError(f"picture {bad} of {path} holds NaN or infinite values; expected finite numbers")
    grey = to_bytes(shaped, full=full_scale(shaped, f"`images` in {path}"))
    if grey.ndim == 4:
        return np.stack([luminance(pixels) for pixels in grey])
    return grey


def luminance(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A coloured picture (h, w, 3), or one with its opacity (h, w, 4), in grey."""
    shown = on_paper(pixels) if pixels.shape[-1] == 4 else pixels
    return shown if shown.ndim == 2 else np.rint(shown @ np.array(LUMA, np.float32)).astype(np.uint8)


def as_pictures(images: NDArray[Any], path: Path | str) -> NDArray[Any]:
    """(n, h, w), or coloured (n, h, w, 3 or 4), of any shape that pictures are kept in; one picture is a set of one."""
    if images.ndim == 3 and images.shape[-1] in COLOURS and images.shape[1] not in COLOURS:
        images = images[None]
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    elif images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    elif images.ndim == 4 and images.shape[1] in COLOURS and images.shape[-1] not in COLOURS:
        images = np.moveaxis(images, 1, -1)
    elif images.ndim == 2 and images.size:
        side = math.isqrt(images.shape[1])
        flat = side * side == images.shape[1] and side > 1 and images.shape[0] != images.shape[1]
        images = images.reshape(-1, side, side) if flat else images[None]
    coloured = images.ndim == 4 and images.shape[-1] in COLOURS
    if (images.ndim != 3 and not coloured) or 0 in images.shape:
        raise SourceError(
            f"`images` in {path} has shape {images.shape}; expected (n, h, w), (n, h, w, 1, 3 or 4), (n, 1 or 3, h, w) "
            "or (n, side·side), and expected some pictures and pixels"
        )
    return images
