"""Pen recordings with their writers, and which of them are kept out of training, and what for: rules to repeat."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

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

    def taught_apart(self, per_class: int, *, seed: int = 0) -> tuple[PenSet, PenSet]:
        """At most `per_class` drawings of every writer and class, chosen at random, and all the others."""
        order, names = np.random.default_rng(seed).permutation(len(self)), self.names
        seen, taught = Counter[tuple[str, str | None]](), np.zeros(len(self), np.bool_)
        for i in order.tolist():
            seen[self.writers[i], names[i]] += 1
            taught[i] = names[i] is not None and seen[self.writers[i], names[i]] <= per_class
        return self.select(np.flatnonzero(taught)), self.select(np.flatnonzero(~taught))

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
CHARACTERS_ONE_IN = 10
CHARACTER_SETS = ("hanzi-writer", "kanjivg")
"""Writers of one drawing a character, thousands of characters: of these a character is kept, not the writer."""

Part = Literal["all", "choose", "report"]


@cache
def number_of(code: str) -> int:
    """A number that looks random and hangs on the code alone: its sha256."""
    return int(hashlib.sha256(code.encode()).hexdigest(), 16)


def held_out(code: str) -> bool:
    """Whether a writer or an alphabet is kept for measuring: its code's sha256 is a multiple of 5, as for 1 in 5."""
    return number_of(code) % ONE_IN == 0


def held_out_drawings(writers: Sequence[str], labels: Sequence[str | None]) -> BoolArray:
    """Which drawings (n,) are kept for measuring, by their writers' codes and their labels, both n.

    Where a label is a character of an alphabet ("Greek/character01"), the alphabet decides and not the writer, so that
    no network has seen it. Of `CHARACTER_SETS` the character decides: its sha256 is a multiple of 10.
    """
    return np.array([_is_held_out(*known) for known in zip(writers, labels, strict=True)], np.bool_)


def to_choose_by(writers: Sequence[str], labels: Sequence[str | None]) -> BoolArray:
    """Which held-out drawings (n,) settings are chosen and confidences calibrated by; the others are reported on, once.

    The sha256 of "choose " and the writer's code is even; of `CHARACTER_SETS`, of "choose " and the character.
    """
    codes = [
        label if writer in CHARACTER_SETS and label is not None else writer
        for writer, label in zip(writers, labels, strict=True)
    ]
    chosen = {code: number_of(f"choose {code}") % 2 == 0 for code in set(codes)}
    return np.array([chosen[code] for code in codes], np.bool_)


def _is_held_out(writer: str, label: str | None) -> bool:
    if label is not None and writer in CHARACTER_SETS:
        return number_of(label) % CHARACTERS_ONE_IN == 0
    return held_out(label.partition("/")[0] if label is not None and "/" in label[1:] else writer)
