"""Exact drawing with OpenCV: training targets, scores, animation. No gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SUBPIXEL_BITS = 6


def to_pixels(points: NDArray[Any], size: int) -> NDArray[np.int32]:
    """Points (n, 2) in the unit square as OpenCV's fixed-point pixel coordinates, whose origin is a pixel's centre."""
    fixed = (np.asarray(points, np.float64) * size - 0.5) * (1 << SUBPIXEL_BITS)
    return np.rint(fixed).astype(np.int32)


def as_line(pixels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Pixels (n, 2) as OpenCV draws them: a lone point twice, since a line needs two ends."""
    return pixels.repeat(2, axis=0) if len(pixels) == 1 else pixels


def draw_strokes(
    strokes: Sequence[NDArray[Any]], *, size: int = 28, thickness_px: int = 1, smooth: bool = False
) -> NDArray[np.uint8]:
    """Strokes, each (points, 2) x and y in the unit square, as white lines on black.

    Args:
        strokes: the pen's path; a stroke of one point becomes a dot.
        size: the picture's side in pixels.
        thickness_px: the line's width in whole pixels; 1 gives an 8-connected line.
        smooth: draw anti-aliased edges.

    Returns:
        (size, size) uint8, 0 for paper and 255 for ink.
    """
    image = np.zeros((size, size), np.uint8)
    paths = [as_line(to_pixels(stroke, size)) for stroke in strokes]
    kind = cv2.LINE_AA if smooth else cv2.LINE_8
    cv2.polylines(image, paths, False, (255,), thickness_px, kind, SUBPIXEL_BITS)
    return image


def draw_segments(ends: NDArray[Any], drawn: NDArray[np.bool_], *, size: int = 28) -> NDArray[np.uint8]:
    """One picture a segment: `ends` (n, 4) x1, y1, x2, y2 in [0, 1); pictures where `drawn` (n,) is false stay black.

    Returns:
        (n, size, size) uint8, 255 on the 8-connected line between the pixels that hold the ends.
    """
    images = np.zeros((len(ends), size, size), np.uint8)
    pixels = np.floor(ends * size).astype(int).tolist()
    for i in np.flatnonzero(drawn):
        x1, y1, x2, y2 = pixels[i]
        cv2.line(images[i], (x1, y1), (x2, y2), (255,), 1)
    return images
