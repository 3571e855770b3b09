"""A laid walk made smooth within its ink, and then made to cover all of it.

A skeleton's path is bent where lines merge: at a shallow crossing both run along one ridge. So each point may move as
far as the ink there is wider than the pen, and goes where the stroke is straightest; two passes over one broad line
come apart, as the pen's did. What ink is left out after that and lies beside a stroke is written along, or reached by a
nudge; what is further from every stroke becomes a stroke of its own, after the one that it is nearest to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.ink.drawing import BoolArray
from strokes.recovery.nudging import nearest_points, reach_rest, smooth_line
from strokes.recovery.pointer.map_matching import Laid, Lines
from strokes.recovery.tracing.skeleton import Floats
from strokes.recovery.tracing.trace import trace

TURNS, ROUNDS = 6, 10
"""Of smoothing: how often ink left out is looked for, and how often points are averaged in between."""
AIM = 0.1
"""How much a point keeps to its aim, beside its neighbours."""
SLACK_PX = 0.6
"""What room a point has on a line no wider than the pen: pixels' stairs are no wider."""
BROAD = 0.95
"""Ink whose edge is so many widths of the pen off is broader than one pass covers, wherever in it that goes."""
INSIDE_PX = 1.0
"""How far from the ink's edge points stay."""
PULL = 0.5
"""What share of its way to ink that is left out a point goes in a round."""
FAR_OFF, NEAR_BY, LONG_LEFT = 1.2, 0.9, 2.5
"""A line left out is a stroke of its own when it is further from every stroke than the first, in widths of the pen,
and doesn't come nearer than the second or is longer than the third; otherwise nudges reach it."""


@dataclass(frozen=True)
class Covered:
    """Strokes (points, 2) in px, and which of them no walk took."""

    strokes: list[Floats]
    added: list[bool]


def straighten(
    laid: Sequence[Laid], lines: Lines, ink: BoolArray, edge_px: NDArray[np.float32], pen_px: float
) -> list[Floats]:
    """Laid strokes in px made smooth: points move by no more than the ink leaves room for.

    Where several passes share a line, each goes where its walk went, as far as there is ink.

    Args:
        laid: strokes on lines, a pixel a step.
        lines: the ink's.
        ink: (h, w).
        edge_px: (h, w) how far each pixel is from the ink's edge.
        pen_px: the pen's width.
    """
    if not laid:
        return []
    passes = np.zeros(len(lines.places), np.int64)
    for stroke in laid:
        passes += np.bincount(stroke.path, minlength=len(passes)) > 0
        passes += np.bincount(stroke.path, minlength=len(passes)) > 1
    shared = cv2.dilate(paint(lines.places[passes > 1], ink.shape), np.ones((3, 3), np.uint8)) > 0
    smooth, anchors, aims, rooms, broad = [], [], [], [], []
    for stroke in laid:
        anchor = lines.places[stroke.path]
        edge, several = sample(edge_px, anchor), sample(shared, anchor) > 0
        rooms.append(np.maximum(edge - np.where(several, INSIDE_PX, pen_px / 2), 0) + SLACK_PX)
        broad.append((edge > BROAD * pen_px) & ~several)
        aims.append(np.where(several[:, None], stroke.walked, anchor))
        anchors.append(anchor)
        smooth.append(anchor.copy())
    for turn in range(TURNS):
        pool_weights = [np.zeros_like(points) for points in smooth]
        if turn:
            _pull(smooth, ink, pen_px / 2, pool_weights)
            for pull, wide in zip(pool_weights, broad, strict=True):
                pull[wide] = 0
        for known in zip(smooth, anchors, aims, rooms, pool_weights, strict=True):
            _relax(*known, ROUNDS)
    return smooth


def paint(places: Floats, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """1 in the pixels (h, w) of places (n, 2) in px, else 0."""
    canvas = np.zeros(shape, np.uint8)
    canvas[places[:, 1].astype(np.int64), places[:, 0].astype(np.int64)] = 1
    return canvas


def sample(values: NDArray[Any], places: Floats) -> Floats:
    """The values (h, w) at places (n, 2) in px."""
    column, row = (np.clip(places[:, k].astype(np.int64), 0, values.shape[1 - k] - 1) for k in (0, 1))
    return values[row, column].astype(np.float64)


def _pull(strokes: Sequence[Floats], ink: BoolArray, reach_px: float, pool_weights: Sequence[Floats]) -> None:
    """Fill `pool_weights` with how far each point is to go towards the ink beside it that no stroke covers.

    Neighbours go alike: where ink is left out on both sides, nobody does.
    """
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
        for pull in pool_weights:
            pull[:, axis] = PULL * mean[start : start + len(pull)]
            start += len(pull)
    for pull in pool_weights:
        pull[:] = smooth_line(pull, int(reach_px))


@compiled()
def _relax(stroke: Floats, anchor: Floats, aim: Floats, room: Floats, pull: Floats, rounds: int) -> None:
    """Average inner points with their neighbours, and a little with their aims, none further off than its room."""
    for _ in range(rounds):
        before_x, before_y = stroke[0]
        for p in range(1, len(stroke) - 1):
            x, y = stroke[p]
            new_x, new_y = (before_x + stroke[p + 1, 0]) / 2, (before_y + stroke[p + 1, 1]) / 2
            new_x += AIM * (aim[p, 0] - new_x) + pull[p, 0] - anchor[p, 0]
            new_y += AIM * (aim[p, 1] - new_y) + pull[p, 1] - anchor[p, 1]
            length = np.hypot(new_x, new_y)
            share = min(1.0, room[p] / max(length, 1e-9))
            stroke[p, 0], stroke[p, 1] = anchor[p, 0] + share * new_x, anchor[p, 1] + share * new_y
            before_x, before_y = (x + stroke[p, 0]) / 2, (y + stroke[p, 1]) / 2


def cover(strokes: Sequence[Floats], ink: BoolArray, skeleton: BoolArray, pen_px: float) -> Covered:
    """The strokes with all ink (h, w) covered: nudges beside them, and strokes of their own for lines left out."""
    covered = add_lines(strokes, ink, skeleton, pen_px)
    return Covered(reach_rest(covered.strokes, ink, pen_px), covered.added)


def add_lines(strokes: Sequence[Floats], ink: BoolArray, skeleton: BoolArray, pen_px: float) -> Covered:
    """The strokes, and after the nearest of them each line of the skeleton that is left out and far or long."""
    found, added = list(strokes), [False] * len(strokes)
    far = nearest_points(found, ink.shape)[0] / pen_px if found else np.full(ink.shape, np.inf, np.float32)
    count, parts = cv2.connectedComponents((skeleton & (far > 0.5)).astype(np.uint8), connectivity=8)
    for part in range(1, count):
        own = parts == part
        if far[own].max() < FAR_OFF or (far[own].min() < NEAR_BY and own.sum() < LONG_LEFT * pen_px):
            continue
        for stroke in trace(own):
            line = stroke.astype(np.float64) * max(ink.shape)
            after = _nearest_stroke(line, found) + 1
            found.insert(after, line)
            added.insert(after, True)
    return Covered(found, added)


def _nearest_stroke(line: Floats, strokes: Sequence[Floats]) -> int:
    """Which of the strokes comes nearest to a line; -1 where there is none."""
    if not strokes:
        return -1
    places = line[[0, len(line) // 2, -1]]
    away = [float(np.min(np.hypot(*(stroke[:, None] - places).transpose(2, 0, 1)))) for stroke in strokes]
    return int(np.argmin(away))
