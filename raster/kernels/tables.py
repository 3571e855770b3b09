"""What the fused CPU kernel works out once a segment: its window, its line, and what depends on the row or column only.

Exponents are of base 2. The tables are stretches of one scratch array, and count rows and columns from the window's
first.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from raster.kernels.lanes import LANES, maximum, minimum, power_of_two, ramp, store

BITS = 1.4426950408889634
"""log2(e): natural exponents times this are exponents of base 2."""

DOWN, DOWN_LOW, DOWN_HIGH, DOWN_SOFT = 0, 1, 2, 3
ACROSS, ACROSS_LOW, ACROSS_HIGH, ACROSS_SOFT = 4, 5, 6, 7
TABLES = 8

PLANNED = 31
"""Numbers that are worked out for each segment before its pixels."""

FLATTEST = 1e-4
"""Smallest |dx| or |dy| whose slope is differentiated exactly, as in `raster.kernels.portable`."""

POLE = 1e-20
"""What the published denominator becomes where it is exactly zero."""

MULTIPLIED = 32.0
"""Rows after which a power is taken anew: rounding adds up in products."""

UPRIGHT = 1e-3
"""Columns a row below which a line doesn't bound the rows of a strip."""


class Segment(NamedTuple):
    """A segment in float64: ends, softness, the line's slopes dy/dx and dx/dy as published, and a pixel's side."""

    x1: float
    y1: float
    x2: float
    y2: float
    softness: float
    rise: float
    run: float
    rise_below: float
    run_below: float
    pixel: float


class Window(NamedTuple):
    """The rows and columns (last excluded) where a segment's ink can exceed exp(-reach)."""

    left: int
    right: int
    top: int
    bottom: int


class Line(NamedTuple):
    """Exponent of a line's sigmoids at the window's first pixel, its steps by column and by row, and for how many rows
    the latter may be multiplied up."""

    start: float
    along: float
    down: float
    rows: int


class Shape(NamedTuple):
    """How a segment's line lies: the flatter of the two, whether that is the one by column, and if both are needed."""

    slope: float
    flat: bool
    both: bool


class Band(NamedTuple):
    """Where the line runs in the window, in pixels: its row at column 0, rows a column, rows a pixel of its width; how
    far ink reaches, and between which columns the segment lies."""

    row: float
    climb: float
    over: float
    rho: float
    low: float
    high: float


class Plan(NamedTuple):
    """All that is worked out about a segment before its pixels; `other` is the steeper line."""

    segment: Segment
    shape: Shape
    window: Window
    line: Line
    other: Line
    band: Band


@numba.njit(forceinline=True)
def reach_of(s: Any) -> float:
    """Ink below exp(-reach) is left out: it would be lost in the type of the array `s`."""
    return 16.5 if s.itemsize == 4 else 37.0


@numba.njit(forceinline=True)
def bounds_of(s: Any) -> Any:
    """Bounds of exponents: of the rectangle's sides, of a line's where it starts, and of how far it moves from there.

    What is held at the first is left out anyway; so is what was held at the second and has moved by the third.
    """
    return (26.0, 126.0, 98.0) if s.itemsize == 4 else (60.0, 1000.0, 900.0)


@numba.njit(forceinline=True)
def tiny(s: Any) -> Any:
    """The least that soft-or multiplies by: a factor of exactly 0 could not be divided out again."""
    return s.dtype.type(1e-7 if s.itemsize == 4 else 1e-15)


@numba.njit(forceinline=True)
def vectors(count: int) -> int:
    """How many whole vectors hold `count` numbers."""
    return (count + LANES - 1) // LANES


@numba.njit(forceinline=True)
def table(s: Any, which: int) -> int:
    """Where a table begins in the scratch array `s`."""
    stride: int = s.size // TABLES
    return which * stride


@numba.njit
def scratch_for(points: Any, size: Any) -> Any:
    """Room for all tables of any segment in a picture of `size`."""
    return np.zeros(TABLES * (vectors(max(size)) + 1) * LANES, points.dtype)


@numba.njit(forceinline=True)
def cell(x: float, count: int) -> int:
    """The whole number at or below `x`, held within [0, count]; 0 for NaN."""
    above = x if x > 0 else 0.0
    return int(above if above < count else float(count))


@numba.njit(forceinline=True)
def segment_at(points: Any, b: int, i: int, side: int) -> Segment:
    """Segment `i` of drawing `b` for a picture of `side` pixels."""
    x1, y1 = np.float64(points[b, i, 0]), np.float64(points[b, i, 1])
    x2, y2 = np.float64(points[b, i + 1, 0]), np.float64(points[b, i + 1, 1])
    dx, dy = x2 - x1, y2 - y1
    length = np.sqrt(dx * dx + dy * dy + 1e-7)
    below_x, below_y = dx + 1e-8 * length, dy + 1e-8 * length
    below_x = POLE if below_x == 0 else below_x
    below_y = POLE if below_y == 0 else below_y
    softness = np.float64(points[b, i, 2])
    return Segment(x1, y1, x2, y2, softness, dy / below_x, dx / below_y, below_x, below_y, 1.0 / side)


@numba.njit(forceinline=True)
def shape_of(s: Any, segment: Segment) -> Shape:
    """Which line makes the larger mask.

    Where rise · run = 1 both exponents vanish on one line, so that the flatter one is the smaller everywhere. The
    published slopes miss that by 1e-8 and more; where the misses could show, both are needed.
    """
    rise, run = segment.rise, segment.run
    furthest = 1 + abs(segment.x2 - segment.x1) + abs(segment.y2 - segment.y1)
    missed = (abs(segment.softness) * furthest + reach_of(s)) * abs(1 - rise * run)
    unseen = 3e-4 if s.itemsize == 4 else 1e-6
    both = not missed < unseen * (max(abs(rise), abs(run)) - 1)
    flat = abs(rise) <= abs(run)
    return Shape(rise if flat else run, flat, both)


@numba.njit(forceinline=True)
def window_of(s: Any, segment: Segment, shape: Shape, size: Any) -> Window:
    """The cells that the segment's rectangle and line reach together.

    Beyond an end of the segment, ink fades by the way from the rectangle and by that from the line.
    """
    side = np.float64(max(size))
    rho = reach_of(s) * side / max(segment.softness, 1e-9)
    near, far = min(rho, 0.5 * (rho + 1)), min(rho, (rho + 1) / (1 + abs(shape.slope)))
    near, far = (rho, rho) if shape.both else (near, far)
    beside, above = (far, near) if shape.flat else (near, far)
    low_x, high_x = min(segment.x1, segment.x2) * side - beside, max(segment.x1, segment.x2) * side + beside
    low_y, high_y = min(segment.y1, segment.y2) * side - above, max(segment.y1, segment.y2) * side + above
    left, right, top, bottom = (
        cell(low_x, size[1]),
        cell(high_x + 1, size[1]),
        cell(low_y, size[0]),
        cell(high_y + 1, size[0]),
    )
    return Window(left, right, top, bottom)


@numba.njit(forceinline=True)
def lines_of(s: Any, segment: Segment, window: Window) -> Any:
    """The line by column and the line by row."""
    pixel, scale = segment.pixel, segment.softness * BITS
    x, y = (window.left + 0.5) * pixel - segment.x1, (window.top + 0.5) * pixel - segment.y1
    step, step_by_row, growth = scale * pixel, -scale * pixel * segment.run, bounds_of(s)[2]
    rows = int(max(min(growth / max(abs(step), 1e-3), MULTIPLIED), 1.0))
    rows_by_row = int(max(min(growth / max(abs(step_by_row), 1e-3), MULTIPLIED), 1.0))
    by_column = Line(scale * (y - x * segment.rise), -step * segment.rise, step, rows)
    by_row = Line(scale * (x - y * segment.run), step, step_by_row, rows_by_row)
    return by_column, by_row


@numba.njit(forceinline=True)
def band_of(s: Any, segment: Segment, shape: Shape, window: Window) -> Band:
    """Where the segment's line runs."""
    side = 1 / segment.pixel
    x, y = window.left + 0.5 - segment.x1 * side, window.top + 0.5 - segment.y1 * side
    low = min(segment.x1, segment.x2) * side - window.left
    high = max(segment.x1, segment.x2) * side - window.left
    rho = reach_of(s) * side / max(segment.softness, 1e-9)
    unbound = shape.both or not (shape.flat or abs(shape.slope) > UPRIGHT)
    climb = 0.0 if unbound else (shape.slope if shape.flat else 1 / shape.slope)
    over = 1e9 if unbound else (1.0 if shape.flat else abs(climb))
    return Band(0.0 if unbound else x * climb - y, climb, over, rho, low, high)


@numba.njit(forceinline=True)
def plan_segments(s: Any, points: Any, b: int, size: Any, plans: Any) -> None:
    """Fill `plans` `(n - 1, PLANNED)` for drawing `b`: ahead of the pixels, so that no division is waited for there."""
    for i in range(points.shape[1] - 1):
        segment = segment_at(points, b, i, max(size))
        shape = shape_of(s, segment)
        window = window_of(s, segment, shape, size)
        by_column, by_row = lines_of(s, segment, window)
        line, other = (by_column, by_row) if shape.flat else (by_row, by_column)
        band = band_of(s, segment, shape, window)
        plans[i, 0], plans[i, 1], plans[i, 2], plans[i, 3] = segment.x1, segment.y1, segment.x2, segment.y2
        plans[i, 4], plans[i, 5], plans[i, 6] = segment.softness, segment.rise, segment.run
        plans[i, 7], plans[i, 8], plans[i, 9] = segment.rise_below, segment.run_below, segment.pixel
        plans[i, 10], plans[i, 11], plans[i, 12] = shape.slope, shape.flat, shape.both
        plans[i, 13], plans[i, 14], plans[i, 15], plans[i, 16] = window.left, window.right, window.top, window.bottom
        plans[i, 17], plans[i, 18], plans[i, 19], plans[i, 20] = line.start, line.along, line.down, line.rows
        plans[i, 21], plans[i, 22], plans[i, 23], plans[i, 24] = other.start, other.along, other.down, other.rows
        plans[i, 25], plans[i, 26], plans[i, 27] = band.row, band.climb, band.over
        plans[i, 28], plans[i, 29], plans[i, 30] = band.rho, band.low, band.high


@numba.njit(forceinline=True)
def plan_of(p: Any, i: int) -> Plan:
    """Row `i` of `plans`."""
    return Plan(
        Segment(p[i, 0], p[i, 1], p[i, 2], p[i, 3], p[i, 4], p[i, 5], p[i, 6], p[i, 7], p[i, 8], p[i, 9]),
        Shape(p[i, 10], p[i, 11] != 0, p[i, 12] != 0),
        Window(int(p[i, 13]), int(p[i, 14]), int(p[i, 15]), int(p[i, 16])),
        Line(p[i, 17], p[i, 18], p[i, 19], int(p[i, 20])),
        Line(p[i, 21], p[i, 22], p[i, 23], int(p[i, 24])),
        Band(p[i, 25], p[i, 26], p[i, 27], p[i, 28], p[i, 29], p[i, 30]),
    )


@numba.njit(forceinline=True)
def rows_of_strip(band: Band, first: int, last: int, rows: int) -> Any:
    """The rows (last excluded) of the columns `first` to `last` (excluded) that the segment reaches."""
    half = (band.rho - max(max(band.low - last, first - band.high), 0.0) + 0.5) * band.over
    one, other = band.row + first * band.climb, band.row + (last - 1) * band.climb
    return cell(min(one, other) - half, rows), cell(max(one, other) + half + 1, rows)


@numba.njit(forceinline=True)
def fill_extent(
    s: Any, first: int, count: int, low: float, high: float, softness: float, pixel: float, at: int
) -> None:
    """One side of the soft rectangle [low, high] over `count` cells from `first` on: how far they lie within it."""
    bound, scale = bounds_of(s)[0], softness * BITS
    below_first, above_first = scale * (low - (first + 1) * pixel), scale * (first * pixel - high)
    step, cells = scale * pixel, ramp(s)
    for k in range(vectors(count)):
        j = cells + k * LANES
        below = power_of_two(maximum(minimum(below_first - j * step, bound), -bound))
        above = power_of_two(maximum(minimum(above_first + j * step, bound), -bound))
        store(s, table(s, at) + k * LANES, 1.0 / ((below + 1.0) * (above + 1.0)))


@numba.njit(forceinline=True)
def fill_extent_and_shares(
    s: Any, first: int, count: int, low: float, high: float, softness: float, pixel: float, at: int
) -> None:
    """As `fill_extent`; the next three tables become its logarithm's slopes by -low, high and softness."""
    bound, scale = bounds_of(s)[0], softness * BITS
    below_first, above_first = scale * (low - (first + 1) * pixel), scale * (first * pixel - high)
    inside_low, inside_high = (first + 1) * pixel - low, high - first * pixel
    step, cells = scale * pixel, ramp(s)
    for k in range(vectors(count)):
        j, to = cells + k * LANES, table(s, at) + k * LANES
        below = power_of_two(maximum(minimum(below_first - j * step, bound), -bound))
        above = power_of_two(maximum(minimum(above_first + j * step, bound), -bound))
        ink = 1.0 / ((below + 1.0) * (above + 1.0))
        low_share, high_share = below * (above + 1.0) * ink, above * (below + 1.0) * ink
        store(s, to, ink)
        store(s, to + table(s, 1), low_share)
        store(s, to + table(s, 2), high_share)
        store(s, to + table(s, 3), low_share * (inside_low + j * pixel) + high_share * (inside_high - j * pixel))


@numba.njit(forceinline=True)
def held_slope(over: float, below: float) -> Any:
    """Derivatives of over/below by `over` and by `below`, and the slope, the denominator held off zero."""
    if abs(below) >= FLATTEST:
        return 1 / below, -over / (below * below), over / below
    held = -FLATTEST if below < 0 else FLATTEST
    return 1 / held, 0.0, over / held


@numba.njit(forceinline=True)
def share_of_low(first: float, second: float) -> float:
    """How much of min(first, second)'s gradient is the first's; equal ends share it, as torch.minimum does."""
    return 1.0 if first < second else (0.5 if first == second else 0.0)
