"""A line's ink to words and glyphs: words where the gaps are wide, glyphs where letters don't touch."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import BoolArray

GlyphInk = tuple[int, int, BoolArray]
"""Column, row and ink of one."""

OVERLAP = 0.35
"""Parts that share this much of the narrower one's width are one glyph: a dot and its stem, the bars of an E."""
LEAST_WORD_GAP = 0.3
"""A gap between words is wider than this share of a letter's height,"""
CLEAR_GAP = 0.75
"""and any gap wider than this is one."""
JOINED, JOINED_GAP = 1.35, 0.12
"""Most parts that are so many times as wide as letters are high are words; what parts them is this much of that."""
APART = 1.9
"""Gaps between words are so many times as wide as those between letters."""


def part_words(glyphs: list[GlyphInk], *, least: float) -> list[list[GlyphInk]]:
    """The glyphs of a line, from left to right, word by word: a gap of `least` pixels parts two words."""
    gaps = gaps_of(glyphs)
    words: list[list[GlyphInk]] = []
    for i, glyph in enumerate(glyphs):
        if i == 0 or gaps[i - 1] >= least:
            words.append([])
        words[-1].append(glyph)
    return words


def gaps_of(glyphs: list[GlyphInk]) -> NDArray[np.float64]:
    """The white before each glyph but the first, from all ink before it; negative where they overlap."""
    starts = np.array([x for x, _, _ in glyphs], np.float64)
    reach = np.maximum.accumulate(np.array([x + mask.shape[1] for x, _, mask in glyphs], np.float64))
    return starts[1:] - reach[:-1]


def word_gap(gaps: NDArray[np.float64], letter_px: float, *, joined: bool = False) -> float:
    """The least width of a gap between words: where the gaps fall into narrow and wide ones, half-way between.

    Where the letters of a word are joined, every gap that is no mere break is one between words.
    """
    if joined:
        return JOINED_GAP * letter_px
    least, clear = LEAST_WORD_GAP * letter_px, CLEAR_GAP * letter_px
    own = np.sort(gaps.clip(min=0))
    best, place = 0.0, clear
    for i in range(1, len(own)):
        narrow, wide = own[:i].mean(), own[i:].mean()
        spread = i * (len(own) - i) * (wide - narrow) ** 2
        if own[i] >= least and own[i] > own[i - 1] and wide > APART * max(narrow, 0.08 * letter_px) and spread > best:
            best, place = spread, (own[i] + own[i - 1]) / 2
    return float(max(place, least)) if best else clear


def are_joined(glyphs: Sequence[GlyphInk], letter_px: float) -> bool:
    """Whether most parts of lines are words whose letters touch."""
    widths = [mask.shape[1] for _, _, mask in glyphs]
    return bool(widths) and float(np.median(widths)) > JOINED * letter_px


def find_glyphs(line: BoolArray) -> list[GlyphInk]:
    """The glyphs of a line: parts that don't touch, those over each other together; from left to right."""
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(line.astype(np.uint8), connectivity=8)
    order = sorted(range(1, count), key=lambda part: int(stats[part, 0]))
    groups: list[tuple[list[int], int, int]] = []
    for part in order:
        left, width = int(stats[part, 0]), int(stats[part, 2])
        if groups and belong(groups[-1][1:], (left, left + width)):
            members, first, last = groups[-1]
            groups[-1] = ([*members, part], first, max(last, left + width))
        else:
            groups.append(([part], left, left + width))
    return [cut_out(np.asarray(numbers, np.int32), np.asarray(stats, np.int32), members) for members, _, _ in groups]


def belong(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two spans of columns are of one glyph."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared >= OVERLAP * min(one[1] - one[0], other[1] - other[0])


def cut_out(numbers: NDArray[np.int32], stats: NDArray[np.int32], members: list[int]) -> GlyphInk:
    """The ink of some parts alone."""
    own = stats[members]
    x, y = int(own[:, 0].min()), int(own[:, 1].min())
    right, bottom = int((own[:, 0] + own[:, 2]).max()), int((own[:, 1] + own[:, 3]).max())
    window = numbers[y:bottom, x:right]
    return x, y, np.isin(window, members)
