"""How well drawings match their pictures: mse, precision, recall, f1, chamfer, and what a classifier reads.

All lengths are in pixels of the 28×28 frame. "Ink" is the thinned picture; "drawn" is the drawing rendered hard, each
stroke an 8-connected line one pixel wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from raster.hard import draw_strokes
from strokes.classifier import load_classifier
from strokes.drawing import BoolArray, FloatArray, IntArray

NEAR_PX = 1.5
FAR_PX = 28.0
"""The distance that stands for "nowhere": a drawing without strokes, or a picture without ink."""


def render_hard(drawings: Iterable[Sequence[FloatArray]], *, size: int = 28) -> BoolArray:
    """Drawings, each a sequence of strokes (points, 2) in the frame's unit square, as (n, size, size) bool."""
    images = [draw_strokes(strokes, size=size) for strokes in drawings]
    return np.stack(images) > 0 if images else np.zeros((0, size, size), np.bool_)


def score_pictures(drawn: BoolArray, ink: BoolArray) -> dict[str, FloatArray]:
    """Scores of hard renderings against thinned pictures, both (n, h, w).

    Returns:
        `f1` (n,) in [0, 1], the harmonic mean of the share of drawn pixels within 1.5 px of ink and the share of ink
        within 1.5 px of drawn pixels; `chamfer` (n,) in px, half the sum of the mean distances drawn → ink and
        ink → drawn. Where either side is empty, `f1` is 0 and `chamfer` 28; where both are, 1 and 0.
    """
    f1 = np.zeros(len(drawn), np.float32)
    chamfer = np.full(len(drawn), FAR_PX, np.float32)
    for i, (line, truth) in enumerate(zip(drawn, ink, strict=True)):
        if not line.any() or not truth.any():
            if not line.any() and not truth.any():
                f1[i], chamfer[i] = 1, 0
            continue
        off_ink, off_line = distance_to(truth)[line], distance_to(line)[truth]
        precision, recall = (off_ink < NEAR_PX).mean(), (off_line < NEAR_PX).mean()
        f1[i] = 2 * precision * recall / max(precision + recall, 1e-9)
        chamfer[i] = (off_ink.mean() + off_line.mean()) / 2
    return {"f1": f1, "chamfer": chamfer}


def distance_to(mask: BoolArray) -> NDArray[np.float32]:
    """Each pixel's distance in px to the nearest true one of (h, w)."""
    inverted = np.where(mask, np.uint8(0), np.uint8(1))
    distances: NDArray[np.float32] = cv2.distanceTransform(inverted, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)  # type: ignore[assignment]
    return distances


def read_accuracy(images: BoolArray, labels: IntArray) -> float:
    """Share of pictures (n, 28, 28) that the shipped classifier of thinned digits reads as their label."""
    found, _ = load_classifier("thinned").predict(images)
    return float((found == labels).mean())
