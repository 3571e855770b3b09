"""The GPU kernels in Triton: the formulas of `raster.kernels.fused` and `raster.kernels.thick`, a tile at a time.

Forward, a program composes all segments into one tile of one drawing. Backward, a program gathers one segment's
gradient over the tiles that it reaches. Slopes and cuts are computed in float64, per row and per column.
"""

import triton
import triton.language as tl

# Triton compiles what follows; global numbers must be its constants
MAXIMUM = tl.constexpr(1)
SOFT_OR = tl.constexpr(2)
FLATTEST = tl.constexpr(1e-4)
POLE = tl.constexpr(1e-20)
SMOOTH = tl.constexpr(1e-12)
SHORTEST = tl.constexpr(1e-14)


@triton.jit  # type: ignore[untyped-decorator]
def bounded_exp(x: tl.tensor) -> tl.tensor:
    """exp(x), which stops growing where the sigmoids it makes are 0 or 1."""
    return tl.exp(tl.minimum(tl.maximum(x, -40.0), 40.0))


@triton.jit  # type: ignore[untyped-decorator]
def segment_at(points: tl.tensor, b: tl.tensor, i: tl.tensor, n: tl.tensor) -> tl.tensor:
    """Ends and softness of segment `i` of drawing `b`, in float64."""
    at = points + (b.to(tl.int64) * n + i) * 3
    x1, y1, soft = tl.load(at).to(tl.float64), tl.load(at + 1).to(tl.float64), tl.load(at + 2).to(tl.float64)
    return x1, y1, tl.load(at + 3).to(tl.float64), tl.load(at + 4).to(tl.float64), soft


@triton.jit  # type: ignore[untyped-decorator]
def below_slope(d: tl.tensor, x1: tl.tensor, y1: tl.tensor, x2: tl.tensor, y2: tl.tensor) -> tl.tensor:
    """The published denominator of a slope whose run is `d`."""
    below = d + 1e-8 * tl.sqrt((x2 - x1) * (x2 - x1) + (y2 - y1) * (y2 - y1) + 1e-7)
    return tl.where(below == 0, POLE, below)


@triton.jit  # type: ignore[untyped-decorator]
def reach_of(soft: tl.tensor, half: tl.tensor, like: tl.tensor) -> tl.tensor:
    """How far from a segment its ink may be felt: below exp(-17), or exp(-37) in float64, it is left out."""
    reach: tl.constexpr = 37.0 if like.dtype.element_ty == tl.float64 else 17.0
    return half + reach / tl.maximum(soft, 1e-9)


@triton.jit  # type: ignore[untyped-decorator]
def within(p: tl.tensor, low: tl.tensor, high: tl.tensor, soft: tl.tensor, pixel: tl.tensor) -> tl.tensor:
    """One side of the soft rectangle for cells that begin at `p`, and what its two sigmoids lack of 1."""
    below, above = bounded_exp(soft * (low - p - pixel)), bounded_exp(soft * (p - high))
    return 1 / ((1 + below) * (1 + above)), below / (1 + below), above / (1 + above)


@triton.jit  # type: ignore[untyped-decorator]
def thick_ink(
    x1: tl.tensor,
    y1: tl.tensor,
    x2: tl.tensor,
    y2: tl.tensor,
    soft: tl.tensor,
    half: tl.tensor,
    x: tl.tensor,
    y: tl.tensor,
) -> tl.tensor:
    """Ink of a line with width at centres (x, y), exp of its argument, place along, way from the line, distance."""
    dx, dy = x2 - x1, y2 - y1
    square = tl.maximum(dx * dx + dy * dy, SHORTEST)
    along = tl.minimum(tl.maximum((x - x1) * (dx / square) + (y - y1) * (dy / square), 0.0), 1.0)
    away_x, away_y = x - x1 - along * dx, y - y1 - along * dy
    distance = tl.sqrt(away_x * away_x + away_y * away_y + SMOOTH)
    rest = bounded_exp((distance - half) * soft)
    return 1 / (1 + rest), rest, along, away_x, away_y, distance


@triton.jit  # type: ignore[untyped-decorator]
def line_sides(cut: tl.tensor, p: tl.tensor, soft: tl.tensor, pixel: tl.tensor) -> tl.tensor:
    """A and B of cells that begin at `p`, of lines cut at `cut`, and (1 + A) (1 + B)."""
    a, b = bounded_exp(soft * (p - cut)), bounded_exp(soft * (cut - p - pixel))
    return a, b, (1 + a) * (1 + b)


@triton.jit  # type: ignore[untyped-decorator]
def forward_kernel(
    points: tl.tensor,
    weights: tl.tensor,
    image: tl.tensor,
    winners: tl.tensor,
    n: tl.tensor,
    height: tl.tensor,
    width: tl.tensor,
    half: tl.constexpr,
    weighted: tl.constexpr,
    mode: tl.constexpr,
    thick: tl.constexpr,
    tile: tl.constexpr,
) -> None:
    """Draw one tile of one drawing (soft-or: one minus the image; max also writes the winning segments)."""
    kind: tl.constexpr = points.dtype.element_ty
    b, across_tiles = tl.program_id(0), tl.cdiv(width, tile)
    top, left = tl.program_id(1) // across_tiles * tile, tl.program_id(1) % across_tiles * tile
    rows, columns = top + tl.arange(0, tile), left + tl.arange(0, tile)
    pixel64 = 1.0 / tl.maximum(height, width).to(tl.float64)
    pixel = pixel64.to(kind)
    p_row, p_column = (rows * pixel64).to(kind)[:, None], (columns * pixel64).to(kind)[None, :]
    total = tl.full((tile, tile), 1 if mode == SOFT_OR else 0, kind)
    winner = tl.full((tile, tile), -1, tl.int32)
    for i in range(n - 1):
        x1, y1, x2, y2, soft = segment_at(points, b, i, n)
        far = reach_of(soft, half, points) + pixel64
        outside = (tl.maximum(x1, x2) + far < left * pixel64) | (tl.minimum(x1, x2) - far > (left + tile) * pixel64)
        outside |= (tl.maximum(y1, y2) + far < top * pixel64) | (tl.minimum(y1, y2) - far > (top + tile) * pixel64)
        if not outside:
            s = soft.to(kind)
            if thick:
                x, y = p_column + pixel / 2, p_row + pixel / 2
                ink, _, _, _, _, _ = thick_ink(x1.to(kind), y1.to(kind), x2.to(kind), y2.to(kind), s, half, x, y)
            else:
                rise = (y2 - y1) / below_slope(x2 - x1, x1, y1, x2, y2)
                run = (x2 - x1) / below_slope(y2 - y1, x1, y1, x2, y2)
                column_cut = (y1 + ((columns + 0.5) * pixel64 - x1) * rise).to(kind)[None, :]
                row_cut = (x1 + ((rows + 0.5) * pixel64 - y1) * run).to(kind)[:, None]
                _, _, by_column = line_sides(column_cut, p_row, s, pixel)
                _, _, by_row = line_sides(row_cut, p_column, s, pixel)
                low_x, high_x = tl.minimum(x1, x2).to(kind), tl.maximum(x1, x2).to(kind)
                low_y, high_y = tl.minimum(y1, y2).to(kind), tl.maximum(y1, y2).to(kind)
                across, _, _ = within(p_column, low_x, high_x, s, pixel)
                down, _, _ = within(p_row, low_y, high_y, s, pixel)
                ink = across * down / tl.minimum(by_column, by_row)
            if weighted:
                ink *= tl.load(weights + b.to(tl.int64) * (n - 1) + i)
            if mode == SOFT_OR:
                total *= tl.maximum(1 - ink, 1e-15 if kind == tl.float64 else 1e-7)
            elif mode == MAXIMUM:
                winner = tl.where(ink > total, i, winner)
                total = tl.where(ink > total, ink, total)
            else:
                total += ink
    at = b.to(tl.int64) * height * width + rows[:, None] * width + columns[None, :]
    inside = (rows[:, None] < height) & (columns[None, :] < width)
    tl.store(image + at, total, mask=inside)
    if mode == MAXIMUM:
        tl.store(winners + at, winner, mask=inside)


@triton.jit  # type: ignore[untyped-decorator]
def held(over: tl.tensor, below: tl.tensor) -> tl.tensor:
    """Derivatives of over/below by `over` and by `below`, and the slope, the denominator held off zero."""
    exact = tl.abs(below) >= FLATTEST
    kept = tl.where(exact, below, tl.where(below < 0, -FLATTEST, FLATTEST))
    return 1 / kept, tl.where(exact, -over / (kept * kept), 0.0), over / kept


@triton.jit  # type: ignore[untyped-decorator]
def low_share(first: tl.tensor, second: tl.tensor) -> tl.tensor:
    """How much of min(first, second)'s gradient is the first's; equal ends share it."""
    return tl.where(first < second, 1.0, tl.where(first == second, 0.5, 0.0))


@triton.jit  # type: ignore[untyped-decorator]
def backward_kernel(
    points: tl.tensor,
    weights: tl.tensor,
    upstream: tl.tensor,
    kept: tl.tensor,
    parts: tl.tensor,
    n: tl.tensor,
    height: tl.tensor,
    width: tl.tensor,
    half: tl.constexpr,
    weighted: tl.constexpr,
    mode: tl.constexpr,
    thick: tl.constexpr,
    tile: tl.constexpr,
) -> None:
    """Gradients of one segment's x1, y1, x2, y2, softness and weight, written to `parts` `(batch, n - 1, 6)`."""
    kind: tl.constexpr = points.dtype.element_ty
    which = tl.program_id(0).to(tl.int64)
    b, i = which // (n - 1), which % (n - 1)
    x1, y1, x2, y2, soft = segment_at(points, b, i, n)
    s, low_x, high_x = soft.to(kind), tl.minimum(x1, x2), tl.maximum(x1, x2)
    low_y, high_y = tl.minimum(y1, y2), tl.maximum(y1, y2)
    pixel64 = 1.0 / tl.maximum(height, width).to(tl.float64)
    pixel = pixel64.to(kind)
    below_x, below_y = below_slope(x2 - x1, x1, y1, x2, y2), below_slope(y2 - y1, x1, y1, x2, y2)
    rise, run = (y2 - y1) / below_x, (x2 - x1) / below_y
    far = reach_of(soft, half, points) + pixel64
    weight = tl.load(weights + which) if weighted else (s * 0 + 1)
    zero = s * 0
    q_sum, soft_sum = zero, zero
    x_low, x_high, x_slope, x_cut = zero, zero, zero, zero
    y_low, y_high, y_slope, y_cut = zero, zero, zero, zero
    first_row = tl.minimum(tl.maximum((low_y - far) / pixel64, 0.0), height * 1.0).to(tl.int32) // tile * tile
    last_row = tl.minimum(tl.maximum((high_y + far) / pixel64 + 1, 0.0), height * 1.0).to(tl.int32)
    first_column = tl.minimum(tl.maximum((low_x - far) / pixel64, 0.0), width * 1.0).to(tl.int32) // tile * tile
    last_column = tl.minimum(tl.maximum((high_x + far) / pixel64 + 1, 0.0), width * 1.0).to(tl.int32)
    for top in range(first_row, last_row, tile):
        for left in range(first_column, last_column, tile):
            rows, columns = top + tl.arange(0, tile), left + tl.arange(0, tile)
            at = b * height * width + rows[:, None] * width + columns[None, :]
            inside = (rows[:, None] < height) & (columns[None, :] < width)
            gradient = tl.load(upstream + at, mask=inside, other=0.0)
            if mode == MAXIMUM:
                gradient = tl.where(tl.load(kept + at, mask=inside, other=-1) == i, gradient, 0.0)
            p_row, p_column = (rows * pixel64).to(kind)[:, None], (columns * pixel64).to(kind)[None, :]
            if thick:
                x, y = p_column + pixel / 2, p_row + pixel / 2
                ink, rest, along, away_x, away_y, distance = thick_ink(
                    x1.to(kind), y1.to(kind), x2.to(kind), y2.to(kind), s, half, x, y
                )
            else:
                column_cut = (y1 + ((columns + 0.5) * pixel64 - x1) * rise).to(kind)[None, :]
                row_cut = (x1 + ((rows + 0.5) * pixel64 - y1) * run).to(kind)[:, None]
                a1, b1, d1 = line_sides(column_cut, p_row, s, pixel)
                a2, b2, d2 = line_sides(row_cut, p_column, s, pixel)
                across, x_in, x_out = within(p_column, low_x.to(kind), high_x.to(kind), s, pixel)
                down, y_in, y_out = within(p_row, low_y.to(kind), high_y.to(kind), s, pixel)
                mask = 1 / tl.minimum(d1, d2)
                ink = across * down * mask
            if mode == SOFT_OR:
                gradient /= tl.maximum(1 - ink * weight, 1e-15 if kind == tl.float64 else 1e-7)
            q = gradient * ink
            q_sum += tl.sum(q)
            if thick:
                edge = q * rest * ink
                pull = edge / distance
                x_low += tl.sum(pull * away_x * (1 - along))
                y_low += tl.sum(pull * away_y * (1 - along))
                x_high += tl.sum(pull * away_x * along)
                y_high += tl.sum(pull * away_y * along)
                soft_sum += tl.sum(edge * (half - distance))
            else:
                share = tl.where(d1 < d2, 1.0, tl.where(d1 == d2, 0.5, 0.0)).to(kind)
                # where an exponential is bounded the mask no longer depends on the cut
                lit1 = tl.abs(s * (p_row - column_cut)) < 40.0 + s * pixel
                lit2 = tl.abs(s * (p_column - row_cut)) < 40.0 + s * pixel
                t1 = tl.where(lit1, q * mask * (a1 - b1) * share, 0.0)
                t2 = tl.where(lit2, q * mask * (a2 - b2) * (1 - share), 0.0)
                product = tl.exp(-s * pixel)
                both = q * mask * (b1 * share + b2 * (1 - share) + product)
                away1 = ((columns + 0.5) * pixel64 - x1).to(kind)[None, :]
                away2 = ((rows + 0.5) * pixel64 - y1).to(kind)[:, None]
                soft_sum += tl.sum(tl.where(lit1, t1 * (column_cut - p_row), 0.0))
                soft_sum += tl.sum(tl.where(lit2, t2 * (row_cut - p_column), 0.0)) + tl.sum(both) * pixel
                soft_sum += tl.sum(
                    q * ((p_column + pixel - low_x.to(kind)) * x_in + (high_x.to(kind) - p_column) * x_out)
                )
                soft_sum += tl.sum(q * ((p_row + pixel - low_y.to(kind)) * y_in + (high_y.to(kind) - p_row) * y_out))
                x_low -= tl.sum(q * x_in)
                x_high += tl.sum(q * x_out)
                y_low -= tl.sum(q * y_in)
                y_high += tl.sum(q * y_out)
                x_slope += tl.sum(t1 * away1)
                x_cut += tl.sum(t1)
                y_slope += tl.sum(t2 * away2)
                y_cut += tl.sum(t2)
    out, scale = parts + which * 6, soft * weight.to(tl.float64)
    if thick:
        tl.store(out + 0, (scale * x_low).to(kind))
        tl.store(out + 1, (scale * y_low).to(kind))
        tl.store(out + 2, (scale * x_high).to(kind))
        tl.store(out + 3, (scale * y_high).to(kind))
    else:
        rise_dy, rise_dx, held_rise = held(y2 - y1, below_x)
        run_dx, run_dy, held_run = held(x2 - x1, below_y)
        to_dx = x_slope * rise_dx + y_slope * run_dx
        to_dy = x_slope * rise_dy + y_slope * run_dy
        x_share, y_share = low_share(x1, x2), low_share(y1, y2)
        tl.store(out, (scale * (y_cut - x_cut * held_rise - to_dx + x_low * x_share + x_high * (1 - x_share))).to(kind))
        tl.store(
            out + 1, (scale * (x_cut - y_cut * held_run - to_dy + y_low * y_share + y_high * (1 - y_share))).to(kind)
        )
        tl.store(out + 2, (scale * (to_dx + x_low * (1 - x_share) + x_high * x_share)).to(kind))
        tl.store(out + 3, (scale * (to_dy + y_low * (1 - y_share) + y_high * y_share)).to(kind))
    tl.store(out + 4, soft_sum * weight)
    tl.store(out + 5, q_sum)
