"""Which writers, alphabets and characters are kept out of training, and what the kept ones are for: rules to repeat."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np

from strokes.drawing import BoolArray

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
