"""Large arrays of bytes lie in unnamed files, and are gone through piece by piece: memory doesn't grow with them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from strokes.files.temporary import array_in_file
from strokes.ink.pictures import let_go

HELD_BYTES = 64 << 20
"""Larger ones lie in files."""
PIECE_BYTES = 4 << 20
LET_GO_EVERY = 16
"""A system reads more of a file than is asked for."""


def room(shape: Sequence[int]) -> NDArray[np.uint8]:
    """A new array of bytes, in an unnamed file where it is large. Raises `StoreError` where the disk has no room."""
    if math.prod(shape) <= HELD_BYTES:
        return np.empty(shape, np.uint8)
    return array_in_file(shape, np.uint8)


def read_into_room(stream: IO[bytes], count: int) -> NDArray[np.uint8]:
    """The next `count` bytes of a stream, or fewer where it ends, as a flat array."""
    found = room((count,))
    start = 0
    while start < count and (piece := stream.read(min(PIECE_BYTES, count - start))):
        found[start : start + len(piece)] = np.frombuffer(piece, np.uint8)
        start += len(piece)
        let_go(found)
    return found[:start]


def one_by_one(pictures: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """Each picture of an array; what reading them from a file took is let go now and then."""
    for i, picture in enumerate(pictures):
        yield picture
        if i % LET_GO_EVERY == 0 and isinstance(pictures, np.ndarray):
            let_go(pictures)


def pieces(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Parts of an array one after the other; what reading them from a file took is let go each time."""
    rows = max(PIECE_BYTES // max(values[:1].nbytes, 1), 1)
    for start in range(0, len(values), rows):
        yield values[start : start + rows]
        let_go(values)
