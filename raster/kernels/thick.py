"""Lines with a width, forward and backward, one drawing at a time on one CPU thread.

A pixel's ink is sigmoid(s (half - d)), where d is its centre's distance to the segment. With n the unit vector from
the nearest point of the segment to the pixel and t that point's place along it, moving the ends moves the distance by
-(1 - t) n and -t n: the change of t itself doesn't matter, as n is at right angles to the segment wherever t is free.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from raster.kernels import tables as t
from raster.kernels.batches import batch_differentiator, batch_drawer, compose, padded_width, upstream_at
from raster.kernels.compiling import FAST, compiled
from raster.kernels.lanes import LANES, maximum, minimum, power_of_two, ramp, root, total, wide

SMOOTH, SHORTEST = 1e-6, 1e-7
"""As in `raster.kernels.portable`."""


class Pen(NamedTuple):
    """A segment in the picture's float type: start, way to the end, the latter over its square, and the edge."""

    x1: Any
    y1: Any
    dx: Any
    dy: Any
    over_x: Any
    over_y: Any
    softness: Any
    half: Any
    pixel: Any


@numba.njit(forceinline=True)
def pen_at(points: Any, s: Any, b: int, i: int, side: int, half: float) -> Any:
    """Segment `i` of drawing `b`."""
    x1, y1, soft = points[b, i, 0], points[b, i, 1], points[b, i, 2]
    dx, dy = points[b, i + 1, 0] - x1, points[b, i + 1, 1] - y1
    square = max(dx * dx + dy * dy, s.dtype.type(SHORTEST * SHORTEST))
    return Pen(x1, y1, dx, dy, dx / square, dy / square, soft, s.dtype.type(half), s.dtype.type(1.0 / side))


class Reach(NamedTuple):
    """Rows (last excluded) that a pen reaches; in pixels, its columns, the line's at row 0, its lean and half width."""

    top: int
    bottom: int
    low: float
    high: float
    middle: float
    lean: float
    half: float


@numba.njit(forceinline=True)
def reach_of(s: Any, pen: Any, size: Any) -> Reach:
    """Where the pen's ink can exceed exp(-reach)."""
    side = max(size)
    x1, y1, dx, dy = np.float64(pen.x1), np.float64(pen.y1), np.float64(pen.dx), np.float64(pen.dy)
    far = np.float64(pen.half) + t.reach_of(s) / max(np.float64(pen.softness), 1e-9)
    low_x, high_x = min(x1, x1 + dx) - far, max(x1, x1 + dx) + far
    low_y, high_y = min(y1, y1 + dy) - far, max(y1, y1 + dy) + far
    top, bottom = t.cell(low_y * side - 1, size[0]), t.cell(high_y * side + 1, size[0])
    level = abs(dy) <= 1e-9
    lean = 0.0 if level else dx / dy
    half = 1e9 if level else far * side * np.sqrt(1 + lean * lean)
    return Reach(top, bottom, low_x * side, high_x * side, (x1 + (0.5 / side - y1) * lean) * side, lean, half)


@numba.njit(forceinline=True)
def stretch(reach: Reach, r: int, width: int) -> Any:
    """First column of row `r` that the pen reaches, and the one after the last."""
    x = reach.middle + r * reach.lean
    return t.cell(max(reach.low, x - reach.half) - 1, width), t.cell(min(reach.high, x + reach.half) + 1, width)


class Nearest(NamedTuple):
    """Of a pixel: place along the segment, vector from there, distance, how far outside the edge, exp(s · that)."""

    along: Any
    away_x: Any
    away_y: Any
    distance: Any
    outside: Any
    rest: Any


@numba.njit(forceinline=True)
def nearest(s: Any, pen: Any, x: Any, y: Any) -> Any:
    """How the pixels with centres at (x, y) lie to the pen's segment."""
    bound = t.bounds_of(s)[0]
    along = minimum(maximum((x - pen.x1) * pen.over_x + (y - pen.y1) * pen.over_y, 0.0), 1.0)
    away_x = x - pen.x1 - along * pen.dx
    away_y = y - pen.y1 - along * pen.dy
    distance = root(away_x * away_x + away_y * away_y + SMOOTH * SMOOTH)
    outside = distance - pen.half
    rest = power_of_two(maximum(minimum(outside * (pen.softness * t.BITS), bound), -bound))
    return Nearest(along, away_x, away_y, distance, outside, rest)


@numba.njit
def draw_segments(
    s: Any, plans: Any, picture: Any, winner: Any, points: Any, b: int, weights: Any, size: Any, mode: int, half: float
) -> None:
    """Compose the segments of drawing `b` into `picture`."""
    for i in range(points.shape[1] - 1):
        weight = weights[b, i] if weights.size else s.dtype.type(1)
        if weight != 0:
            draw_segment(s, picture, winner, points, b, i, weight, size, mode, half)


@numba.njit(forceinline=True)
def draw_segment(
    s: Any, picture: Any, winner: Any, points: Any, b: int, i: int, weight: Any, size: Any, mode: int, half: float
) -> None:
    """Compose segment `i` of drawing `b` into `picture`."""
    pen = pen_at(points, s, b, i, max(size), half)
    reach = reach_of(s, pen, size)
    for r in range(reach.top, reach.bottom):
        first, last = stretch(reach, r, size[1])
        y = s.dtype.type((r + 0.5) / max(size))
        for c in range(first, last, LANES):
            place = nearest(s, pen, (ramp(s) + (c + 0.5)) * pen.pixel, y)
            ink = wide(s, weight) / (place.rest + 1.0)
            compose(s, picture, winner, r * padded_width(size[1]) + c, ink, np.int32(i), mode)


@numba.njit
def differentiate_segments(
    s: Any,
    plans: Any,
    upstream: Any,
    winner: Any,
    points: Any,
    b: int,
    weights: Any,
    size: Any,
    mode: int,
    half: float,
    grad_points: Any,
    grad_weights: Any,
) -> None:
    """Add the gradients of drawing `b` to `grad_points` `(batch, n, 3)`; write those of given weights."""
    for i in range(points.shape[1] - 1):
        weight = weights[b, i] if weights.size else s.dtype.type(1)
        ink = differentiate_segment(s, upstream, winner, points, b, i, weight, size, mode, half, grad_points)
        if weights.size:
            grad_weights[b, i] = ink


@numba.njit(forceinline=True)
def differentiate_segment(
    s: Any,
    upstream: Any,
    winner: Any,
    points: Any,
    b: int,
    i: int,
    weight: Any,
    size: Any,
    mode: int,
    half: float,
    gradients: Any,
) -> Any:
    """Add segment `i`'s gradients to `gradients` `(batch, n, 3)`; returns its weight's."""
    pen, zero = pen_at(points, s, b, i, max(size), half), wide(s, 0.0)
    reach = reach_of(s, pen, size)
    start_x, start_y, end_x, end_y, soft, ink_sum = zero, zero, zero, zero, zero, zero
    for r in range(reach.top, reach.bottom):
        first, last = stretch(reach, r, size[1])
        y = s.dtype.type((r + 0.5) / max(size))
        for c in range(first, last, LANES):
            place = nearest(s, pen, (ramp(s) + (c + 0.5)) * pen.pixel, y)
            ink = 1.0 / (place.rest + 1.0)
            at = r * padded_width(size[1]) + c
            q = upstream_at(s, upstream, winner, at, ink * weight, np.int32(i), mode) * ink
            edge = q * place.rest * ink
            pull = edge / place.distance
            pull_x, pull_y = pull * place.away_x, pull * place.away_y
            start_x = start_x + pull_x * (1.0 - place.along)
            start_y = start_y + pull_y * (1.0 - place.along)
            end_x = end_x + pull_x * place.along
            end_y = end_y + pull_y * place.along
            soft = soft - edge * place.outside
            ink_sum = ink_sum + q
    scale = np.float64(weight) * pen.softness
    gradients[b, i, 0] += scale * total(start_x)
    gradients[b, i, 1] += scale * total(start_y)
    gradients[b, i + 1, 0] += scale * total(end_x)
    gradients[b, i + 1, 1] += scale * total(end_y)
    gradients[b, i, 2] += np.float64(weight) * total(soft)
    return total(ink_sum)


_draw_batch = batch_drawer(draw_segments)
_differentiate_batch = batch_differentiator(differentiate_segments)


@compiled(**FAST)
def forward(*arguments: Any) -> None:
    """Draw a batch, as `raster.kernels.batches.batch_drawer` says."""
    _draw_batch(*arguments)


@compiled(**FAST)
def backward(*arguments: Any) -> None:
    """Differentiate a batch, as `raster.kernels.batches.batch_differentiator` says."""
    _differentiate_batch(*arguments)
