"""Pictures and labels from a NumPy `.npz`, read without unpickling anything."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.idx import MAX_BYTES
from strokes.errors import SourceError

EXPECTED = "expected an .npz with `images` (n, h, w), ink high, and perhaps `labels` (n,)"


def read_npz(path: Path) -> tuple[NDArray[np.uint8], NDArray[Any] | None]:
    """Grey pictures (n, h, w), ink high, and labels (n,), strings or integers, or None.

    Boolean pictures become 0 and 255; floats in [0, 1] are scaled to 255; integers are grey values 0…255.

    Raises:
        SourceError: when the file is missing or broken, an array is missing or of another shape or type, numbers
            disagree, or a picture holds NaN.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "images.npy" not in names:
                held = ", ".join(sorted(name.removesuffix(".npy") for name in names)) or "nothing"
                raise SourceError(f"{path} holds {held}; {EXPECTED}")
            images = _read_array(archive, "images", path)
            labels = _read_array(archive, "labels", path) if "labels.npy" in names else None
    except FileNotFoundError:
        raise SourceError(f"{path} doesn't exist; {EXPECTED}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise SourceError(f"{path} is no whole .npz ({error}); {EXPECTED}") from None
    return to_grey(images, path), labels


def _read_array(archive: zipfile.ZipFile, name: str, path: Path) -> NDArray[Any]:
    try:
        with archive.open(f"{name}.npy") as stream:
            shape, dtype = _read_header(stream)
        if dtype.hasobject:
            raise SourceError(f"`{name}` in {path} is an object array, which could run code; save numbers or strings")
        if math.prod(shape) * dtype.itemsize > MAX_BYTES:
            raise SourceError(f"`{name}` in {path} announces shape {shape}, more than 4 GiB; split the file")
        with archive.open(f"{name}.npy") as stream:
            array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    except ValueError as error:
        raise SourceError(f"`{name}` in {path} can't be read ({error}); {EXPECTED}") from None
    return array


def _read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype


def to_grey(images: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    """Pictures as grey uint8; see `read_npz`."""
    if images.ndim != 3 or 0 in images.shape:
        raise SourceError(f"`images` in {path} has shape {images.shape}; expected (n, h, w), none of them 0")
    if images.dtype == np.bool_:
        return images.astype(np.uint8) * np.uint8(255)
    if images.dtype == np.uint8:
        return images
    integers = np.issubdtype(images.dtype, np.integer)
    if not integers and not np.issubdtype(images.dtype, np.floating):
        raise SourceError(f"`images` in {path} has type {images.dtype}; expected bool, grey 0…255 or floats in [0, 1]")
    if not integers and not np.isfinite(images).all():
        bad = int(np.flatnonzero(~np.isfinite(images).all((1, 2)))[0])
        raise SourceError(f"picture {bad} of {path} holds NaN or infinite values; expected floats in [0, 1]")
    most = 255 if integers else 1
    if images.min() < 0 or images.max() > most:
        raise SourceError(
            f"`images` in {path} spans {images.min()}…{images.max()} as {images.dtype}; "
            "expected integers 0…255 or floats in [0, 1]"
        )
    return (images if integers else np.rint(images * 255)).astype(np.uint8)
