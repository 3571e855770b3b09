"""The arrays of an `.npz`, found and described before any of them is read; nothing is unpickled.

See https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
"""

from __future__ import annotations

import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from strokes.errors import SourceError

BROKEN_NPZ = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    SyntaxError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    tokenize.TokenError,
    struct.error,
)
"""What zipfile and numpy.lib.format raise at broken input."""


@contextmanager
def open_npz(path: Path) -> Iterator[zipfile.ZipFile]:
    """An `.npz` to read. Raises `SourceError` when it is broken."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except BROKEN_NPZ as error:
        raise SourceError(f"{path} is no whole .npz ({str(error)[:200] or type(error).__name__})") from error


def names_of(archive: zipfile.ZipFile) -> set[str]:
    """The arrays in an `.npz`."""
    return {name.removesuffix(".npy") for name in archive.namelist()}


def open_array(archive: zipfile.ZipFile, name: str) -> tuple[IO[bytes], tuple[int, ...], bool, np.dtype[Any]]:
    """An array's stream behind its header, its shape, whether it is laid out by columns, and its type.

    Raises:
        SourceError: there is no such array, or its shape is none.
    """
    if f"{name}.npy" not in archive.namelist():
        raise SourceError(f"it holds {', '.join(sorted(names_of(archive))[:20]) or 'nothing'}; expected `{name}`")
    stream = archive.open(f"{name}.npy")
    return stream, *read_header(stream, name)


def read_header(stream: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """The header at a stream's start: an array's shape, whether it is laid out by columns, and its type.

    Raises:
        SourceError: its shape is none.
    """
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shape, fortran, dtype = read(stream)
    if min(shape, default=0) < 0 or math.prod(shape) > 1 << 48:
        raise SourceError(f"`{name}` announces shape {shape}")
    return shape, fortran, dtype


def check_plain(name: str, dtype: np.dtype[Any]) -> None:
    """Raise `SourceError` where an array's type is of objects, whose reading runs what they say."""
    if dtype.hasobject:
        raise SourceError(f"`{name}` is an object array, which could run code; save numbers or strings")
