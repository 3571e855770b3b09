"""NumPy's `.npz` row by row, both ways, so that memory does not grow with the file.

See https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.npz_arrays import check_plain, open_array
from strokes.errors import SourceError

Array = NDArray[Any]
MAX_ROW_BYTES = 1 << 26


class RowReader:
    """One array of an `.npz`, taken a number of rows at a time.

    Attributes:
        shape: its shape; the first is its rows.
        dtype: its type.

    Raises:
        SourceError: it is missing, has objects, or is laid out column by column.
    """

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self.name = name
        self._stream, self.shape, fortran, self.dtype = open_array(archive, name)
        check_plain(name, self.dtype)
        if fortran and len(self.shape) > 1:
            raise SourceError(f"`{name}` is laid out column by column; save it with order='C'")
        self._row_bytes = math.prod(self.shape[1:]) * self.dtype.itemsize
        if not self.shape or self._row_bytes > MAX_ROW_BYTES:
            raise SourceError(f"`{name}` has shape {self.shape}; expected rows of at most 64 MiB")
        self.left = self.shape[0]

    def take(self, count: int) -> Array:
        """The next `count` rows, fewer at the end. Raises `SourceError` when the file is cut off."""
        count = min(count, self.left)
        content = self._stream.read(count * self._row_bytes)
        if len(content) < count * self._row_bytes:
            raise SourceError(f"`{self.name}` is cut off: it announces shape {self.shape}")
        self.left -= count
        if not self._row_bytes:
            return np.zeros((count, *self.shape[1:]), self.dtype)
        if self.dtype.kind == "U" and not _is_text(np.frombuffer(content, f"{self.dtype.str[0]}u4")):
            raise SourceError(f"`{self.name}` holds letters that are none")
        return np.frombuffer(content, self.dtype).reshape(count, *self.shape[1:])

    def blocks(self, count: int) -> Iterator[Array]:
        """All rows that are left, `count` at a time."""
        while self.left:
            yield self.take(count)


def _is_text(letters: Array) -> bool:
    """Whether numbers are letters of Unicode; NumPy crashes at others."""
    return not ((letters > 0x10FFFF) | ((letters >= 0xD800) & (letters <= 0xDFFF))).any()


class NpzWriter:
    """An `.npz` written array by array, each in blocks of rows; a context manager."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)

    def __enter__(self) -> NpzWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()

    def put(self, name: str, array: Array) -> None:
        """Write a whole array, objects included."""
        with self._archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as stream:
            np.lib.format.write_array(stream, array, allow_pickle=True)

    def put_rows(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], blocks: Iterable[Array]) -> None:
        """Write an array whose rows come in blocks; `shape` counts them all."""
        info = zipfile.ZipInfo(f"{name}.npy")
        info.compress_type = zipfile.ZIP_DEFLATED
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        with self._archive.open(info, "w", force_zip64=True) as stream:
            np.lib.format.write_array_header_1_0(stream, header)
            for block in blocks:
                stream.write(np.ascontiguousarray(block, dtype).tobytes())
