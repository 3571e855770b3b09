"""The published mask, forward and backward, one drawing at a time on one CPU thread.

A segment's mask at row r, column c is `across[c] * down[r] * max(by_column, by_row)`. With the line's exponent u (0 on
the line) and h = softness · pixel / 2, the two sigmoids of either multiply to

    sigmoid(h - u) sigmoid(h + u) = g / ((1 + g) (g + P)),    g = exp(|u| - h),    P = exp(-2h),

so the larger mask is the one with the smaller |u|. Both exponents vanish on the same line, so that one of them is the
smaller all over the picture (`raster.kernels.tables.lines_of`); it grows linearly along rows and columns. A pixel
takes one power and one division.

What lies below exp(-reach) is left out. Backward, the masks are computed again: with Q = gradient · ink, all that is
needed are sums of Q times what each sigmoid lacks of 1, and of those by the line times the column and the row.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from raster.kernels import tables as t
from raster.kernels.batches import batch_differentiator, batch_drawer, compose, padded_width, upstream_at
from raster.kernels.compiling import compiled
from raster.kernels.lanes import (
    LANES,
    absolute,
    load,
    maximum,
    minimum,
    power_of_two,
    ramp,
    total,
    where_equal,
    where_less,
    wide,
    with_sign_of,
)


class Edge(NamedTuple):
    """The line's half width as an exponent (h), P = exp(-2h), and the bound of exponents."""

    half: Any
    product: Any
    bound: Any


@numba.njit(forceinline=True)
def edge_of(s: Any, segment: Any) -> Any:
    """The edge of a segment's line."""
    bound, half = t.bound_of(s), 0.5 * segment.softness * t.BITS * segment.pixel
    product = power_of_two(maximum(minimum(wide(s, -2 * half), 2 * bound), -2 * bound))
    return Edge(half, product, bound)


@numba.njit(forceinline=True)
def growth(u: Any, edge: Any) -> Any:
    """g, of which a line's mask is made."""
    return power_of_two(maximum(minimum(absolute(u) - edge.half, edge.bound), -edge.bound))


@numba.njit
def draw_segment(
    s: Any, picture: Any, winner: Any, points: Any, b: int, i: int, weight: Any, size: Any, mode: int, half: float
) -> None:
    """Compose segment `i` of drawing `b` into `picture`."""
    segment = t.segment_at(points, b, i, max(size))
    shape = t.shape_of(s, segment)
    window = t.window_of(s, segment, shape, size)
    if window.left >= window.right or window.top >= window.bottom:
        return
    rows, columns = window.bottom - window.top, window.right - window.left
    x_low, x_high = min(segment.x1, segment.x2), max(segment.x1, segment.x2)
    y_low, y_high = min(segment.y1, segment.y2), max(segment.y1, segment.y2)
    t.fill_extent(s, window.left, columns, x_low, x_high, segment.softness, segment.pixel, t.ACROSS)
    t.fill_extent(s, window.top, rows, y_low, y_high, segment.softness, segment.pixel, t.DOWN)
    by_column, by_row = t.lines_of(segment, window)
    line, other = (by_column, by_row) if shape.flat else (by_row, by_column)
    band, edge = t.band_of(s, segment, shape, window), edge_of(s, segment)
    for c in range(0, columns, LANES):
        first, last = t.rows_of_strip(band, c, min(c + LANES, columns), rows)
        across = load(s, t.table(s, t.ACROSS) + c) * weight
        at = window.top * padded_width(size[1]) + window.left + c
        draw_strip(s, picture, winner, line, other, shape.both, edge, across, c, first, last, at, np.int32(i), size[1], mode)


@numba.njit(forceinline=True)
def draw_strip(
    s: Any,
    picture: Any,
    winner: Any,
    line: Any,
    other: Any,
    both: bool,
    edge: Any,
    across: Any,
    c: int,
    first: int,
    last: int,
    at: int,
    index: Any,
    width: int,
    mode: int,
) -> None:
    """Compose rows `first` to `last` of the columns from `c` on; `other` is the second line where `both` are needed."""
    number = s.dtype.type
    slope, other_slope = ramp(s) * line.along, ramp(s) * other.along
    start, other_start = line.start + c * line.along, other.start + c * other.along
    for r in range(first, last):
        u = slope + number(start + r * line.down)
        if both:
            v = other_slope + number(other_start + r * other.down)
            u = where_less(absolute(u), absolute(v), u, v)
        g = growth(u, edge)
        ink = across * s[t.table(s, t.DOWN) + r] * g / ((g + 1.0) * (g + edge.product))
        compose(s, picture, winner, at + r * padded_width(width), ink, index, mode)


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
    segment = t.segment_at(points, b, i, max(size))
    shape = t.shape_of(s, segment)
    window = t.window_of(s, segment, shape, size)
    if window.left >= window.right or window.top >= window.bottom:
        return 0.0
    rows, columns = window.bottom - window.top, window.right - window.left
    x_low, x_high = min(segment.x1, segment.x2), max(segment.x1, segment.x2)
    y_low, y_high = min(segment.y1, segment.y2), max(segment.y1, segment.y2)
    t.fill_extent_and_shares(s, window.left, columns, x_low, x_high, segment.softness, segment.pixel, t.ACROSS)
    t.fill_extent_and_shares(s, window.top, rows, y_low, y_high, segment.softness, segment.pixel, t.DOWN)
    index, width = np.int32(i), size[1]
    if shape.both:
        sums = sum_strips(s, upstream, winner, segment, shape, window, True, weight, index, width, mode)
    else:
        sums = sum_strips(s, upstream, winner, segment, shape, window, False, weight, index, width, mode)
    chain(sums, segment, window, shape.flat, weight, gradients, b, i)
    return total(sums.ink)


@numba.njit(forceinline=True)
def sum_strips(
    s: Any,
    upstream: Any,
    winner: Any,
    segment: Any,
    shape: Any,
    window: Any,
    both: bool,
    weight: Any,
    index: Any,
    width: int,
    mode: int,
) -> Any:
    """The sums over a segment's pixels, the tables filled; by the second line only where `both` are needed."""
    zero, half_pixel, rows, columns = wide(s, 0.0), 0.5 * segment.pixel, window.bottom - window.top, window.right - window.left
    by_column, by_row = t.lines_of(segment, window)
    line, other = (by_column, by_row) if shape.flat else (by_row, by_column)
    band, edge = t.band_of(s, segment, shape, window), edge_of(s, segment)
    ink, soft, low_x, high_x, low_y, high_y = zero, zero, zero, zero, zero, zero
    turn, turn_column, turn_row, turned, turned_column, turned_row = zero, zero, zero, zero, zero, zero
    for c in range(0, columns, LANES):
        first, last = t.rows_of_strip(band, c, min(c + LANES, columns), rows)
        at = window.top * padded_width(width) + window.left + c
        strip = sum_strip(s, upstream, winner, line, other, both, edge, c, first, last, at, weight, index, width, mode)
        column, to = ramp(s) + c, t.table(s, t.ACROSS) + c
        ink = ink + strip.ink
        soft = soft + strip.soft + strip.lack * half_pixel + strip.ink * load(s, to + t.table(s, 3))
        low_x = low_x + strip.ink * load(s, to + t.table(s, 1))
        high_x = high_x + strip.ink * load(s, to + t.table(s, 2))
        low_y, high_y = low_y + strip.low_y, high_y + strip.high_y
        turn, turned = turn + strip.turn, turned + strip.turned
        turn_column, turned_column = turn_column + strip.turn * column, turned_column + strip.turned * column
        turn_row, turned_row = turn_row + strip.turn_row, turned_row + strip.turned_row
    return Sums(
        ink, soft, low_x, high_x, low_y, high_y, turn, turn_column, turn_row, turned, turned_column, turned_row
    )


class Strip(NamedTuple):
    """Sums over the rows of sixteen columns: Q, what it gives the softness by the rows, what the line's sigmoids lack."""

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
    line: Any,
    other: Any,
    both: bool,
    edge: Any,
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
    number, zero = s.dtype.type, wide(s, 0.0)
    slope, other_slope = ramp(s) * line.along, ramp(s) * other.along
    start, other_start = line.start + c * line.along, other.start + c * other.along
    ink_sum, soft, lack, low_y, high_y = zero, zero, zero, zero, zero
    turn_sum, turn_row, turned_sum, turned_row = zero, zero, zero, zero
    across, share = load(s, t.table(s, t.ACROSS) + c), zero + 1.0
    for r in range(first, last):
        u = slope + number(start + r * line.down)
        if both:
            v = other_slope + number(other_start + r * other.down)
            near, far = absolute(u), absolute(v)
            share = where_less(near, far, zero + 1.0, where_equal(near, far, zero + 0.5, zero))
            g = growth(where_less(near, far, u, v), edge)
        else:
            g = growth(u, edge)
        one_over = 1.0 / ((g + 1.0) * (g + edge.product))
        row = t.table(s, t.DOWN) + r
        ink = across * s[row] * g * one_over
        q = upstream_at(s, upstream, winner, at + r * padded_width(width), ink * weight, index, mode) * ink
        square = g * g
        steepness = (square - edge.product) * one_over
        ink_sum = ink_sum + q
        lack = lack + q * ((square + edge.product + 2.0 * g * edge.product) * one_over)
        low_y = low_y + q * s[row + t.table(s, 1)]
        high_y = high_y + q * s[row + t.table(s, 2)]
        soft = soft + q * s[row + t.table(s, 3)]
        turn = q * with_sign_of(steepness, u)
        if both:
            turned, turn = q * with_sign_of(steepness, v) * (1.0 - share), turn * share
            turned_sum, turned_row = turned_sum + turned, turned_row + turned * number(r)
        turn_sum, turn_row = turn_sum + turn, turn_row + turn * number(r)
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
def chain(sums: Any, segment: Any, window: Any, flat: bool, weight: Any, gradients: Any, b: int, i: int) -> None:
    """From the sums to the gradients of segment `i`'s two points; the first line is the one by column if `flat`."""
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
    gradients[b, i, 0] += weight * (by_row.cut - by_column.cut * rise - to_dx + x_low * x_share + x_high * (1 - x_share))
    gradients[b, i, 1] += weight * (by_column.cut - by_row.cut * run - to_dy + y_low * y_share + y_high * (1 - y_share))
    gradients[b, i + 1, 0] += weight * (to_dx + x_low * (1 - x_share) + x_high * x_share)
    gradients[b, i + 1, 1] += weight * (to_dy + y_low * (1 - y_share) + y_high * y_share)
    gradients[b, i, 2] += weight * (np.float64(total(sums.soft)) + by_column.soft + by_row.soft)


_draw_batch = batch_drawer(draw_segment)
_differentiate_batch = batch_differentiator(differentiate_segment)


@compiled
def forward(*arguments: Any) -> None:
    """Draw a batch, as `raster.kernels.batches.batch_drawer` says."""
    _draw_batch(*arguments)


@compiled
def backward(*arguments: Any) -> None:
    """Differentiate a batch, as `raster.kernels.batches.batch_differentiator` says."""
    _differentiate_batch(*arguments)
