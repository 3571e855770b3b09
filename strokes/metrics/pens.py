"""Whether a drawing is what a pen did: dtw, direction, order, strokes and start, against a person's own strokes.

Both paths are resampled at equal steps along each stroke. For direction and order every point of the truth finds its
nearest on the other path, by squared distance + 4·(1 − |cosine of the tangents|), so that crossings match the right
branch; single dots have no tangent and are left out there. All lengths are in px of the 28×28 frame.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.errors import ShapeError
from strokes.ink.drawing import Drawing, DrawingSet, FloatArray, IntArray, make_drawing_set
from strokes.metrics.warping import warp_paths

PEN_METRICS = ("dtw", "direction", "order", "strokes", "start")
FRAME_PX = 28.0
STEP_PX = 0.5
START_PX = 3.0
TURN_PX2 = 4.0
"""What a match at right angles costs, in squared pixels."""

Path = NDArray[np.float64]
Drawings = DrawingSet | Sequence[Sequence[FloatArray]]


def score_pens(truth: Drawings, found: Drawings) -> dict[str, FloatArray]:
    """Scores of drawings against what the pen did, pair by pair; each a set, or a sequence of lists of strokes.

    Points are in the frame's unit square: a length of 1 counts as 28 px.

    Returns:
        (n,) float32 each: `dtw`, how far the two whole paths are apart when walked together, in px; `direction`, the
        share of the truth's points whose nearest found point is walked the same way, in [0, 1]; `order`, +1 when the
        nearest points come in the truth's order, -1 when reversed (a Kendall tau); `strokes` and `start`, 1 where the
        number of strokes is the truth's and where the first touch is within 3 px of the truth's, else 0. A drawing
        without strokes gets 28, 0, -1, 0, 0; one of dots alone 0 and -1 for direction and order, which are NaN where
        the truth has nothing longer than a dot.

    Raises:
        ShapeError: there are not as many drawings in both.
    """
    theirs, ours = _as_set(truth), _as_set(found)
    if len(theirs) != len(ours):
        raise ShapeError(f"{len(theirs)} true drawings and {len(ours)} found; expected one for each")
    scores = np.empty((len(theirs), len(PEN_METRICS)), np.float32)
    _score_all(_arrays(theirs), _arrays(ours), scores)
    return {name: np.ascontiguousarray(scores[:, i]) for i, name in enumerate(PEN_METRICS)}


def sample_path(strokes: Sequence[FloatArray]) -> Path:
    """Strokes as (n, 4) x, y in px of the 28×28 frame and the unit tangent, `STEP_PX` apart or less; a dot's is 0."""
    points, stroke_offsets, drawing_offsets = _arrays(_as_set([strokes]))
    path: Path = _sample(points, stroke_offsets[: drawing_offsets[1] + 1])
    return path


def _as_set(drawings: Drawings) -> DrawingSet:
    if isinstance(drawings, DrawingSet):
        return drawings
    return make_drawing_set([Drawing(tuple(strokes)) for strokes in drawings])


def _arrays(drawings: DrawingSet) -> tuple[FloatArray, IntArray, IntArray]:
    return np.ascontiguousarray(drawings.points, np.float32), drawings.stroke_offsets, drawings.drawing_offsets


@compiled()
def _score_all(
    truth: tuple[FloatArray, IntArray, IntArray], found: tuple[FloatArray, IntArray, IntArray], scores: FloatArray
) -> None:
    """Fill `scores` (n, 5), columns as `PEN_METRICS`; a set is its points, stroke offsets and drawing offsets."""
    for i in range(len(scores)):
        there = truth[1][truth[2][i] : truth[2][i + 1] + 1]
        here = found[1][found[2][i] : found[2][i + 1] + 1]
        path, other = _sample(truth[0], there), _sample(found[0], here)
        if len(other) == 0 or len(path) == 0:
            scores[i, 0], scores[i, 1], scores[i, 2] = FRAME_PX, 0.0, -1.0
            scores[i, 3], scores[i, 4] = 0.0, 0.0
            continue
        apart, steps = warp_paths(path, other)
        scores[i, 0] = apart / steps
        scores[i, 1], scores[i, 2] = compare_paths(_without_dots(path), _without_dots(other))
        scores[i, 3] = len(there) == len(here)
        scores[i, 4] = np.hypot(path[0, 0] - other[0, 0], path[0, 1] - other[0, 1]) <= START_PX


@compiled()
def _sample(points: FloatArray, bounds: IntArray) -> Path:
    """The strokes `bounds[j]:bounds[j+1]` of `points`, sampled as `sample_path` says."""
    strokes = len(bounds) - 1
    lengths = np.zeros(strokes)
    steps = np.zeros(strokes, np.int64)
    for j in range(strokes):
        for p in range(bounds[j] + 1, bounds[j + 1]):
            lengths[j] += FRAME_PX * np.hypot(
                np.float64(points[p, 0]) - points[p - 1, 0], np.float64(points[p, 1]) - points[p - 1, 1]
            )
        steps[j] = np.ceil(lengths[j] / STEP_PX)
    path = np.zeros((steps.sum() + strokes, 4))
    row = 0
    for j in range(strokes):
        stroke = points[bounds[j] : bounds[j + 1]].astype(np.float64) * FRAME_PX
        sample_stroke(stroke, lengths[j], path[row : row + steps[j] + 1])
        row += steps[j] + 1
    return path


@compiled()
def sample_stroke(points_px: NDArray[np.float64], length: float, path: Path) -> None:
    """Fill `path` (steps + 1, 4) with points of a stroke of `length` px at equal steps, and the unit tangents there."""
    last = len(path) - 1
    begun, row = 0.0, 0
    for p in range(1, len(points_px)):
        x, y = points_px[p - 1, 0], points_px[p - 1, 1]
        along_x, along_y = points_px[p, 0] - x, points_px[p, 1] - y
        step = np.hypot(along_x, along_y)
        if step == 0:
            continue
        path[last, 2], path[last, 3] = along_x / step, along_y / step
        while row < last and row * length / last < begun + step:
            share = (row * length / last - begun) / step
            path[row, 0], path[row, 1] = x + share * along_x, y + share * along_y
            path[row, 2], path[row, 3] = along_x / step, along_y / step
            row += 1
        begun += step
    path[last, 0], path[last, 1] = points_px[-1, 0], points_px[-1, 1]


@compiled()
def _without_dots(path: Path) -> Path:
    """The rows of a sampled path that have a tangent."""
    moving: Path = path[(path[:, 2] != 0) | (path[:, 3] != 0)]
    return moving


@compiled()
def compare_paths(truth: Path, found: Path) -> tuple[float, float]:
    """Direction and order of a path (n, 4) against the true one, each row x, y and the unit tangent; without dots."""
    if len(truth) == 0:
        return np.nan, np.nan
    if len(found) == 0:
        return 0.0, -1.0
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
