"""A picture's ink in glyphs: what stands side by side in a wide picture is recovered piece by piece, left to right."""

from __future__ import annotations

import cv2
import numpy as np

from strokes.ink.drawing import BoolArray

WIDE = 1.5
"""Ink so many times as wide as high is more than one glyph."""
OVERLAP = 0.35
"""Parts that share this much of the narrower one's width are one glyph: a dot and its stem, the bars of an E."""


def split_glyphs(ink: BoolArray) -> list[BoolArray]:
    """The glyphs of thinned ink (h, w), each a picture of the same size, from left to right.

    Ink that isn't wide is one glyph. In wide ink, parts that don't touch belong together where one stands over the
    other; connected handwriting stays in one piece.
    """
    rows, columns = np.nonzero(ink)
    if len(rows) == 0 or np.ptp(columns) + 1 < WIDE * (np.ptp(rows) + 1):
        return [ink]
    count, parts = cv2.connectedComponents(ink.astype(np.uint8), connectivity=8)
    groups = [([part], *_span(parts == part)) for part in range(1, count)]
    groups.sort(key=lambda group: group[1])
    merged: list[tuple[list[int], int, int]] = []
    for members, left, right in groups:
        if merged and _belong(merged[-1][1:], (left, right)):
            known, first, last = merged[-1]
            merged[-1] = (known + members, first, max(last, right))
        else:
            merged.append((members, left, right))
    return [np.isin(parts, members) for members, _, _ in merged]


def _span(part: BoolArray) -> tuple[int, int]:
    columns = np.flatnonzero(part.any(axis=0))
    return int(columns[0]), int(columns[-1]) + 1


def _belong(one: tuple[int, int], other: tuple[int, int]) -> bool:
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared >= OVERLAP * min(one[1] - one[0], other[1] - other[0])
