"""What every training run has and reports: how far it has come, and what a step gave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn


@dataclass
class Progress:
    """How far a run has come: steps taken, the epoch they are in, and the time they took."""

    step: int = 0
    steps_an_epoch: int = 1
    seconds: float = 0.0

    @property
    def epoch(self) -> int:
        """Whole epochs done."""
        return self.step // self.steps_an_epoch


@dataclass(frozen=True)
class StepResult:
    """A step's losses by name and, from steps on pictures, those and their drawings, each (batch, h, w)."""

    losses: dict[str, float]
    shown: tuple[Tensor, Tensor] | None = None


class Described(Protocol):
    """A recipe, of whatever kind."""

    def as_dict(self) -> dict[str, Any]:
        """The recipe as nested dictionaries."""
        ...


class Steps(Protocol):
    """What learns step by step; `strokes.training.loop` drives it.

    Attributes:
        progress: how far the run has come.
        epochs: of the whole run.
        batch_size: examples a step.
    """

    progress: Progress
    epochs: int
    batch_size: int

    @property
    def network(self) -> nn.Module:
        """All that is trained; a checkpoint keeps it."""
        ...

    def step(self, step: int) -> StepResult:
        """Take step `step`."""
        ...


class Trains(Steps, Protocol):
    """What trains a network by a recipe; `strokes.train_recipe.train` drives it.

    Attributes:
        optimisers: by name; a checkpoint keeps their states.
        generators: of random numbers, by name, beside torch's own; a checkpoint keeps their states.
        device: where the network is.
        texts: what a checkpoint's header says beside the recipe, by name.
    """

    optimisers: dict[str, torch.optim.Optimizer]
    generators: dict[str, torch.Generator]
    device: torch.device
    texts: dict[str, str]

    @property
    def recipe(self) -> Described:
        """What it trains by."""
        ...

    def pretrain(self) -> None:
        """What comes before the first step."""
        ...

    def finish_epoch(self, folder: Path) -> None:
        """What is done after an epoch, before its checkpoint is written to the run's folder."""
        ...
