"""Unnamed files for what is too much for memory: they go when nobody holds them, and a full disk is one clear error.

They lie in the system's folder for temporary files, which `TMPDIR` names.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from strokes.errors import StoreError
from strokes.files import reason

ZEROS = bytes(1 << 20)


def unnamed_file() -> IO[bytes]:
    """A new file. Raises `StoreError`."""
    with _refusals():
        return tempfile.TemporaryFile(prefix="strokes-", buffering=0)


def write_at(file: IO[bytes], place: int, data: bytes) -> None:
    """Write all of `data` at a place. Raises `StoreError` where the disk has no room for it."""
    rest = memoryview(data)
    with _refusals():
        while rest:
            written = os.pwrite(file.fileno(), rest, place)
            place, rest = place + written, rest[written:]


def array_in_file(shape: Sequence[int], dtype: DTypeLike) -> NDArray[Any]:
    """An array of zeros in a file that has all the room it needs. Raises `StoreError` where the disk hasn't."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    with unnamed_file() as file:
        if hasattr(os, "posix_fallocate"):
            with _refusals():
                os.posix_fallocate(file.fileno(), 0, size)
        else:
            for start in range(0, size, len(ZEROS)):
                write_at(file, start, ZEROS[: size - start])
        return np.memmap(file, dtype, mode="r+", shape=tuple(shape))


@contextmanager
def _refusals() -> Iterator[None]:
    """Raise `StoreError` for what the system refuses."""
    try:
        yield
    except OSError as error:
        folder = tempfile.gettempdir()
        raise StoreError(
            f"{folder} can't hold the pictures in work ({reason(error)}); name a folder with room by TMPDIR"
        ) from None
