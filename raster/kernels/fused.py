"""The published mask, forward and backward, one drawing at a time on one CPU thread.

A segment's mask at row r, column c is `across[c] * down[r] * max(by_column, by_row)`. With u the line's exponent (0 on
the line, linear along rows and columns) and h = softness · pixel / 2, the two sigmoids of either multiply to

    sigmoid(h - u) sigmoid(h + u) = 1 / (1 + A + B + AB),    A = exp(u - h),    B = exp(-u - h),    AB = exp(-2h),

so the larger mask has the smaller A + B. Both exponents vanish on the same line, so that one of them makes the larger
mask all over the picture (`raster.kernels.tables.shape_of`). From row to row A and B are multiplied by constants:
a pixel takes no power and one division.

What lies below exp(-reach) is left out. Backward, the masks are computed again: with Q = gradient · ink, all that is
needed are sums of Q, Q · mask, Q · mask · (A - B), and of Q times what the rectangle's sigmoids lack of 1.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from raster.kernels import tables as t
from raster.kernels.batches import batch_differentiator, batch_drawer, compose, padded_width, upstream_at
from raster.kernels.compiling import FAST, compiled
from raster.kernels.lanes import (
    LANES,
    load,
    maximum,
    minimum,
    peek,
    power_of_two,
    ramp,
    total,
    where_equal,
    where_less,
    wide,
)


@numba.njit(forceinline=True)
def sides_at(s: Any, line: Any, half: float, c: int, r: int) -> Any:
    """A and B from the column `c` on in row `r`; `half` is h as an exponent of 2."""
    bound = t.bounds_of(s)[1]
    u = ramp(s) * line.along + (line.start + c * line.along + r * line.down)
    a = power_of_two(maximum(minimum(u - half, bound), -bound))
    return a, power_of_two(maximum(minimum(0.0 - u - half, bound), -bound))


@numba.njit(forceinline=True)
def growth_of(s: Any, line: Any) -> Any:
    """What A and B are multiplied by from row to row."""
    bound = t.bounds_of(s)[1]
    down = maximum(minimum(wide(s, line.down), bound), -bound)
    return power_of_two(down), power_of_two(0.0 - down)


@numba.njit(forceinline=True)
def product_of(s: Any, half: float) -> Any:
    """AB = exp(-2h)."""
    bound = t.bounds_of(s)[1]
    return power_of_two(maximum(minimum(wide(s, -2 * half), bound), -bound))


@numba.njit
def draw_segments(
    s: Any, plans: Any, picture: Any, winner: Any, points: Any, b: int, weights: Any, size: Any, mode: int, half: float
) -> None:
    """Compose the segments of drawing `b` into `picture`."""
    t.plan_segments(s, points, b, size, plans)
    for i in range(points.shape[1] - 1):
        weight = weights[b, i] if weights.size else s.dtype.type(1)
        if weight != 0:
            draw_segment(s, picture, winner, t.plan_of(plans, i), weight, np.int32(i), size[1], mode)


@numba.njit(forceinline=True)
def draw_segment(s: Any, picture: Any, winner: Any, plan: Any, weight: Any, index: Any, width: int, mode: int) -> None:
    """Compose one segment into `picture`."""
    segment, window = plan.segment, plan.window
    rows, columns = window.bottom - window.top, window.right - window.left
    if rows <= 0 or columns <= 0:
        return
    x_low, x_high = min(segment.x1, segment.x2), max(segment.x1, segment.x2)
    y_low, y_high = min(segment.y1, segment.y2), max(segment.y1, segment.y2)
    t.fill_extent(s, window.left, columns, x_low, x_high, segment.softness, segment.pixel, t.ACROSS)
    t.fill_extent(s, window.top, rows, y_low, y_high, segment.softness, segment.pixel, t.DOWN)
    half = 0.5 * segment.softness * t.BITS * segment.pixel
    for c in range(0, columns, LANES):
        first, last = t.rows_of_strip(plan.band, c, min(c + LANES, columns), rows)
        at = window.top * padded_width(width) + window.left + c
        draw_strip(s, picture, winner, plan, half, c, first, last, at, weight, index, width, mode)


@numba.njit(forceinline=True)
def draw_strip(
    s: Any,
    picture: Any,
    winner: Any,
    plan: Any,
    half: float,
    c: int,
    first: int,
    last: int,
    at: int,
    weight: Any,
    index: Any,
    width: int,
    mode: int,
) -> None:
    """Compose rows `first` to `last` of the columns from `c` on."""
    across, constant = load(s, t.table(s, t.ACROSS) + c) * weight, product_of(s, half) + 1.0
    grow, shrink = growth_of(s, plan.line)
    other_grow, other_shrink = growth_of(s, plan.other) if plan.shape.both else (grow, shrink)
    steps = min(plan.line.rows, plan.other.rows) if plan.shape.both else plan.line.rows
    start = first
    while start < last:
        a, b = sides_at(s, plan.line, half, c, start)
        other_a, other_b = sides_at(s, plan.other, half, c, start) if plan.shape.both else (a, b)
        end = min(start + steps, last)
        for r in range(start, end):
            sides = a + b
            if plan.shape.both:
                sides = minimum(sides, other_a + other_b)
                other_a, other_b = other_a * other_grow, other_b * other_shrink
            ink = across * peek(s, t.table(s, t.DOWN) + r) / (constant + sides)
            compose(s, picture, winner, at + r * padded_width(width), ink, index, mode)
            a, b = a * grow, b * shrink
        start = end


class Sums(NamedTuple):
    """Sums over a segment's pixels; the last three are those of `turn` by the second line."""

    ink: Any
    soft: Any
    low_x: Any
    high_x: Any
    low_y: Any
    high_y: Any
    turn: Any
    turn_column: Any
    turn_row: Any
    other: Any
    other_column: Any
    other_row: Any


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
    t.plan_segments(s, points, b, size, plans)
    for i in range(points.shape[1] - 1):
        weight, index, plan = weights[b, i] if weights.size else s.dtype.type(1), np.int32(i), t.plan_of(plans, i)
        if plan.shape.both:
            sums = sum_segment(s, upstream, winner, plan, True, weight, index, size[1], mode)
        else:
            sums = sum_segment(s, upstream, winner, plan, False, weight, index, size[1], mode)
        chain(sums, plan, weight, grad_points, b, i)
        if weights.size:
            grad_weights[b, i] = total(sums.ink)


@numba.njit(forceinline=True)
def sum_segment(
    s: Any, upstream: Any, winner: Any, plan: Any, both: bool, weight: Any, index: Any, width: int, mode: int
) -> Any:
    """The sums over a segment's pixels; by the second line only where `both` are needed."""
    segment, window, zero = plan.segment, plan.window, wide(s, 0.0)
    rows, columns = window.bottom - window.top, window.right - window.left
    ink, soft, low_x, high_x, low_y, high_y = zero, zero, zero, zero, zero, zero
    turn, turn_column, turn_row, turned, turned_column, turned_row = zero, zero, zero, zero, zero, zero
    if rows > 0:
        x_low, x_high = min(segment.x1, segment.x2), max(segment.x1, segment.x2)
        y_low, y_high = min(segment.y1, segment.y2), max(segment.y1, segment.y2)
        t.fill_extent_and_shares(s, window.left, columns, x_low, x_high, segment.softness, segment.pixel, t.ACROSS)
        t.fill_extent_and_shares(s, window.top, rows, y_low, y_high, segment.softness, segment.pixel, t.DOWN)
    half, half_pixel = 0.5 * segment.softness * t.BITS * segment.pixel, 0.5 * segment.pixel
    for c in range(0, columns, LANES):
        first, last = t.rows_of_strip(plan.band, c, min(c + LANES, columns), rows)
        at = window.top * padded_width(width) + window.left + c
        strip = sum_strip(s, upstream, winner, plan, both, half, c, first, last, at, weight, index, width, mode)
        column, to = ramp(s) + c, t.table(s, t.ACROSS) + c
        ink = ink + strip.ink
        soft = soft + strip.soft + strip.lack * half_pixel + strip.ink * load(s, to + t.table(s, 3))
        low_x = low_x + strip.ink * load(s, to + t.table(s, 1))
        high_x = high_x + strip.ink * load(s, to + t.table(s, 2))
        low_y, high_y = low_y + strip.low_y, high_y + strip.high_y
        turn, turned = turn + strip.turn, turned + strip.turned
        turn_column, turned_column = turn_column + strip.turn * column, turned_column + strip.turned * column
        turn_row, turned_row = turn_row + strip.turn_row, turned_row + strip.turned_row
    return Sums(ink, soft, low_x, high_x, low_y, high_y, turn, turn_column, turn_row, turned, turned_column, turned_row)


class Strip(NamedTuple):
    """Sums over the rows of sixteen columns, as in `Sums`, and of what the line's sigmoids lack."""

    ink: Any
    soft: Any
    lack: Any
    low_y: Any
    high_y: Any
    turn: Any
    turn_row: Any
    turned: Any
    turned_row: Any


@numba.njit(forceinline=True)
def sum_strip(
    s: Any,
    upstream: Any,
    winner: Any,
    plan: Any,
    both: bool,
    half: float,
    c: int,
    first: int,
    last: int,
    at: int,
    weight: Any,
    index: Any,
    width: int,
    mode: int,
) -> Any:
    """The sums over rows `first` to `last` of the columns from `c` on."""
    number, zero, product = s.dtype.type, wide(s, 0.0), product_of(s, half)
    largest = 2.0 ** t.bounds_of(s)[1]
    ink_sum, soft, masked, low_y, high_y = zero, zero, zero, zero, zero
    turn_sum, turn_row, turned_sum, turned_row = zero, zero, zero, zero
    across, share = load(s, t.table(s, t.ACROSS) + c), zero + 1.0
    grow, shrink = growth_of(s, plan.line)
    other_grow, other_shrink = growth_of(s, plan.other) if both else (grow, shrink)
    steps = min(plan.line.rows, plan.other.rows) if both else plan.line.rows
    start = first
    while start < last:
        a, b = sides_at(s, plan.line, half, c, start)
        other_a, other_b = sides_at(s, plan.other, half, c, start) if both else (a, b)
        end = min(start + steps, last)
        for r in range(start, end):
            sides = a + b
            if both:
                near, far = sides, other_a + other_b
                share = where_less(near, far, zero + 1.0, where_equal(near, far, zero + 0.5, zero))
                sides = minimum(near, far)
            mask = 1.0 / (sides + (product + 1.0))
            row = t.table(s, t.DOWN) + r
            ink = across * peek(s, row) * mask
            q = upstream_at(s, upstream, winner, at + r * padded_width(width), ink * weight, index, mode) * ink
            ink_sum = ink_sum + q
            masked = masked + q * mask
            low_y = low_y + q * peek(s, row + t.table(s, 1))
            high_y = high_y + q * peek(s, row + t.table(s, 2))
            soft = soft + q * peek(s, row + t.table(s, 3))
            turn = q * ((a - b) * mask)
            a, b = minimum(a * grow, largest), minimum(b * shrink, largest)
            if both:
                turned, turn = q * ((other_a - other_b) * mask) * (1.0 - share), turn * share
                turned_sum, turned_row = turned_sum + turned, turned_row + turned * number(r)
                other_a, other_b = minimum(other_a * other_grow, largest), minimum(other_b * other_shrink, largest)
            turn_sum, turn_row = turn_sum + turn, turn_row + turn * number(r)
        start = end
    # what the line's two sigmoids lack of 1 is together 1 - (1 - AB) mask
    lack = ink_sum - (1.0 - product) * masked
    return Strip(ink_sum, soft, lack, low_y, high_y, turn_sum, turn_row, turned_sum, turned_row)


class Turned(NamedTuple):
    """Gradients by where a line is and how it slopes, and what it gives the softness's."""

    cut: float
    slope: float
    soft: float


@numba.njit(forceinline=True)
def turned(sums: Any, place: Any, pixel: float, slope: float, softness: float) -> Turned:
    """From the sums of `turn`, alone and times the steps along and across the line's axis, both from `place` on."""
    turn = np.float64(total(sums[0]))
    along = place[0] * turn + pixel * np.float64(total(sums[1]))
    across = place[1] * turn + pixel * np.float64(total(sums[2]))
    return Turned(softness * turn, softness * along, slope * along - across)


@numba.njit(forceinline=True)
def chain(sums: Any, plan: Any, weight: Any, gradients: Any, b: int, i: int) -> None:
    """From the sums to the gradients of segment `i`'s two points."""
    segment, window, flat = plan.segment, plan.window, plan.shape.flat
    x1, y1, x2, y2, softness, pixel = segment.x1, segment.y1, segment.x2, segment.y2, segment.softness, segment.pixel
    x, y = (window.left + 0.5) * pixel - x1, (window.top + 0.5) * pixel - y1
    if flat:
        first = (sums.turn, sums.turn_column, sums.turn_row)
        second = (sums.other, sums.other_row, sums.other_column)
    else:
        first = (sums.other, sums.other_column, sums.other_row)
        second = (sums.turn, sums.turn_row, sums.turn_column)
    by_column = turned(first, (x, y), pixel, segment.rise, softness)
    by_row = turned(second, (y, x), pixel, segment.run, softness)
    rise_dy, rise_dx, rise = t.held_slope(y2 - y1, segment.rise_below)
    run_dx, run_dy, run = t.held_slope(x2 - x1, segment.run_below)
    to_dx = by_column.slope * rise_dx + by_row.slope * run_dx
    to_dy = by_column.slope * rise_dy + by_row.slope * run_dy
    x_share, y_share = t.share_of_low(x1, x2), t.share_of_low(y1, y2)
    x_low, x_high = -softness * np.float64(total(sums.low_x)), softness * np.float64(total(sums.high_x))
    y_low, y_high = -softness * np.float64(total(sums.low_y)), softness * np.float64(total(sums.high_y))
    gradients[b, i, 0] += weight * (
        by_row.cut - by_column.cut * rise - to_dx + x_low * x_share + x_high * (1 - x_share)
    )
    gradients[b, i, 1] += weight * (by_column.cut - by_row.cut * run - to_dy + y_low * y_share + y_high * (1 - y_share))
    gradients[b, i + 1, 0] += weight * (to_dx + x_low * (1 - x_share) + x_high * x_share)
    gradients[b, i + 1, 1] += weight * (to_dy + y_low * (1 - y_share) + y_high * y_share)
    gradients[b, i, 2] += weight * (np.float64(total(sums.soft)) + by_column.soft + by_row.soft)


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
