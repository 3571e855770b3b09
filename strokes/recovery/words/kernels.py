"""One step of many pens over strips, without the matrix products: as `StripNetwork` has it, pen by pen.

As `strokes.recovery.pointer.kernels`, which says how pens choose and are lifted; what differs is what a pen over a
strip sees: its surroundings instead of the whole glyph, and the ink that is left behind it and ahead of it.
"""

from __future__ import annotations

import numba
import numpy as np

from raster.kernels.compiling import compiled
from strokes.ink.drawing import BoolArray, FloatArray, IntArray
from strokes.recovery.pointer.formulas import LEAST_WEIGHT, POOL_REACH_PX, REACH_PX, VISIT_PX, formulas
from strokes.recovery.pointer.kernels import NOWHERE, _choose, _log_sum, score
from strokes.recovery.words.network import BEYOND, DISTANT_PX, MOST_DISTANT, NEAREST, STRIP_GEOMETRY, WINDOW_PX

NOTHING = np.float32(1e-6)
"""Ink that weighs less is left out of a pool."""
UNTOUCHED_PX2 = np.float32(36.0)
"""A step walks over no pixel whose squared distance is more."""


@numba.njit(fastmath=True, forceinline=True)
def _clip(value: np.float32, least: np.float32, most: np.float32) -> np.float32:
    return min(max(value, least), most)


nearness = numba.njit(fastmath=True, forceinline=True)(formulas(np.exp, np.sqrt, _clip)[0])


@compiled(fastmath=True)
def observe_strips(
    pictures: IntArray,
    tokens: IntArray,
    counts: IntArray,
    places_px: FloatArray,
    features: FloatArray,
    context: FloatArray,
    relative: FloatArray,
    pool_weights: FloatArray,
    values: FloatArray,
    start_token: FloatArray,
    start_context: FloatArray,
    by_air: FloatArray,
    here_px: FloatArray,
    visited: FloatArray,
    observed: FloatArray,
) -> None:
    """Put each pen on its token, and fill `observed` with what the network observes there.

    Args:
        pictures: (k,) the strip of each pen.
        tokens: (k,) where it comes to, `NOWHERE` before it begins.
        counts: (strips,) tokens of each strip.
        places_px, features, context, relative, values: (strips, n, …) of each token.
        pool_weights: (strips, pools, n) how much each pooling weighs a token.
        start_token: features of a pen that hasn't begun; `start_context` (strips, …) its surroundings.
        by_air: (k,) how each pen came; see `StripState`.
        here_px: (k, 2) where each pen was; set to where it is.
        visited: (k, n) how much of each token it has walked over; updated.
        observed: (k, observed) filled.
    """
    pools, width, near = pool_weights.shape[1], values.shape[2], len(POOL_REACH_PX)
    half, inner = BEYOND // 2, pools + near
    for i in range(len(pictures)):
        p, token, row = pictures[i], tokens[i], observed[i]
        before_x, before_y = here_px[i]
        if token != NOWHERE:
            here_px[i] = places_px[p, token]
        x, y = here_px[i]
        begins = features.shape[2]
        starts = begins + context.shape[2]
        row[:begins] = features[p, token] if token != NOWHERE else start_token
        row[begins:starts] = context[p, token] if token != NOWHERE else start_context[p]
        pooled = np.zeros((inner + BEYOND, width), np.float32)
        sums = np.full(inner + BEYOND, np.float32(LEAST_WEIGHT))
        amounts = np.zeros(3, np.float32)
        for t in range(counts[p]):
            away_x, away_y = places_px[p, t, 0] - x, places_px[p, t, 1] - y
            square = away_x * away_x + away_y * away_y
            if token != NOWHERE and square < UNTOUCHED_PX2:
                visited[i, t] = max(visited[i, t], nearness(square, VISIT_PX))
            left = np.float32(1) - visited[i, t]
            inside = left * nearness(away_x * away_x, WINDOW_PX)
            outside = left - inside
            amounts[0] += inside
            if inside > NOTHING:
                for q in range(pools):
                    _pool(inside * pool_weights[p, q, t], values[p, t], sums, pooled, q)
                for q in range(near):
                    weight = left * nearness(square, POOL_REACH_PX[q])
                    if weight > NOTHING:
                        _pool(weight, values[p, t], sums, pooled, pools + q)
            if outside > NOTHING:
                ahead = 1 if away_x >= 0 else 0
                amounts[1 + ahead] += outside
                for q in range(ahead * half, (ahead + 1) * half):
                    _pool(outside * pool_weights[p, q, t], values[p, t], sums, pooled, inner + q)
        filled = starts
        for q in range(inner + BEYOND):
            if q == inner:
                filled += 6
            row[filled : filled + width] = pooled[q] / sums[q]
            filled += width
        between = starts + inner * width
        nearest = np.float32(NEAREST)
        row[between], row[between + 1], row[-3] = 0, 0, 0
        if token != NOWHERE:
            row[between], row[between + 1], row[-3] = relative[p, token]
        row[between + 2] = min(max((here_px[i, 0] - before_x) / np.float32(REACH_PX), -nearest), nearest)
        row[between + 3] = min(max((here_px[i, 1] - before_y) / np.float32(REACH_PX), -nearest), nearest)
        row[between + 4], row[between + 5] = by_air[i], amounts[0] / 10
        row[-2], row[-1] = np.log1p(amounts[1]) / 4, np.log1p(amounts[2]) / 4


@compiled(fastmath=True)
def choose_strip_tokens(
    pictures: IntArray,
    counts: IntArray,
    places_px: FloatArray,
    keys: FloatArray,
    here_px: FloatArray,
    visited: FloatArray,
    waiting: BoolArray,
    asked: FloatArray,
    temperatures: FloatArray,
    chances: FloatArray,
    likelihood: FloatArray,
    tokens: IntArray,
) -> None:
    """Choose each pen's next token, as `choose_tokens` does for glyphs, by what pens over strips see."""
    key = keys.shape[2]
    logits = np.zeros(keys.shape[1], np.float32)
    seen = np.zeros(STRIP_GEOMETRY, np.float32)
    for i in range(len(pictures)):
        if waiting[i]:
            tokens[i] = NOWHERE
            continue
        p = pictures[i]
        x, y = here_px[i]
        for t in range(counts[p]):
            match = np.float32(0)
            for j in range(key):
                match += asked[i, j] * keys[p, t, j]
            _see(places_px[p, t, 0] - x, places_px[p, t, 1] - y, visited[i, t], seen)
            place = np.float32(0)
            for j in range(STRIP_GEOMETRY):
                place += asked[i, key + j] * seen[j]
            logits[t] = score(match, place)
        own = logits[: max(counts[p], 1)]
        tokens[i] = _choose(own, temperatures[i], chances[i])
        likelihood[i] += own[tokens[i]] - _log_sum(own)


@compiled(fastmath=True)
def _see(away_x: np.float32, away_y: np.float32, visited: np.float32, seen: FloatArray) -> None:
    """Fill `seen` (`STRIP_GEOMETRY`,) with a token as seen from the pen."""
    three, six = np.float32(3), np.float32(NEAREST)
    x = min(max(away_x / np.float32(REACH_PX), -six), six)
    y = min(max(away_y / np.float32(REACH_PX), -six), six)
    near_x, near_y = min(max(x, -three), three), min(max(y, -three), three)
    square = away_x * away_x + away_y * away_y
    distance = np.sqrt(square + np.float32(1e-6)) / np.float32(REACH_PX)
    near = min(distance, six)
    close, around = np.exp(square / np.float32(-4.5)), np.exp(square / np.float32(-32))
    farthest = np.float32(MOST_DISTANT)
    far_x = min(max(away_x / np.float32(DISTANT_PX), -farthest), farthest)
    far_y = min(max(away_y / np.float32(DISTANT_PX), -farthest), farthest)
    far, left = np.log1p(distance), np.float32(1) - visited
    seen[0], seen[1] = x, y
    seen[2], seen[3], seen[4] = near_x * near_x, near_y * near_y, near_x * near_y
    seen[5], seen[6], seen[7] = near, close, around
    seen[8], seen[9], seen[10], seen[11] = visited, visited * close, visited * around, visited * near
    seen[12], seen[13], seen[14], seen[15] = far_x, far_y, abs(far_x), far
    seen[16], seen[17], seen[18], seen[19] = left * far_x, left * abs(far_x), left * far, left * far_y


@compiled(fastmath=True, inline="always")
def _pool(weight: np.float32, values: FloatArray, sums: FloatArray, pooled: FloatArray, q: int) -> None:
    """Add a token's values, weighed, to pool `q`."""
    sums[q] += weight
    for j in range(len(values)):
        pooled[q, j] += weight * values[j]
