"""One step of many pens, without the matrix products: what each sees, where it goes, and whether it is lifted.

These say what `strokes.recovery.pointer.network` says of `PenState`, `observe` and `geometry`, by the same formulas,
but pen by pen and with no array between: several times as fast on a processor, and other threads go on meanwhile. Where
a picture has no ink its only token is a pixel that counts for nothing.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.ink.drawing import FloatArray, IntArray
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

inlined = numba.njit(fastmath=True, forceinline=True)


@inlined
def _clip(value: np.float32, least: np.float32, most: np.float32) -> np.float32:
    return min(max(value, least), most)


nearness, see = (inlined(formula) for formula in formulas(np.exp, np.sqrt, _clip))
tell_place, tell_step, tell_left, score = (inlined(formula) for formula in (from_middle, from_before, ink_left, logit))


@compiled(fastmath=True)
def observe(
    pictures: IntArray,
    tokens: IntArray,
    counts: IntArray,
    places_px: FloatArray,
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
        counts: (pictures,) tokens of each picture.
        places_px: (pictures, n, 2); and `features`, (pictures, n, …), of each token.
        start_token: features of a pen that hasn't begun.
        context: (pictures, …) of each picture.
        pool_weights: (pictures, pools, n) how much each pooling weighs a token.
        values: (pictures, n, …) what is pooled.
        by_air: (k,) how each pen came; see `PenState`.
        here_px: (k, 2) where each pen was; set to where it is.
        visited: (k, n) how much of each token it has walked over; updated.
        observed: (k, observed) filled.
    """
    pools, width = pool_weights.shape[1], values.shape[2]
    near = len(POOL_REACH_PX)
    for i in range(len(pictures)):
        p, token, row = pictures[i], tokens[i], observed[i]
        before_x, before_y = here_px[i]
        if token != NOWHERE:
            here_px[i] = places_px[p, token]
        x, y = here_px[i]
        begins = features.shape[2]
        row[:begins] = features[p, token] if token != NOWHERE else start_token
        starts = begins + context.shape[1]
        row[begins:starts] = context[p]
        pooled = row[starts : starts + (pools + near) * width].reshape(pools + near, width)
        pooled[:] = 0
        sums = np.full(pools + near, np.float32(LEAST_WEIGHT))
        left_over = np.float32(0)
        for t in range(counts[p]):
            away_x, away_y = places_px[p, t, 0] - x, places_px[p, t, 1] - y
            square = away_x * away_x + away_y * away_y
            if token != NOWHERE:
                visited[i, t] = max(visited[i, t], nearness(square, VISIT_PX))
            left = np.float32(1) - visited[i, t]
            left_over += left
            for q in range(pools):
                _pool(left * pool_weights[p, q, t], values[p, t], sums, pooled, q)
            for q in range(near):
                _pool(left * nearness(square, POOL_REACH_PX[q]), values[p, t], sums, pooled, pools + q)
        for q in range(pools + near):
            pooled[q] /= sums[q]
        row[-6], row[-5] = tell_place(x), tell_place(y)
        row[-4], row[-3] = tell_step(x, before_x), tell_step(y, before_y)
        row[-2], row[-1] = by_air[i], tell_left(left_over)


@compiled(fastmath=True)
def choose_tokens(
    pictures: IntArray,
    counts: IntArray,
    places_px: FloatArray,
    keys: FloatArray,
    here_px: FloatArray,
    visited: FloatArray,
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
        pictures, counts, places_px, here_px, visited: as in `observe`.
        keys: (pictures, n, key) of each token.
        asked: (k, key + `GEOMETRY`) the pen's query of content, and of place.
        temperatures: (k,) 0 for the likeliest token.
        chances: (k,) random, 0 to 1, which decide the others.
        likelihood: (k,) what was chosen is added to it.
        doubt: (k, 2) the chance of tokens further than `ELSEWHERE_PX` from it: the largest, and the sum over steps.
        tokens: (k,) filled.
    """
    key = keys.shape[2]
    logits, shares = np.zeros(keys.shape[1], np.float32), np.zeros(keys.shape[1], np.float32)
    seen = np.zeros(GEOMETRY, np.float32)
    for i in range(len(pictures)):
        p = pictures[i]
        x, y = here_px[i]
        for t in range(counts[p]):
            match = np.float32(0)
            for j in range(key):
                match += asked[i, j] * keys[p, t, j]
            _see(places_px[p, t, 0] - x, places_px[p, t, 1] - y, visited[i, t], seen)
            place = np.float32(0)
            for j in range(GEOMETRY):
                place += asked[i, key + j] * seen[j]
            logits[t] = score(match, place)
        own = logits[: max(counts[p], 1)]
        total = _log_sum(own)
        if temperatures[i] > 0:
            tokens[i] = _choose(own, temperatures[i], chances[i])
        else:
            shares[: len(own)] = np.exp(own - total)
            tokens[i], elsewhere = _choose_place(shares[: len(own)], places_px[p])
            doubt[i, 0] = max(doubt[i, 0], elsewhere)
            doubt[i, 1] += elsewhere
        likelihood[i] += own[tokens[i]] - total


@compiled(fastmath=True)
def choose_flags(
    logits: FloatArray,
    temperatures: FloatArray,
    chances: FloatArray,
    likelihood: FloatArray,
    stopping: FloatArray,
    doubted: NDArray[np.bool_],
    flags: IntArray,
) -> None:
    """Choose what each pen does where it stands.

    The likeliest walk must not go past the end of a stroke because two neighbouring points share the chance of being
    it: the chances of stopping add up over neighbours.

    Args:
        logits: (k, 3) of `GO`, `LIFT` and `END`.
        temperatures, chances, likelihood: as in `choose_tokens`.
        stopping: (k,) the chance to have stopped by now; updated.
        doubted: (k,) whether the pen doubted at its last point whether to go on; updated.
        flags: (k,) filled.
    """
    for i in range(len(logits)):
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


@compiled(fastmath=True, inline="always")
def _pool(weight: np.float32, values: FloatArray, sums: FloatArray, pooled: FloatArray, q: int) -> None:
    """Add a token's values, weighed, to pool `q`."""
    sums[q] += weight
    for j in range(len(values)):
        pooled[q, j] += weight * values[j]


@compiled(fastmath=True)
def _see(away_x: np.float32, away_y: np.float32, visited: np.float32, seen: FloatArray) -> None:
    """Fill `seen` (`GEOMETRY`,) with a token as seen from the pen."""
    told = see(away_x, away_y, away_x * away_x + away_y * away_y, visited)
    for j in range(GEOMETRY):
        seen[j] = told[j]


@compiled(fastmath=True)
def _choose_place(shares: FloatArray, places_px: FloatArray) -> tuple[int, float]:
    """The likeliest token of the likeliest neighbourhood, by each token's chance, and the chance of all far from it."""
    best, most = 0, np.float32(-1)
    for t in range(len(shares)):
        if shares[t] < LEAST_SHARE and most >= 0:
            continue
        around, peak = np.float32(0), t
        for u in range(len(shares)):
            away_x, away_y = places_px[u, 0] - places_px[t, 0], places_px[u, 1] - places_px[t, 1]
            if abs(away_x) < BESIDE_PX and abs(away_y) < BESIDE_PX:
                around += shares[u]
                if shares[u] > shares[peak]:
                    peak = u
        if around > most:
            best, most = peak, around
    far = 0.0
    for u in range(len(shares)):
        away_x, away_y = places_px[u, 0] - places_px[best, 0], places_px[u, 1] - places_px[best, 1]
        if away_x * away_x + away_y * away_y > ELSEWHERE_PX * ELSEWHERE_PX:
            far += shares[u]
    return best, far


@compiled(fastmath=True)
def _log_sum(logits: FloatArray) -> float:
    """The logarithm of the sum of the exponentials."""
    most = logits.max()
    logarithm: float = most + np.log(np.exp(logits - most).sum())
    return logarithm


@compiled(fastmath=True)
def _choose(logits: FloatArray, temperature: float, chance: float) -> int:
    """The likeliest at temperature 0, else that which `chance`, 0 to 1, falls on."""
    best = int(np.argmax(logits))
    if temperature <= 0:
        return best
    sums = np.cumsum(np.exp((logits - logits[best]) / temperature))
    return min(int(np.searchsorted(sums, chance * sums[-1], side="right")), len(logits) - 1)
