"""Strokes' ends put on the ink's own: a pen begins and stops where the line does, not half a pixel short of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.ink.drawing import BoolArray, FloatArray, IntArray
from strokes.ink.thinning import find_loose_ends
from strokes.recovery.pointer.network import GO

ENDS_WITHIN_PX = 1.5
"""No end is moved further than this."""


def meet_ends(points_px: FloatArray, flags: IntArray, images: BoolArray) -> FloatArray:
    """Walks' points (n, steps, 2) in px, their strokes' ends on the loose ends of thinned pictures (n, 28, 28).

    The nearest pairs of a stroke's end and a loose end meet first; each meets one at most. Dots stay where they are.
    """
    met = np.array(points_px, np.float32)
    _meet_all(met, flags, find_loose_ends(images))
    return met


@compiled()
def _meet_all(points_px: FloatArray, flags: IntArray, loose: BoolArray) -> None:
    """Change `points_px` as `meet_ends` says."""
    for i in range(len(flags)):
        rows = _find_ends(flags[i])
        free = np.ones(len(rows), np.bool_)
        left = np.argwhere(loose[i])
        waiting = np.ones(len(left), np.bool_)
        while True:
            least, end, pixel = ENDS_WITHIN_PX, -1, -1
            for a in range(len(rows)):
                x, y = points_px[i, rows[a]]
                for b in range(len(left)):
                    away = np.hypot(left[b, 1] + 0.5 - x, left[b, 0] + 0.5 - y)
                    if free[a] and waiting[b] and away < least:
                        least, end, pixel = away, a, b
            if end < 0:
                break
            points_px[i, rows[end], 0], points_px[i, rows[end], 1] = left[pixel, 1] + 0.5, left[pixel, 0] + 0.5
            free[end], waiting[pixel] = False, False


@compiled()
def _find_ends(flags: IntArray) -> NDArray[np.int64]:
    """The steps of a walk at which its strokes begin and end; those of dots are left out."""
    rows = np.zeros(len(flags) + 1, np.int64)
    count, begun = 0, 0
    for p in range(len(flags)):
        if flags[p] > GO:
            if p > begun:
                rows[count], rows[count + 1] = begun, p
                count += 2
            begun = p + 1
    ends: NDArray[np.int64] = rows[:count]
    return ends
