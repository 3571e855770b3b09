"""Training by drawing pictures again: steps on pictures and, where the recipe says so, on pen samples in turn."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from strokes.datasets.samples import load_pen_samples
from strokes.errors import ConfigError
from strokes.ink.pictures import ImageSet
from strokes.recovery.losses import angle_loss, length_loss, reconstruction_loss, sample_loss
from strokes.recovery.published.line_models import make_line_model
from strokes.recovery.published.networks import StrokeNetwork
from strokes.recovery.published.pen_pairs import make_pen_pairs
from strokes.recovery.published.recipe import Recipe
from strokes.training.batches import MemberBatches
from strokes.training.graphs import GraphedSteps
from strokes.training.protocol import Progress, StepResult
from strokes.training.schedule import follow, make_adam, pace_at, set_pace

VARIATIONS = 2000
"""Pen pairs made a class."""


class Trainer:
    """A network in training by a recipe on a set of pictures."""

    def __init__(self, recipe: Recipe, pictures: ImageSet, *, device: str = "cpu") -> None:
        if (pictures.labels < 0).any():
            raise ConfigError("training pictures need labels; some have none")
        if len(pictures) == 0 or len(pictures.classes) != recipe.network.classes:
            raise ConfigError(
                f"{len(pictures)} pictures of {len(pictures.classes)} classes can't train a network "
                f"of {recipe.network.classes} classes; expected at least one picture and as many classes"
            )
        self.recipe = recipe
        self.device = torch.device(device)
        training = recipe.training
        torch.manual_seed(training.seed)
        self.network = StrokeNetwork(recipe.network).to(self.device)
        rates = {"optimiser": training.learning_rate, "sample_optimiser": training.sample_learning_rate}
        self.optimisers: dict[str, torch.optim.Optimizer] = {
            name: make_adam(self.network.parameters(), rate, device=self.device) for name, rate in rates.items()
        }
        drawing, self.lower = recipe.drawing, training.precision == "bfloat16"
        self.lines = make_line_model(
            drawing.line_model, drawing.softness, self.device, factor=drawing.pen == "factor", lower=self.lower
        )
        self.graphs = GraphedSteps(self.device, schedule=training.schedule)
        members = recipe.network.ensemble_size
        self.batches = MemberBatches(
            pictures.images, pictures.labels, ensemble_size=members, batch_size=training.batch_size, seed=training.seed
        )
        self.samples = self._pen_batches() if training.samples else None
        self.generators: dict[str, torch.Generator] = {}
        self.texts: dict[str, str] = {}
        self.progress = Progress(steps_an_epoch=self.batches.steps_an_epoch)
        self.epochs, self.batch_size = training.epochs, training.batch_size

    def _pen_batches(self) -> MemberBatches:
        training, network = self.recipe.training, self.recipe.network
        samples = load_pen_samples()
        pairs = [
            make_pen_pairs(samples, label, count=VARIATIONS, points=network.points, seed=training.seed)
            for label in range(network.classes)
        ]
        return MemberBatches(
            np.concatenate([images for images, _ in pairs]),
            np.repeat(np.arange(network.classes), VARIATIONS),
            ensemble_size=network.ensemble_size,
            batch_size=training.sample_batch_size,
            seed=training.seed + 1,
            paths=np.concatenate([paths for _, paths in pairs]),
        )

    @property
    def total_steps(self) -> int:
        """Picture steps of the whole run."""
        return self.recipe.training.epochs * self.progress.steps_an_epoch

    def pretrain(self) -> None:
        """The sample steps before the first picture."""
        if self.samples is not None:
            for step in range(self.recipe.training.pretraining_steps):
                self.sample_step(step)

    def finish_epoch(self, folder: Path) -> None:
        """Nothing is done after an epoch."""

    def step(self, step: int) -> StepResult:
        """Step `step` on pictures and, where the recipe says so, one on pen samples."""
        losses, truth, drawn = self.picture_step(step)
        if self.samples is not None:
            losses["samples"] = self.sample_step(step + self.recipe.training.pretraining_steps)
        return StepResult(losses, (truth, drawn))

    def picture_step(self, step: int) -> tuple[dict[str, float], Tensor, Tensor]:
        """One step on pictures; its losses, the pictures and their drawings, each (batch, 28, 28)."""
        training, compose = self.recipe.training, self.recipe.drawing.composition(step)
        pictures, labels, _ = self.batches.at(step, self.device)
        pace = pace_at(training.learning_rate, training.schedule, step, self.total_steps)
        set_pace(self.optimisers["optimiser"], pace)
        *losses, drawn = self.graphs.take(
            f"pictures by {compose}", partial(self._learn_pictures, compose), pictures, labels
        )
        named = zip(("reconstruction", "length", "angle"), losses, strict=True)
        return {name: loss.item() for name, loss in named}, pictures.reshape(drawn.shape), drawn

    def _learn_pictures(self, compose: str, pictures: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        """Follow the losses of pictures' drawings; the losses, and the drawings (batch, 28, 28)."""
        path, weights = self._paths(pictures, labels), self.recipe.loss
        drawn = self.lines.draw(path, compose=compose)
        losses = reconstruction_loss(drawn, pictures.reshape(drawn.shape)), length_loss(path), angle_loss(path)
        reconstruction, length, angle = losses
        follow(self.optimisers["optimiser"], reconstruction + weights.length * length + weights.angle * angle)
        return *(loss.detach() for loss in losses), drawn.detach()

    def sample_step(self, step: int) -> float:
        """One step on pen samples; its loss."""
        assert self.samples is not None
        pictures, labels, truth = self.samples.at(step, self.device)
        assert truth is not None
        set_pace(self.optimisers["sample_optimiser"], self.recipe.training.sample_pace(step, self.total_steps))
        (loss,) = self.graphs.take("samples", self._learn_samples, pictures, labels, truth)
        return loss.item()

    def _learn_samples(self, pictures: Tensor, labels: Tensor, truth: Tensor) -> tuple[Tensor]:
        """Follow the distance from pen samples; that loss."""
        loss = sample_loss(self._paths(pictures, labels), truth.flatten(0, 1), threshold=self.recipe.lift_threshold)
        follow(self.optimisers["sample_optimiser"], loss)
        return (loss.detach(),)

    def _paths(self, pictures: Tensor, labels: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.lower):
            return self.network.paths(pictures, labels).flatten(0, 1)
