"""Ink that strokes leave out beside them is reached by nudges: the nearest stroke is bent there, as a pen turns.

A stroke that bends leaves the ink that it went over a little; where that has to be nudged in turn, again and again, the
stroke goes out and comes back instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import BoolArray, IntArray
from strokes.recovery.tracing.skeleton import Floats

SPARE, SPARE_PX = 0.08, 0.8
"""Ink within half the pen's width and this share of it more, or so many px if that is more, counts as covered."""
INTO = 0.8
"""A nudge ends so much of that reach before the ink's furthest pixel."""
MOST_NUDGES = 40
BENDS = 8
"""So many of those rounds bend strokes; the others go out and back."""


def reach_rest(strokes: Sequence[Floats], ink: BoolArray, pen_px: float) -> list[Floats]:
    """Strokes (points, 2) in px, a pixel a step, with nudges until all ink (h, w) lies within the pen's width."""
    found, reach = list(strokes), pen_px / 2 + max(SPARE * pen_px, SPARE_PX)
    for turn in range(MOST_NUDGES if found else 0):
        away, owner = nearest_points(found, ink.shape)
        left = np.where(ink & (away > reach), away, 0)
        if not left.any():
            break
        found = _nudge(found, left, owner, reach, bent=turn < BENDS)
    return found


def nearest_points(strokes: Sequence[Floats], shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """How far (h, w) each pixel is from the strokes' points, and the number of the nearest, counted through."""
    every = np.concatenate(strokes)
    canvas = np.ones(shape, np.uint8)
    numbers = np.zeros(shape, np.int64)
    column, row = (np.clip(every[:, k].astype(np.int64), 0, shape[1 - k] - 1) for k in (0, 1))
    canvas[row, column] = 0
    numbers[row, column] = np.arange(len(every))
    away, labels = cv2.distanceTransformWithLabels(canvas, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    table = np.zeros(int(labels.max()) + 1, np.int64)
    table[labels[row, column]] = numbers[row, column]
    return np.asarray(away, np.float32), table[labels]


def _nudge(
    strokes: list[Floats], left: NDArray[np.float32], owner: IntArray, reach: float, *, bent: bool
) -> list[Floats]:
    """Each patch of ink left out reached from the stroke beside it, by its furthest pixel."""
    _, patches = cv2.connectedComponents((left > 0).astype(np.uint8), connectivity=8)
    bounds = np.cumsum([0, *map(len, strokes)])
    nudges: dict[int, dict[int, Floats]] = {}
    every = np.concatenate(strokes)
    rows, columns = np.nonzero(left)
    order = np.lexsort((-left[rows, columns], patches[rows, columns]))
    _, firsts = np.unique(patches[rows, columns][order], return_index=True)
    for k in order[firsts].tolist():
        near = int(owner[rows[k], columns[k]])
        stroke = int(np.searchsorted(bounds, near, side="right")) - 1
        way = np.array([columns[k], rows[k]]) + 0.5 - every[near]
        length = float(np.hypot(*way))
        reached = every[near] + way * max(length - INTO * reach, 0.5) / max(length, 1e-9)
        nudges.setdefault(stroke, {})[near - int(bounds[stroke])] = reached
    return [_with_nudges(own, nudges.get(k, {}), bent=bent) for k, own in enumerate(strokes)]


def _with_nudges(stroke: Floats, nudges: dict[int, Floats], *, bent: bool) -> Floats:
    """A stroke that goes to places from some of its points, and from all but its ends back to the line.

    Bent, it leaves the line as far before that point as the place is from it, and comes back as far behind it.
    """
    last = len(stroke) - 1
    changed = len(stroke)
    for point in sorted(nudges, reverse=True):
        place = nudges[point]
        if point == 0 and last:
            stroke = np.concatenate([_steps(stroke[0], place)[::-1], stroke])
        elif point == last:
            stroke = np.concatenate([stroke, _steps(stroke[-1], place)])
        elif point < changed:
            room = int(np.ceil(np.hypot(*(place - stroke[point])))) if bent else 0
            before, behind = max(point - room, 0), min(point + room, last, changed)
            back = _steps(stroke[behind], place)[-2::-1]
            stroke = np.concatenate([stroke[: before + 1], _steps(stroke[before], place), back, stroke[behind:]])
            changed = before
    return stroke


def _steps(start: Floats, end: Floats) -> Floats:
    """Points from a place, itself left out, to another, a pixel a step."""
    steps = max(int(np.ceil(np.hypot(*(end - start)))), 1)
    points: Floats = start + np.linspace(0, 1, steps + 1)[1:, None] * (end - start)
    return points
