"""Whether a drawing is writing at all: false starts, ends that fall short, ways walked twice, turns; no truth needed.

These judge drawings of real scans, too, beside the same figures of real pens' own strokes. All lengths are in px of the
28×28 frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.ink.drawing import BoolArray, DrawingSet, FloatArray, IntArray
from strokes.ink.thinning import find_loose_ends
from strokes.metrics.pens import FRAME_PX, STEP_PX, sample_stroke
from strokes.metrics.pictures import render_set

WRITING_METRICS = ("hook", "tail", "short", "retrace", "reversals", "turn")
BEGINNING_PX = 17.6
"""How much of a stroke's beginning a hook can fill."""
BACK_PX = 1.2
AWAY_PX = 1.5
THERE_AND_BACK = 2.8
"""A hook's way is shorter than so many times its reach, and 1 px."""
REVERSAL_PX, REVERSAL = 1.5, 2.6
TURN_PX = 1.0
NOT_DRAWN_PX = 28.0


def score_writing(drawings: DrawingSet, images: BoolArray) -> dict[str, FloatArray]:
    """Figures of drawings in the frame's unit square, and of the thinned pictures (n, 28, 28) that they are of.

    Returns:
        (n,) float32 each: `hook`, 1 where the first stroke begins with a retrace, `tail`, 1 where the last one ends
        with one, else 0; `short`, the mean distance in px from the ink's loose ends to the drawing's line, NaN where
        there is none; `retrace`, the strokes' length by the number of pixels of their hard rendering; `reversals`, how
        many turns between steps of 1.5 px are above 2.6 rad; `turn`, the mean turn in rad between steps of 1 px, NaN
        where there is none. A drawing without strokes has 0, 0, 28 (where there is a loose end), NaN, 0 and NaN.
    """
    scores = np.full((len(drawings), len(WRITING_METRICS)), np.nan, np.float32)
    points = np.ascontiguousarray(drawings.points, np.float64) * FRAME_PX
    ends = find_loose_ends(images)
    drawn = render_set(drawings).sum(axis=(1, 2))
    _score_all(points, drawings.stroke_offsets, drawings.drawing_offsets, ends, drawn, scores)
    return {name: np.ascontiguousarray(scores[:, i]) for i, name in enumerate(WRITING_METRICS)}


@compiled()
def _score_all(
    points_px: NDArray[np.float64],
    stroke_offsets: IntArray,
    drawing_offsets: IntArray,
    ends: BoolArray,
    drawn: IntArray,
    scores: FloatArray,
) -> None:
    """Fill `scores` (n, 6), columns as `WRITING_METRICS`."""
    for i in range(len(scores)):
        first, last = drawing_offsets[i], drawing_offsets[i + 1]
        scores[i, 0], scores[i, 1], scores[i, 4] = 0, 0, 0
        if first < last:
            scores[i, 0] = hooked(points_px[stroke_offsets[first] : stroke_offsets[first + 1]])
            scores[i, 1] = hooked(points_px[stroke_offsets[last - 1] : stroke_offsets[last]][::-1])
        scores[i, 2] = _miss_ends(points_px, stroke_offsets[first : last + 1], ends[i])
        length, turns, turned = 0.0, 0, 0.0
        for j in range(first, last):
            stroke = points_px[stroke_offsets[j] : stroke_offsets[j + 1]]
            length += length_of(stroke)
            many, _, reversals = _turn(stroke, REVERSAL_PX)
            scores[i, 4] += reversals
            many, total, _ = _turn(stroke, TURN_PX)
            turns, turned = turns + many, turned + total
        if drawn[i]:
            scores[i, 3] = length / drawn[i]
        if turns:
            scores[i, 5] = turned / turns


@compiled()
def hooked(stroke_px: NDArray[np.float64]) -> bool:
    """Whether a stroke (n, 2) in px begins with a retrace: out, and soon back to its start over much the same way."""
    length = length_of(stroke_px)
    steps = int(np.ceil(length / STEP_PX))
    if steps == 0:
        return False
    path = np.zeros((steps + 1, 4))
    sample_stroke(stroke_px, length, path)
    step, reach = length / steps, 0.0
    for k in range(1, steps + 1):
        if k * step > BEGINNING_PX:
            return False
        away = np.hypot(path[k, 0] - path[0, 0], path[k, 1] - path[0, 1])
        reach = max(reach, away)
        if reach > AWAY_PX and away <= BACK_PX and k * step < THERE_AND_BACK * reach + 1:
            return True
    return False


@compiled()
def length_of(stroke_px: NDArray[np.float64]) -> float:
    """A stroke's length."""
    length = 0.0
    for p in range(1, len(stroke_px)):
        length += np.hypot(stroke_px[p, 0] - stroke_px[p - 1, 0], stroke_px[p, 1] - stroke_px[p - 1, 1])
    return length


@compiled()
def _turn(stroke_px: NDArray[np.float64], step_px: float) -> tuple[int, float, int]:
    """How often a stroke can turn at steps of about `step_px`, by how much in all, and how many are reversals."""
    length = length_of(stroke_px)
    steps = int(np.rint(length / step_px))
    if steps < 2:
        return 0, 0.0, 0
    path = np.zeros((steps + 1, 4))
    sample_stroke(stroke_px, length, path)
    total, reversals, before = 0.0, 0, np.arctan2(path[1, 1] - path[0, 1], path[1, 0] - path[0, 0])
    for k in range(2, steps + 1):
        now = np.arctan2(path[k, 1] - path[k - 1, 1], path[k, 0] - path[k - 1, 0])
        turn = abs((now - before + np.pi) % (2 * np.pi) - np.pi)
        total, reversals, before = total + turn, reversals + int(turn > REVERSAL), now
    return steps - 1, total, reversals


@compiled()
def _miss_ends(points_px: NDArray[np.float64], bounds: IntArray, ends: BoolArray) -> float:
    """The mean distance from loose ends (h, w) to the line of the strokes `bounds[j]:bounds[j+1]`; NaN without ends."""
    count, total = 0, 0.0
    for r in range(ends.shape[0]):
        for c in range(ends.shape[1]):
            if ends[r, c]:
                count += 1
                total += _to_line(c + 0.5, r + 0.5, points_px, bounds)
    return total / count if count else np.nan


@compiled()
def _to_line(x: float, y: float, points_px: NDArray[np.float64], bounds: IntArray) -> float:
    """How far a place is from the nearest point of strokes' lines."""
    least = NOT_DRAWN_PX
    for j in range(len(bounds) - 1):
        for p in range(bounds[j], bounds[j + 1]):
            q = min(p + 1, bounds[j + 1] - 1)
            along_x, along_y = points_px[q, 0] - points_px[p, 0], points_px[q, 1] - points_px[p, 1]
            square = along_x * along_x + along_y * along_y
            away_x, away_y = x - points_px[p, 0], y - points_px[p, 1]
            share = min(max((away_x * along_x + away_y * along_y) / square, 0.0), 1.0) if square > 0 else 0.0
            least = min(least, np.hypot(away_x - share * along_x, away_y - share * along_y))
    return least
