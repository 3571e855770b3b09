"""Several walks over a strip, and the one among them that is chosen: as `strokes.recovery.pointer.risk` chooses.

Each walk is judged as if each of the others were what the person did, the likelier ones weighing more; what a walk
leaves out of the ink counts against it.
"""

from __future__ import annotations

import cv2
import numpy as np

from strokes.ink.drawing import BoolArray, FloatArray, IntArray
from strokes.recovery.pointer.network import GO
from strokes.recovery.pointer.risk import WORTH, judge_walks
from strokes.recovery.tracing.skeleton import Floats

STRIP_TEMPERATURE = 60.0
"""A walk that is e^60 times less likely than the best weighs e times less: a strip has more steps than a glyph."""
REACHED_PX = 2.0
"""Ink within this of a walk has not been left out."""
MISSED = 12.0
"""What leaving all of the ink out costs."""


def choose(points_px: FloatArray, flags: IntArray, likelihood: FloatArray, image: BoolArray) -> tuple[int, float]:
    """Which of the walks (k, steps, …) over a strip is chosen, and how sure it is.

    Returns:
        its number, and how well the others agree with it in direction and order, 0 to 1.
    """
    count = len(flags)
    missed = np.array([share_missed(walked_strokes(p, f), image) for p, f in zip(points_px, flags, strict=True)])
    weights = np.exp((likelihood - likelihood.max()) / STRIP_TEMPERATURE)
    alike = judge_walks(points_px, flags, count)[0]
    worth = np.einsum("abj,a,j->b", alike, weights, np.array(WORTH)) / weights.sum()
    best = int((worth - MISSED * missed).argmax())
    others = weights * (np.arange(count) != best)
    if others.sum() <= 0:
        return best, 1.0
    direction, order = (float((others * alike[:, best, j]).sum() / others.sum()) for j in (1, 2))
    return best, float(np.clip(direction * (1 + order) / 2, 0, 1))


def walked_strokes(points_px: FloatArray, flags: IntArray) -> list[Floats]:
    """The strokes of one walk (steps, …) in px."""
    kept = flags >= 0
    ends = np.flatnonzero(flags[kept] != GO) + 1
    return [part.astype(np.float64) for part in np.split(points_px[kept], ends) if len(part)]


def share_missed(strokes: list[Floats], image: BoolArray) -> float:
    """The share of thinned ink (h, w) further than `REACHED_PX` from every stroke."""
    canvas = np.ones(image.shape, np.uint8)
    lines = [np.rint((stroke - 0.5) * 16).astype(np.int32) for stroke in strokes]
    cv2.polylines(canvas, lines, False, (0,), 1, cv2.LINE_8, 4)
    away = cv2.distanceTransform(canvas, cv2.DIST_L2, cv2.DIST_MASK_5)
    return float((away[image] > REACHED_PX).mean())
