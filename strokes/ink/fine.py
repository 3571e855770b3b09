"""The ink of pictures larger than the network's frame, in their own resolution: compressed, in memory or in a file."""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from strokes.ink.drawing import BoolArray
from strokes.ink.thinning import thin


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


@dataclass(frozen=True)
class Entry:
    """Where a shelf's file holds an ink, and what else is known of it."""

    place: int
    length: int
    height: int
    width: int
    pen_px: float


class InkShelf(Sequence[FineInk | None]):
    """Inks kept in an unnamed file, so that memory doesn't grow with them; it goes when nobody holds the shelf."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="strokes-ink-", buffering=0)  # noqa: SIM115
        self._entries: list[Entry | None] = []
        self._end = 0

    def append(self, ink: FineInk | None) -> None:
        """Keep one more."""
        if ink is None:
            self._entries.append(None)
            return
        os.pwrite(self._file.fileno(), ink.packed, self._end)
        self._entries.append(Entry(self._end, len(ink.packed), ink.height, ink.width, ink.pen_px))
        self._end += len(ink.packed)

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> FineInk | None: ...
    @overload
    def __getitem__(self, index: slice) -> list[FineInk | None]: ...
    def __getitem__(self, index: int | slice) -> FineInk | list[FineInk | None] | None:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        entry = self._entries[index]
        if entry is None:
            return None
        packed = os.pread(self._file.fileno(), entry.length, entry.place)
        return FineInk(packed, entry.height, entry.width, entry.pen_px)

    def __iter__(self) -> Iterator[FineInk | None]:
        return (self[i] for i in range(len(self)))
