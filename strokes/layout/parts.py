"""The connected parts of a page's ink: where each lies, how large letters are, how far the page is askew."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import BoolArray

Doubles = NDArray[np.float64]

LETTER_PENS = 2.2
"""Parts lower than so many pens are dots and dashes, not letters."""
JOINED = 2.0
"""Parts so many times as wide as letters are high are letters that touch."""
MOST_ASKEW = 0.21
"""Pages lie no further askew than this: twelve degrees."""
LEAST_FOR_SKEW = 12
"""With fewer parts than this nothing can be said of a page's lie."""


@dataclass(frozen=True)
class Parts:
    """A page's connected ink.

    Attributes:
        map: (h, w) int32, each pixel's part, from 1; 0 is paper.
        boxes: (n+1, 4) left, top, width and height in pixels; row 0 is the paper's.
        areas: (n+1,) in pixels.
        pen_px: the pen's width.
        letter_px: how high letters are.
    """

    map: NDArray[np.int32]
    boxes: NDArray[np.int64]
    areas: NDArray[np.int64]
    pen_px: float
    letter_px: float

    def __len__(self) -> int:
        return len(self.boxes) - 1

    def mask(self, members: NDArray[np.int64]) -> BoolArray:
        """(h, w) where the parts `members` are."""
        table = np.zeros(len(self.boxes), np.bool_)
        table[members] = True
        return table[self.map]


def find_parts(ink: BoolArray, *, pen_px: float) -> Parts:
    """The connected parts of ink (h, w)."""
    pen_px = max(pen_px, 1.0)
    _, numbers, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    boxes = stats[:, :4].astype(np.int64)
    letter_px = usual_height(boxes[1:], pen_px)
    wide = boxes[:, 2] > JOINED * letter_px
    wide[0] = False
    if boxes[wide, 2].sum() > 0.5 * boxes[1:, 2].sum():
        letter_px = usual_height(in_slices(ink, letter_px), pen_px)
    return Parts(np.asarray(numbers, np.int32), boxes, stats[:, 4].astype(np.int64), pen_px, letter_px)


def usual_height(boxes: NDArray[np.int64], pen_px: float) -> float:
    """The median height of boxes (n, 4) that are higher than dots, each as heavy as it is wide."""
    heights, widths = boxes[:, 3], boxes[:, 2]
    if not len(heights):
        return pen_px
    high = heights >= min(LETTER_PENS * pen_px, float(heights.max()))
    order = np.argsort(heights[high])
    weights = np.cumsum(np.minimum(widths[high], 4 * heights[high])[order])
    return float(heights[high][order][np.searchsorted(weights, weights[-1] / 2)])


def in_slices(ink: BoolArray, width_px: float) -> NDArray[np.int64]:
    """The boxes of what is left connected when ink is cut every so many pixels."""
    cut = ink.astype(np.uint8)
    cut[:, :: max(int(width_px), 2)] = 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(cut, connectivity=8)
    return stats[1:, :4].astype(np.int64)


def find_skew(parts: Parts) -> float:
    """By how much lines fall per pixel to the right: the slope whose rows are the most uneven; 0 for few parts."""
    letter = parts.letter_px
    own = np.flatnonzero((parts.boxes[:, 3] < 4 * letter) & (parts.boxes[:, 3] > 0.4 * letter))
    own = own[own > 0]
    if len(own) < LEAST_FOR_SKEW:
        return 0.0
    left, top, width, height = parts.boxes[own].T
    xs, ys, weights = spread_parts(left, top, width, height, letter)
    best = 0.0
    for step, reach in ((0.01, MOST_ASKEW), (0.002, 0.01), (0.0005, 0.002)):
        slopes = best + np.arange(-reach, reach + step / 2, step)
        told = [unevenness(ys - slope * xs, weights, letter) for slope in slopes]
        if reach == MOST_ASKEW and max(told) < 1.02 * told[len(told) // 2]:
            best = 0.0
            continue
        best = float(slopes[int(np.argmax(told))])
    return best


def spread_parts(
    left: NDArray[np.int64], top: NDArray[np.int64], width: NDArray[np.int64], height: NDArray[np.int64], letter: float
) -> tuple[Doubles, Doubles, Doubles]:
    """Each part as points along its middle, a letter apart, and their weights."""
    counts = np.maximum(width // max(int(letter), 1), 1)
    owner = np.repeat(np.arange(len(left)), counts)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    xs = left[owner] + (place + 0.5) * width[owner] / counts[owner]
    return xs, (top + height / 2.0)[owner], np.ones(len(owner))


def unevenness(rows: Doubles, weights: Doubles, letter: float) -> float:
    """How unevenly points lie over rows: the sum of squares of a histogram of fine bins, smoothed."""
    bins = np.rint((rows - rows.min()) / (letter / 4)).astype(np.int64)
    counts = np.convolve(np.bincount(bins, weights), (0.5, 1.0, 0.5))
    return float((counts**2).sum())
