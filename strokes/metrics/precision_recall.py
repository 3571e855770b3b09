"""Who is near whom: precision and recall of Kynkäänniemi et al. 2019, and each picture's nearest training picture.

"Improved precision and recall metric for assessing generative models": a set's region is the union of balls around its
members, each as far as its k-th nearest other member. Distances are computed in blocks of rows by matrix products.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from strokes.errors import ShapeError
from strokes.ink.drawing import IntArray

NEIGHBOURS = 3
BLOCK_ROWS = 500


def precision_recall(
    generated: NDArray[Any], real: NDArray[Any], *, k: int = NEIGHBOURS, block: int = BLOCK_ROWS
) -> tuple[float, float]:
    """The share of `generated` within the region of `real`, and the share of `real` within that of `generated`.

    Args:
        generated: (n, d) features.
        real: (m, d) features.
        k: which neighbour a ball reaches to.
        block: rows in work at a time; changes no figure.

    Raises:
        ShapeError: a set has no more than k members.
    """
    if min(len(generated), len(real)) <= k:
        raise ShapeError(f"{len(generated)} and {len(real)} pictures; expected more than {k}, the neighbour asked for")
    a, b = np.asarray(generated, np.float64), np.asarray(real, np.float64)
    reach_a, reach_b = squared_reach(a, k=k, block=block), squared_reach(b, k=k, block=block)
    a_inside, b_inside = np.zeros(len(a), np.bool_), np.zeros(len(b), np.bool_)
    for start, apart in squared_distances(a, b, block=block):
        a_inside[start : start + len(apart)] = (apart <= reach_b).any(axis=1)
        b_inside |= (apart <= reach_a[start : start + len(apart), None]).any(axis=0)
    return float(a_inside.mean()), float(b_inside.mean())


def squared_reach(members: NDArray[np.float64], *, k: int = NEIGHBOURS, block: int = BLOCK_ROWS) -> NDArray[np.float64]:
    """The squared distance (n,) of each of `members` (n, d) to its k-th nearest other one."""
    reach = np.empty(len(members))
    for start, apart in squared_distances(members, members, block=block):
        rows = np.arange(len(apart))
        apart[rows, start + rows] = -1  # itself comes first, whatever the rounding
        reach[start : start + len(apart)] = np.partition(apart, k, axis=1)[:, k]
    return reach


def nearest_of(
    items: NDArray[Any], among: NDArray[Any], *, block: int = BLOCK_ROWS
) -> tuple[IntArray, NDArray[np.float64]]:
    """The index (n,) of the nearest of `among` (m, d) to each of `items` (n, d), and the distance (n,) in between.

    The search is in single precision, the distance to what it found in double: an exact copy is at 0.

    Raises:
        ShapeError: there is nothing to be near to.
    """
    if len(among) == 0 or items.shape[1:] != among.shape[1:]:
        raise ShapeError(f"nothing in {among.shape} can be near {items.shape}; expected (m, d) and (n, d), m ≥ 1")
    found = np.empty(len(items), np.int64)
    queries, pool = np.asarray(items, np.float32), np.asarray(among, np.float32)
    blocks = tqdm(
        squared_distances(queries, pool, block=block), "neighbours", -(-len(items) // block), unit="", disable=None
    )
    for start, apart in blocks:
        found[start : start + len(apart)] = apart.argmin(axis=1)
    distance = np.empty(len(items))
    for start in range(0, len(items), block):
        rows = slice(start, start + block)
        difference = np.asarray(items[rows], np.float64) - np.asarray(among[found[rows]], np.float64)
        distance[rows] = np.sqrt(np.square(difference).sum(axis=1))
    return found, distance


def squared_distances(
    items: NDArray[Any], among: NDArray[Any], *, block: int = BLOCK_ROWS
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Blocks of squared distances: the number of the first row, and (rows, m) from those of `items` to all `among`."""
    centre = among.mean(axis=0)
    a, b = items - centre, among - centre
    norms_a, norms_b = np.square(a).sum(axis=1), np.square(b).sum(axis=1)
    for start in range(0, len(a), block):
        apart = a[start : start + block] @ b.T
        apart *= -2
        apart += norms_b
        apart += norms_a[start : start + block, None]
        yield start, np.maximum(apart, 0, out=apart)
