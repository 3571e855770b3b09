"""How a learning rate goes over a run, and a step at a rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from strokes.errors import ConfigError

RISING_SHARE = 0.3
"""How much of one cycle rises."""
FIRST_DIVISOR, LAST_DIVISOR = 25.0, 25e4
"""By which one cycle's highest rate is divided at its beginning and at its end."""
LEAST_MOMENTUM, MOST_MOMENTUM = 0.85, 0.95


@dataclass(frozen=True)
class Pace:
    """How a step is taken: the learning rate and, where the schedule says it, Adam's β₁."""

    rate: float
    beta1: float | None = None


def constant(rate: float, step: int, steps: int) -> Pace:
    """The same rate at every step."""
    return Pace(rate)


def cosine(rate: float, step: int, steps: int) -> Pace:
    """A rate that falls to 0 by half a wave."""
    return Pace(rate * (1 + math.cos(math.pi * min(step / steps, 1))) / 2)


def one_cycle(rate: float, step: int, steps: int) -> Pace:
    """A rate that rises and falls while β₁ falls and rises; see Smith and Topin, "Super-Convergence", 2018."""
    top, end = RISING_SHARE * steps - 1, steps - 1
    if step <= top:
        share, first, last = step / top, rate / FIRST_DIVISOR, rate
        momenta = MOST_MOMENTUM, LEAST_MOMENTUM
    else:
        share, first, last = (step - top) / (end - top), rate, rate / LAST_DIVISOR
        momenta = LEAST_MOMENTUM, MOST_MOMENTUM
    return Pace(half_wave(first, last, share), half_wave(*momenta, share))


def half_wave(first: float, last: float, share: float) -> float:
    """The way from `first` to `last` by half a cosine, when `share` of it is done."""
    return last + (first - last) / 2.0 * (math.cos(math.pi * share) + 1)


SCHEDULES: dict[str, Callable[[float, int, int], Pace]] = {
    "constant": constant,
    "cosine": cosine,
    "one-cycle": one_cycle,
}


def pace_at(rate: float, schedule: str, step: int, steps: int, *, warmup_steps: int = 0) -> Pace:
    """The pace of a step, counted from 0, of so many.

    Args:
        rate: the highest learning rate.
        schedule: one of `SCHEDULES`.
        step: which.
        steps: of the whole run.
        warmup_steps: over which the rate rises in a line from near 0, whatever the schedule.

    Raises:
        ConfigError: no such schedule.
    """
    if schedule not in SCHEDULES:
        raise ConfigError(f"unknown schedule {schedule!r}; one of {', '.join(SCHEDULES)}")
    pace = SCHEDULES[schedule](rate, step, steps)
    return Pace(pace.rate * min(1.0, (step + 1) / warmup_steps), pace.beta1) if warmup_steps else pace


def make_adam(
    parameters: Iterable[nn.Parameter], rate: float, *, device: torch.device, betas: tuple[float, float] = (0.9, 0.999)
) -> torch.optim.Adam:
    """Adam in one kernel; on a GPU its rate is a tensor there, so that a recorded step can be replayed at another."""
    on_gpu = device.type == "cuda"
    first = torch.tensor(rate, device=device) if on_gpu else rate
    return torch.optim.Adam(parameters, lr=first, betas=betas, fused=True, capturable=on_gpu)


def set_pace(optimiser: torch.optim.Optimizer, pace: Pace) -> None:
    """Let the optimiser's next steps be at a pace."""
    for group in optimiser.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(pace.rate)
        else:
            group["lr"] = pace.rate
        if pace.beta1 is not None:
            group["betas"] = (pace.beta1, group["betas"][1])


def follow(optimiser: torch.optim.Optimizer, loss: Tensor, *, gradient_clip: float = math.inf) -> None:
    """One step of an optimiser down a loss; a gradient longer than `gradient_clip` is cut to it."""
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    if gradient_clip < math.inf:
        trained = [p for group in optimiser.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(trained, gradient_clip)
    optimiser.step()


def descend(optimiser: torch.optim.Optimizer, loss: Tensor, *, pace: Pace, gradient_clip: float = math.inf) -> None:
    """One step of an optimiser down a loss, at a pace; a gradient longer than `gradient_clip` is cut to it."""
    set_pace(optimiser, pace)
    follow(optimiser, loss, gradient_clip=gradient_clip)
