"""The ink of pictures larger than the network's frame, in their own resolution, and shelves: what is kept in files."""

from __future__ import annotations

import os
import struct
import zlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, overload

import numpy as np

from strokes.files.temporary import unnamed_file, write_at
from strokes.ink.drawing import BoolArray
from strokes.ink.thinning import thin

Kept = TypeVar("Kept")


@dataclass(frozen=True)
class FineInk:
    """The ink of a picture larger than the frame.

    Attributes:
        packed: its bits, row by row, deflated.
        height: of the picture, in pixels.
        width: likewise.
        pen_px: how wide the pen's line is, in pixels; 0 where nobody measured it.
    """

    packed: bytes
    height: int
    width: int
    pen_px: float = 0.0

    @classmethod
    def of(cls, ink: BoolArray, pen_px: float = 0.0) -> FineInk:
        """Packs `ink` (h, w)."""
        return cls(zlib.compress(np.packbits(ink).tobytes(), 1), ink.shape[0], ink.shape[1], round(float(pen_px), 3))

    @property
    def mask(self) -> BoolArray:
        """(height, width) bool: every pixel of ink."""
        bits = np.unpackbits(np.frombuffer(zlib.decompress(self.packed), np.uint8), count=self.height * self.width)
        return bits.reshape(self.height, self.width).view(np.bool_)

    @property
    def ink(self) -> BoolArray:
        """(height, width) bool: the ink, thinned."""
        return thin(self.mask)


class Shelf(Sequence[Kept], Generic[Kept]):
    """A sequence in an unnamed file, so that memory grows by 8 bytes a thing; it goes when nobody holds the shelf."""

    def __init__(self) -> None:
        self._file = unnamed_file()
        self._ends = array("Q", [0])

    def pack(self, thing: Kept) -> bytes:
        """A thing as bytes."""
        raise NotImplementedError

    def unpack(self, packed: bytes) -> Kept:
        """A thing as it was."""
        raise NotImplementedError

    def append(self, thing: Kept) -> None:
        """Keep one more. Raises `StoreError` where the disk has no room for it."""
        packed = self.pack(thing)
        write_at(self._file, self._ends[-1], packed)
        self._ends.append(self._ends[-1] + len(packed))

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> Kept: ...
    @overload
    def __getitem__(self, index: slice) -> list[Kept]: ...
    def __getitem__(self, index: int | slice) -> Kept | list[Kept]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        i = range(len(self))[index]
        return self.unpack(os.pread(self._file.fileno(), self._ends[i + 1] - self._ends[i], self._ends[i]))

    def __iter__(self) -> Iterator[Kept]:
        return (self[i] for i in range(len(self)))


class InkShelf(Shelf[FineInk | None]):
    """Inks of pictures, None for one that is no larger than the frame."""

    known = struct.Struct("<IId")

    def pack(self, thing: FineInk | None) -> bytes:
        """An ink's size, its pen's width and its bits; nothing for None."""
        return b"" if thing is None else self.known.pack(thing.height, thing.width, thing.pen_px) + thing.packed

    def unpack(self, packed: bytes) -> FineInk | None:
        """The ink."""
        return FineInk(packed[self.known.size :], *self.known.unpack_from(packed)) if packed else None


class TextShelf(Shelf[str]):
    """Texts."""

    def pack(self, thing: str) -> bytes:
        """A text's bytes."""
        return thing.encode("utf-8", "surrogateescape")

    def unpack(self, packed: bytes) -> str:
        """The text."""
        return packed.decode("utf-8", "surrogateescape")
