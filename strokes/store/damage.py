"""Where in a dataset file damage lies: from bytes to arrays, chunks and drawings."""

from __future__ import annotations

import io
import math
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from strokes.errors import StoreError
from strokes.ink.drawing import POINT_COLUMNS
from strokes.store.dataset_file import HDF5_ERRORS
from strokes.store.layout import check_layout, names_in
from strokes.store.schema import Array, read_attributes


class RepairedFile(io.RawIOBase):
    """A file on disk, read with some bits turned back: `flips` maps a byte's place to the bits to turn."""

    def __init__(self, path: Path, flips: Mapping[int, int]) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._flips = flips

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to `offset`."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._file.tell()

    def readinto(self, buffer: Any, /) -> int:
        """Fill `buffer` from the file, with the bits turned back."""
        start, view = self._file.tell(), memoryview(buffer).cast("B")
        count = self._file.readinto(view)
        for place, mask in self._flips.items():
            if start <= place < start + count:
                view[place - start] ^= mask
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


@dataclass(frozen=True)
class Chunk:
    """One stored piece of an array: where its bytes lie, and the rows it holds."""

    name: str
    start: int
    stop: int
    first_row: int
    rows: int


class Layout:
    """Which array and which drawings each byte of an open dataset file belongs to.

    Raises:
        StoreError: the file is no dataset, or leads out of itself.
    """

    def __init__(self, file: Any, path: Path) -> None:
        check_layout(file, path, read_attributes(file.attrs))
        self.file = file
        self.drawings = len(file["drawing_offsets"]) - 1
        self.chunks = [chunk for name in ("classes", *names_in(file)) for chunk in chunks_of(file[name], name)]

    def within(self, start: int, stop: int) -> list[Chunk]:
        """The chunks that share bytes with `start:stop`."""
        return [chunk for chunk in self.chunks if chunk.start < stop and start < chunk.stop]

    @cached_property
    def offsets(self) -> dict[str, Array]:
        """The offsets of strokes, points and texts, whole."""
        names = ("drawing_offsets", "stroke_offsets", "metadata_offsets")
        return {name: self.file[name][:] for name in names if name in self.file}

    def owner(self, name: str, row: int) -> int | None:
        """The drawing that a row of an array belongs to; None for rows behind the last one, and for `classes`."""
        if name == "classes" or row >= len(self.file[name]):
            return None
        if name == "metadata":
            return int(np.searchsorted(self.offsets["metadata_offsets"], row, "right")) - 1
        if name in ("points", *POINT_COLUMNS):
            row, name = int(np.searchsorted(self.offsets["stroke_offsets"], row, "right")) - 1, "stroke_offsets"
        if name == "stroke_offsets":
            last = len(self.offsets["stroke_offsets"]) - 2
            row = int(np.searchsorted(self.offsets["drawing_offsets"], min(row, last), "right")) - 1
        return min(row, self.drawings - 1) if self.drawings else None

    def owners(self, chunk: Chunk) -> tuple[int, int] | None:
        """The first and the last drawing that a chunk holds something of."""
        last_row = min(chunk.first_row + chunk.rows, len(self.file[chunk.name])) - 1
        first, last = self.owner(chunk.name, chunk.first_row), self.owner(chunk.name, max(last_row, 0))
        return None if first is None or last is None else (first, last)


def chunks_of(stored: Any, name: str) -> Iterator[Chunk]:
    """The stored pieces of one array; one that isn't chunked is a single piece."""
    if stored.chunks is None:
        start = stored.id.get_offset()
        if start is not None:
            yield Chunk(name, start, start + stored.id.get_storage_size(), 0, len(stored))
        return
    found: list[Any] = []
    stored.id.chunk_iter(found.append)
    for info in found:
        yield Chunk(name, info.byte_offset, info.byte_offset + info.size, info.chunk_offset[0], stored.chunks[0])


def describe_flip(place: int, bit: int, *, path: Path, flips: Mapping[int, int]) -> str:
    """What one flipped bit lies in, in words, read with all `flips` turned back."""
    where = f"bit {bit} of byte {place:,}"
    try:
        with RepairedFile(path, flips) as repaired, h5py.File(repaired, "r") as file:
            layout = Layout(file, path)
            found = layout.within(place, place + 1)
            if not found:
                return f"{where}, in the file's structure or unused space; no drawing lies there"
            chunk = found[0]
            repaired.seek(chunk.start)
            row = damaged_row(repaired.read(chunk.stop - chunk.start), place - chunk.start, bit, file[chunk.name])
            drawing = None if row is None else layout.owner(chunk.name, chunk.first_row + row)
            return f"{where}, {in_drawing(drawing, chunk, layout)}"
    except (*HDF5_ERRORS, StoreError):
        return f"{where}; what lies there can't be told"


def in_drawing(drawing: int | None, chunk: Chunk, layout: Layout) -> str:
    """Words for a place in a chunk: its drawing where one is known, else the drawings that the chunk holds."""
    owners = layout.owners(chunk)
    if owners is None:
        return f"in {chunk.name}"
    near = f"drawings {owners[0]} to {owners[1]}"
    return (
        f"in the {chunk.name} of {near}"
        if drawing is None
        else f"in drawing {drawing} ({chunk.name}; {near} share the chunk)"
    )


def damaged_row(whole: bytes, place: int, bit: int, stored: Any) -> int | None:
    """The first row of a chunk that a flipped bit of its stored bytes spoils; None where all rows come out right."""
    if stored.compression != "gzip" or stored.fletcher32:
        return None
    at = first_difference(whole, place, bit)
    if at is None:
        return None
    values = math.prod(stored.chunks)
    value = at % values if stored.shuffle else at // stored.dtype.itemsize
    return int(value // math.prod(stored.chunks[1:]))


def first_difference(whole: bytes, place: int, bit: int) -> int | None:
    """The first unpacked byte that comes out otherwise, or not at all, when a bit of zlib data is flipped."""
    unpack_right, unpack_wrong = zlib.decompressobj(), zlib.decompressobj()
    right, wrong = bytearray(unpack_right.decompress(whole[:place])), bytearray(unpack_wrong.decompress(whole[:place]))
    same = len(right)
    for i in range(place, len(whole)):
        byte = whole[i] ^ 1 << bit if i == place else whole[i]
        right += unpack_right.decompress(whole[i : i + 1])
        try:
            wrong += unpack_wrong.decompress(bytes([byte]))
        except zlib.error:
            return None if unpack_right.eof and same == len(right) else same
        while same < min(len(right), len(wrong)):
            if right[same] != wrong[same]:
                return same
            same += 1
    return same if len(wrong) < len(right) else None


def describe_range(start: int, stop: int, *, path: Path, flips: Mapping[int, int]) -> str:
    """What a damaged range of bytes holds, in words."""
    where = f"bytes {start:,} to {stop - 1:,}"
    try:
        with RepairedFile(path, flips) as repaired, h5py.File(repaired, "r") as file:
            layout = Layout(file, path)
            found = [(chunk.name, layout.owners(chunk)) for chunk in layout.within(start, stop)]
    except (*HDF5_ERRORS, StoreError):
        return f"{where}; what lies there can't be told"
    held = [(name, owners) for name, owners in found if owners]
    if not held:
        return f"{where}, in the file's structure or unused space"
    names = ", ".join(dict.fromkeys(name for name, _ in held))
    first, last = min(owners[0] for _, owners in held), max(owners[1] for _, owners in held)
    return f"{where}, in the {names} of drawings {first} to {last}"
