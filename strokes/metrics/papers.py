"""Figures that papers on trajectory recovery print, to compare with; both reward tracing, so never alone.

`AIoU` of PEN-Net (Chen et al., "Complex Handwriting Trajectory Recovery", 2022), and `LDTW`, dynamic time warping by
the length of its path, in a box of 64.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.errors import ShapeError
from strokes.ink.drawing import BoolArray, DrawingSet, FloatArray
from strokes.metrics.pens import FRAME_PX

BOX = 64.0
MOST_DILATIONS = 8
"""No pen is wider than twice as many pixels in a picture of 28."""


def measure_overlap(drawn: BoolArray, grey: NDArray[np.uint8]) -> FloatArray:
    """AIoU (n,): of drawings one pixel wide (n, h, w) and grey pictures (n, h, w), ink high, the best over k dilations.

    The intersection by the union of the picture's ink, by Otsu's threshold, and the drawing dilated k times by 3×3;
    NaN where both are empty.

    Raises:
        ShapeError: the two have different shapes.
    """
    if drawn.shape != grey.shape:
        raise ShapeError(f"drawings have shape {drawn.shape}, pictures {grey.shape}; expected the same (n, h, w)")
    return np.array([_overlap(*pair) for pair in zip(drawn, grey, strict=True)], np.float32)


def _overlap(drawn: BoolArray, grey: NDArray[np.uint8]) -> float:
    ink = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1] > 0
    grown, best = drawn.astype(np.uint8), 0.0
    if not (ink.any() or drawn.any()):
        return np.nan
    for _ in range(MOST_DILATIONS + 1):
        best = max(best, float((ink & (grown > 0)).sum() / (ink | (grown > 0)).sum()))
        grown = cv2.dilate(grown, np.ones((3, 3), np.uint8)).reshape(drawn.shape).astype(np.uint8)
    return best


def box_dtw(truth: DrawingSet, dtw_px: FloatArray) -> FloatArray:
    """LDTW (n,): `dtw` in px of the frame, where the longer side of the truth's box is 64 long; NaN for dots."""
    found = np.full(len(truth), np.nan, np.float32)
    bounds = truth.stroke_offsets[truth.drawing_offsets]
    for i in range(len(truth)):
        own = truth.points[bounds[i] : bounds[i + 1]]
        side_px = FRAME_PX * float(np.ptp(own, axis=0).max()) if len(own) else 0.0
        if side_px > 0:
            found[i] = dtw_px[i] * BOX / side_px
    return found
