"""What every training run reports: how far it has come, and what a step gave."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


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
