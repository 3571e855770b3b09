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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.idx import MAX_BYTES
from strokes.datasets.npz_arrays import BROKEN_NPZ, check_plain, open_array, open_npz, read_header
from strokes.datasets.scale import full_scale, to_bytes
from strokes.errors import SourceError
from strokes.files import reason

EXPECTED_ARRAYS = "expected an .npz with `images` (n, h, w) or `x_train` and `x_test`, and perhaps `labels` (n,)"
ARRAY_NAMES = (
    *((("train", "x_train", "y_train"), ("test", "x_test", "y_test"))),
    *((("train", "train_images", "train_labels"), ("test", "test_images", "test_labels"))),
    *((("none", "images", "labels"), ("none", "x", "y"), ("none", "data", "target"), ("none", "arr_0", "arr_1"))),
)
"""Split, pictures and labels, whatever the case; the first pairs of a family that are there are taken."""
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
    """The members of `ARRAY_NAMES` that are there: both splits of one family, or one array that isn't split."""
    for start in (0, 2):
        family = [names for names in ARRAY_NAMES[start : start + 2] if names[1] in held]
        if family:
            return family
    return [names for names in ARRAY_NAMES[4:] if names[1] in held][:1]


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
            shape, _, dtype = read_header(stream, path.name)
            check_announced(path.name, shape, dtype)
            stream.seek(0)
            array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    except FileNotFoundError:
        raise SourceError(f"{path} doesn't exist; expected an .npy there") from None
    except OSError as error:
        raise SourceError(f"{path} can't be read ({reason(error)})") from None
    except BROKEN_NPZ as error:
        raise SourceError(f"{path} is no whole .npy ({str(error)[:200] or type(error).__name__})") from None
    return array


def _read_array(archive: zipfile.ZipFile, name: str, path: Path) -> NDArray[Any]:
    try:
        _, shape, _, dtype = open_array(archive, name)
        check_announced(name, shape, dtype)
    except SourceError as error:
        raise SourceError(f"{error} in {path}; {EXPECTED_ARRAYS}") from None
    with archive.open(f"{name}.npy") as stream:
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


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
        return np.rint(grey @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)
    return grey


def as_pictures(images: NDArray[Any], path: Path | str) -> NDArray[Any]:
    """(n, h, w) or coloured (n, h, w, 3) of (n, h, w), (n, h, w, 1), (n, 1, h, w), (n, side·side) or (h, w)."""
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    elif images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    elif images.ndim == 2 and images.size:
        side = math.isqrt(images.shape[1])
        flat = side * side == images.shape[1] and side > 1 and images.shape[0] != images.shape[1]
        images = images.reshape(-1, side, side) if flat else images[None]
    if (images.ndim != 3 and not (images.ndim == 4 and images.shape[-1] == 3)) or 0 in images.shape:
        raise SourceError(
            f"`images` in {path} has shape {images.shape}; expected (n, h, w), (n, h, w, 1), (n, 1, h, w) or "
            "(n, side·side), and expected some pictures and pixels"
        )
    return images
