"""A page's columns: text that white gutters part is read block by block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from strokes.layout.parts import Parts

Ints = NDArray[np.int64]

GUTTER_LETTERS = 1.6
"""A gutter is so many letters wide at least."""
TALL_LETTERS = 6.0
"""What stands on both sides of a gutter is so many letters high: three lines or so."""
GAP_LETTERS = 0.5
HEADINGS = 4
"""Text over columns, such as headings, is looked for in so many gaps between lines from the top."""
STRAYS = 0.01
"""A gutter may be crossed by this share of the parts."""


def find_blocks(parts: Parts, members: Ints, *, skew: float) -> list[Ints]:
    """The parts in blocks, each read from top to bottom before the next one, columns from left to right."""
    boxes = parts.boxes[members].astype(np.float64)
    boxes[:, 1] -= skew * (boxes[:, 0] + boxes[:, 2] / 2)
    return [members[rows] for rows in cut_blocks(boxes, np.arange(len(members)), parts.letter_px)]


def cut_blocks(boxes: NDArray[np.float64], rows: Ints, letter: float) -> list[Ints]:
    """Rows of `boxes` in blocks, in reading order."""
    place = find_gutter(boxes[rows], letter)
    if place is not None:
        left = boxes[rows, 0] + boxes[rows, 2] / 2 < place
        return cut_blocks(boxes, rows[left], letter) + cut_blocks(boxes, rows[~left], letter)
    for top in gaps_down(boxes[rows], letter)[:HEADINGS]:
        above = boxes[rows, 1] + boxes[rows, 3] / 2 < top
        if find_gutter(boxes[rows[~above]], letter) is not None:
            return [rows[above], *cut_blocks(boxes, rows[~above], letter)]
    return [rows]


def find_gutter(boxes: NDArray[np.float64], letter: float) -> float | None:
    """The x of the widest gutter between text on both sides, None without one."""
    if len(boxes) < 2:
        return None
    own = boxes[boxes[:, 3] >= 0.4 * letter]
    if len(own) < 8:
        return None
    order = np.argsort(own[:, 0])
    reach = np.maximum.accumulate((own[:, 0] + own[:, 2])[order])
    gaps = own[order[1:], 0] - reach[:-1]
    for place in np.argsort(-gaps):
        if gaps[place] < GUTTER_LETTERS * letter:
            return None
        sides = own[order[: place + 1]], own[order[place + 1 :]]
        if all(tall(side, letter) for side in sides):
            return float(reach[place] + gaps[place] / 2)
    return None


def tall(boxes: NDArray[np.float64], letter: float) -> bool:
    """Whether boxes reach over several lines and are wide enough for text."""
    height = (boxes[:, 1] + boxes[:, 3]).max() - boxes[:, 1].min()
    width = (boxes[:, 0] + boxes[:, 2]).max() - boxes[:, 0].min()
    return bool(len(boxes) >= 6 and height > TALL_LETTERS * letter and width > 3 * letter)


def gaps_down(boxes: NDArray[np.float64], letter: float) -> list[float]:
    """The middles of the white gaps between rows of boxes, from the top."""
    order = np.argsort(boxes[:, 1])
    reach = np.maximum.accumulate((boxes[:, 1] + boxes[:, 3])[order])
    gaps = boxes[order[1:], 1] - reach[:-1]
    return [float(reach[i] + gaps[i] / 2) for i in np.flatnonzero(gaps > GAP_LETTERS * letter * 0.4)]
