"""Smooth curves through a pen's points: cubic Béziers by least squares (P. J. Schneider, Graphics Gems, 1990)."""

from __future__ import annotations

import itertools
import math
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
    if len(points) == 2:
        third = (points[1] - points[0]) / 3
        return np.stack([points[0], points[0] + third, points[1] - third, points[1]]), 1, 0.0
    steps = points[1:] - points[:-1]
    places = np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])
    places /= places[-1]
    for _ in range(MOST_ROUNDS):
        weights = _weights(places)
        curve = _least_squares(points, weights, start, end)
        off = weights @ curve - points
        errors = np.hypot(off[:, 0], off[:, 1])
        farthest = int(errors.argmax())
        worst, error = min(max(farthest, 1), len(points) - 2), float(errors[farthest])
        if error <= tolerance or error > 4 * tolerance:
            break
        places = _nearer(curve, off, places)
    return curve, worst, error


def evaluate(curve: Numbers, places: Numbers) -> Numbers:
    """(p, 2) points of a curve (4, 2) at `places` (p,) in 0…1."""
    return np.asarray(_weights(places) @ curve)


def _weights(t: Numbers) -> Numbers:
    """(p, 4) how much each point of a curve counts at its places: Bernstein's polynomials."""
    s = 1 - t
    near, far = s * s, t * t
    weights = np.empty((len(t), 4))
    weights[:, 0], weights[:, 1], weights[:, 2], weights[:, 3] = near * s, 3 * near * t, 3 * s * far, far * t
    return weights


def _least_squares(points: Numbers, weights: Numbers, start: Numbers, end: Numbers) -> Numbers:
    """The curve with these directions at its ends that is nearest to the points."""
    near, far = weights[:, 1], weights[:, 2]
    rest = points - weights @ points[[0, 0, -1, -1]]
    a, b, c = float(near @ near), float(near @ far) * float(start @ end), float(far @ far)
    x, y = float(near @ (rest @ start)), float(far @ (rest @ end))
    determinant = a * c - b * b
    chord = math.dist(points[0], points[-1])
    reach = [chord / 3, chord / 3]
    if abs(determinant) > 1e-12 * max(a * c, 1e-300):
        found = [(x * c - y * b) / determinant, (y * a - x * b) / determinant]
        if min(found) > 1e-3 * chord and max(found) < 3 * chord:
            reach = found
    curve = points[[0, 0, -1, -1]]
    curve[1] += start * reach[0]
    curve[2] += end * reach[1]
    return curve


def _nearer(curve: Numbers, off: Numbers, t: Numbers) -> Numbers:
    """One step of Newton's towards each point's nearest place of the curve, which is `off` (p, 2) away at `t`."""
    first = 3 * (curve[1:] - curve[:-1])
    second = 2 * (first[1:] - first[:-1])
    s = (1 - t)[:, None]
    u = t[:, None]
    speed = s**2 * first[0] + 2 * s * u * first[1] + u**2 * first[2]
    turn = s * second[0] + u * second[1]
    down = (speed**2).sum(axis=1) + (off * turn).sum(axis=1)
    step = np.divide((off * speed).sum(axis=1), down, out=np.zeros_like(t), where=np.abs(down) > 1e-12)
    return np.clip(np.maximum.accumulate(np.clip(t - step, 0, 1)), 0, 1)
