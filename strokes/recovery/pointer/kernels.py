"""One step of many pens, without the matrix products: what each sees, where it goes, and whether it is lifted.

These say what `strokes.recovery.pointer.network` says of `Stand`, `observe` and `geometry`, pen by pen and with no
array between: several times as fast on a processor, and other threads go on meanwhile. Where a picture has no ink its
only token is a pixel that counts for nothing.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from strokes.ink.drawing import FloatArray, IntArray
from strokes.recovery.pointer.network import END, GEOMETRY, GO, LIFT, MIDDLE_PX, NEAR_PX, REACH_PX, VISIT_PX

DOUBT = 0.08
"""A chance to stop at a point that counts towards stopping at the next."""
NOWHERE = -1
"""The token of a pen that hasn't begun."""


@njit(cache=True, nogil=True, fastmath=True)
def stand(
    pictures: IntArray,
    tokens: IntArray,
    counts: IntArray,
    places_px: FloatArray,
    features: FloatArray,
    begin: FloatArray,
    whole: FloatArray,
    pulls: FloatArray,
    values: FloatArray,
    by_air: FloatArray,
    here_px: FloatArray,
    visited: FloatArray,
    observed: FloatArray,
) -> None:
    """Put each pen on its token, and fill `observed` with what the network is told there.

    Args:
        pictures: (k,) the picture of each pen.
        tokens: (k,) where it comes to, `NOWHERE` before it begins.
        counts: (pictures,) tokens of each picture.
        places_px: (pictures, n, 2); and `features`, (pictures, n, …), of each token.
        begin: features of a pen that hasn't begun.
        whole: (pictures, …) of each picture.
        pulls: (pictures, pools, n) how much each pooling weighs a token.
        values: (pictures, n, …) what is pooled.
        by_air: (k,) how each pen came; see `Stand`.
        here_px: (k, 2) where each pen was; set to where it is.
        visited: (k, n) how much of each token it has walked over; updated.
        observed: (k, observed) filled.
    """
    pools, width = pulls.shape[1], values.shape[2]
    near = len(NEAR_PX)
    for i in range(len(pictures)):
        p, token, row = pictures[i], tokens[i], observed[i]
        before_x, before_y = here_px[i]
        if token != NOWHERE:
            here_px[i] = places_px[p, token]
        x, y = here_px[i]
        begins = features.shape[2]
        row[:begins] = features[p, token] if token != NOWHERE else begin
        starts = begins + whole.shape[1]
        row[begins:starts] = whole[p]
        pooled = row[starts : starts + (pools + near) * width].reshape(pools + near, width)
        pooled[:] = 0
        sums = np.full(pools + near, np.float32(1e-3))
        left_over = np.float32(0)
        for t in range(counts[p]):
            away_x, away_y = places_px[p, t, 0] - x, places_px[p, t, 1] - y
            square = away_x * away_x + away_y * away_y
            if token != NOWHERE:
                visited[i, t] = max(visited[i, t], np.exp(square * np.float32(-0.5 / VISIT_PX**2)))
            left = np.float32(1) - visited[i, t]
            left_over += left
            for q in range(pools):
                _pool(left * pulls[p, q, t], values[p, t], sums, pooled, q)
            for q in range(near):
                _pool(left * np.exp(square * np.float32(-0.5) / _near_square(q)), values[p, t], sums, pooled, pools + q)
        for q in range(pools + near):
            pooled[q] /= sums[q]
        row[-6], row[-5] = (x - MIDDLE_PX) / 10, (y - MIDDLE_PX) / 10
        row[-4], row[-3] = (x - before_x) / REACH_PX, (y - before_y) / REACH_PX
        row[-2], row[-1] = by_air[i], left_over / 10


@njit(cache=True, nogil=True, fastmath=True)
def go(
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
    tokens: IntArray,
) -> None:
    """Choose each pen's next token.

    Args:
        pictures, counts, places_px, here_px, visited: as in `stand`.
        keys: (pictures, n, key) of each token.
        asked: (k, key + `GEOMETRY`) the pen's query of content, and of place.
        temperatures: (k,) 0 for the likeliest token.
        chances: (k,) random, 0 to 1, which decide the others.
        likelihood: (k,) what was chosen is added to it.
        tokens: (k,) filled.
    """
    key = keys.shape[2]
    logits = np.zeros(keys.shape[1], np.float32)
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
            logits[t] = match / 8 + place
        own = logits[: max(counts[p], 1)]
        tokens[i] = _choose(own, temperatures[i], chances[i])
        likelihood[i] += own[tokens[i]] - _log_sum(own)


@njit(cache=True, nogil=True, fastmath=True)
def lift(
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
        temperatures, chances, likelihood: as in `go`.
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


@njit(cache=True, inline="always")
def _near_square(number: int) -> np.float32:
    """The square of a neighbourhood's reach."""
    return np.float32(NEAR_PX[number] ** 2)


@njit(cache=True, fastmath=True, inline="always")
def _pool(weight: np.float32, values: FloatArray, sums: FloatArray, pooled: FloatArray, q: int) -> None:
    """Add a token's values, weighed, to pool `q`."""
    sums[q] += weight
    for j in range(len(values)):
        pooled[q, j] += weight * values[j]


@njit(cache=True, fastmath=True)
def _see(away_x: np.float32, away_y: np.float32, visited: np.float32, seen: FloatArray) -> None:
    """Fill `seen` (`GEOMETRY`,) with a token as seen from the pen."""
    x, y = away_x / np.float32(REACH_PX), away_y / np.float32(REACH_PX)
    three = np.float32(3)
    near_x, near_y = min(max(x, -three), three), min(max(y, -three), three)
    square = away_x * away_x + away_y * away_y
    distance = np.sqrt(square + np.float32(1e-6)) / np.float32(REACH_PX)
    close, around = np.exp(square / np.float32(-4.5)), np.exp(square / np.float32(-32))
    seen[0], seen[1] = x, y
    seen[2], seen[3], seen[4] = near_x * near_x, near_y * near_y, near_x * near_y
    seen[5], seen[6], seen[7] = distance, close, around
    seen[8], seen[9], seen[10], seen[11] = visited, visited * close, visited * around, visited * distance


@njit(cache=True, fastmath=True)
def _log_sum(logits: FloatArray) -> float:
    """The logarithm of the sum of the exponentials."""
    most = logits.max()
    logarithm: float = most + np.log(np.exp(logits - most).sum())
    return logarithm


@njit(cache=True, fastmath=True)
def _choose(logits: FloatArray, temperature: float, chance: float) -> int:
    """The likeliest at temperature 0, else that which `chance`, 0 to 1, falls on."""
    best = int(np.argmax(logits))
    if temperature <= 0:
        return best
    sums = np.cumsum(np.exp((logits - logits[best]) / temperature))
    return min(int(np.searchsorted(sums, chance * sums[-1], side="right")), len(logits) - 1)
