"""What the fused CPU kernel computes along rows and columns: windows, and the factors whose products are its masks.

One scratch array holds everything, as rows a constant distance apart: the compiler then sees that they don't
overlap, and vectorises. Exponents are kept within the float type's range: rows are taken in bands whose factors stay
below exp(near), and what lies further away than exp(far) is held there, which still leaves masks of nothing.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from raster.kernels.lanes import LANES, cell, clamp, exponential

MAX_SIDE = 1024
"""Longest side, in pixels, that fits the scratch array."""

_STRIDE = MAX_SIDE + 6 * LANES

ACROSS, ACROSS_LOW, ACROSS_HIGH = np.uint64(0), np.uint64(24 * _STRIDE), np.uint64(25 * _STRIDE)
CUT_A, CUT_B = np.uint64(_STRIDE), np.uint64(2 * _STRIDE)
SUM_Q, SUM_T, SUM_PT = np.uint64(3 * _STRIDE), np.uint64(4 * _STRIDE), np.uint64(5 * _STRIDE)
DOWN, DOWN_LOW, DOWN_HIGH = np.uint64(6 * _STRIDE), np.uint64(26 * _STRIDE), np.uint64(27 * _STRIDE)
LEVEL_A, LEVEL_B = np.uint64(7 * _STRIDE), np.uint64(8 * _STRIDE)
ROW_A, ROW_B = np.uint64(9 * _STRIDE), np.uint64(10 * _STRIDE)
ROW_Q, ROW_T, ROW_PT = np.uint64(11 * _STRIDE), np.uint64(12 * _STRIDE), np.uint64(13 * _STRIDE)
STEP_A, STEP_B = np.uint64(14 * _STRIDE), np.uint64(17 * _STRIDE)
FIRST, COUNT, STEP = np.uint64(20 * _STRIDE), np.uint64(21 * _STRIDE), np.uint64(22 * _STRIDE)
PRODUCT = np.uint64(23 * _STRIDE)
SCRATCH = 28 * _STRIDE

STRIDE = np.uint64(_STRIDE)
SUMS = 12 * _STRIDE

FLATTEST = 1e-4
"""Smallest |dx| or |dy| whose slope is differentiated exactly, as in `raster.kernels.portable`."""

POLE = 1e-20
"""What the published denominator becomes where it is exactly zero."""


class Segment(NamedTuple):
    """A segment in float64: ends, softness, the line's slopes dy/dx and dx/dy as published, and the pixel grid."""

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
    """The rows and columns (last excluded) that a segment's rectangle reaches, and how far its edges do."""

    left: int
    right: int
    top: int
    bottom: int
    rho: float
    steep: bool


@numba.njit(inline="always")
def exponents(s: Any) -> Any:
    """Largest exponents of the scratch array's type: reach, far, near, and of one pixel's step in the usual path.

    far + near stays below the type's range, and far - near - step above reach: a factor held at far still leaves out.
    """
    if s.itemsize == 4:
        return 16.5, 58.0, 27.0, 14.0
    return 37.0, 300.0, 150.0, 70.0


@numba.njit(inline="always")
def tiny(s: Any) -> Any:
    """The least that soft-or multiplies by: a factor of exactly 0 could not be divided out again."""
    return s.dtype.type(1e-7 if s.itemsize == 4 else 1e-15)


@numba.njit(inline="always")
def whole(count: int) -> Any:
    """`count` rounded up to whole vectors: loops over factors run on past their end and need no remainder."""
    return np.uint64(count + LANES - 1) & np.uint64(-LANES & 0xFFFFFFFF)


@numba.njit(inline="always")
def padded_width(width: int) -> int:
    """Distance between a picture's rows: stretches of whole vectors may run over the right edge."""
    return width + LANES


@numba.njit
def is_finite(points: Any, b: int) -> bool:
    """Whether every number of drawing `b` that is drawn is finite; the last softness isn't drawn."""
    total = 0.0
    for i in range(points.shape[1]):
        total += 0.0 * points[b, i, 0] + 0.0 * points[b, i, 1]
        if i < points.shape[1] - 1:
            total += 0.0 * points[b, i, 2]
    return bool(total == 0)


@numba.njit
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


@numba.njit
def window_of(s: Any, segment: Segment, size: Any) -> Window:
    """The cells whose rectangle mask exceeds exp(-reach)."""
    reach, _, _, steepest = exponents(s)
    height, width = size
    rho = reach / max(segment.softness, 1e-9)
    low_x, high_x = min(segment.x1, segment.x2) - rho, max(segment.x1, segment.x2) + rho
    low_y, high_y = min(segment.y1, segment.y2) - rho, max(segment.y1, segment.y2) + rho
    left, right = cell(low_x / segment.pixel - 1, width), cell(high_x / segment.pixel + 1, width)
    top, bottom = cell(low_y / segment.pixel - 1, height), cell(high_y / segment.pixel + 1, height)
    return Window(left, right, top, bottom, rho, segment.softness * segment.pixel > steepest)


@numba.njit
def fill_segment(s: Any, segment: Segment, window: Window, size: Any) -> None:
    """Everything that holds for the whole segment: the rectangle, the rows' cuts and the steps between columns."""
    like, pixel, soft = s.dtype.type(1), segment.pixel, segment.softness
    far = exponents(s)[1]
    left, right, top, bottom = window.left, window.right, window.top, window.bottom
    x_low, x_high = min(segment.x1, segment.x2), max(segment.x1, segment.x2)
    y_low, y_high = min(segment.y1, segment.y2), max(segment.y1, segment.y2)
    fill_extent(s, (ACROSS, ACROSS_LOW, ACROSS_HIGH), left, right, (x_low, x_high), soft, pixel)
    for c in range(np.uint64(size[1]), np.uint64(size[1] + LANES)):
        s[ACROSS + c] = 0
    fill_extent(s, (DOWN, DOWN_LOW, DOWN_HIGH), top, bottom, (y_low, y_high), soft, pixel)
    fill_stretches(s, segment, window)
    s[PRODUCT] = exponential(clamp(-soft * pixel, -80.0, 80.0), like)
    if window.steep:
        return
    span = right - left + LANES
    for j in range(whole(2 * span + 1)):
        step = soft * pixel * (np.float64(np.int32(j)) - span)
        s[STEP_A + j] = exponential(s.dtype.type(clamp(step, -far, far)), like)
    for j in range(whole(2 * span)):
        s[STEP_B + j] = like / s[STEP_A + j + np.uint64(1)]


@numba.njit
def fill_extent(s: Any, bases: Any, first: int, last: int, bounds: Any, softness: float, pixel: float) -> None:
    """One side of the soft rectangle, over cells `first` to `last`: how far they lie within `bounds`.

    Fills three rows of the scratch array: the product of the two sigmoids, and what each of them lacks of 1.
    """
    like, narrow, start = s.dtype.type(1), s.dtype.type, np.uint64(first)
    for j in range(whole(last - first)):
        p = (np.float64(np.int32(j)) + first) * pixel
        # far from 0 these exponents may be rough: nothing multiplies their error back up
        below = exponential(narrow(clamp(softness * (bounds[0] - p - pixel), -40.0, 40.0)), like)
        above = exponential(narrow(clamp(softness * (p - bounds[1]), -40.0, 40.0)), like)
        ink = like / ((like + below) * (like + above))
        s[bases[0] + start + j] = ink
        s[bases[1] + start + j] = below * (like + above) * ink
        s[bases[2] + start + j] = above * (like + below) * ink


@numba.njit
def fill_band(s: Any, segment: Segment, window: Window, r: int) -> int:
    """The factors of the columns' cuts for a band of rows from `r` on; returns the row after the band.

    A segment so sharp that one pixel's step is out of range has bands of one row, and fills its steps again here.
    """
    like, pixel, soft = s.dtype.type(1), segment.pixel, segment.softness
    _, far, near, _ = exponents(s)
    if window.steep:
        fill_steep_row(s, segment, window, r)
        return r + 1
    rows = min(2 * near / max(abs(soft) * pixel, 1e-9), 1e6)
    end = min(r + max(int(rows), 2), window.bottom)
    middle, step_down = (r + end) * 0.5 * pixel, s[PRODUCT]
    for j in range(whole(end - r)):
        p, u = (np.float64(np.int32(j)) + r) * pixel, np.uint64(r) + j
        s[LEVEL_A + u] = exponential(clamp(soft * (p - middle), -near, near), like)
        s[LEVEL_B + u] = step_down / s[LEVEL_A + u]
    left = np.uint64(window.left)
    for j in range(whole(window.right - window.left)):
        c = np.float64(np.int32(j)) + window.left
        y = segment.y1 + ((c + 0.5) * pixel - segment.x1) * segment.rise
        s[CUT_A + left + j] = exponential(clamp(soft * (middle - y), -far, far), like)
        s[CUT_B + left + j] = like / s[CUT_A + left + j]
    return end


@numba.njit
def fill_steep_row(s: Any, segment: Segment, window: Window, r: int) -> None:
    """Row `r`'s own factors, for segments whose steps from pixel to pixel are out of range."""
    like, pixel, soft = s.dtype.type(1), segment.pixel, segment.softness
    _, far, _, _ = exponents(s)
    x, u, left = segment.x1 + ((r + 0.5) * pixel - segment.y1) * segment.run, np.uint64(r), np.uint64(window.left)
    s[ROW_A + u] = s[ROW_B + u] = s[LEVEL_A + u] = s[LEVEL_B + u] = like
    for j in range(whole(window.right - window.left)):
        p = (np.float64(np.int32(j)) + window.left) * pixel
        y = segment.y1 + (p + 0.5 * pixel - segment.x1) * segment.rise
        s[CUT_A + left + j] = exponential(clamp(soft * (r * pixel - y), -far, far), like)
        s[CUT_B + left + j] = exponential(clamp(soft * (y - (r + 1) * pixel), -far, far), like)
        s[STEP_A + j] = exponential(clamp(soft * (p - x), -far, far), like)
        s[STEP_B + j] = exponential(clamp(soft * (x - p - pixel), -far, far), like)


@numba.njit
def fill_stretches(s: Any, segment: Segment, window: Window) -> None:
    """Each row's first column, how many, and the first one's index into the steps: those that the line can reach.

    Stretches are whole vectors and begin anywhere, but early enough to end where the columns' factors do. Fills the
    rows' own factors as well, which count from the same nearest column as the steps.
    """
    like, near = s.dtype.type(1), exponents(s)[2]
    pixel, left, right, top = segment.pixel, window.left, window.right, window.top
    edges, scale, lanes = (float(left), float(right)), 1.0 / segment.pixel, np.int32(LANES)
    end, middle = np.int32(left + whole(right - left)), np.int32(right - left + LANES)
    lean = max(abs(segment.run), 1.0 / max(abs(segment.rise), 1e-30))
    x_low, x_high = min(segment.x1, segment.x2), max(segment.x1, segment.x2)
    y_low, y_high = min(segment.y1, segment.y2), max(segment.y1, segment.y2)
    for j in range(whole(window.bottom - top)):
        p = (np.float64(np.int32(j)) + top) * pixel
        x = segment.x1 + (p + 0.5 * pixel - segment.y1) * segment.run
        # rows beyond the segment's end are fainter already: less of the reach is left for the columns
        rho = max(window.rho - max(max(y_low - p - pixel, p - y_high), 0.0), 0.0)
        half = lean * (0.5 * pixel + rho) + rho
        first = np.int32(clamp(max(x - half, x_low - rho) * scale - 1, edges[0], edges[1]))
        last = np.int32(clamp(min(x + half, x_high + rho) * scale + 2, edges[0], edges[1]))
        last = max(first, last)
        count = (last - first + lanes - np.int32(1)) // lanes * lanes
        first = min(first, end - count)
        u, nearest = np.uint64(top) + j, clamp(np.floor(x * scale), edges[0], edges[1])
        s[ROW_A + u] = exponential(clamp(segment.softness * (nearest * pixel - x), -near, near), like)
        s[ROW_B + u] = like / s[ROW_A + u]
        s[FIRST + u] = first
        s[COUNT + u] = count
        s[STEP + u] = first - np.int32(left) if window.steep else first - np.int32(nearest) + middle


@numba.njit
def pad(image: Any, padded: Any) -> None:
    """Copy `image` `(height, width)` into rows of whole vectors."""
    height, width = image.shape
    for r in range(height):
        start = r * padded_width(width)
        padded[start : start + width] = image[r]


@numba.njit
def unpad(padded: Any, image: Any) -> None:
    """Copy rows of whole vectors back into `image` `(height, width)`."""
    height, width = image.shape
    for r in range(height):
        start = r * padded_width(width)
        image[r] = padded[start : start + width]


@numba.njit
def clear_sums(s: Any, sums: Any, window: Window) -> None:
    """Zero the columns' sums, and the rows' (which are written once each) where they run on past the window."""
    left, bottom = np.uint64(window.left), np.uint64(window.bottom)
    for k in range(12):
        start = np.uint64(k) * STRIDE + left
        for j in range(whole(window.right - window.left)):
            sums[start + j] = 0
    for j in range(np.uint64(LANES)):
        s[ROW_Q + bottom + j] = 0
        s[ROW_T + bottom + j] = 0
        s[ROW_PT + bottom + j] = 0


@numba.njit
def merge_sums(s: Any, sums: Any, window: Window) -> None:
    """Add the four sets of the columns' sums up."""
    left, two, three = np.uint64(window.left), STRIDE + STRIDE, STRIDE + STRIDE + STRIDE
    for j in range(whole(window.right - window.left)):
        a, b = left + j, left + j + three
        c, d = b + three, b + three + three
        s[SUM_Q + left + j] = (sums[a] + sums[b]) + (sums[c] + sums[d])
        s[SUM_T + left + j] = (sums[a + STRIDE] + sums[b + STRIDE]) + (sums[c + STRIDE] + sums[d + STRIDE])
        s[SUM_PT + left + j] = (sums[a + two] + sums[b + two]) + (sums[c + two] + sums[d + two])


@numba.njit
def total_of_rows(s: Any, window: Window) -> float:
    """The sum of gradient times mask over the window."""
    total, top = 0.0, np.uint64(window.top)
    for j in range(whole(window.bottom - window.top)):
        total += np.float64(s[ROW_Q + top + j])
    return total


@numba.njit
def held_slope(over: float, below: float) -> Any:
    """Derivatives of over/below by `over` and by `below`, and the slope, the denominator held off zero."""
    if abs(below) >= FLATTEST:
        return 1 / below, -over / (below * below), over / below
    held = -FLATTEST if below < 0 else FLATTEST
    return 1 / held, 0.0, over / held


@numba.njit(inline="always")
def share_of_low(first: float, second: float) -> float:
    """How much of min(first, second)'s gradient is the first's; equal ends share it, as torch.minimum does."""
    return 1.0 if first < second else (0.5 if first == second else 0.0)
