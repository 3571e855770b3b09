"""What a pen sees and how its choices are scored, each formula once.

The network learns by them on tensors, and the compiled kernels walk by them on single numbers; what they need beyond
arithmetic is given to `formulas`. Constants are float32, so that single numbers stay so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from strokes.ink.pictures import FRAME_PX

MIDDLE_PX = FRAME_PX / 2
VISIT_PX = 1.2
"""How far around a step ink counts as visited: a Gaussian's standard deviation."""
POOL_REACH_PX = (2.5, 7.0)
"""Two neighbourhoods of the pen in which what is left of the ink is pooled."""
REACH_PX = 4.0
GEOMETRY = 12
"""How many numbers tell of a pixel as seen from the pen."""
LEAST_WEIGHT = 1e-3
"""Added to the weights of a pooling, which may all be 0."""
FARTHEST = np.float32(3)
"""The reach, in `REACH_PX`, up to which a direction counts."""

Formula = Callable[..., Any]


def formulas(exp: Formula, sqrt: Formula, clip: Formula) -> tuple[Formula, Formula]:
    """The functions `nearness` and `see`, of tensors or of single numbers as `exp`, `sqrt` and `clip` are."""

    def nearness(square: Any, reach_px: float) -> Any:
        """A Gaussian of a squared distance in px, 0 to 1."""
        return exp(square * np.float32(-0.5) / np.float32(reach_px**2))

    def see(away_x_px: Any, away_y_px: Any, square: Any, visited: Any) -> tuple[Any, ...]:
        """A pixel as seen from the pen, `GEOMETRY` numbers; `square` is its squared distance."""
        x, y = away_x_px / np.float32(REACH_PX), away_y_px / np.float32(REACH_PX)
        near_x, near_y = clip(x, -FARTHEST, FARTHEST), clip(y, -FARTHEST, FARTHEST)
        distance = sqrt(square + np.float32(1e-6)) / np.float32(REACH_PX)
        close, around = exp(square / np.float32(-4.5)), exp(square / np.float32(-32))
        seen = (x, y, near_x * near_x, near_y * near_y, near_x * near_y, distance, close, around)
        return (*seen, visited, visited * close, visited * around, visited * distance)

    return nearness, see


def from_middle(place_px: Any) -> Any:
    """A coordinate as the network is told it."""
    return (place_px - MIDDLE_PX) / 10


def from_before(place_px: Any, before_px: Any) -> Any:
    """How far along a coordinate the pen came, as the network is told it."""
    return (place_px - before_px) / REACH_PX


def ink_left(count: Any) -> Any:
    """How many pixels are left to walk over, as the network is told it."""
    return count / 10


def logit(match: Any, place: Any) -> Any:
    """The score of a pixel by how its key matches the query, and by where it lies."""
    return match / 8 + place
