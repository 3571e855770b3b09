"""Training the neural line model, the post's learned renderer: segments, drawn by OpenCV, drawn again."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from raster.neural import NeuralLine, segment_batch
from strokes.errors import ConfigError
from strokes.training.ahead import Ahead
from strokes.training.graphs import GraphedSteps
from strokes.training.protocol import Progress, StepResult
from strokes.training.recipes import check_choice, check_range
from strokes.training.schedule import SCHEDULES, follow, make_adam, pace_at, set_pace

LINE_MODEL = "line-model"
"""The kind of these recipes."""


@dataclass(frozen=True)
class LineTraining:
    """The optimisation.

    Attributes:
        epochs: how many stretches of `steps_an_epoch`, each ended by a checkpoint.
        steps_an_epoch: steps on random segments.
        batch_size: segments a step.
        short: share of the segments that are as short as those of a path, at most `raster.neural.SHORT_PX`.
        learning_rate: Adam's, at its highest.
        schedule: of the learning rate.
        precision: "float32", or "bfloat16" for the products.
        seed: of weights and segments.
    """

    epochs: int = 10
    steps_an_epoch: int = 640
    batch_size: int = 250
    short: float = 0.0
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    precision: str = "bfloat16"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "steps_an_epoch", "batch_size", "learning_rate"):
            check_range(f"training.{name}", getattr(self, name), beyond_zero=True)
        check_range("training.seed", self.seed)
        if not 0 <= self.short <= 1:
            raise ConfigError(f"training.short is {self.short}; expected a share from 0 to 1")
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
        optimiser = make_adam(self.network.parameters(), training.learning_rate, device=self.device)
        self.optimisers: dict[str, torch.optim.Optimizer] = {"optimiser": optimiser}
        self.generators: dict[str, torch.Generator] = {}
        self.texts: dict[str, str] = {}
        self.progress = Progress(steps_an_epoch=training.steps_an_epoch)
        self.epochs, self.batch_size = training.epochs, training.batch_size
        self.source = Ahead(
            partial(segment_batch, batch_size=training.batch_size, seed=training.seed, short=training.short)
        )
        self.graphs = GraphedSteps(self.device, schedule=training.schedule)

    def pretrain(self) -> None:
        """Nothing comes before the first step."""

    def finish_epoch(self, folder: Path) -> None:
        """Nothing is done after an epoch."""

    def step(self, step: int) -> StepResult:
        """Step `step`."""
        training = self.recipe.training
        segments, truth = (torch.from_numpy(array).to(self.device) for array in self.source.at(step))
        steps = training.epochs * training.steps_an_epoch
        set_pace(self.optimisers["optimiser"], pace_at(training.learning_rate, training.schedule, step, steps))
        loss, drawn = self.graphs.take("segments", self._learn, segments, truth.float())
        return StepResult({"cross-entropy": loss.item()}, (truth.float(), drawn))

    def _learn(self, segments: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
        """Follow the loss of the drawings of segments (batch, 6); it, and the drawings (batch, 28, 28)."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.training.precision == "bfloat16"):
            logits = self.network.logits(segments)
        loss = functional.binary_cross_entropy_with_logits(logits, truth)
        follow(self.optimisers["optimiser"], loss)
        return loss.detach(), logits.detach().sigmoid()
