"""Dynamic time warping, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled


@compiled()
def warp_paths(one: NDArray[Any], other: NDArray[Any]) -> tuple[float, float]:
    """The least sum of distances along a warping path of two ways, x and y their first columns, and its steps.

    Of paths that are as cheap, the steps are of one that goes on in both ways at once where it can. Both ways have a
    point at least.
    """
    columns = len(other)
    cost = np.full(columns + 1, np.inf)
    steps = np.zeros(columns + 1)
    cost[0] = 0.0
    for i in range(len(one)):
        diagonal, diagonal_steps = cost[0], steps[0]
        cost[0] = np.inf
        for j in range(1, columns + 1):
            least, way = diagonal, diagonal_steps
            if cost[j] < least:
                least, way = cost[j], steps[j]
            if cost[j - 1] < least:
                least, way = cost[j - 1], steps[j - 1]
            diagonal, diagonal_steps = cost[j], steps[j]
            away_x, away_y = one[i, 0] - other[j - 1, 0], one[i, 1] - other[j - 1, 1]
            cost[j] = least + np.sqrt(away_x * away_x + away_y * away_y)
            steps[j] = way + 1
    return cost[columns], steps[columns]
