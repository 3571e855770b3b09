"""Training from pens: steps on recordings, whose walk is known, and on pictures, which the walk must draw.

On recordings each step's pixel, flag and offset are learned by teacher forcing: given the steps before, with input
noise, so that the network learns to go on from its own. On pictures the network's own walk is drawn by the
differentiable rasteriser: gradients tell where within its pixels the pen went, and where it was lifted.
"""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import raster
from strokes.errors import ConfigError
from strokes.ink.drawing import IntArray
from strokes.ink.labels import number_labels
from strokes.ink.pictures import FRAME_PX, ImageSet
from strokes.ink.recordings import PenSet
from strokes.metrics.rasterised import SOFTNESS
from strokes.recovery.pointer.calibrate import LEAST_DRAWINGS, calibrate
from strokes.recovery.pointer.decoding import Walks, walk
from strokes.recovery.pointer.examples import Examples, PenBatches
from strokes.recovery.pointer.network import END, GO, LIFT, InkTokens, PenNetwork
from strokes.recovery.pointer.recipe import PenRecipe
from strokes.recovery.pointer.recover import PenRecovery
from strokes.recovery.pointer.teaching import GRADIENT_CLIP, Teaching, summed, taught_losses
from strokes.training.processes import Share, here
from strokes.training.protocol import Progress, StepResult
from strokes.training.schedule import descend, pace_at

MAKERS = 2
"""Processes that make batches for a graphics card."""


class Learning(nn.Module):
    """A pen network and the running average of its weights, which is what draws afterwards.

    Args:
        pen: the network.
        average: share of itself that the average keeps at a step.
    """

    def __init__(self, pen: PenNetwork, average: float) -> None:
        super().__init__()
        self.pen = pen
        self.average = AveragedModel(pen, multi_avg_fn=get_ema_multi_avg_fn(average))  # type: ignore[no-untyped-call]

    @property
    def averaged(self) -> PenNetwork:
        """The network that draws."""
        module = self.average.module
        assert isinstance(module, PenNetwork)
        return module


class Batches(Protocol):
    """Examples by the number of a step."""

    def at(self, step: int) -> Examples:
        """The examples of step `step`."""


class PenTrainer:
    """A pen network in training.

    Args:
        recipe: what to train and how.
        pens: recordings in the frame; those of held-out writers and alphabets teach nothing, and calibrate.
        pictures: thinned pictures, whose strokes nobody knows; labels that the network knows are given to it.
        device: "cpu" or "cuda".
        batches: what to learn from, instead of the recordings.
    """

    def __init__(
        self,
        recipe: PenRecipe,
        pens: PenSet,
        pictures: ImageSet,
        *,
        device: str = "cpu",
        batches: Batches | None = None,
    ) -> None:
        self.recipe, self.pictures = recipe, pictures
        self.device = torch.device(device)
        training = recipe.training
        if training.picture_every and len(pictures) == 0:
            raise ConfigError("there are no pictures to learn from; give some, or set training.picture_every to 0")
        torch.manual_seed(training.seed)
        self.network = Learning(PenNetwork(recipe.network), training.average).to(self.device)
        self.pen = self.network.pen
        self.pen.dropout = training.dropout
        self.processes = here()
        self._learn = self.processes.share(self.pen, self.losses)
        optimiser = torch.optim.AdamW(
            self.pen.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay, fused=True
        )
        self.optimisers: dict[str, torch.optim.Optimizer] = {"optimiser": optimiser}
        taught, self.held_out = (pens.select(np.flatnonzero(pens.held_out == chosen)) for chosen in (False, True))
        self.batches = batches or PenBatches(
            taught,
            number_labels(taught.drawings, recipe.class_names),
            recipe.network,
            recipe.variation,
            batch_size=training.batch_size,
            seed=training.seed,
            balance=(training.balance_writers, training.balance_classes),
            makers=MAKERS if self.device.type == "cuda" else 0,
        )
        self.generators: dict[str, torch.Generator] = {}
        self.texts: dict[str, str] = {}
        self.progress = Progress(steps_an_epoch=training.steps_an_epoch)
        self.epochs, self.batch_size = training.epochs, training.batch_size

    def begin_with(self, network: PenNetwork) -> None:
        """Go on from another network's weights."""
        weights = network.state_dict()
        for own in (self.pen, self.network.averaged):
            own.load_state_dict(weights)
        self.network.average.n_averaged.fill_(1)

    def pretrain(self) -> None:
        """Nothing comes before the first step."""

    def finish_epoch(self, folder: Path) -> None:
        """After the last epoch, calibrate the confidence on held-out writers, where the recordings have enough."""
        if self.progress.epoch == self.epochs:
            network = copy.deepcopy(self.network.averaged).to("cpu").eval().requires_grad_(False)
            calibration = calibrate(PenRecovery(network, self.recipe), self.held_out)
            if calibration is not None:
                self.texts["calibration"] = calibration.to_json()
            else:
                print(
                    f"not calibrated: fewer than {LEAST_DRAWINGS} drawings of held-out writers are among the "
                    "recordings, so drawings will tell no confidence",
                    file=sys.stderr,
                )

    def step(self, step: int) -> StepResult:
        """Step `step`: on recordings, and every few steps on pictures too."""
        losses, shown, share = self._learn(step)
        total = summed(losses)
        if "reconstruction" in losses:
            total = total + self.recipe.training.picture_weight * losses["reconstruction"]
        self._descend(total, step)
        return StepResult(share.told(losses), shown)

    def losses(self, step: int) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor] | None, Share]:
        """This process's part of the losses of step `step`, pictures and their drawings, and its share of the batch."""
        training = self.recipe.training
        chance = torch.Generator(self.device).manual_seed(training.seed * 1_000_003 + step)
        losses, share = self.walk_losses(step, chance)
        if not training.picture_every or step % training.picture_every:
            return losses, None, share
        truth, drawn, share = self.draw_pictures(chance)
        every = torch.ones_like(truth)
        losses["reconstruction"] = share.mean((drawn - truth).square(), every)
        return losses, (truth, drawn.detach()), share

    def walk_losses(self, step: int, chance: torch.Generator) -> tuple[dict[str, Tensor], Share]:
        """The losses of a batch of recordings, and the share of it."""
        training, examples = self.recipe.training, self.batches.at(step)
        images = torch.from_numpy(examples.images).to(self.device)
        share = self.pen.share = Share(images, self.processes)
        points_px = torch.from_numpy(share.of(examples.points_px)).to(self.device)
        flags = torch.from_numpy(share.of(examples.flags)).to(self.device)
        labels = self.label_numbers(share.of(examples.labels))
        dropped = share.uniform(labels, chance) < training.label_dropout
        with self._lowered():
            ink = self.pen.encoder(share.of(images), labels.masked_fill(dropped, self.recipe.network.classes))
        teaching = Teaching(
            training.input_noise, training.input_noise_px, training.target_px, training.precision == "bfloat16"
        )
        return taught_losses(self.pen, ink, points_px, flags, chance, teaching, share), share

    def label_numbers(self, labels: IntArray) -> Tensor:
        """Labels (n,) as the network takes them: -1 becomes the number of classes."""
        numbers = torch.from_numpy(labels).to(self.device)
        return torch.where(numbers < 0, self.recipe.network.classes, numbers)

    def draw_pictures(self, chance: torch.Generator) -> tuple[Tensor, Tensor, Share]:
        """Pictures (rows, 28, 28) drawn at random, what the network's own walks draw, and the share of the batch."""
        count = self.recipe.training.picture_batch_size
        rows = torch.randint(len(self.pictures), (count,), generator=chance, device=self.device)
        chosen = self.pictures.select(rows.cpu().numpy())
        images = torch.from_numpy(chosen.images).to(self.device)
        share = self.pen.share = Share(images, self.processes)
        images, chosen = share.of(images), chosen.select(share.rows)
        labels = self.label_numbers(number_labels(chosen, self.recipe.class_names))
        with self._lowered():
            ink = self.pen.encoder(images, labels)
            walks = walk(self.pen, ink)
        return images.float(), self.draw(ink, walks), share

    def draw(self, ink: InkTokens, walks: Walks) -> Tensor:
        """Walks as pictures (batch, 28, 28), differentiable in the offsets and in the chances that the pen is down."""
        steps = walks.flags.shape[1]
        more = (0, self.processes.most(steps, self.device) - steps)
        walked = functional.pad(torch.from_numpy(walks.tokens).to(self.device), more)
        flags = functional.pad(torch.from_numpy(walks.flags).to(self.device), more, value=-1)
        with self._lowered():
            _, flag_logits, offsets = self.pen.teacher_force(ink, walked, flags == LIFT)
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
        steps = training.epochs * training.steps_an_epoch
        pace = pace_at(training.learning_rate, "cosine", step, steps, warmup_steps=training.warmup_steps)
        descend(self.optimisers["optimiser"], loss, pace=pace, gradient_clip=GRADIENT_CLIP)
        self.network.average.update_parameters(self.pen)
