"""How well drawings match their pictures: mse, precision, recall, f1, chamfer, and what a classifier reads.

All lengths are in pixels of the 28×28 frame. "Ink" is the thinned picture; "drawn" is the drawing rendered hard, each
stroke an 8-connected line one pixel wide.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from raster.hard import SUBPIXEL_BITS, as_line, draw_strokes, to_pixels
from raster.kernels.compiling import compiled
from strokes.errors import ShapeError
from strokes.ink.drawing import BoolArray, DrawingSet, FloatArray, IntArray
from strokes.metrics.scans import distance_to, draw_line

PICTURE_METRICS = ("precision", "recall", "f1", "chamfer")
TOLERANCE_PX = 1.5
NOWHERE_PX = 28.0
"""The distance that stands for "nowhere": a drawing without strokes, or a picture without ink."""


def render_hard(drawings: Iterable[Sequence[FloatArray]], *, size: int = 28) -> BoolArray:
    """Drawings, each a sequence of strokes (points, 2) in the frame's unit square, as (n, size, size) bool."""
    images = [draw_strokes(strokes, size=size) for strokes in drawings]
    return np.stack(images) > 0 if images else np.zeros((0, size, size), np.bool_)


def render_set(drawings: DrawingSet, *, size: int = 28) -> BoolArray:
    """What `render_hard` makes of a set whose points lie in the frame's unit square, straight from its arrays."""
    images = np.zeros((len(drawings), size, size), np.uint8)
    pixels = to_pixels(drawings.points, size)
    bounds = drawings.stroke_offsets.tolist()
    strokes = [as_line(pixels[a:b]) for a, b in itertools.pairwise(bounds)]
    for image, (first, last) in zip(images, itertools.pairwise(drawings.drawing_offsets.tolist()), strict=True):
        cv2.polylines(image, strokes[first:last], False, (255,), 1, cv2.LINE_8, SUBPIXEL_BITS)
    return images > 0


def score_pictures(
    drawn: BoolArray, ink: BoolArray, *, names: Sequence[str] = ("f1", "chamfer")
) -> dict[str, FloatArray]:
    """Scores of hard renderings against thinned pictures, both (n, h, w).

    Returns:
        those of `PICTURE_METRICS` that are named, (n,) each. `precision` and `recall` in [0, 1] are the shares of drawn
        pixels within 1.5 px of ink and of ink within 1.5 px of drawn pixels, `f1` their harmonic mean; `chamfer` in px
        is half the sum of the mean distances drawn → ink and ink → drawn. Where either side is empty, shares are 0 and
        `chamfer` 28; where both are, 1 and 0.

    Raises:
        ShapeError: the two have different shapes.
    """
    if drawn.ndim != 3 or drawn.shape != ink.shape:
        raise ShapeError(f"drawn pictures have shape {drawn.shape}, ink {ink.shape}; expected the same (n, h, w)")
    scores = np.empty((len(PICTURE_METRICS), len(drawn)), np.float32)
    _score(np.ascontiguousarray(drawn), np.ascontiguousarray(ink), scores)
    return {name: scores[PICTURE_METRICS.index(name)] for name in names}


def score_large(
    drawings: DrawingSet, inks: Iterable[BoolArray], *, near_px: Sequence[float] | None = None
) -> dict[str, FloatArray]:
    """`f1` and `chamfer` (n,) of drawings against thinned pictures (h, w) of any size, in whose unit squares they lie.

    `f1` counts the pictures' own pixels as near within `near_px`, by default 1.5 of each; `chamfer` is in px of a frame
    of 28. Pictures are asked for one by one.
    """
    f1, chamfer = np.empty((2, len(drawings)), np.float32)
    for i, ink in enumerate(inks):
        told = judge_large(drawings[i].strokes, ink, TOLERANCE_PX if near_px is None else near_px[i])
        f1[i], chamfer[i] = told["f1"], told["chamfer"]
    return {"f1": f1, "chamfer": chamfer}


def judge_large(strokes: Sequence[FloatArray], ink: BoolArray, near_px: float = TOLERANCE_PX) -> dict[str, float]:
    """`PICTURE_METRICS` of one drawing against thinned ink (h, w) of any size, in whose unit square it lies."""
    line = draw_line(strokes, ink.shape)
    if not line.any() or not ink.any():
        same = float(line.any() == ink.any())
        return {"precision": same, "recall": same, "f1": same, "chamfer": NOWHERE_PX * (1 - same)}
    off_ink, off_line = distance_to(ink)[line], distance_to(line)[ink]
    precision, recall = float((off_ink < near_px).mean()), float((off_line < near_px).mean())
    apart = (float(off_ink.mean()) + float(off_line.mean())) / 2 * NOWHERE_PX / max(ink.shape)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"precision": precision, "recall": recall, "f1": f1, "chamfer": min(apart, NOWHERE_PX)}


@compiled()
def _score(drawn: BoolArray, ink: BoolArray, scores: FloatArray) -> None:
    """Fill `scores` (4, n), rows as `PICTURE_METRICS`."""
    for i in range(len(drawn)):
        line_y, line_x = np.nonzero(drawn[i])
        ink_y, ink_x = np.nonzero(ink[i])
        if len(line_y) == 0 or len(ink_y) == 0:
            both = len(line_y) == len(ink_y)
            scores[:3, i] = 1.0 if both else 0.0
            scores[3, i] = 0.0 if both else NOWHERE_PX
            continue
        precision, off_ink = _closeness(line_y, line_x, ink_y, ink_x)
        recall, off_line = _closeness(ink_y, ink_x, line_y, line_x)
        scores[0, i], scores[1, i] = precision, recall
        scores[2, i] = 2 * precision * recall / max(precision + recall, 1e-9)
        scores[3, i] = (off_ink + off_line) / 2


@compiled()
def _closeness(y: IntArray, x: IntArray, there_y: IntArray, there_x: IntArray) -> tuple[float, float]:
    """The share of the pixels y, x that are within `TOLERANCE_PX` of one of those there, and the mean distance, px."""
    near, total = 0, 0.0
    for i in range(len(y)):
        nearest = 1 << 30
        for j in range(len(there_y)):
            nearest = min(nearest, (y[i] - there_y[j]) ** 2 + (x[i] - there_x[j]) ** 2)
        near += nearest < TOLERANCE_PX**2
        total += nearest**0.5
    return near / len(y), total / len(y)
