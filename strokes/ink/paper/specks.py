"""What is on the paper and no pen put there: specks, staple holes, blots; dots that belong to letters stay."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import BoolArray

Boxes = NDArray[np.int64]

SPECK_PENS = 0.62
"""What is smaller than this many widths of the pen, both ways, is a speck: a pen's own dot is as wide as its line."""
DOT_PENS = 2.6
"""What is no larger than this many widths of the pen may be a dot, and must stand near a line."""
NEAR_PENS, NEAR_GLYPHS = 6.0, 1.0
"""How near: in widths of the pen, or in heights of the letters."""
FINE_PEN_PX = 2.6
"""A pen finer than this leaves dots of a pixel or two, which only company tells from specks."""
HOLE_PENS = 2.4
"""A compact spot more than this many pens thick is no pen's."""
LETTER_PENS = 4.0
SPRINKLE = 4.0
"""So many times more tiny spots than lines are a sprinkle, none of them a dot."""


def remove_specks(ink: BoolArray, *, pen_px: float) -> BoolArray:
    """The ink (h, w) without specks and spots, for a pen so wide."""
    count, numbers, told, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    if count <= 2:
        return ink
    parts, stats = np.asarray(numbers, np.int32), np.asarray(told, np.int32)
    sides = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    area = stats[:, cv2.CC_STAT_AREA]
    lines = sides > DOT_PENS * pen_px
    lines[0] = False
    if not lines.any():
        return ink
    small = ~lines
    small[0] = False
    kept = lines.copy()
    candidates = small & ~specks_of(sides, area, pen_px)
    kept |= candidates & near_lines(stats, lines, pen_px)
    if pen_px < FINE_PEN_PX:
        tiny = small & (area <= 2)
        kept &= ~(tiny if tiny.sum() > max(SPRINKLE * lines.sum(), 8) else np.zeros_like(tiny))
    kept &= ~spots(parts, stats, pen_px)
    kept[0] = False
    return kept[parts] if kept.any() else ink


def specks_of(sides: NDArray[np.int32], area: NDArray[np.int32], pen_px: float) -> BoolArray:
    """Which parts are smaller than any dot of the pen, by their longer side and area in pixels."""
    if pen_px < FINE_PEN_PX:
        return np.asarray(sides < 1)
    return np.asarray((sides < SPECK_PENS * pen_px) | (area < 0.5 * (SPECK_PENS * pen_px) ** 2))


def near_lines(stats: NDArray[np.int32], lines: BoolArray, pen_px: float) -> BoolArray:
    """Which parts lie near one of the lines: their boxes are no further apart than a letter is high."""
    boxes = stats[:, :4].astype(np.int64)
    heights = boxes[lines, 3]
    letter = float(np.median(heights[heights > LETTER_PENS * pen_px])) if (heights > LETTER_PENS * pen_px).any() else 0
    reach = max(NEAR_PENS * pen_px, NEAR_GLYPHS * letter)
    left, top = boxes[:, 0], boxes[:, 1]
    canvas = np.ones(((top + boxes[:, 3]).max() + 1, (left + boxes[:, 2]).max() + 1), np.uint8)
    for x, y, w, h in boxes[lines]:
        canvas[y : y + h, x : x + w] = 0
    away = cv2.distanceTransform(canvas, cv2.DIST_L2, 3)
    middle = away[
        (top + boxes[:, 3] // 2).clip(max=canvas.shape[0] - 1), (left + boxes[:, 2] // 2).clip(max=canvas.shape[1] - 1)
    ]
    return np.asarray(middle <= reach)


def spots(parts: NDArray[np.int32], stats: NDArray[np.int32], pen_px: float) -> BoolArray:
    """Which parts are compact spots, thicker than the pen: holes, blots, a scanner's dust."""
    found = np.zeros(len(stats), np.bool_)
    sides = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    fill = stats[:, cv2.CC_STAT_AREA] / sides.prod(axis=1).clip(min=1)
    for part in np.flatnonzero((fill > 0.6) & (sides.min(axis=1) > HOLE_PENS * pen_px) & (np.arange(len(stats)) > 0)):
        x, y, w, h = stats[part, :4]
        own = np.pad((parts[y : y + h, x : x + w] == part).astype(np.uint8), 1)
        thick = 2 * cv2.distanceTransform(own, cv2.DIST_L2, 5).max()
        found[part] = thick > HOLE_PENS * pen_px and thick > 0.7 * max(w, h)
    return found
