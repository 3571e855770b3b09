"""Ink that strokes leave out beside them is reached by nudges: the nearest stroke is bent there, as a pen turns.

A stroke that bends leaves the ink that it went over a little; where that has to be nudged in turn, again and again, the
stroke goes out and comes back instead. Where what is left out runs beside a stroke, it is written along, as people go
over a line twice: rungs from side to side would be nobody's.
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
MOST_LONG, MOST_NUDGES = 100, 40
BENDS = 8
"""So many of the rounds of nudges bend strokes; the others go out and back."""
LONG = 2.0
"""Ink left out beside so many widths of the pen of a stroke is written along, not nudged at."""


def reach_rest(strokes: Sequence[Floats], ink: BoolArray, pen_px: float) -> list[Floats]:
    """Strokes (points, 2) in px, a pixel a step, that reach all ink (h, w) within the pen's width."""
    found, reach = list(strokes), pen_px / 2 + max(SPARE * pen_px, SPARE_PX)
    for _ in range(MOST_LONG if found else 0):
        along = _write_along(found, ink, reach, pen_px)
        if along is None:
            break
        found = along
    for turn in range(MOST_NUDGES if found else 0):
        left, owner = _find_left(found, ink, reach)
        if not left.any():
            break
        found = _nudge(found, left, owner, reach, bent=turn < BENDS)
    return found


def _find_left(strokes: Sequence[Floats], ink: BoolArray, reach: float) -> tuple[NDArray[np.float32], IntArray]:
    """How far (h, w) ink that strokes leave out is from them, 0 elsewhere, and each pixel's nearest point."""
    away, owner = nearest_points(strokes, ink.shape)
    return np.where(ink & (away > reach), away, np.float32(0)), owner


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


def _write_along(strokes: list[Floats], ink: BoolArray, reach: float, pen_px: float) -> list[Floats] | None:
    """The largest patch of ink left out that lies along a stroke, written over; None where none does.

    The stroke is moved aside where that leaves less out, as where two passes share broad ink; otherwise the pen goes
    back along the patch and on again, or at a stroke's end only back. What neither reaches is left to nudges.
    """
    left, owner = _find_left(strokes, ink, reach)
    _, patches = cv2.connectedComponents((left > 0).astype(np.uint8), connectivity=8)
    bounds = np.cumsum([0, *map(len, strokes)])
    every = np.concatenate(strokes)
    sizes = np.bincount(patches.ravel())[1:]
    for patch in (np.argsort(-sizes, kind="stable") + 1).tolist():
        if sizes[patch - 1] < LONG * pen_px:
            return None
        beside = _beside(every, bounds, np.where(patches == patch, left, np.float32(0)), owner, reach, pen_px)
        if beside is None:
            continue
        k, first, line = beside
        for changed in (_move(strokes[k], first, line), _go_over(strokes[k], first, line, pen_px)):
            tried = [*strokes[:k], changed, *strokes[k + 1 :]]
            still = int((_find_left(tried, ink, reach)[0] > 0).sum())
            if still <= int((left > 0).sum()) - sizes[patch - 1] // 2:
                return tried
    return None


def _beside(
    every: Floats, bounds: IntArray, patch: NDArray[np.float32], owners: IntArray, reach: float, pen_px: float
) -> tuple[int, int, Floats] | None:
    """The stroke that a patch lies along, its first point there, and a line (points, 2) over the patch.

    `patch` (h, w) tells how far its pixels are from the strokes' points, `owners` each pixel's nearest. The line has a
    point for each of the stroke's there; None where the patch is short.
    """
    rows, columns = np.nonzero(patch)
    away, owner = patch[rows, columns], owners[rows, columns]
    furthest = int(owner[np.argmax(away)])
    stroke = int(np.searchsorted(bounds, furthest, side="right")) - 1
    known = np.unique(owner[(owner >= bounds[stroke]) & (owner < bounds[stroke + 1])])
    parts = np.split(known, np.flatnonzero(np.diff(known) > pen_px) + 1)
    run = next(part for part in parts if part[0] <= furthest <= part[-1])
    if run[-1] - run[0] < LONG * pen_px:
        return None
    order = np.argsort(away, kind="stable")
    last = dict(zip(owner[order].tolist(), order.tolist(), strict=True))
    far = np.array([last[point] for point in run.tolist()])
    way = np.stack([columns[far], rows[far]], axis=1) + 0.5 - every[run]
    length = np.hypot(*way.T)
    reached = every[run] + way * (np.maximum(length - INTO * reach, 0.5) / np.maximum(length, 1e-9))[:, None]
    points = np.arange(run[0], run[-1] + 1)
    line = np.stack([np.interp(points, run, reached[:, axis]) for axis in (0, 1)], axis=1)
    return stroke, int(run[0] - bounds[stroke]), smooth_line(line, max(round(pen_px / 2), 1))


def smooth_line(line: Floats, reach: int) -> Floats:
    """Each point (n, 2) as the mean of its neighbours up to `reach` points off, as many on both sides."""
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(line, axis=0)])
    number = np.arange(len(line))
    half = np.minimum(np.minimum(number, len(line) - 1 - number), reach)
    mean: Floats = (sums[number + half + 1] - sums[number - half]) / (2 * half + 1)[:, None]
    return mean


def _move(stroke: Floats, first: int, line: Floats) -> Floats:
    """A stroke with its points from `first` on put where a line is."""
    behind = first + len(line)
    out = [stroke[:first], _steps(stroke[first - 1], line[0])[:-1]] if first else []
    back = [_steps(line[-1], stroke[behind])[:-1], stroke[behind:]] if behind < len(stroke) else []
    return np.concatenate([*out, line, *back])


def _go_over(stroke: Floats, first: int, line: Floats, pen_px: float) -> Floats:
    """A stroke that goes back along a line beside its points from `first` on, and on again where it doesn't end."""
    last, back = first + len(line) - 1, line[::-1]
    if first <= pen_px:
        return np.concatenate([back, _steps(back[-1], stroke[first])[:-1], stroke[first:]])
    out = np.concatenate([stroke[: last + 1], _steps(stroke[last], back[0]), back[1:]])
    if last >= len(stroke) - 1 - pen_px:
        return out
    return np.concatenate([out, _steps(back[-1], stroke[first]), stroke[first + 1 :]])


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
