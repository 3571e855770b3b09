"""How a learning rate goes over a run, and a step at a rate."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn


def scheduled_rate(rate: float, decay: str, step: int, steps: int) -> float:
    """`rate` at a step of so many: as it is for "constant", falling to 0 by half a wave for "cosine"."""
    return rate * (1 + math.cos(math.pi * min(step / steps, 1))) / 2 if decay == "cosine" else rate


def make_adam(
    parameters: Iterable[nn.Parameter], rate: float, *, device: torch.device, betas: tuple[float, float] = (0.9, 0.999)
) -> torch.optim.Adam:
    """Adam in one kernel; on a GPU its rate is a tensor there, so that a recorded step can be replayed at another."""
    on_gpu = device.type == "cuda"
    first = torch.tensor(rate, device=device) if on_gpu else rate
    return torch.optim.Adam(parameters, lr=first, betas=betas, fused=True, capturable=on_gpu)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Let the optimiser's next steps be at a learning rate."""
    for group in optimiser.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def follow(optimiser: torch.optim.Optimizer, loss: Tensor, *, largest: float = math.inf) -> None:
    """One step of an optimiser down a loss; a gradient longer than `largest` is cut to it."""
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    if largest < math.inf:
        torch.nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], largest)
    optimiser.step()


def descend(optimiser: torch.optim.Optimizer, loss: Tensor, *, rate: float, largest: float = math.inf) -> None:
    """One step of an optimiser down a loss, at a learning rate; a gradient longer than `largest` is cut to it."""
    set_rate(optimiser, rate)
    follow(optimiser, loss, largest=largest)
