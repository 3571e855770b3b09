"""Training the neural line model, the post's learned renderer: random segments, drawn by OpenCV, drawn again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from raster.neural import NeuralLine, segment_batches
from strokes.training.protocol import Progress, StepResult
from strokes.training.recipes import check_choice, check_range
from strokes.training.schedule import SCHEDULES, descend, pace_at

LINE_MODEL = "line-model"
"""The kind of these recipes."""


@dataclass(frozen=True)
class LineTraining:
    """The optimisation.

    Attributes:
        epochs: how many stretches of `steps_an_epoch`, each ended by a checkpoint.
        steps_an_epoch: steps on random segments.
        batch_size: segments a step.
        learning_rate: Adam's, at its highest.
        schedule: of the learning rate.
        precision: "float32", or "bfloat16" for the products.
        seed: of weights and segments.
    """

    epochs: int = 10
    steps_an_epoch: int = 640
    batch_size: int = 250
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    precision: str = "bfloat16"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "steps_an_epoch", "batch_size", "learning_rate"):
            check_range(f"training.{name}", getattr(self, name), beyond_zero=True)
        check_range("training.seed", self.seed)
        check_choice("training.schedule", self.schedule, tuple(SCHEDULES))
        check_choice("training.precision", self.precision, ("float32", "bfloat16"))


@dataclass(frozen=True)
class LineRecipe:
    """Everything that decides such a run, by name.

    Attributes:
        name: of the recipe.
        about: what it is, in a sentence.
        kind: "line-model", which tells it from the others.
        training: the optimisation.
    """

    name: str
    about: str = ""
    kind: str = LINE_MODEL
    training: LineTraining = field(default_factory=LineTraining)

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, (LINE_MODEL,))

    @property
    def class_names(self) -> tuple[str, ...]:
        """A line model knows no labels."""
        return ()

    def as_dict(self) -> dict[str, Any]:
        """The recipe as nested dictionaries, as `strokes.train_recipe.parse_any` takes it."""
        return dataclasses.asdict(self)


class LineTrainer:
    """A line model in training; no picture is given, all are made on the fly.

    Args:
        recipe: what to train and how.
        device: "cpu" or "cuda".
    """

    def __init__(self, recipe: LineRecipe, *, device: str = "cpu") -> None:
        self.recipe, self.device = recipe, torch.device(device)
        training = recipe.training
        torch.manual_seed(training.seed)
        self.network = NeuralLine().to(self.device)
        optimiser = torch.optim.Adam(self.network.parameters(), lr=training.learning_rate)
        self.optimisers: dict[str, torch.optim.Optimizer] = {"optimiser": optimiser}
        self.generators: dict[str, torch.Generator] = {}
        self.texts: dict[str, str] = {}
        self.progress = Progress(steps_an_epoch=training.steps_an_epoch)
        self.epochs, self.batch_size = training.epochs, training.batch_size
        self.batches = enumerate(segment_batches(batch_size=training.batch_size, seed=training.seed))

    def pretrain(self) -> None:
        """Nothing comes before the first step."""

    def finish_epoch(self, folder: Path) -> None:
        """Nothing is done after an epoch."""

    def step(self, step: int) -> StepResult:
        """Step `step`."""
        training = self.recipe.training
        segments, truth = skip_to(step, self.batches)
        segments, truth = segments.to(self.device), truth.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=training.precision == "bfloat16"):
            logits = self.network.logits(segments)
        loss = functional.binary_cross_entropy_with_logits(logits, truth)
        steps = training.epochs * training.steps_an_epoch
        pace = pace_at(training.learning_rate, training.schedule, step, steps)
        descend(self.optimisers["optimiser"], loss, pace=pace)
        return StepResult({"cross-entropy": loss.item()}, (truth, logits.detach().sigmoid()))


def skip_to(step: int, batches: Iterator[tuple[int, tuple[Tensor, Tensor]]]) -> tuple[Tensor, Tensor]:
    """The batch of number `step` of a stream; those of a resumed run's earlier steps are passed over."""
    return next(batch for number, batch in batches if number == step)
