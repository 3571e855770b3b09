"""Pen recordings with their writers, and which writers and alphabets are kept out of training: a rule to repeat."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from strokes.errors import ShapeError
from strokes.ink.drawing import BoolArray, DrawingSet, IntArray


@dataclass(frozen=True)
class PenSet:
    """What pens did, in the frame.

    Attributes:
        drawings: in the frame's unit square, with labels.
        writers: a code a drawing, "" where unknown.
    """

    drawings: DrawingSet
    writers: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.writers) != len(self.drawings):
            raise ShapeError(f"{len(self.writers)} writers of {len(self.drawings)} drawings; expected one each")

    def __len__(self) -> int:
        return len(self.writers)

    def select(self, indices: IntArray) -> PenSet:
        """The drawings at `indices`, in that order."""
        return PenSet(self.drawings.select(indices), tuple(self.writers[i] for i in indices.tolist()))

    @property
    def names(self) -> list[str | None]:
        """Each drawing's label, None where unknown."""
        classes = (*self.drawings.classes, None)
        return [classes[label] for label in self.drawings.labels.tolist()]

    @property
    def held_out(self) -> BoolArray:
        """Which drawings (n,) are kept out of training; see `strokes.ink.recordings`."""
        return held_out_drawings(self.writers, self.names)

    def capped(self, each: int, *, seed: int = 0) -> PenSet:
        """At most `each` drawings of every writer, chosen at random, in their order."""
        order = np.random.default_rng(seed).permutation(len(self))
        seen: dict[str, int] = {}
        kept = []
        for i in order.tolist():
            seen[self.writers[i]] = seen.get(self.writers[i], 0) + 1
            if seen[self.writers[i]] <= each:
                kept.append(i)
        return self.select(np.sort(np.array(kept, np.int64)))


ONE_IN = 5


def held_out(code: str) -> bool:
    """Whether a writer or an alphabet is kept for measuring: its code's sha256 is a multiple of 5, as for 1 in 5."""
    return int(hashlib.sha256(code.encode()).hexdigest(), 16) % ONE_IN == 0


def held_out_drawings(writers: Sequence[str], labels: Sequence[str | None]) -> BoolArray:
    """Which drawings (n,) are kept for measuring, by their writers' codes and their labels, both n.

    Where a label is a character of an alphabet ("Greek/character01"), the alphabet decides and not the writer, so that
    no network has seen it.
    """
    codes = [
        label.partition("/")[0] if label is not None and "/" in label[1:] else writer
        for writer, label in zip(writers, labels, strict=True)
    ]
    kept = {code: held_out(code) for code in set(codes)}
    return np.array([kept[code] for code in codes], np.bool_)
