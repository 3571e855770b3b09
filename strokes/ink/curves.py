"""Smooth curves through a pen's points: cubic Béziers by least squares (P. J. Schneider, Graphics Gems, 1990)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

CORNER = np.cos(np.radians(60))
"""A turn by more at one point is a corner, and stays one."""
MOST_ROUNDS = 4


def fit_curves(points: Numbers, tolerance: float) -> list[Numbers]:
    """Cubic Béziers (4, 2) end to end, none farther than `tolerance` from a point (p, 2) that they go past.

    The first begins at the first point, the last ends at the last one; corners are kept.
    """
    distinct = np.concatenate([[True], (np.diff(points, axis=0) != 0).any(axis=1)])
    points = np.asarray(points, np.float64)[distinct]
    if len(points) < 2:
        return []
    ways = np.diff(points, axis=0)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    corners = np.flatnonzero((ways[:-1] * ways[1:]).sum(axis=1) < CORNER) + 1
    bounds = [0, *corners.tolist(), len(points) - 1]
    return [curve for a, b in itertools.pairwise(bounds) for curve in _fit(points[a : b + 1], tolerance)]


def _fit(points: Numbers, tolerance: float) -> Iterator[Numbers]:
    """Curves through points without a corner; halved where one curve isn't near enough."""
    pieces = [(points, _direction(points), _direction(points[::-1]))]
    while pieces:
        own, start, end = pieces.pop()
        curve, worst, error = _fit_one(own, start, end, tolerance)
        if error <= tolerance or len(own) == 2:
            yield curve
            continue
        middle = own[worst + 1] - own[worst - 1]
        length = np.linalg.norm(middle)
        through = middle / length if length > 0 else start
        pieces.append((own[worst:], through, end))
        pieces.append((own[: worst + 1], start, -through))


def _direction(points: Numbers) -> Numbers:
    way = points[1] - points[0]
    return np.asarray(way / np.linalg.norm(way))


def _fit_one(points: Numbers, start: Numbers, end: Numbers, tolerance: float) -> tuple[Numbers, int, float]:
    """One curve, the place of the point farthest from it, and how far that is."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    places = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    if len(points) == 2:
        return points[[0, 0, 1, 1]] + np.outer([0, 1, -1, 0], (points[1] - points[0]) / 3), 1, 0.0
    for _ in range(MOST_ROUNDS):
        curve = _least_squares(points, places, start, end)
        errors = np.linalg.norm(evaluate(curve, places) - points, axis=1)
        worst = int(np.clip(errors.argmax(), 1, len(points) - 2))
        if errors.max() <= tolerance or errors.max() > 4 * tolerance:
            break
        places = _nearer(curve, points, places)
    return curve, worst, float(errors.max())


def evaluate(curve: Numbers, places: Numbers) -> Numbers:
    """(p, 2) points of a curve (4, 2) at `places` (p,) in 0…1."""
    t, s = places[:, None], 1 - places[:, None]
    return np.asarray(s**3 * curve[0] + 3 * s**2 * t * curve[1] + 3 * s * t**2 * curve[2] + t**3 * curve[3])


def _least_squares(points: Numbers, t: Numbers, start: Numbers, end: Numbers) -> Numbers:
    """The curve with these directions at its ends that is nearest to the points."""
    s = 1 - t
    first, second = (3 * s**2 * t)[:, None] * start, (3 * s * t**2)[:, None] * end
    fixed = (s**3 + 3 * s**2 * t)[:, None] * points[0] + (3 * s * t**2 + t**3)[:, None] * points[-1]
    rest = points - fixed
    a, b, c = (first * first).sum(), (first * second).sum(), (second * second).sum()
    x, y = (first * rest).sum(), (second * rest).sum()
    determinant = a * c - b * b
    chord = float(np.linalg.norm(points[-1] - points[0]))
    reach = [chord / 3, chord / 3]
    if abs(determinant) > 1e-12 * max(a * c, 1e-300):
        found = [float((x * c - y * b) / determinant), float((y * a - x * b) / determinant)]
        if min(found) > 1e-3 * chord and max(found) < 3 * chord:
            reach = found
    return np.stack([points[0], points[0] + start * reach[0], points[-1] + end * reach[1], points[-1]])


def _nearer(curve: Numbers, points: Numbers, t: Numbers) -> Numbers:
    """One step of Newton's towards each point's nearest place of the curve."""
    first = 3 * np.diff(curve, axis=0)
    second = 2 * np.diff(first, axis=0)
    s = (1 - t)[:, None]
    u = t[:, None]
    off = evaluate(curve, t) - points
    speed = s**2 * first[0] + 2 * s * u * first[1] + u**2 * first[2]
    turn = s * second[0] + u * second[1]
    down = (speed**2).sum(axis=1) + (off * turn).sum(axis=1)
    step = np.divide((off * speed).sum(axis=1), down, out=np.zeros_like(t), where=np.abs(down) > 1e-12)
    return np.clip(np.maximum.accumulate(np.clip(t - step, 0, 1)), 0, 1)
