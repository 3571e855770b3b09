"""How wide the pen's line is in a picture, and the picture at the size at which it is `PEN_PX` wide.

Ink has no scale but the pen's: what is measured in its widths doesn't hang on how many pixels a scanner took.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import BoolArray
from strokes.ink.thinning import INK_THRESHOLD, thin

PEN_PX = 6.0
"""How wide a pen's line is brought to be."""
MOST_PIXELS = 1 << 23
"""A picture isn't enlarged beyond this, nor left larger."""
FAINT = 0.45
"""Lines finer than a pixel are fainter than ink: what is above this share of their own peak is ink, too."""
FULL = 255.0
BETWEEN_PX = 0.5
"""A line an even number of pixels wide has its middle between two of them: on the mean, half a pixel is missed."""
HALF = FULL / 2 / INK_THRESHOLD
"""Between the pixels of a picture that is enlarged, lines end where ink is half."""


def to_pen(picture: NDArray[Any]) -> tuple[BoolArray, float]:
    """A picture's ink where the pen is about `PEN_PX` wide, and how wide it is there in px.

    The longer side is a whole number of pixels, so that both pictures' unit squares are the same.

    Args:
        picture: (h, w) uint8 or bool, ink high.

    Returns:
        the ink (h', w'), and the pen's width, 0 where there is none.
    """
    grey = picture.astype(np.float32) * (FULL if picture.dtype == np.bool_ else 1.0)
    threshold = ink_threshold(grey)
    width_px = line_width(grey, threshold)
    if width_px == 0:
        return np.zeros(picture.shape, np.bool_), 0.0
    ink = grey > threshold
    for _ in range(2):
        ink = enlarge(grey, PEN_PX / width_px) > (threshold if width_px > PEN_PX else threshold * HALF)
        if not ink.any():
            return np.asarray(grey > threshold), width_px
        found_px = usual_width(ink)
        if abs(found_px / PEN_PX - 1) < 0.03:
            break
        width_px *= found_px / PEN_PX
    return np.asarray(ink), found_px


def ink_threshold(grey: NDArray[np.float32]) -> float:
    """Above which a grey value (0 to 255) is ink: less than usual where the pen's line is finer than a pixel."""
    if not (grey > INK_THRESHOLD / 2).any():
        return float(INK_THRESHOLD)
    ridge = grey[thin(grey > INK_THRESHOLD / 2)]
    return min(float(INK_THRESHOLD), FAINT * float(np.median(ridge)))


def line_width(grey: NDArray[np.float32], threshold: float) -> float:
    """How wide lines are in pixels, also below one: their mass by their length; 0 without ink."""
    ink = grey > threshold
    if not ink.any():
        return 0.0
    line = thin(ink)
    mass = float(grey[cv2.dilate(ink.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0].sum()) / FULL
    return mass / line_length(line)


def line_length(line: BoolArray) -> float:
    """The length in pixels of thinned lines."""
    straight = (line[1:] & line[:-1]).sum() + (line[:, 1:] & line[:, :-1]).sum()
    right = line[1:, 1:] & line[:-1, :-1] & ~line[1:, :-1] & ~line[:-1, 1:]
    left = line[1:, :-1] & line[:-1, 1:] & ~line[1:, 1:] & ~line[:-1, :-1]
    count, _ = cv2.connectedComponents(line.astype(np.uint8), connectivity=8)
    return float(straight + np.sqrt(2) * (right.sum() + left.sum()) + count - 1)


def usual_width(ink: BoolArray) -> float:
    """How wide the narrower half of lines is in ink (h, w): twice the distance from their middle to their edge."""
    widths = np.sort(2 * edge_distance(ink)[thin(ink)])
    narrow = float(np.mean(widths[len(widths) // 5 : len(widths) // 2 + 1], dtype=np.float64))
    return narrow + BETWEEN_PX


def edge_distance(ink: BoolArray) -> NDArray[np.float32]:
    """How far (h, w) each pixel's centre is from the ink's edge, in pixels; 0 off the ink."""
    away = cv2.distanceTransform(np.pad(ink, 1).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    found: NDArray[np.float32] = np.maximum(away - 0.5, 0).astype(np.float32)
    return found


def enlarge(grey: NDArray[np.float32], times: float) -> NDArray[np.float32]:
    """A picture so many times as large, the longer side rounded to a pixel and the shorter side's scale the same."""
    longer = max(grey.shape)
    most = np.sqrt(MOST_PIXELS / grey.size)
    side = max(round(min(times, most) * longer), 1)
    exact = side / longer
    shape = (max(round(grey.shape[1] * exact), 1), max(round(grey.shape[0] * exact), 1))
    if exact < 1:
        rough = cv2.resize(grey, shape, interpolation=cv2.INTER_AREA)
        return np.asarray(rough)
    corner = (exact - 1) / 2
    matrix = np.array([[exact, 0, corner], [0, exact, corner]])
    bent = cv2.warpAffine(grey, matrix, shape, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(bent)
