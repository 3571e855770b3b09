"""How a learning rate goes over a run."""

from __future__ import annotations

import math


def scheduled_rate(rate: float, decay: str, step: int, steps: int) -> float:
    """`rate` at a step of so many: as it is for "constant", falling to 0 by half a wave for "cosine"."""
    return rate * (1 + math.cos(math.pi * min(step / steps, 1))) / 2 if decay == "cosine" else rate
