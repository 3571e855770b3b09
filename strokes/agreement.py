"""Whether two drawings of one picture are walked the same way: direction and order, as a pen's path against another's.

Both paths are resampled at equal steps along each stroke. Every point of the first then finds its nearest on the
second, by squared distance + 4·(1 − |cosine of the tangents|), so that crossings match the right branch. Single dots
have no tangent and are left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from strokes.drawing import FloatArray

FRAME_PX = 28.0
STEP_PX = 0.5
TURN_PX2 = 4.0
"""What a match at right angles costs, in squared pixels."""

Path = NDArray[np.float64]


def walked_alike(truth: Sequence[FloatArray], found: Sequence[FloatArray]) -> tuple[float, float]:
    """How strokes `found` are walked compared with `truth`, both sequences of (points, 2) in the unit square.

    Returns:
        direction, the share of the truth's points whose nearest found point is walked the same way, in [0, 1]; and
        order, +1 when the nearest points come in the truth's order, -1 when reversed (a Kendall tau). When either has
        nothing longer than a dot: 0 and -1.
    """
    there, here = sample_path(truth), sample_path(found)
    if len(there) == 0 or len(here) == 0:
        return 0.0, -1.0
    direction, order = _compare(there, here)
    return float(direction), float(order)


def sample_path(strokes: Sequence[FloatArray]) -> Path:
    """Strokes as (n, 4) x, y in px of the 28×28 frame and the unit tangent, `STEP_PX` apart or less; dots left out."""
    return np.concatenate([np.zeros((0, 4)), *(sample_stroke(stroke) for stroke in strokes)])


def sample_stroke(stroke: FloatArray) -> Path:
    """One stroke (points, 2) as `sample_path` does; (0, 4) for a dot."""
    points = np.asarray(stroke, np.float64) * FRAME_PX
    way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    if way[-1] == 0:
        return np.zeros((0, 4))
    moved = np.append(True, np.diff(way) > 0)
    points, way = points[moved], way[moved]
    steps = np.linspace(0, way[-1], math.ceil(way[-1] / STEP_PX) + 1)
    segment = np.minimum(np.searchsorted(way, steps, side="right") - 1, len(way) - 2)
    tangents = np.diff(points, axis=0) / np.diff(way)[:, None]
    xy = points[segment] + (steps - way[segment])[:, None] * tangents[segment]
    return np.concatenate([xy, tangents[segment]], axis=1)


@njit(cache=True, nogil=True)
def _compare(truth: Path, found: Path) -> tuple[float, float]:
    """Direction and order of two sampled paths, each (n, 4) with n > 0."""
    places = np.empty(len(truth), np.int64)
    same = 0
    for i in range(len(truth)):
        least, best = np.inf, 0.0
        for j in range(len(found)):
            cosine = truth[i, 2] * found[j, 2] + truth[i, 3] * found[j, 3]
            apart = (truth[i, 0] - found[j, 0]) ** 2 + (truth[i, 1] - found[j, 1]) ** 2
            cost = apart + TURN_PX2 * (1 - abs(cosine))
            if cost < least:
                least, best, places[i] = cost, cosine, j
        same += best > 0
    agreeing, pairs = 0, len(truth) * (len(truth) - 1) // 2
    for i in range(len(truth)):
        for j in range(i + 1, len(truth)):
            agreeing += np.sign(places[j] - places[i])
    return same / len(truth), agreeing / max(pairs, 1)
