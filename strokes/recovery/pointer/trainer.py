"""Training from pens: steps on recordings, whose walk is known, and on pictures, which the walk must draw.

On recordings each step's pixel, flag and offset are learned, given the steps before (with slips, so that the network
learns to go on from its own). On pictures the network's own walk is drawn by the differentiable rasteriser: gradients
tell where within its pixels the pen went, and where it was lifted.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

import raster
from strokes.errors import ConfigError
from strokes.ink.drawing import IntArray
from strokes.ink.labels import number_labels
from strokes.ink.pictures import FRAME_PX, ImageSet
from strokes.ink.recordings import PenSet
from strokes.recovery.losses import reconstruction_loss
from strokes.recovery.pointer.decoding import Walks, walk
from strokes.recovery.pointer.examples import PenBatches
from strokes.recovery.pointer.network import END, GO, LIFT, Ink, PenNetwork
from strokes.recovery.pointer.recipe import PenRecipe
from strokes.recovery.pointer.recover import SOFTNESS
from strokes.training.protocol import Progress, StepResult
from strokes.training.schedule import descend, scheduled_rate

FAR_PX = 3.0
"""A point of a recording further from all ink teaches nothing."""
FLAG_WEIGHT = 2.0
LARGEST_GRADIENT = 1.0


class PenTrainer:
    """A pen network in training.

    Args:
        recipe: what to train and how.
        pens: recordings in the frame; those of held-out writers and alphabets are left out here.
        pictures: thinned pictures, whose strokes nobody knows; labels that the network knows are told.
        device: "cpu" or "cuda".
    """

    def __init__(self, recipe: PenRecipe, pens: PenSet, pictures: ImageSet, *, device: str = "cpu") -> None:
        self.recipe, self.pictures = recipe, pictures
        self.device = torch.device(device)
        training = recipe.training
        if training.picture_every and len(pictures) == 0:
            raise ConfigError("there are no pictures to learn from; give some, or set training.picture_every to 0")
        torch.manual_seed(training.seed)
        self.network = PenNetwork(recipe.network).to(self.device)
        optimiser = torch.optim.AdamW(self.network.parameters(), lr=training.learning_rate, weight_decay=training.decay)
        self.optimisers: dict[str, torch.optim.Optimizer] = {"optimiser": optimiser}
        taught = pens.select(np.flatnonzero(~pens.held_out))
        self.batches = PenBatches(
            taught,
            number_labels(taught.drawings, recipe.class_names),
            recipe.network,
            recipe.variation,
            batch_size=training.batch_size,
            seed=training.seed,
            balance=(training.balance_writers, training.balance_classes),
        )
        self.progress = Progress(steps_an_epoch=training.steps_an_epoch)
        self.epochs, self.batch_size = training.epochs, training.batch_size

    def warm_up(self) -> None:
        """Nothing comes before the first step."""

    def finish_epoch(self, folder: Path) -> None:
        """Nothing is done after an epoch."""

    def step(self, step: int) -> StepResult:
        """Step `step`: on recordings, and every few steps on pictures too."""
        training = self.recipe.training
        chance = torch.Generator(self.device).manual_seed(training.seed * 1_000_003 + step)
        losses = self.learn_walks(step, chance)
        total = losses["pixel"] + FLAG_WEIGHT * losses["flag"] + losses["offset"]
        shown = None
        if training.picture_every and step % training.picture_every == 0:
            truth, drawn = self.draw_pictures(chance)
            losses["reconstruction"] = reconstruction_loss(drawn, truth)
            total = total + training.picture_weight * losses["reconstruction"]
            shown = (truth, drawn.detach())
        self._descend(total, step)
        return StepResult({name: loss.item() for name, loss in losses.items()}, shown)

    def learn_walks(self, step: int, chance: torch.Generator) -> dict[str, Tensor]:
        """The losses of a batch of recordings."""
        training, examples = self.recipe.training, self.batches.at(step)
        points_px = torch.from_numpy(examples.points_px).to(self.device)
        flags = torch.from_numpy(examples.flags).to(self.device)
        untold = torch.rand(len(examples), generator=chance, device=self.device) < training.unlabelled
        labels = self.told(examples.labels).masked_fill(untold, self.recipe.network.classes)
        with self._lowered():
            ink = self.network.look(torch.from_numpy(examples.images).to(self.device), labels)
        square = (points_px[:, :, None] - ink.places_px[:, None]).square().sum(dim=3)
        square = square.masked_fill(ink.mask[:, None] == 0, 1e6)
        nearest, right = square.min(dim=2)
        beside = functional.softmax(-(square - nearest[..., None]) / (2 * training.slip_px**2), dim=2)
        slipped = torch.multinomial(beside.flatten(0, 1), 1, generator=chance).view(right.shape)
        slips = torch.rand(right.shape, generator=chance, device=self.device) < training.slips
        walked = torch.where(slips & (flags == GO), slipped, right)
        with self._lowered():
            logits, flag_logits, offsets = self.network.follow(ink, walked, flags == LIFT)
        known = (flags >= 0).float()
        taught = known * (nearest <= FAR_PX**2)
        target = functional.softmax(-(square - nearest[..., None]) / (2 * training.target_px**2), dim=2)
        pixel = functional.kl_div(torch.log_softmax(logits, dim=2), target, reduction="none").sum(dim=2)
        flag = functional.cross_entropy(flag_logits.transpose(1, 2), flags.clamp(min=0), reduction="none")
        place = ink.places_px.gather(1, walked[..., None].expand(-1, -1, 2))
        off = functional.smooth_l1_loss(offsets, (points_px - place).clamp(-2.5, 2.5), reduction="none").sum(dim=2)
        return {"pixel": mean_of(pixel, taught), "flag": mean_of(flag, known), "offset": mean_of(off, taught)}

    def told(self, labels: IntArray) -> Tensor:
        """Labels (n,) as the network is told them: -1 becomes the number of classes."""
        numbers = torch.from_numpy(labels).to(self.device)
        return torch.where(numbers < 0, self.recipe.network.classes, numbers)

    def draw_pictures(self, chance: torch.Generator) -> tuple[Tensor, Tensor]:
        """Pictures (batch, 28, 28) drawn at random, and what the network's own walks draw."""
        count = self.recipe.training.picture_batch_size
        rows = torch.randint(len(self.pictures), (count,), generator=chance, device=self.device)
        chosen = self.pictures.select(rows.cpu().numpy())
        images = torch.from_numpy(chosen.images).to(self.device)
        labels = self.told(number_labels(chosen, self.recipe.class_names))
        with self._lowered():
            ink = self.network.look(images, labels)
            walks = walk(self.network, ink)
        return images.float(), self.draw(ink, walks)

    def draw(self, ink: Ink, walks: Walks) -> Tensor:
        """Walks as pictures (batch, 28, 28), differentiable in the offsets and in the chances that the pen is down."""
        walked = torch.from_numpy(walks.tokens).to(self.device)
        flags = torch.from_numpy(walks.flags).to(self.device)
        with self._lowered():
            _, flag_logits, offsets = self.network.follow(ink, walked, flags == LIFT)
        places = ink.places_px.gather(1, walked[..., None].expand(-1, -1, 2))
        points = (places + offsets) / FRAME_PX
        softness = torch.full_like(points[..., :1], SOFTNESS)
        down = functional.softmax(flag_logits, dim=2)[..., GO] * ((flags >= 0) & (flags != END))
        return raster.rasterise(torch.cat([points, softness], dim=2), compose="max", weights=down[:, :-1])

    def _lowered(self) -> torch.autocast:
        lower = self.recipe.training.precision == "bfloat16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=lower)

    def _descend(self, loss: Tensor, step: int) -> None:
        training = self.recipe.training
        rate = scheduled_rate(training.learning_rate, "cosine", step, training.epochs * training.steps_an_epoch)
        rate *= min(1.0, (step + 1) / training.rise)
        descend(self.optimisers["optimiser"], loss, rate=rate, largest=LARGEST_GRADIENT)


def mean_of(values: Tensor, weights: Tensor) -> Tensor:
    """The weighted mean, 0 where nothing has weight."""
    return (values * weights).sum() / weights.sum().clamp(min=1)
