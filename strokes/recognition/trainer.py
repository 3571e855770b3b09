"""Training a classifier: grey pictures warped anew at every step, some of them rendered from pen recordings.

For one of thinned pictures the warped picture is thinned, and a few of its pixels are dropped, so that hard 1-px
renderings are read as well. Where recordings are rendered, digits are too, so that no class is known by its source.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from strokes.errors import ConfigError
from strokes.ink.augment import render_pictures
from strokes.ink.pictures import GreySet, join_grey
from strokes.ink.recordings import PenSet
from strokes.ink.thinning import thin
from strokes.recognition.classifier import Classifier
from strokes.recognition.recipe import ClassifierRecipe
from strokes.training.batches import EpochOrder
from strokes.training.protocol import Progress, StepResult
from strokes.training.schedule import descend, pace_at

SHAKY_SHARE, DROPPED_SHARE = 0.3, 0.04
"""Thinned pictures that lose pixels, and the pixels that these lose."""


class ClassifierTrainer:
    """A classifier in training.

    Args:
        recipe: what to train and how.
        pictures: grey ones, labelled.
        pens: recordings in the frame, which some pictures are rendered from; those of held-out writers are left out.
        device: "cpu" or "cuda".

    Raises:
        ConfigError: no picture is of a digit, or recordings are missing or given in vain.
    """

    def __init__(self, recipe: ClassifierRecipe, pictures: GreySet, pens: PenSet | None, device: str = "cpu") -> None:
        training = recipe.training
        if (pens is None) == (training.rendered > 0):
            raise ConfigError(
                f"{recipe.name} {'renders pictures from' if pens is None else 'needs no'} pen recordings; "
                f"{'give some with' if pens is None else 'leave out'} --pens"
            )
        self.recipe, self.pens, self.device = recipe, pens, torch.device(device)
        self.pictures = pictures.as_classes(recipe.class_names)
        if len(self.pictures) == 0:
            raise ConfigError(f"no picture is of a class of {recipe.classes}; {recipe.name} learns from labelled ones")
        torch.manual_seed(training.seed)
        chance = torch.Generator().manual_seed(training.seed)
        self.generators = {"order": chance}
        self.texts: dict[str, str] = {}
        self.network = Classifier(recipe.class_names, kind=recipe.pictures).to(self.device)
        optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay
        )
        self.optimisers: dict[str, torch.optim.Optimizer] = {"optimiser": optimiser}
        given = min(training.given, len(self.pictures)) if training.rendered else len(self.pictures)
        count = given + training.rendered
        self.epochs, self.batch_size = training.epochs, training.batch_size
        self.order = EpochOrder(count, chance, batch_size=self.batch_size)
        self.progress = Progress(steps_an_epoch=max(count // self.batch_size, 1))
        self.given, self.shown = given, self.pictures

    def pretrain(self) -> None:
        """Nothing comes before the first step."""

    def finish_epoch(self, folder: Path) -> None:
        """Nothing is done after an epoch."""

    def step(self, step: int) -> StepResult:
        """Step `step`."""
        training = self.recipe.training
        epoch, place = divmod(step, self.progress.steps_an_epoch)
        if place == 0:
            self.shown = self.pictures_of(epoch)
        rows = self.order.at(place).numpy()
        images = torch.from_numpy(self.shown.images[rows, None]).float() / 255
        labels = torch.from_numpy(self.shown.labels[rows]).to(self.device)
        seen = prepare(images, self.recipe.pictures, self.generators["order"]).to(self.device)
        loss = functional.cross_entropy(self.network(seen), labels)
        steps = self.epochs * self.progress.steps_an_epoch
        descend(
            self.optimisers["optimiser"], loss, pace=pace_at(training.learning_rate, training.schedule, step, steps)
        )
        return StepResult({"cross-entropy": loss.item()})

    def pictures_of(self, epoch: int) -> GreySet:
        """What an epoch shows: all given pictures, or some of them beside pictures rendered anew."""
        if self.pens is None:
            return self.pictures
        seed, recipe = self.recipe.training.seed, self.recipe
        own = np.random.default_rng([seed, epoch]).permutation(len(self.pictures))[: self.given]
        count, variation = recipe.training.rendered, recipe.variation
        grey = render_pictures(
            self.pens, recipe.class_names, count=count, variation=variation, seed=1000 * seed + epoch
        )
        return join_grey([self.pictures.select(own), grey])


def prepare(images: Tensor, kind: str, generator: torch.Generator) -> Tensor:
    """Grey pictures (n, 1, 28, 28) in [0, 1] as a classifier of "grey" or "thinned" ones sees them in training."""
    warped = warp_pictures(images, generator)
    if kind == "grey":
        return warped
    ink = torch.from_numpy(thin(warped[:, 0].clamp(0, 1).numpy())).float().unsqueeze(1)
    shaky = torch.rand(len(ink), 1, 1, 1, generator=generator) < SHAKY_SHARE
    dropped = torch.rand(ink.shape, generator=generator) < DROPPED_SHARE
    return ink.masked_fill(shaky & dropped, 0)


def warp_pictures(images: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures (n, 1, 28, 28) rotated, scaled, sheared, shifted and bent a little, each its own way."""
    n = len(images)

    def spread(*shape: int) -> Tensor:
        return torch.rand(n, *shape, generator=generator) * 2 - 1

    angle, shear = spread() * math.radians(12), spread() * 0.2
    scale = 1 + spread(2) * 0.12
    cos, sin = torch.cos(angle), torch.sin(angle)
    x_row = torch.stack([cos, shear - sin], 1) * scale[:, :1]
    y_row = torch.stack([sin, cos], 1) * scale[:, 1:]
    matrix = torch.cat([torch.stack([x_row, y_row], 1), spread(2, 1) * 1.5 / 14], 2)
    grid = functional.affine_grid(matrix, list(images.shape), align_corners=False)
    bends = torch.randn(n, 2, 5, 5, generator=generator) * 0.7 / 14
    grid = grid + functional.interpolate(bends, size=28, mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
    return functional.grid_sample(images, grid, align_corners=False)
