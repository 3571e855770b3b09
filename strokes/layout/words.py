"""A line's ink to words and glyphs: words where the gaps are wide, glyphs where letters don't touch."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import BoolArray

GlyphInk = tuple[int, int, BoolArray]
"""Column, row and ink of one."""

DOT = 0.45
"""What is smaller than so many letters may be a dot or an accent."""
STEM = 0.5
"""What is narrower than so many letters may be the stem of a dot beside it."""
DOT_REACH = 0.8
"""A dot hangs no further beside its stem than so many letters."""
INK_TO_INK = 0.4
"""The distance from ink to ink counts as so much white."""
OVERLAP = 0.35
"""Parts that share this much of the narrower one's width are one glyph: a dot and its stem, the bars of an E."""
WIDEST_GAP = 2.0
"""A gap of so many letters is one between words, whatever the others are."""
FINEST = 0.07
"""Gaps are compared by their logarithms, so many letters added: finer differences say nothing."""
LEAST_SPREAD = 0.1
"""Groups of gaps whose variance is less than this are equally even."""
JUMP = 0.9
"""What the jump from narrow to wide gaps counts beside how even both groups are."""
LIKELY_COUNT, WORD_LETTERS = 0.2, 4.0
"""What the number of words counts, and how many letters' heights of ink make one."""


def part_words(glyphs: list[GlyphInk], gaps: NDArray[np.float64], *, least: float) -> list[list[GlyphInk]]:
    """The glyphs of a line, from left to right, word by word: a gap of `least` pixels parts two words."""
    words: list[list[GlyphInk]] = []
    for i, glyph in enumerate(glyphs):
        if i == 0 or gaps[i - 1] >= least:
            words.append([])
        words[-1].append(glyph)
    return words


def gaps_of(glyphs: list[GlyphInk], letter_px: float) -> NDArray[np.float64]:
    """The white before each glyph but the first, in pixels; 0 between a dot that hangs beside its letter and that.

    It is that between their columns or, where slanted letters reach over each other, a share of the way from ink to
    ink.
    """
    hanging = hanging_dots(glyphs, letter_px)
    gaps = np.zeros(max(len(glyphs) - 1, 0))
    last, dots = -1, list[int]()
    for i, glyph in enumerate(glyphs):
        if hanging[i]:
            dots.append(i)
            continue
        if last >= 0:
            white = white_between(glyphs[max(last - 2, 0) : last + 1], glyph)
            first = i
            if dots:
                across, first = white_across(glyphs, last, dots, i, letter_px)
                white = min(white, across)
            gaps[first - 1] = white
        last, dots = i, []
    return gaps


def white_across(
    glyphs: list[GlyphInk], last: int, dots: Sequence[int], following: int, letter_px: float
) -> tuple[float, int]:
    """The white between two letters with dots in between, and the first of these that goes with the second letter.

    A dot is its stem's, whichever side that is on; between two letters that are no stems the wider side counts.
    """
    left = white_between([glyphs[last]], glyphs[dots[0]])
    right = white_between([glyphs[dots[-1]]], glyphs[following])
    stems = [
        len(dots) == 1 and white < DOT_REACH * letter_px and is_stem(glyphs[letter], glyphs[dots[0]], letter_px)
        for letter, white in ((last, left), (following, right))
    ]
    own = stems[0] if stems[0] != stems[1] else left <= right
    white = max(left, right) if stems[0] == stems[1] else right if stems[0] else left
    return white, following if own else dots[0]


def is_stem(glyph: GlyphInk, dot: GlyphInk, letter_px: float) -> bool:
    """Whether a glyph may be what a dot beside it stands on: it is narrow and all below the dot."""
    return bool(glyph[2].shape[1] < STEM * letter_px and glyph[1] >= dot[1] + dot[2].shape[0])


def hanging_dots(glyphs: list[GlyphInk], letter_px: float) -> BoolArray:
    """Which glyphs are small and higher than the middle of the letters beside them."""
    small = np.array([max(ink.shape) < DOT * letter_px for _, _, ink in glyphs], np.bool_)
    middles = np.array([y + ink.shape[0] / 2 for _, y, ink in glyphs])
    letters = np.flatnonzero(~small)
    if not len(letters):
        return np.zeros(len(glyphs), np.bool_)
    found = small.copy()
    for i in np.flatnonzero(small):
        near = letters[np.argsort(np.abs(letters - i))[:4]]
        found[i] = middles[i] < np.median(middles[near])
    return found


def white_between(before: Sequence[GlyphInk], glyph: GlyphInk) -> float:
    """The white between glyphs and the next one: in columns, or a share of the distance from ink to ink."""
    across = min(glyph[0] - x - ink.shape[1] for x, _, ink in before)
    return max(float(across), INK_TO_INK * min(distance(other, glyph) for other in before))


def distance(one: GlyphInk, other: GlyphInk) -> float:
    """How far two glyphs are apart from the right side of the one to the left side of the other, in pixels."""
    (x, y, ink), (left, top, mask) = one, other
    rows, others = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(mask.any(axis=1))
    right = x + ink.shape[1] - 1 - ink[rows, ::-1].argmax(axis=1)
    across = np.maximum(left + mask[others].argmax(axis=1) - right[:, None] - 1, 0)
    down = np.abs((top + others) - (y + rows)[:, None])
    return float(np.sqrt((across**2 + down**2).min()))


def word_gap(gaps: NDArray[np.float64], widths: NDArray[np.float64], letter_px: float) -> float:
    """The least width of a gap between words, by all gaps (n,) and the widths of all glyphs of some lines, in pixels.

    Of all ways to part the gaps into narrow and wide ones, that whose two groups are each the most even, the jump
    between them wide, and as many words parted as so much ink makes: letters that touch leave few narrow gaps, or none.
    """
    if not len(gaps):
        return letter_px
    own = np.log(np.sort(gaps.clip(min=0)) / letter_px + FINEST)
    below = np.concatenate([[np.log(FINEST)], own])
    above = np.concatenate([own, [max(np.log(WIDEST_GAP), own[-1] + 0.5)]])
    narrow = np.arange(len(own) + 1)
    spread = squares(own, narrow) + squares(own[::-1], narrow)[::-1] + LEAST_SPREAD * len(own)
    wanted = float(widths.sum()) / letter_px / WORD_LETTERS
    unlike = odds(len(own) - narrow, len(own)) - odds(np.array(wanted), len(own))
    score = JUMP * (above - below) - np.log(spread) - LIKELY_COUNT * unlike**2
    best = int(np.argmax(np.where(above > below, score, -np.inf)))
    return float(np.exp((below[best] + above[best]) / 2) - FINEST) * letter_px


def odds(count: NDArray[np.float64] | NDArray[np.int64], of: int) -> NDArray[np.float64]:
    """The logarithm of how many to how many are `count` of so many, none and all half a one away."""
    some = np.clip(count, 0, of) + 0.5
    return np.asarray(np.log(some / (of + 1 - some)))


def squares(values: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The sum of squares around their mean of the first so many values."""
    sums, powers = (np.concatenate([[0.0], np.cumsum(values**power)])[counts] for power in (1, 2))
    return np.asarray((powers - sums**2 / np.maximum(counts, 1)).clip(min=0))


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
