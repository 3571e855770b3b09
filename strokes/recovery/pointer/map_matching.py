"""A coarse walk laid onto a fine skeleton: the pen's order and direction, the picture's own detail.

Each stroke becomes the path over the skeleton's pixels that is short and stays near the stroke, found by Dijkstra's
algorithm over pairs of a pixel and how much of the stroke is done. Where the skeleton has no such path, the stroke
stays as it is.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from strokes.ink.drawing import BoolArray, IntArray

Floats = NDArray[np.float64]

REACH = 1.6
"""How far from a point of the stroke its pixel may be, in pixels of the frame that it was walked in."""
STRAY = 0.5
"""Cost of a step per squared distance from the stroke, in pixels of that frame, beside the step's length."""
EXTENSION = 3.0
"""How far a stroke goes on along ink that leads nowhere else, to its end, in pixels of that frame."""
SMOOTHING = 2
"""How often a snapped path is averaged with its neighbours, against stairs of pixels."""


def snap(strokes: Sequence[Floats], skeleton: BoolArray, *, coarse_px: float) -> list[Floats]:
    """Strokes (points, 2) x, y in pixels of `skeleton` (h, w), laid onto it.

    Args:
        strokes: of one drawing, in order.
        skeleton: thinned ink.
        coarse_px: how wide a pixel of the frame that they were walked in is here.
    """
    rows, columns = np.nonzero(skeleton)
    if len(rows) == 0:
        return list(strokes)
    index = np.full(skeleton.shape, -1, np.int64)
    index[rows, columns] = np.arange(len(rows))
    places = np.stack([columns, rows], axis=1).astype(np.float64) + 0.5
    neighbours = find_neighbours(index, rows, columns)
    return [_snap_one(stroke, places, neighbours, coarse_px) for stroke in strokes]


def _snap_one(stroke: Floats, places: Floats, neighbours: IntArray, coarse_px: float) -> Floats:
    points: Floats = np.ascontiguousarray(stroke).astype(np.float64)
    path = _cheapest_path(points, places, neighbours, coarse_px)
    if len(path) == 0:
        return points
    end = _run_out(path, places, neighbours, EXTENSION * coarse_px)
    start = _run_out(np.concatenate([path, end])[::-1].copy(), places, neighbours, EXTENSION * coarse_px)
    path = np.concatenate([start[::-1], path, end])
    snapped: Floats = places[path].copy()
    for _ in range(SMOOTHING):
        if len(snapped) > 2:
            snapped[1:-1] = snapped[1:-1] / 2 + (snapped[:-2] + snapped[2:]) / 4
    return snapped


@njit(cache=True, nogil=True)
def find_neighbours(index: IntArray, rows: IntArray, columns: IntArray) -> IntArray:
    """The neighbours (n, 8) of each pixel of ink among the ink, -1 where there is none."""
    found = np.full((len(rows), 8), -1, np.int64)
    height, width = index.shape
    for i in range(len(rows)):
        count = 0
        for row in range(max(rows[i] - 1, 0), min(rows[i] + 2, height)):
            for column in range(max(columns[i] - 1, 0), min(columns[i] + 2, width)):
                other = index[row, column]
                if other >= 0 and other != i:
                    found[i, count] = other
                    count += 1
    return found


@njit(cache=True, nogil=True)
def _cheapest_path(points: Floats, places: Floats, neighbours: IntArray, coarse_px: float) -> IntArray:
    """The pixels of the path that follows `points` most cheaply; empty where there is none."""
    count, legs = len(places), len(points)
    reach = REACH * coarse_px
    cost = np.full(count * legs, np.inf)
    before = np.full(count * legs, -1, np.int64)
    queue: Any = [(0.0, np.int64(-1))]
    queue.pop()
    for i in range(count):
        away = np.hypot(places[i, 0] - points[0, 0], places[i, 1] - points[0, 1])
        if away <= reach:
            cost[i] = 2 * away
            heapq.heappush(queue, (cost[i], np.int64(i)))
    while len(queue):
        reached, state = heapq.heappop(queue)
        if reached > cost[state]:
            continue
        leg, i = state // count, state % count
        if leg == legs - 1:
            return _trace_back(before, state, count)
        if np.hypot(places[i, 0] - points[leg + 1, 0], places[i, 1] - points[leg + 1, 1]) <= reach:
            last = leg + 2 == legs
            away = np.hypot(places[i, 0] - points[leg + 1, 0], places[i, 1] - points[leg + 1, 1])
            _relax(queue, cost, before, state, state + count, reached + (2 * away if last else 0.1 * away))
        for k in range(8):
            other = neighbours[i, k]
            if other < 0:
                break
            step = np.hypot(places[i, 0] - places[other, 0], places[i, 1] - places[other, 1])
            stray = _distance(places[other], points[leg], points[min(leg + 1, legs - 1)]) / coarse_px
            if stray <= 2 * REACH:
                _relax(queue, cost, before, state, leg * count + other, reached + step * (1 + STRAY * stray * stray))
    return np.empty(0, np.int64)


@njit(cache=True, nogil=True)
def _run_out(path: IntArray, places: Floats, neighbours: IntArray, limit: float) -> IntArray:
    """The pixels beyond a path's end up to the end of the ink, when that is no further than `limit`; else none."""
    seen = np.zeros(len(places), np.bool_)
    seen[path] = True
    here = path[-1]
    found = [here]
    way = 0.0
    while way <= limit:
        ahead, nearest = -1, np.inf
        for k in range(8):
            other = neighbours[here, k]
            if other < 0:
                break
            step = np.hypot(places[here, 0] - places[other, 0], places[here, 1] - places[other, 1])
            if not seen[other] and step < nearest:
                ahead, nearest = other, step
        if ahead < 0:
            return np.array(found[1:], np.int64)
        for k in range(8):
            other = neighbours[here, k]
            if other < 0:
                break
            seen[other] = True
        way += nearest
        here = ahead
        found.append(here)
    return np.empty(0, np.int64)


@njit(cache=True, nogil=True)
def _relax(queue: Any, cost: Floats, before: IntArray, state: Any, following: Any, reached: Any) -> None:
    """Note that `following` can be reached from `state` at that cost, where that is cheaper."""
    if reached < cost[following]:
        cost[following] = reached
        before[following] = state
        heapq.heappush(queue, (reached, np.int64(following)))


@njit(cache=True, nogil=True)
def _trace_back(before: IntArray, state: Any, count: int) -> IntArray:
    """The pixels on the way to `state`, each once in a row."""
    path = [state % count]
    while before[state] >= 0:
        state = before[state]
        if state % count != path[-1]:
            path.append(state % count)
    return np.array(path[::-1], np.int64)


@njit(cache=True, nogil=True)
def _distance(place: Floats, start: Floats, end: Floats) -> float:
    """From a place to a segment."""
    way_x, way_y = end[0] - start[0], end[1] - start[1]
    square = way_x * way_x + way_y * way_y
    share = 0.0
    if square > 0:
        share = min(max(((place[0] - start[0]) * way_x + (place[1] - start[1]) * way_y) / square, 0.0), 1.0)
    away: float = np.hypot(place[0] - start[0] - share * way_x, place[1] - start[1] - share * way_y)
    return away
