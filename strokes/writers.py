"""Which writers and alphabets are kept out of training: a rule that anyone can repeat."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from strokes.drawing import BoolArray

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
