"""A laid walk made smooth within its ink, and then made to cover all of it.

A skeleton's path is bent where lines merge: at a shallow crossing both run along one ridge. So each point may move as
far as the ink there is wider than the pen, and goes where the stroke is straightest; two passes over one broad line
come apart, as the pen's did. What ink is left out after that and lies beside a stroke is reached by a nudge out and
back; what is further from every stroke becomes a stroke of its own, after the one that it is nearest to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from strokes.ink.drawing import BoolArray
from strokes.recovery.tracing.trace import trace

Floats = NDArray[np.float64]

ROUNDS = 60
"""Of smoothing."""
PULL = 0.25
"""What share of its way to ink that is left out a point goes in a round."""
SPARE = 0.12
"""Ink within half the pen's width and this share of it more counts as covered."""
NUDGE = 0.75
"""Ink left out is reached by a nudge of at most so many widths of the pen."""
MOST_NUDGES = 60
LEAST_STROKE = 0.6
"""Left-out lines shorter than so many widths of the pen are reached by nudges."""


@dataclass(frozen=True)
class Covered:
    """Strokes (points, 2) in px, and which of them no walk took."""

    strokes: list[Floats]
    added: list[bool]


def straighten(strokes: Sequence[Floats], ink: BoolArray, edge_px: NDArray[np.float32], pen_px: float) -> list[Floats]:
    """Laid strokes in px made smooth: ends stay, points between move by no more than the ink leaves room for.

    Args:
        strokes: (points, 2) in px, a pixel a step.
        ink: (h, w).
        edge_px: (h, w) how far each pixel is from the ink's edge.
        pen_px: the pen's width.
    """
    smooth = [np.ascontiguousarray(stroke, np.float64).copy() for stroke in strokes]
    anchors = [stroke.copy() for stroke in smooth]
    rooms = [np.maximum(sample(edge_px, stroke) - pen_px / 2, 0) + 0.6 for stroke in smooth]
    reach = pen_px / 2
    for turn in range(ROUNDS // 10):
        pulls = [np.zeros_like(stroke) for stroke in smooth]
        if turn:
            _pull(smooth, ink, reach, pulls)
        for stroke, anchor, room, pull in zip(smooth, anchors, rooms, pulls, strict=True):
            _relax(stroke, anchor, room, pull, ROUNDS // 6)
    return smooth


def sample(values: NDArray[np.float32], places: Floats) -> Floats:
    """The values (h, w) at places (n, 2) in px."""
    column, row = (np.clip(places[:, k].astype(np.int64), 0, values.shape[1 - k] - 1) for k in (0, 1))
    return values[row, column].astype(np.float64)


def _pull(strokes: Sequence[Floats], ink: BoolArray, reach_px: float, pulls: Sequence[Floats]) -> None:
    """Fill `pulls` with how far each point is to go towards the ink beside it that no stroke covers."""
    away, owner = nearest_points(strokes, ink.shape)
    rows, columns = np.nonzero(ink & (away > reach_px))
    if len(rows) == 0:
        return
    every = np.concatenate(strokes)
    near = owner[rows, columns]
    way = np.stack([columns, rows], axis=1) + 0.5 - every[near]
    length = np.hypot(*way.T)
    excess = way * ((length - reach_px) / np.maximum(length, 1e-9))[:, None]
    excess[length > 3 * reach_px] = 0
    counts = np.bincount(near, minlength=len(every))
    for axis in (0, 1):
        mean = np.bincount(near, excess[:, axis], minlength=len(every)) / np.maximum(counts, 1)
        start = 0
        for pull in pulls:
            pull[:, axis] = PULL * mean[start : start + len(pull)]
            start += len(pull)


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


@njit(cache=True, nogil=True)
def _relax(stroke: Floats, anchor: Floats, room: Floats, pull: Floats, rounds: int) -> None:
    """Average inner points with their neighbours, in place, none further from its anchor than its room."""
    for _ in range(rounds):
        before_x, before_y = stroke[0]
        for p in range(1, len(stroke) - 1):
            x, y = stroke[p]
            new_x = (before_x + stroke[p + 1, 0]) / 2 + pull[p, 0] - anchor[p, 0]
            new_y = (before_y + stroke[p + 1, 1]) / 2 + pull[p, 1] - anchor[p, 1]
            length = np.hypot(new_x, new_y)
            share = min(1.0, room[p] / max(length, 1e-9))
            stroke[p, 0], stroke[p, 1] = anchor[p, 0] + share * new_x, anchor[p, 1] + share * new_y
            before_x, before_y = (x + stroke[p, 0]) / 2, (y + stroke[p, 1]) / 2


def cover(strokes: Sequence[Floats], ink: BoolArray, skeleton: BoolArray, pen_px: float) -> Covered:
    """The strokes with all ink (h, w) covered: nudges beside them, and strokes of their own for lines left out."""
    reach = (0.5 + SPARE) * pen_px
    covered = add_lines(strokes, ink, skeleton, pen_px)
    found = list(covered.strokes)
    for _ in range(MOST_NUDGES):
        if not found:
            break
        away, owner = nearest_points(found, ink.shape)
        left = np.where(ink & (away > reach), away, 0)
        if not left.any():
            break
        found = _nudge(found, left, owner, reach, NUDGE * pen_px)
    return Covered(found, covered.added)


def _nudge(
    strokes: list[Floats], left: NDArray[np.float32], owner: NDArray[np.int64], reach: float, most: float
) -> list[Floats]:
    """Each patch of ink left out reached from the stroke beside it, out and back, by its furthest pixel."""
    count, patches = cv2.connectedComponents((left > 0).astype(np.uint8), connectivity=8)
    bounds = np.cumsum([0, *map(len, strokes)])
    nudges: dict[int, dict[int, Floats]] = {}
    every = np.concatenate(strokes)
    for patch in range(1, count):
        place = np.unravel_index(int(np.where(patches == patch, left, 0).argmax()), left.shape)
        near = int(owner[place])
        stroke = int(np.searchsorted(bounds, near, side="right")) - 1
        target = np.array([place[1], place[0]]) + 0.5
        way = target - every[near]
        length = float(np.hypot(*way))
        short = min(max(length - 0.8 * reach, 0.5), most)
        nudges.setdefault(stroke, {})[near - int(bounds[stroke])] = every[near] + way * short / max(length, 1e-9)
    return [_with_nudges(own, nudges.get(k, {})) for k, own in enumerate(strokes)]


def _with_nudges(stroke: Floats, nudges: dict[int, Floats]) -> Floats:
    for point in sorted(nudges, reverse=True):
        back = [nudges[point][None]]
        if 0 < point < len(stroke) - 1:
            back.append(stroke[point][None])
        after = point + 1 if point else 0
        stroke = np.concatenate([stroke[:after], *back, stroke[after:]])
    return stroke


def add_lines(strokes: Sequence[Floats], ink: BoolArray, skeleton: BoolArray, pen_px: float) -> Covered:
    """The strokes, and after the nearest of them each line of the skeleton that they leave out."""
    found, added = list(strokes), [False] * len(strokes)
    left = skeleton if not found else skeleton & (nearest_points(found, ink.shape)[0] > pen_px / 2)
    count, parts = cv2.connectedComponents(left.astype(np.uint8), connectivity=8)
    longer = max(ink.shape)
    for part in range(1, count):
        own = parts == part
        if found and own.sum() < LEAST_STROKE * pen_px and _touches(own, found, pen_px):
            continue
        for stroke in trace(own):
            line = stroke.astype(np.float64) * longer
            after = _nearest_stroke(line, found) + 1
            found.insert(after, line)
            added.insert(after, True)
    return Covered(found, added)


def _touches(part: BoolArray, strokes: Sequence[Floats], pen_px: float) -> bool:
    return bool((nearest_points(strokes, part.shape)[0][part] <= pen_px).all())


def _nearest_stroke(line: Floats, strokes: Sequence[Floats]) -> int:
    """Which of the strokes comes nearest to a line; -1 where there is none."""
    if not strokes:
        return -1
    ends = line[[0, len(line) // 2, -1]]
    away = [float(np.min(np.hypot(*(stroke[:, None] - ends).transpose(2, 0, 1)))) for stroke in strokes]
    return int(np.argmin(away))
