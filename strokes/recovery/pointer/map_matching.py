"""A network's walk laid onto the ink's own skeleton: the pen's order and direction, the picture's own detail.

Each stroke becomes the path over the skeleton's pixels that is short and stays near the stroke, found by Dijkstra's
algorithm over pairs of a pixel and how much of the stroke is done. Where the skeleton has no path the pen may leap, at
a price: what is on both sides of a leap stays one stroke where the leap runs over ink, and is two strokes where it
doesn't, so no line leaves the ink.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.ink.drawing import BoolArray, IntArray
from strokes.recovery.tracing.skeleton import Floats

REACH = 1.7
"""How far from a point of the walk its pixel may be, in the walk's own pixels."""
STRAY = 0.5
"""Cost of a step per squared distance from the walk, in its own pixels, beside the step's length."""
LEAP = 6.0
"""Cost of a leap, in the walk's own pixels, beside that of its length."""
AIRBORNE = 3.0
"""How many times as much as along ink the pen's way costs in the air."""
EXTENSION = 3.0
"""How far a stroke goes on along ink that leads nowhere else, to its end, in the walk's own pixels."""
BESIDE = 3.0
"""A leap runs over ink when none of it is further than this from ink, in px: a gap as wide as a pen is no lift."""


@dataclass(frozen=True)
class Lines:
    """A skeleton's pixels.

    Attributes:
        places: (n, 2) x, y of their centres.
        neighbours: (n, 8) of each, -1 where there is none.
    """

    places: Floats
    neighbours: IntArray


def find_lines(skeleton: BoolArray) -> Lines:
    """The pixels of thinned ink (h, w)."""
    rows, columns = np.nonzero(skeleton)
    index = np.full(skeleton.shape, -1, np.int64)
    index[rows, columns] = np.arange(len(rows))
    places = np.stack([columns, rows], axis=1).astype(np.float64) + 0.5
    return Lines(places, find_neighbours(index, rows, columns))


@dataclass(frozen=True)
class Laid:
    """A stroke laid onto lines.

    Attributes:
        path: (n,) the pixels that it goes over.
        walked: (n, 2) x, y in px of the nearest place of the walk itself.
    """

    path: IntArray
    walked: Floats


def lay(strokes: Sequence[Floats], lines: Lines, off_ink_px: NDArray[np.float32], *, coarse_px: float) -> list[Laid]:
    """Strokes (points, 2) in px laid onto lines; one that leaps over paper comes back as two or more.

    Args:
        strokes: of a walk, in order.
        lines: of the ink that it walked over.
        off_ink_px: (h, w) how far each pixel is from ink.
        coarse_px: how wide a pixel of the walk's own picture is here.
    """
    laid: list[Laid] = []
    for stroke in strokes:
        points = np.ascontiguousarray(stroke, np.float64)
        path, legs, leaps = _cheapest_path(points, lines.places, lines.neighbours, coarse_px)
        if len(path) == 0:
            continue
        known = lines.places, lines.neighbours, EXTENSION * coarse_px
        end = _run_out(path, *known)
        start = _run_out(np.concatenate([path, end])[::-1].copy(), *known)[::-1]
        whole = np.concatenate([start, path, end])
        along = _along(points, legs, lines.places[path])
        walked = np.concatenate([lines.places[start], along, lines.places[end]])
        cuts = [k + len(start) for k in _leaps_over_paper(lines.places[path], leaps, off_ink_px)]
        pieces = zip(np.split(whole, cuts), np.split(walked, cuts), strict=True)
        laid += [Laid(own, places) for own, places in pieces if len(own) > 1 or not cuts]
    return laid


def _along(points: Floats, legs: IntArray, places: Floats) -> Floats:
    """The nearest place to each of some (n, 2) on the leg of the walk that it belongs to."""
    first, last = points[legs], points[np.minimum(legs + 1, len(points) - 1)]
    way = last - first
    share = ((places - first) * way).sum(axis=1) / np.maximum(np.square(way).sum(axis=1), 1e-9)
    nearest: Floats = first + np.clip(share, 0, 1)[:, None] * way
    return nearest


def _leaps_over_paper(places: Floats, leaps: BoolArray, off_ink_px: NDArray[np.float32]) -> list[int]:
    return [int(k) for k in np.flatnonzero(leaps) if k and leaves_ink(places[k - 1], places[k], off_ink_px)]


def leaves_ink(start: Floats, end: Floats, off_ink_px: NDArray[np.float32]) -> bool:
    """Whether the straight line from one place to another runs over paper."""
    steps = int(np.ceil(np.hypot(*(end - start)))) + 1
    between = (start + np.linspace(0, 1, steps)[:, None] * (end - start)).astype(np.int64)
    return bool((off_ink_px[between[:, 1], between[:, 0]] > BESIDE).any())


@compiled()
def _cheapest_path(
    points: Floats, places: Floats, neighbours: IntArray, coarse_px: float
) -> tuple[IntArray, IntArray, BoolArray]:
    """The pixels of the path that follows `points` most cheaply, the leg of each, and which it came to by a leap.

    State `leg·(count + 1) + i` is on pixel i with `leg` points behind it, and i = count is in the air.
    """
    count, legs = len(places), len(points)
    wide, reach = count + 1, REACH * coarse_px
    cost, before = np.full(wide * legs, np.inf), np.full(wide * legs, -1, np.int64)
    queue: Any = [(0.0, np.int64(count))]
    cost[count] = 0.0
    while len(queue):
        reached, state = heapq.heappop(queue)
        if reached > cost[state]:
            continue
        leg, i = state // wide, state % wide
        if leg == legs - 1 and i < count:
            return _trace_back(before, state, wide)
        if i == count:
            landed = False
            for j in range(count):
                away = np.hypot(places[j, 0] - points[leg, 0], places[j, 1] - points[leg, 1])
                if away <= reach:
                    landed = True
                    _relax(queue, cost, before, state, leg * wide + j, reached + 2 * away)
            if leg + 1 < legs:
                way = np.hypot(points[leg + 1, 0] - points[leg, 0], points[leg + 1, 1] - points[leg, 1])
                _relax(queue, cost, before, state, state + wide, reached + AIRBORNE * (way + coarse_px))
            elif not landed:
                return _trace_back(before, state, wide)
            continue
        here = np.hypot(places[i, 0] - points[leg + 1, 0], places[i, 1] - points[leg + 1, 1])
        if here <= reach:
            price = 2 * here if leg + 2 == legs else 0.1 * here
            _relax(queue, cost, before, state, state + wide, reached + price)
        _relax(queue, cost, before, state, (leg + 1) * wide + count, reached + LEAP * coarse_px + AIRBORNE * here)
        for k in range(8):
            other = neighbours[i, k]
            if other < 0:
                break
            step = np.hypot(places[i, 0] - places[other, 0], places[i, 1] - places[other, 1])
            stray = _distance(places[other], points[leg], points[leg + 1]) / coarse_px
            if stray <= 2 * REACH:
                price = step * (1 + STRAY * stray * stray)
                _relax(queue, cost, before, state, leg * wide + other, reached + price)
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_)


@compiled()
def _relax(queue: Any, cost: Floats, before: IntArray, state: Any, following: Any, reached: Any) -> None:
    """Note that `following` can be reached from `state` at that cost, where that is cheaper."""
    if reached < cost[following]:
        cost[following] = reached
        before[following] = state
        heapq.heappush(queue, (reached, np.int64(following)))


@compiled()
def _trace_back(before: IntArray, state: Any, wide: int) -> tuple[IntArray, IntArray, BoolArray]:
    """The pixels on the way to `state`, each once in a row, the leg of each, and whether each was leapt to."""
    path, legs, leaps = [state], [state], [False]
    path.pop()
    legs.pop()
    leaps.pop()
    while state >= 0:
        i = state % wide
        came = before[state]
        leapt = came >= 0 and came % wide == wide - 1
        if i < wide - 1:
            if len(path) and path[-1] == i:
                leaps[-1] = leaps[-1] or leapt
            else:
                path.append(i)
                legs.append(state // wide)
                leaps.append(leapt)
        state = came
    return np.array(path[::-1], np.int64), np.array(legs[::-1], np.int64), np.array(leaps[::-1], np.bool_)


@compiled()
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


@compiled()
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


@compiled()
def _distance(place: Floats, start: Floats, end: Floats) -> float:
    """From a place to a segment."""
    way_x, way_y = end[0] - start[0], end[1] - start[1]
    square = way_x * way_x + way_y * way_y
    share = 0.0
    if square > 0:
        share = min(max(((place[0] - start[0]) * way_x + (place[1] - start[1]) * way_y) / square, 0.0), 1.0)
    away: float = np.hypot(place[0] - start[0] - share * way_x, place[1] - start[1] - share * way_y)
    return away
