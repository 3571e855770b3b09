"""How a learning rate goes over a run, and a step at a rate."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def scheduled_rate(rate: float, decay: str, step: int, steps: int) -> float:
    """`rate` at a step of so many: as it is for "constant", falling to 0 by half a wave for "cosine"."""
    return rate * (1 + math.cos(math.pi * min(step / steps, 1))) / 2 if decay == "cosine" else rate


def descend(optimiser: torch.optim.Optimizer, loss: Tensor, *, rate: float, largest: float = math.inf) -> None:
    """One step of an optimiser down a loss, at a learning rate; a gradient longer than `largest` is cut to it."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    if largest < math.inf:
        torch.nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], largest)
    optimiser.step()
