"""Pictures to drawings: the network's points, cut where the pen is lifted, scored; in fixed blocks, without gradients.

Every block has the same pictures whatever the batch size or the number of workers, and runs on one thread, so that
floating point gives the same bytes however the work is spread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from strokes.errors import ConfigError
from strokes.ink.drawing import GRID, BoolArray, DrawingSet, FloatArray, IntArray, to_pictures
from strokes.ink.pictures import ImageSet
from strokes.metrics.pictures import render_set, score_pictures
from strokes.metrics.rasterised import soft_error
from strokes.recovery.blocks import BLOCK, in_parallel
from strokes.recovery.published.networks import StrokeNetwork
from strokes.recovery.published.recipe import Recipe
from strokes.training.checkpoints import PUBLISHED, Model, ready
from strokes.training.recipes import parse_recipe


@dataclass(frozen=True)
class Recovery:
    """A network, its recipe, and what is to be done with its drawings.

    Attributes:
        network: a stroke network, not training.
        recipe: the recipe it was trained by.
        scores: whether to score each drawing against its picture.
        device: where the network runs.
    """

    network: StrokeNetwork
    recipe: Recipe
    scores: bool = True
    device: str = "cpu"

    @torch.inference_mode()
    def paths(self, pictures: ImageSet) -> Tensor:
        """Pen paths (n, points, 3) of x, y, sharpness, for labelled pictures."""
        images = torch.from_numpy(pictures.images).to(self.device)
        labels = torch.from_numpy(pictures.labels).clamp(min=0).to(self.device)
        path: Tensor = self.network(images, labels).cpu()
        path[..., :2] = torch.round(path[..., :2] * GRID) / GRID
        return path

    def block(self, pictures: ImageSet) -> DrawingSet:
        """The drawings of one block of labelled pictures, in their own unit squares."""
        path = self.paths(pictures)
        down = (path[:, :-1, 2] > self.recipe.lift_threshold) & torch.from_numpy(pictures.images.any(axis=(1, 2)))[
            :, None
        ]
        drawings = cut_strokes(path.numpy(), down.numpy(), pictures)
        softness = self.recipe.drawing.softness.of(path[..., 2]).numpy()[touched(down.numpy())].astype(np.float32)
        softened = replace(drawings, point_columns={"softness": softness})
        if self.scores:
            compose = self.recipe.drawing.compose
            mse = soft_error(softened, pictures.images, compose=compose)
            scores = {"mse": mse} | score_pictures(render_set(drawings), pictures.images)
            drawings, softened = replace(drawings, scores=scores), replace(softened, scores=scores)
        return to_pictures(softened if self.recipe.drawing.line_model == "soft" else drawings)

    def run(self, pictures: ImageSet, *, workers: int = 1) -> Iterator[DrawingSet]:
        """Drawings of all pictures, block after block, in order; `workers` blocks at a time.

        Raises:
            ConfigError: a picture's label is not among the network's classes, or is missing.
        """
        check_labels(pictures, self.recipe)
        blocks = (pictures.select(slice(i, i + BLOCK)) for i in range(0, len(pictures), BLOCK))
        yield from in_parallel(self.block, blocks, workers=workers)


def check_labels(pictures: ImageSet, recipe: Recipe) -> None:
    """Raise `ConfigError` unless every picture with ink has a label that the recipe's networks know."""
    labels = pictures.labels[pictures.images.any(axis=(1, 2))]
    if len(labels) and (labels.min() < 0 or labels.max() >= recipe.network.classes):
        raise ConfigError(
            f"{recipe.name} draws classes 0…{recipe.network.classes - 1} and some pictures have another label, or none"
        )


def touched(down: BoolArray) -> BoolArray:
    """Which points (n, t) end a drawn segment, given which segments (n, t-1) are drawn."""
    edge = np.zeros((len(down), 1), np.bool_)
    ends: BoolArray = np.concatenate([down, edge], axis=1) | np.concatenate([edge, down], axis=1)
    return ends


def cut_strokes(path: FloatArray, down: BoolArray, pictures: ImageSet) -> DrawingSet:
    """Paths (n, t, 3) as strokes in the frame: points of no drawn segment are dropped, a lifted segment cuts.

    `down` (n, t-1) tells which segments are drawn. A drawing with none is empty, and flagged.
    """
    kept = touched(down)
    starts = kept.copy()
    starts[:, 1:] &= ~down
    starting = starts[kept]
    stroke_offsets: IntArray = np.append(np.flatnonzero(starting), len(starting)).astype(np.int64)
    return DrawingSet(
        points=path[..., :2][kept],
        stroke_offsets=stroke_offsets,
        drawing_offsets=np.concatenate([[0], np.cumsum(starts.sum(axis=1))]).astype(np.int64),
        **pictures.shared(),
        flagged=np.logical_not(down.any(axis=1)),
    )


def load_network(model: Model, *, device: str | torch.device = "cpu") -> tuple[StrokeNetwork, Recipe]:
    """A published network ready to draw, and its recipe. Raises `ConfigError`, for a pen network too."""
    if model.kind != PUBLISHED:
        raise ConfigError(f"{model.path} is a network of a {model.kind} recipe; expected one of a published recipe")
    recipe: Recipe = parse_recipe(Recipe, model.settings)
    return ready(StrokeNetwork(recipe.network), model, device), recipe
