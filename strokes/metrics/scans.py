"""How well a drawing and the ink of a scan agree, in the scan's own pixels: `covered` and `on`.

`covered` is the share of the ink within half the pen's width + 1.5 px of the drawing's line; `on` the share of the
line, drawn one pixel wide, within 1.5 px of ink. Distances come from distance transforms, so pages are no trouble.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from raster.hard import SUBPIXEL_BITS, as_line, to_pixels
from strokes.ink.drawing import BoolArray, FloatArray

SCAN_SCORES = ("covered", "on")
NEAR_PX = 1.5
LEAST_AGREEMENT = 0.98
"""A drawing that covers less of its ink than this, or runs beside it more, is doubtful."""
NEAR_LINE = 0.68
"""A line and thinned ink are near by 1.5 px of a frame in which the pen is 2.2 px wide: in widths of the pen."""


def near_line(pen_px: float) -> float:
    """How near, in px, a line and the thinned ink of so wide a pen are one: half a thick pen's blur is no error."""
    return max(NEAR_PX, NEAR_LINE * pen_px)


def draw_line(strokes: Sequence[NDArray[np.floating]], shape: tuple[int, ...]) -> BoolArray:
    """Strokes (points, 2) in the unit square of a picture's longer side, one pixel wide in (h, w)."""
    longer = max(shape)
    image = np.zeros(shape, np.uint8)
    lines = [as_line(to_pixels(stroke, longer)) for stroke in strokes]
    cv2.polylines(image, lines, False, (1,), 1, cv2.LINE_8, SUBPIXEL_BITS)
    return image.view(np.bool_)


def distance_to(there: BoolArray) -> FloatArray:
    """How far each pixel (h, w) is from the nearest one that is `there`, in px; very far where none is."""
    if not there.any():
        return np.full(there.shape, np.float32(1e6))
    away = cv2.distanceTransform((~there).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away, np.float32)


def score_scan(strokes: Sequence[NDArray[np.floating]], ink: BoolArray, *, pen_px: float) -> tuple[float, float]:
    """`covered` and `on`, 0 to 1, of strokes against ink (h, w), not thinned, of a pen so wide.

    Where there is neither ink nor line both are 1; where there is one of them alone, 0.
    """
    line = draw_line(strokes, ink.shape)
    if not ink.any() or not line.any():
        both = float(ink.any() == line.any())
        return both, both
    covered = float((distance_to(line)[ink] <= pen_px / 2 + NEAR_PX).mean())
    return covered, float((distance_to(ink)[line] <= NEAR_PX).mean())
