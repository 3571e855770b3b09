"""The published mask, forward and backward, one drawing at a time on one CPU thread.

A segment's mask at row r, column c is `across[c] * down[r] * max(by_column, by_row)`. With the cut v of column c and
A = exp(s (p_r - v)), B = exp(s (v - p_{r+1})), the two sigmoids of `by_column` multiply to

    1 / ((1 + A) (1 + B)) = 1 / (A + B + 1 + AB),    AB = exp(-s pixel),

and AB, which doesn't depend on the cut, is the same for `by_row`. So the larger of the two has the smaller A + B, and a
pixel needs one division. A and B are products of a factor of the row and a factor of the column: exponentials are
taken along rows and columns only (`raster.kernels.factors`).

What lies below exp(-reach) is left out: the soft rectangle bounds rows and columns, and in each row the line bounds
the columns once more. Backward, the masks are computed again: with Q = gradient · mask and D the smaller of the two
(1 + A) (1 + B), all that is needed are sums of Q, T = Q (A - B) / D and Q (B + AB) / D over rows and columns.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from raster.kernels import factors as f
from raster.kernels.lanes import clamp, compiled

SUM, MAXIMUM, SOFT_OR = np.uint64(0), np.uint64(1), np.uint64(2)


class Row(NamedTuple):
    """One row's stretch of columns: where it lies in scratch and picture, and the factors that all of it shares."""

    count: Any
    column: Any
    step: Any
    pixel: Any
    down: Any
    level_a: Any
    level_b: Any
    row_a: Any
    row_b: Any
    product: Any
    y: Any


@numba.njit(inline="always")
def row_at(s: Any, segment: Any, r: Any, padded: Any) -> Any:
    """The stretch of row `r` that the segment's line can reach, with its factors."""
    u = np.uint64(r)
    first = np.int64(s[f.FIRST + u])
    return Row(
        np.uint64(np.int64(s[f.COUNT + u])),
        np.uint64(first),
        np.uint64(np.int64(s[f.STEP + u])),
        np.uint64(r * padded + first),
        s[f.DOWN + u],
        s[f.LEVEL_A + u],
        s[f.LEVEL_B + u],
        s[f.ROW_A + u],
        s[f.ROW_B + u],
        s[f.PRODUCT],
        s.dtype.type(r * segment.pixel),
    )


@numba.njit(inline="always")
def draw_row(s: Any, picture: Any, winner: Any, row: Any, weight: Any, index: Any, mode: Any) -> None:
    """Compose one segment's ink in one row into `picture`."""
    down = row.down * weight
    one, least = s.dtype.type(1), f.tiny(s)
    constant = one + row.product
    for j in range(row.count):
        c, t, p = row.column + j, row.step + j, row.pixel + j
        by_column = s[f.CUT_A + c] * row.level_a + s[f.CUT_B + c] * row.level_b
        by_row = s[f.STEP_A + t] * row.row_a + s[f.STEP_B + t] * row.row_b
        ink = s[f.ACROSS + c] * down / (min(by_column, by_row) + constant)
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
    """Draw drawings `first` to `last` into `out` `(batch, h, w)` (soft-or: one minus the image); `half` isn't used.

    Max also writes the winning segment, or -1, to `winners` where that isn't empty. Points that aren't finite make
    their picture NaN.
    """
    height, width = size
    padded = f.padded_width(width)
    s = np.empty(f.SCRATCH, points.dtype)
    picture = np.zeros(height * padded, points.dtype)
    winner = np.zeros(height * padded, np.int32)
    start = s.dtype.type(1 if mode == SOFT_OR else 0)
    for b in range(first, last):
        if not f.is_finite(points, b):
            out[b] = np.nan
            continue
        picture[:] = start
        winner[:] = -1
        for i in range(points.shape[1] - 1):
            weight = weights[b, i] if weights.size else s.dtype.type(1)
            if weight != 0:
                draw_segment(s, picture, winner, points, b, i, weight, size, mode)
        f.unpad(picture, out[b])
        if winners.size:
            f.unpad(winner, winners[b])


@numba.njit
def draw_segment(
    s: Any, picture: Any, winner: Any, points: Any, b: Any, i: Any, weight: Any, size: Any, mode: Any
) -> None:
    """Compose segment `i` of drawing `b` into `picture`."""
    segment = f.segment_at(points, b, i, max(size))
    window = f.window_of(s, segment, size)
    if window.left >= window.right or window.top >= window.bottom:
        return
    padded = f.padded_width(size[1])
    f.fill_segment(s, segment, window, size)
    band_end = window.top
    for r in range(window.top, window.bottom):
        if r == band_end:
            band_end = f.fill_band(s, segment, window, r)
        row = row_at(s, segment, r, padded)
        draw_row(s, picture, winner, row, weight, np.int32(i), mode)


@numba.njit(inline="always")
def differentiate_row(
    s: Any, sums: Any, upstream: Any, winner: Any, row: Any, r: Any, pixel: Any, weight: Any, index: Any, mode: Any
) -> Any:
    """Add one row's Q, T and T·y to the columns' sums and store its own; returns its sum of Q (B + AB) / D.

    Neighbouring rows add to different sets of sums: a stretch that overlaps the last one's would wait for its stores.
    """
    zero, half, one, least = s.dtype.type(0), s.dtype.type(0.5), s.dtype.type(1), f.tiny(s)
    sum_q, sum_t, sum_xt, sum_b = zero, zero, zero, zero
    constant = one + row.product
    of_row = np.uint64((r & 3) * 3) * f.STRIDE + row.column
    x0, dx = s.dtype.type(np.float64(row.column) * pixel), s.dtype.type(pixel)
    for j in range(row.count):
        c, t, p = row.column + j, row.step + j, row.pixel + j
        a1, b1 = s[f.CUT_A + c] * row.level_a, s[f.CUT_B + c] * row.level_b
        a2, b2 = s[f.STEP_A + t] * row.row_a, s[f.STEP_B + t] * row.row_b
        d1, d2 = a1 + b1, a2 + b2
        mask = one / (min(d1, d2) + constant)
        ink = s[f.ACROSS + c] * row.down * mask
        gradient = upstream[p]
        if mode == SOFT_OR:
            gradient /= max(one - ink * weight, least)
        elif mode == MAXIMUM:
            gradient = gradient if winner[p] == index else zero
        q = gradient * ink
        qm = q * mask
        # ties share the gradient, as torch.maximum does
        share1 = one if d1 < d2 else (half if d1 == d2 else zero)
        share2 = one - share1
        t1, t2 = qm * (a1 - b1) * share1, qm * (a2 - b2) * share2
        sums[of_row + j] += q
        sums[of_row + f.STRIDE + j] += t1
        sums[of_row + f.STRIDE + f.STRIDE + j] += t1 * row.y
        sum_q += q
        sum_t += t2
        sum_xt += t2 * (x0 + dx * s.dtype.type(np.int32(j)))
        sum_b += qm * (b1 * share1 + b2 * share2 + row.product)
    u = np.uint64(r)
    s[f.ROW_Q + u] = sum_q
    s[f.ROW_T + u] = sum_t
    s[f.ROW_PT + u] = sum_xt
    return sum_b


class Along(NamedTuple):
    """Gradients that one axis's sums give: of the rectangle's bounds, the softness, the line's slope and its offset."""

    low: float
    high: float
    softness: float
    slope: float
    cut: float


@numba.njit
def gather(s: Any, bases: Any, cells: Any, extent: Any, line: Any, bounds: Any, softness: float, pixel: float) -> Along:
    """Turn the sums over cells `cells` of one axis into gradients.

    `bases` are the sums' and the rectangle's rows of the scratch array; `extent` is the rectangle's (low, high) along
    this axis; `line` its (origin, origin's cut, slope): cell centre z is cut at cut + (z - origin) slope. Cuts outside
    `bounds` light nothing.
    """
    low, high, soft, slope, cut = 0.0, 0.0, 0.0, 0.0, 0.0
    start = np.uint64(cells[0])
    for j in range(f.whole(cells[1] - cells[0])):
        p, at = (np.float64(np.int32(j)) + cells[0]) * pixel, start + j
        q = np.float64(s[bases[0] + at])
        rising, falling = q * np.float64(s[bases[3] + at]), q * np.float64(s[bases[4] + at])
        low -= rising
        high += falling
        away = p + 0.5 * pixel - line[0]
        v = line[1] + away * line[2]
        lit = 1.0 if (v >= bounds[0]) & (v <= bounds[1]) else 0.0
        t = np.float64(s[bases[1] + at]) * lit
        slope += t * away
        cut += t
        soft += (p + pixel - extent[0]) * rising + (extent[1] - p) * falling
        soft += clamp(v, bounds[0], bounds[1]) * t - np.float64(s[bases[2] + at]) * lit
    return Along(low * softness, high * softness, soft, slope * softness, cut * softness)


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
    """Gradients of drawings `first` to `last`, given those of their pictures (soft-or: times one minus the picture)."""
    height, width = size
    padded = f.padded_width(width)
    s, sums = np.zeros(f.SCRATCH, points.dtype), np.zeros(f.SUMS, points.dtype)
    picture = np.zeros(height * padded, points.dtype)
    winner = np.zeros(height * padded, np.int32)
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
            grad_weights[b, i] = differentiate_segment(
                s, sums, picture, winner, points, b, i, weight, size, mode, grad_points
            )


@numba.njit
def differentiate_segment(
    s: Any,
    sums: Any,
    upstream: Any,
    winner: Any,
    points: Any,
    b: int,
    i: int,
    weight: Any,
    size: Any,
    mode: Any,
    grad_points: Any,
) -> Any:
    """Add segment `i`'s gradients to `grad_points`; returns its weight's."""
    segment = f.segment_at(points, b, i, max(size))
    window = f.window_of(s, segment, size)
    if window.left >= window.right or window.top >= window.bottom:
        return 0.0
    padded = f.padded_width(size[1])
    f.fill_segment(s, segment, window, size)
    f.clear_sums(s, sums, window)
    band_end, total_b = window.top, 0.0
    for r in range(window.top, window.bottom):
        if r == band_end:
            band_end = f.fill_band(s, segment, window, r)
        row = row_at(s, segment, r, padded)
        total_b += differentiate_row(s, sums, upstream, winner, row, r, segment.pixel, weight, np.int32(i), mode)
    f.merge_sums(s, sums, window)
    return chain(s, segment, window, weight, total_b * segment.pixel, grad_points[b, i], grad_points[b, i + 1])


@numba.njit
def chain(s: Any, segment: Any, window: Any, weight: Any, soft: float, start: Any, end: Any) -> Any:
    """From the sums to the gradients of the two points and, returned, of the weight."""
    x1, y1, x2, y2 = segment.x1, segment.y1, segment.x2, segment.y2
    left, right, top, bottom, pixel = window.left, window.right, window.top, window.bottom, segment.pixel
    reach_x = (left * pixel - window.rho, right * pixel + window.rho)
    reach_y = (top * pixel - window.rho, bottom * pixel + window.rho)
    columns, rows = (min(x1, x2), max(x1, x2)), (min(y1, y2), max(y1, y2))
    sums_x = (f.SUM_Q, f.SUM_T, f.SUM_PT, f.ACROSS_LOW, f.ACROSS_HIGH)
    sums_y = (f.ROW_Q, f.ROW_T, f.ROW_PT, f.DOWN_LOW, f.DOWN_HIGH)
    across = gather(s, sums_x, (left, right), columns, (x1, y1, segment.rise), reach_y, segment.softness, pixel)
    down = gather(s, sums_y, (top, bottom), rows, (y1, x1, segment.run), reach_x, segment.softness, pixel)
    rise_dy, rise_dx, rise = f.held_slope(y2 - y1, segment.rise_below)
    run_dx, run_dy, run = f.held_slope(x2 - x1, segment.run_below)
    to_dx = across.slope * rise_dx + down.slope * run_dx
    to_dy = across.slope * rise_dy + down.slope * run_dy
    x_share, y_share = f.share_of_low(x1, x2), f.share_of_low(y1, y2)
    start[0] += weight * (down.cut - across.cut * rise - to_dx + across.low * x_share + across.high * (1 - x_share))
    start[1] += weight * (across.cut - down.cut * run - to_dy + down.low * y_share + down.high * (1 - y_share))
    end[0] += weight * (to_dx + across.low * (1 - x_share) + across.high * x_share)
    end[1] += weight * (to_dy + down.low * (1 - y_share) + down.high * y_share)
    start[2] += weight * (across.softness + down.softness + soft)
    return f.total_of_rows(s, window)
