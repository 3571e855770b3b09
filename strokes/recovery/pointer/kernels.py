"""One step of many pens, without the matrix products: what each sees, where it goes, and whether it is lifted.

These say what `strokes.recovery.pointer.network` says of `PenState`, `observe` and `geometry`, by the same formulas,
but pen by pen, for sixteen tokens at a time, and with no array between: many times as fast on a processor, and other
threads go on meanwhile. Tokens are laid out in whole lanes; what is beyond a picture's own counts as walked over. Where
a picture has no ink its only token is a pixel that counts for nothing.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from raster.kernels.compiling import FAST, Kernel, compiled
from raster.kernels.lanes import (
    LANES,
    load,
    load_brief,
    maximum,
    minimum,
    power_of_two,
    root,
    store,
    total,
    where_less,
    wide,
)
from raster.kernels.tables import BITS
from strokes.ink.drawing import BoolArray, FloatArray, IntArray
from strokes.recovery.pointer.formulas import (
    GEOMETRY,
    LEAST_WEIGHT,
    POOL_REACH_PX,
    VISIT_PX,
    formulas,
    from_before,
    from_middle,
    ink_left,
    logit,
)
from strokes.recovery.pointer.network import END, GO, LIFT

DOUBT = 0.08
"""A chance to stop at a point that counts towards stopping at the next."""
BESIDE_PX = 1.5
"""A pixel's neighbours, corners among them, are nearer than this in either direction."""
ELSEWHERE_PX = 2.5
"""A chance to go further from the chosen pixel than this is doubt."""
LEAST_SHARE = 1e-4
"""A pixel less likely than this is not asked for its neighbourhood."""
NOWHERE = -1
"""The token of a pen that hasn't begun."""
NEVER = -1e4
"""The logit of what is no token of the picture."""
LEAST_BITS = 120.0
"""Powers of two are taken up to this one, and down to minus this one."""


def inlined(function: Kernel) -> Kernel:
    """Compile a function into the kernels; what `FAST` allows is all, since powers of two rest on rounding."""
    kernel: Kernel = numba.njit(forceinline=True, **FAST)(function)
    return kernel


@inlined
def clip(value: Any, least: Any, most: Any) -> Any:
    """Lanes between two bounds."""
    return minimum(maximum(value, least), most)


@inlined
def exp(value: Any) -> Any:
    """The exponentials of lanes, 1e-36 to 1e36."""
    return power_of_two(clip(value * BITS, -LEAST_BITS, LEAST_BITS))


nearness, see = (inlined(formula) for formula in formulas(exp, root, clip))
tell_place, tell_step = inlined(from_middle), inlined(from_before)
tell_left, score = inlined(ink_left), inlined(logit)


@compiled(**FAST)
def observe(
    pictures: IntArray,
    tokens: IntArray,
    starts: IntArray,
    counts: IntArray,
    x_px: FloatArray,
    y_px: FloatArray,
    features: FloatArray,
    start_token: FloatArray,
    context: FloatArray,
    pool_weights: FloatArray,
    values: FloatArray,
    by_air: FloatArray,
    here_px: FloatArray,
    visited: FloatArray,
    observed: FloatArray,
) -> None:
    """Put each pen on its token, and fill `observed` with what the network observes there.

    Args:
        pictures: (k,) the picture of each pen.
        tokens: (k,) where it comes to, `NOWHERE` before it begins.
        starts: (pictures,) of each picture the first row in what is told of all pictures' tokens.
        counts: (pictures,) tokens of each picture.
        x_px, y_px: (pictures, n) of each token; n is a multiple of `LANES`.
        features: (tokens, …) of each token.
        start_token: features of a pen that hasn't begun.
        context: (pictures, …) of each picture.
        pool_weights: (pictures, pools, n) how much each pooling weighs a token.
        values: (tokens, …) what is pooled, float32 or bfloat16's bits; twice whole lanes, added up side by side.
        by_air: (k,) how each pen came; see `PenState`.
        here_px: (k, 2) where each pen was; set to where it is.
        visited: (k, n) how much of each token it has walked over; updated.
        observed: (k, observed) filled.
    """
    pools, near, begins = pool_weights.shape[1], len(POOL_REACH_PX), features.shape[1]
    ends = begins + context.shape[1]
    width = (observed.shape[1] - ends - 6) // (pools + near)
    weights = np.zeros((pools + near, x_px.shape[1]), np.float32)
    pooled = np.zeros(values.shape[1], np.float32)
    for i in range(len(pictures)):
        p, token, row = pictures[i], tokens[i], observed[i]
        start, count = starts[p], counts[p]
        before_x, before_y = here_px[i]
        if token != NOWHERE:
            here_px[i, 0], here_px[i, 1] = x_px[p, token], y_px[p, token]
        x, y = here_px[i]
        row[:begins] = features[start + token] if token != NOWHERE else start_token
        row[begins:ends] = context[p]
        left_over = wide(weights, np.float32(0))
        for t in range(0, count, LANES):
            away_x, away_y = load(x_px[p], t) - x, load(y_px[p], t) - y
            square = away_x * away_x + away_y * away_y
            gone = load(visited[i], t)
            if token != NOWHERE:
                gone = maximum(gone, nearness(square, VISIT_PX))
                store(visited[i], t, gone)
            left = np.float32(1) - gone
            left_over = left_over + left
            for q in range(pools):
                store(weights[q], t, left * load(pool_weights[p, q], t))
            for q in range(near):
                store(weights[pools + q], t, left * nearness(square, POOL_REACH_PX[q]))
        for q in range(pools + near):
            _pool(weights[q], values[start : start + count], pooled)
            row[ends + q * width : ends + (q + 1) * width] = pooled[:width]
        row[-6], row[-5] = tell_place(x), tell_place(y)
        row[-4], row[-3] = tell_step(x, before_x), tell_step(y, before_y)
        row[-2], row[-1] = by_air[i], tell_left(total(left_over))


@inlined
def _pool(weights: FloatArray, values: FloatArray, pooled: FloatArray) -> None:
    """The mean of tokens' values (tokens, …), weighed, to `pooled` (…)."""
    for j in range(0, values.shape[1], 2 * LANES):
        weight, left, right = np.float32(LEAST_WEIGHT), wide(weights, np.float32(0)), wide(weights, np.float32(0))
        for t in range(len(values)):
            weight += weights[t]
            left = left + load_brief(values[t], j) * weights[t]
            right = right + load_brief(values[t], j + LANES) * weights[t]
        store(pooled, j, left / weight)
        store(pooled, j + LANES, right / weight)


@compiled(**FAST)
def choose_tokens(
    pictures: IntArray,
    starts: IntArray,
    counts: IntArray,
    x_px: FloatArray,
    y_px: FloatArray,
    keys: FloatArray,
    here_px: FloatArray,
    visited: FloatArray,
    waiting: BoolArray,
    asked: FloatArray,
    temperatures: FloatArray,
    chances: FloatArray,
    likelihood: FloatArray,
    doubt: FloatArray,
    tokens: IntArray,
) -> None:
    """Choose each pen's next token.

    Without randomness that is the likeliest pixel of the neighbourhood (3×3) that is likeliest as a whole: several
    pixels share the chance of one place.

    Args:
        pictures, starts, counts, x_px, y_px, here_px, visited: as in `observe`.
        keys: (tokens, key) of each token, float32 or bfloat16's bits where they are whole lanes.
        waiting: (k,) whether a pen is yet to come from `NOWHERE`.
        asked: (k, key + `GEOMETRY`) the pen's query of content, and of place.
        temperatures: (k,) 0 for the likeliest token.
        chances: (k,) random, 0 to 1, which decide the others.
        likelihood: (k,) what was chosen is added to it.
        doubt: (k, 2) the chance of tokens further than `ELSEWHERE_PX` from it: the largest, and the sum over steps.
        tokens: (k,) filled.
    """
    logits, shares = np.zeros(x_px.shape[1], np.float32), np.zeros(x_px.shape[1], np.float32)
    for i in range(len(pictures)):
        if waiting[i]:
            tokens[i] = NOWHERE
            continue
        p = pictures[i]
        count = max(counts[p], 1)
        own = keys[starts[p] : starts[p] + count]
        most = _ask(asked[i], own, x_px[p], y_px[p], here_px[i], visited[i], logits)
        if temperatures[i] > 0:
            drawn = chances[i] * _share_out(logits, count, most, temperatures[i], shares)
            tokens[i] = _find(shares, drawn, count)
        everything = _share_out(logits, count, most, np.float32(1), shares)
        if temperatures[i] <= 0:
            tokens[i], elsewhere = choose_place(shares, everything, x_px[p], y_px[p], count)
            doubt[i, 0] = max(doubt[i, 0], elsewhere)
            doubt[i, 1] += elsewhere
        likelihood[i] += logits[tokens[i]] - most - np.log(everything)


@inlined
def _ask(
    asked: FloatArray,
    keys: FloatArray,
    x_px: FloatArray,
    y_px: FloatArray,
    here_px: FloatArray,
    visited: FloatArray,
    logits: FloatArray,
) -> Any:
    """Fill `logits` with how each token answers a query, up to whole lanes, and return the highest."""
    count, key = keys.shape
    whole = key // LANES * LANES
    for t in range(count):
        match = wide(logits, np.float32(0))
        for j in range(0, whole, LANES):
            match = match + load_brief(keys[t], j) * load(asked, j)
        logits[t] = total(match)
        for j in range(whole, key):
            logits[t] += keys[t, j] * asked[j]
    for t in range(0, count, LANES):
        away_x, away_y = load(x_px, t) - here_px[0], load(y_px, t) - here_px[1]
        seen = see(away_x, away_y, away_x * away_x + away_y * away_y, load(visited, t))
        place = wide(logits, np.float32(0))
        for j in range(GEOMETRY):
            place = place + seen[j] * asked[key + j]
        store(logits, t, score(load(logits, t), place))
    most = logits[0]
    for t in range(count):
        most = max(most, logits[t])
    logits[count : -(-count // LANES) * LANES] = NEVER
    return most


@inlined
def _share_out(logits: FloatArray, count: int, most: np.float32, temperature: np.float32, shares: FloatArray) -> Any:
    """Fill `shares` with the exponentials of the logits, the highest one's being 1, and return their sum."""
    everything = wide(shares, np.float32(0))
    for t in range(0, count, LANES):
        share = exp((load(logits, t) - most) / temperature)
        store(shares, t, share)
        everything = everything + share
    return total(everything)


@inlined
def _find(shares: FloatArray, drawn: np.float32, count: int) -> int:
    """The token on which a number between 0 and the shares' sum falls."""
    for t in range(count - 1):
        drawn -= shares[t]
        if drawn < 0:
            return t
    return count - 1


@compiled(**FAST)
def choose_place(
    shares: FloatArray, everything: np.float32, x_px: FloatArray, y_px: FloatArray, count: int
) -> tuple[int, float]:
    """The likeliest token of the likeliest neighbourhood, and the chance of all that is far from it.

    `shares` of `count` tokens, filled up to whole lanes, add up to `everything`.
    """
    best, most, nothing = 0, np.float32(-1), np.float32(0)
    for t in range(count):
        if shares[t] < LEAST_SHARE * everything and most >= 0:
            continue
        around = wide(shares, nothing)
        for u in range(0, count, LANES):
            away_x, away_y = load(x_px, u) - x_px[t], load(y_px, u) - y_px[t]
            away = maximum(maximum(away_x, nothing - away_x), maximum(away_y, nothing - away_y))
            around = around + where_less(away, BESIDE_PX, load(shares, u), nothing)
        if total(around) > most:
            best, most = t, total(around)
    peak = best
    for u in range(count):
        beside = abs(x_px[u] - x_px[best]) < BESIDE_PX and abs(y_px[u] - y_px[best]) < BESIDE_PX
        if beside and shares[u] > shares[peak]:
            peak = u
    far = wide(shares, nothing)
    for u in range(0, count, LANES):
        away_x, away_y = load(x_px, u) - x_px[peak], load(y_px, u) - y_px[peak]
        far = far + where_less(ELSEWHERE_PX * ELSEWHERE_PX, away_x * away_x + away_y * away_y, load(shares, u), nothing)
    return peak, total(far) / everything


@compiled(**FAST)
def choose_flags(
    tokens: IntArray,
    logits: FloatArray,
    temperatures: FloatArray,
    chances: FloatArray,
    likelihood: FloatArray,
    stopping: FloatArray,
    doubted: BoolArray,
    flags: IntArray,
) -> None:
    """Choose what each pen does where it stands.

    The likeliest walk must not go past the end of a stroke because two neighbouring points share the chance of being
    it: the chances of stopping add up over neighbours.

    Args:
        tokens: (k,) where each pen is; at `NOWHERE` it counts as lifted.
        logits: (k, 3) of `GO`, `LIFT` and `END`.
        temperatures, chances, likelihood: as in `choose_tokens`.
        stopping: (k,) the chance to have stopped by now; updated.
        doubted: (k,) whether the pen doubted at its last point whether to go on; updated.
        flags: (k,) filled.
    """
    for i in range(len(logits)):
        if tokens[i] == NOWHERE:
            flags[i] = LIFT
            continue
        own = logits[i]
        flag: int = _choose(own, temperatures[i], chances[i])
        total = _log_sum(own)
        likelihood[i] += own[flag] - total
        stop = np.float32(1) - np.exp(own[GO] - total)
        stopping[i] = stop + (1 - stop) * stopping[i] * doubted[i]
        doubted[i] = stop > DOUBT
        if flag == GO and stopping[i] > 0.5 and temperatures[i] == 0:
            flag = LIFT if own[LIFT] >= own[END] else END
        if flag != GO:
            stopping[i] = 0
        flags[i] = flag


@compiled(**FAST)
def _log_sum(logits: FloatArray) -> float:
    """The logarithm of the sum of the exponentials."""
    most = logits.max()
    logarithm: float = most + np.log(np.exp(logits - most).sum())
    return logarithm


@compiled(**FAST)
def _choose(logits: FloatArray, temperature: float, chance: float) -> int:
    """The likeliest at temperature 0, else that which `chance`, 0 to 1, falls on."""
    best = int(np.argmax(logits))
    if temperature <= 0:
        return best
    sums = np.cumsum(np.exp((logits - logits[best]) / temperature))
    return min(int(np.searchsorted(sums, chance * sums[-1], side="right")), len(logits) - 1)
