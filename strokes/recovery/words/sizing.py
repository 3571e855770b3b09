"""How large writing is, in the pen's widths, and its ink as the network sees it: thinned, an x-height 12 px high."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from strokes.ink.drawing import BoolArray, IntArray
from strokes.ink.pen_width import FULL
from strokes.ink.thinning import INK_THRESHOLD, thin

STRIP_X_HEIGHT_PX = 12.0
STRIP_MARGIN_PX = 5
MULTIPLE = 8
"""Pictures' sides are multiples of this, the coarsest of the network's scales."""
LINE_WIDTHS = 20.0
"""The line of writing bends slowly: its height is the ink's mean over so many widths of the pen."""
X_HEIGHT = (0.592, 0.22, 0.794)
"""The logarithm of the x-height by those of the ink's spread about the line and of the gaps between its lines, all in
widths of the pen; fitted to words of the writers who teach, wrong by a factor of 1.2 (standard deviation)."""
SMALLEST_X_HEIGHT, LARGEST_X_HEIGHT = 3.5, 11.0
MOST_OF_CHARACTER = 3.6
"""One character is at most so many x-heights large, however fine its pen."""
LEAST_PEN_PX = 1.3
"""Finer lines would break where the picture shrinks to the strip."""


@dataclass(frozen=True)
class StripView:
    """A picture as a strip for the network.

    Attributes:
        image: (h, w) bool, thinned, the sides multiples of 8.
        scale: picture px a strip px.
        corner_px: x, y in picture px of the strip's top left corner.
    """

    image: BoolArray
    scale: float
    corner_px: tuple[float, float]


def x_height(line: BoolArray, pen_px: float) -> float:
    """The x-height in px of writing, by its thinned ink (h, w)."""
    rows, columns = np.nonzero(line)
    order = np.lexsort((columns, rows))
    rows, columns = rows[order], columns[order]
    first = columns - columns.min()
    box = np.ones(int(LINE_WIDTHS * pen_px) | 1)
    counts, sums = (np.convolve(np.bincount(first, weights), box, "same") for weights in (None, rows.astype(float)))
    away = rows - (sums / np.maximum(counts, 1))[first]
    spread = np.sqrt(np.square(away).mean()) / pen_px
    gaps = np.diff(columns)[(np.diff(rows) == 0) & (np.diff(columns) > 1)] / pen_px
    gap = float(np.median(gaps)) if len(gaps) else 5.0
    power, gap_power, base = X_HEIGHT
    widths = np.exp(power * np.log(spread + 0.3) + gap_power * np.log(gap + 0.5) + base)
    return float(np.clip(widths, SMALLEST_X_HEIGHT, LARGEST_X_HEIGHT) * pen_px)


def largest_side(ink: BoolArray) -> int:
    """The longer side in px of the box around ink (h, w); there must be some."""
    return max(int(np.ptp(np.flatnonzero(ink.any(axis=axis)))) + 1 for axis in (0, 1))


def view_strip(ink: BoolArray, pen_px: float, x_height_px: float) -> StripView:
    """Ink (h, w) whose pen and x-height are so many px, as a strip; there must be some."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = x_height_px / STRIP_X_HEIGHT_PX
    thin_px = LEAST_PEN_PX * scale - pen_px
    if thin_px > 0:
        side = 2 * round(thin_px / 2 + 0.5) + 1
        crop = np.pad(crop, side)
        crop = cv2.dilate(crop.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))) > 0
        rows, columns = rows - side, columns - side
    return _place(crop, scale, (int(columns[0]), int(rows[0])))


def _place(crop: BoolArray, scale: float, first: tuple[int, int]) -> StripView:
    height, width = (int(np.ceil(side / scale)) for side in crop.shape)
    rounded = np.zeros((round(height * scale) + 1, round(width * scale) + 1), np.float32)
    rounded[: crop.shape[0], : crop.shape[1]] = crop[: rounded.shape[0], : rounded.shape[1]].astype(np.float32) * FULL
    exact = max(rounded.shape) / max(round(max(rounded.shape) / scale), 1)
    method = cv2.INTER_AREA if exact > 1 else cv2.INTER_LINEAR
    small = cv2.resize(rounded, None, fx=1 / exact, fy=1 / exact, interpolation=method)
    shape = [_multiple(side + 2 * STRIP_MARGIN_PX) for side in small.shape]
    grey = np.zeros(shape, np.float32)
    grey[STRIP_MARGIN_PX : STRIP_MARGIN_PX + small.shape[0], STRIP_MARGIN_PX : STRIP_MARGIN_PX + small.shape[1]] = small
    image = thin(grey > INK_THRESHOLD)
    if not image.any():
        image[np.unravel_index(int(grey.argmax()), image.shape)] = True
    return StripView(image, exact, (first[0] - STRIP_MARGIN_PX * exact, first[1] - STRIP_MARGIN_PX * exact))


def _multiple(side: int) -> int:
    return -(-side // MULTIPLE) * MULTIPLE


def split_line(line: BoolArray, x_height_px: float, most_px: float) -> list[IntArray]:
    """The columns first and last (2,) of parts of thinned writing no wider than `most_px` where gaps allow that.

    Gaps are the columns that no ink crosses; the widest ones part first.
    """
    inked = np.flatnonzero(line.any(axis=0))
    parts = [(int(inked[0]), int(inked[-1]))]
    done = []
    while parts:
        first, last = parts.pop()
        own = inked[(inked >= first) & (inked <= last)]
        gaps = np.diff(own)
        if last - first <= most_px or len(gaps) == 0 or gaps.max() < x_height_px / 3:
            done.append(np.array([first, last]))
            continue
        middle = (own[:-1] + own[1:]) / 2 - (first + last) / 2
        cut = int(np.argmax(gaps - np.abs(middle) / (last - first) * x_height_px))
        parts += [(first, int(own[cut])), (int(own[cut + 1]), last)]
    return sorted(done, key=lambda part: int(part[0]))
