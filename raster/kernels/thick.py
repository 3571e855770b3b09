"""Lines with a width, forward and backward, one drawing at a time on one CPU thread.

A pixel's ink is sigmoid(s (half - d)), where d is its centre's distance to the segment. With n the unit vector from
the nearest point of the segment to the pixel and t that point's place along it, moving the ends moves the distance by
-(1 - t) n and -t n: the change of t itself doesn't matter, as n is at right angles to the segment wherever t is free.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from raster.kernels import factors as f
from raster.kernels.lanes import cell, clamp, compiled, exponential

SUM, MAXIMUM, SOFT_OR = np.uint64(0), np.uint64(1), np.uint64(2)

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


@numba.njit
def pen_at(points: Any, like: Any, b: int, i: int, side: int, half: float) -> Any:
    """Segment `i` of drawing `b`."""
    x1, y1, soft = points[b, i, 0], points[b, i, 1], points[b, i, 2]
    dx, dy = points[b, i + 1, 0] - x1, points[b, i + 1, 1] - y1
    square = max(dx * dx + dy * dy, like.dtype.type(SHORTEST * SHORTEST))
    return Pen(x1, y1, dx, dy, dx / square, dy / square, soft, like.dtype.type(half), like.dtype.type(1.0 / side))


@numba.njit
def rows_of(s: Any, pen: Any, size: Any) -> Any:
    """The rows that the pen reaches, and how far it does; ink below exp(-reach) is left out."""
    reach = f.exponents(s)[0]
    far = np.float64(pen.half) + reach / max(np.float64(pen.softness), 1e-9)
    low, high = min(pen.y1, pen.y1 + pen.dy) - far, max(pen.y1, pen.y1 + pen.dy) + far
    return cell(low / pen.pixel - 1, size[0]), cell(high / pen.pixel + 1, size[0]), far


@numba.njit
def stretch(pen: Any, far: float, r: int, width: int) -> Any:
    """First column of row `r` that the pen reaches and how many, rounded up to whole vectors."""
    x1, dx, dy, pixel = np.float64(pen.x1), np.float64(pen.dx), np.float64(pen.dy), np.float64(pen.pixel)
    low, high = min(x1, x1 + dx) - far, max(x1, x1 + dx) + far
    if abs(dy) > 1e-9:
        x = x1 + ((r + 0.5) * pixel - pen.y1) * dx / dy
        lean = far * np.sqrt(dx * dx + dy * dy) / abs(dy)
        low, high = max(low, x - lean), min(high, x + lean)
    first, last = cell(low / pixel - 1, width), cell(high / pixel + 1, width)
    return first, f.whole(max(last - first, 0))


@numba.njit(inline="always")
def nearest(pen: Any, x: Any, y: Any, zero: Any, one: Any, least: Any) -> Any:
    """Place along the segment, vector from there to the pixel, and distance, of the pixel at (x, y)."""
    along = min(max((x - pen.x1) * pen.over_x + (y - pen.y1) * pen.over_y, zero), one)
    away_x = x - pen.x1 - along * pen.dx
    away_y = y - pen.y1 - along * pen.dy
    return along, away_x, away_y, np.sqrt(away_x * away_x + away_y * away_y + least)


@numba.njit(inline="always")
def draw_row(
    s: Any,
    picture: Any,
    winner: Any,
    pen: Any,
    start: Any,
    x0: Any,
    y: Any,
    count: Any,
    weight: Any,
    index: Any,
    mode: Any,
) -> None:
    """Compose one segment's ink in one row into `picture` from `start` on, whose centre is (x0, y)."""
    zero, one, least = s.dtype.type(0), s.dtype.type(1), f.tiny(s)
    smooth, low, high = s.dtype.type(SMOOTH * SMOOTH), s.dtype.type(-40), s.dtype.type(40)
    for j in range(count):
        p = start + j
        x = x0 + s.dtype.type(np.int32(j)) * pen.pixel
        distance = nearest(pen, x, y, zero, one, smooth)[3]
        ink = weight / (one + exponential(clamp((distance - pen.half) * pen.softness, low, high), one))
        if mode == SUM:
            picture[p] += ink
        elif mode == SOFT_OR:
            picture[p] *= max(one - ink, least)
        else:
            best = picture[p]
            winner[p] = index if ink > best else winner[p]
            picture[p] = ink if ink > best else best


@compiled
def forward(
    points: Any, weights: Any, size: Any, mode: Any, half: float, first: int, last: int, out: Any, winners: Any
) -> None:
    """As `raster.kernels.fused.forward`, with lines `half` to each side."""
    padded = f.padded_width(size[1])
    s = np.empty(1, points.dtype)
    picture = np.zeros(size[0] * padded, points.dtype)
    winner = np.zeros(size[0] * padded, np.int32)
    for b in range(first, last):
        if not f.is_finite(points, b):
            out[b] = np.nan
            continue
        picture[:] = s.dtype.type(1 if mode == SOFT_OR else 0)
        winner[:] = -1
        for i in range(points.shape[1] - 1):
            weight = weights[b, i] if weights.size else s.dtype.type(1)
            pen = pen_at(points, s, b, i, max(size), half)
            top, bottom, far = rows_of(s, pen, size)
            for r in range(top, bottom if weight != 0 else top):
                left, count = stretch(pen, far, r, size[1])
                x, y = s.dtype.type((left + 0.5) / max(size)), s.dtype.type((r + 0.5) / max(size))
                start = np.uint64(r * padded + left)
                draw_row(s, picture, winner, pen, start, x, y, count, weight, np.int32(i), mode)
        f.unpad(picture, out[b])
        if winners.size:
            f.unpad(winner, winners[b])


@numba.njit(inline="always")
def differentiate_row(
    s: Any,
    upstream: Any,
    winner: Any,
    pen: Any,
    start: Any,
    x0: Any,
    y: Any,
    count: Any,
    weight: Any,
    index: Any,
    mode: Any,
    sums: Any,
) -> None:
    """Add one row to `sums`: of gradient·ink·(1 - ink) times n, t n and the distance from the edge; of gradient·ink."""
    zero, one, least = s.dtype.type(0), s.dtype.type(1), f.tiny(s)
    smooth, low, high = s.dtype.type(SMOOTH * SMOOTH), s.dtype.type(-40), s.dtype.type(40)
    to_x, to_y, to_x2, to_y2, to_soft, to_weight = zero, zero, zero, zero, zero, zero
    for j in range(count):
        p = start + j
        x = x0 + s.dtype.type(np.int32(j)) * pen.pixel
        along, away_x, away_y, distance = nearest(pen, x, y, zero, one, smooth)
        outside = distance - pen.half
        rest = exponential(clamp(outside * pen.softness, low, high), one)
        ink = one / (one + rest)
        gradient = upstream[p]
        if mode == SOFT_OR:
            gradient /= max(one - ink * weight, least)
        elif mode == MAXIMUM:
            gradient = gradient if winner[p] == index else zero
        q = gradient * ink
        edge = q * rest * ink
        pull = edge / distance
        to_x += pull * away_x
        to_y += pull * away_y
        to_x2 += pull * away_x * along
        to_y2 += pull * away_y * along
        to_soft -= edge * outside
        to_weight += q
    sums[0] += to_x
    sums[1] += to_y
    sums[2] += to_x2
    sums[3] += to_y2
    sums[4] += to_soft
    sums[5] += to_weight


@compiled
def backward(
    points: Any,
    weights: Any,
    size: Any,
    mode: Any,
    half: float,
    first: int,
    last: int,
    upstream: Any,
    winners: Any,
    grad_points: Any,
    grad_weights: Any,
) -> None:
    """As `raster.kernels.fused.backward`, with lines `half` to each side."""
    padded = f.padded_width(size[1])
    s, sums = np.empty(1, points.dtype), np.empty(6, np.float64)
    picture = np.zeros(size[0] * padded, points.dtype)
    winner = np.zeros(size[0] * padded, np.int32)
    for b in range(first, last):
        if not f.is_finite(points, b):
            grad_points[b] = np.nan
            grad_weights[b] = np.nan
            continue
        grad_points[b] = 0
        f.pad(upstream[b], picture)
        if mode == MAXIMUM:
            f.pad(winners[b], winner)
        for i in range(points.shape[1] - 1):
            weight = weights[b, i] if weights.size else s.dtype.type(1)
            pen = pen_at(points, s, b, i, max(size), half)
            top, bottom, far = rows_of(s, pen, size)
            sums[:] = 0
            for r in range(top, bottom):
                left, count = stretch(pen, far, r, size[1])
                x, y = s.dtype.type((left + 0.5) / max(size)), s.dtype.type((r + 0.5) / max(size))
                start = np.uint64(r * padded + left)
                differentiate_row(s, picture, winner, pen, start, x, y, count, weight, np.int32(i), mode, sums)
            chain(sums, weight, pen.softness, grad_points[b, i], grad_points[b, i + 1])
            grad_weights[b, i] = sums[5]


@numba.njit
def chain(sums: Any, weight: Any, softness: Any, start: Any, end: Any) -> None:
    """From the sums to the gradients of the two points."""
    scale = np.float64(weight) * softness
    start[0] += scale * (sums[0] - sums[2])
    start[1] += scale * (sums[1] - sums[3])
    end[0] += scale * sums[2]
    end[1] += scale * sums[3]
    start[2] += np.float64(weight) * sums[4]
