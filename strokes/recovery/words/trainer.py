"""Training from words and lines whose walk is known, beginning where a glyph network has come to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from strokes.errors import ConfigError
from strokes.ink.recordings import PenSet
from strokes.recovery.pointer.formulas import GEOMETRY
from strokes.recovery.pointer.teaching import GRADIENT_CLIP, Teaching, summed, taught_losses
from strokes.recovery.words.examples import GROUP, StripBatch, StripBatches
from strokes.recovery.words.letters import book_of, glyphs_of
from strokes.recovery.words.network import STRIP_GEOMETRY, StripNetwork
from strokes.recovery.words.recipe import STRIPS, StripRecipe
from strokes.training.ahead import Ahead
from strokes.training.checkpoints import SHIPPED, Model, find_model, part, read_model
from strokes.training.processes import Share, here
from strokes.training.protocol import Progress, StepResult
from strokes.training.schedule import descend, pace_at

INPUT_NOISE, INPUT_NOISE_PX, TARGET_PX = 0.4, 0.6, 0.5
"""As recipes of pens have them."""


@torch.no_grad()
def start_from(network: StripNetwork, glyphs: dict[str, Tensor]) -> None:
    """Take over what a glyph network of the same sizes has learned; what only strips have begins at 0."""
    own = network.state_dict()
    spec = network.spec
    taken = dict(glyphs)
    own["encoder.no_label"].copy_(taken.pop("encoder.label.weight")[-1])
    scales = spec.fine + spec.middle + spec.coarse
    first = taken.pop("encoder.token.0.0.weight")
    own["encoder.token.0.0.weight"].zero_()
    own["encoder.token.0.0.weight"][:, :scales] = first[:, :scales]
    own["encoder.token.0.0.weight"][:, -3:-1] = first[:, -2:]
    embedded = taken.pop("embed.0.weight")
    own["embed.0.weight"].zero_()
    own["embed.0.weight"][:, : embedded.shape[1]] = embedded
    for name in ("query.2.weight", "query.2.bias"):
        given, rows = taken.pop(name), spec.key + GEOMETRY
        own[name].zero_()
        own[name][:rows] = given[:rows]
        own[name][rows + STRIP_GEOMETRY - GEOMETRY :][:rows] = given[rows:]
    for name, value in taken.items():
        own[name].copy_(value)


class LearningStrips(nn.Module):
    """A strip network and the running average of its weights, which is what draws afterwards.

    Args:
        strips: the network.
        average: share of itself that the average keeps at a step.
    """

    def __init__(self, strips: StripNetwork, average: float) -> None:
        super().__init__()
        self.strips = strips
        self.average = AveragedModel(strips, multi_avg_fn=get_ema_multi_avg_fn(average))  # type: ignore[no-untyped-call]


class StripTrainer:
    """A strip network in training.

    Args:
        recipe: what to train and how.
        pens: recordings in the frame; of letters and digits, those of held-out writers left out, words are made.
        device: "cpu" or "cuda".

    Raises:
        ConfigError: the network to begin with is unknown, or of other sizes.
        SourceError: no writer has letters enough.
    """

    def __init__(self, recipe: StripRecipe, pens: PenSet, *, device: str = "cpu") -> None:
        self.recipe, training = recipe, recipe.training
        self.device = torch.device(device)
        torch.manual_seed(training.seed)
        strips = StripNetwork(recipe.network)
        if training.start:
            shipped = SHIPPED / f"{training.start}.safetensors"
            begin_with(strips, read_model(shipped if shipped.is_file() else find_model(training.start)))
        learning = LearningStrips(strips, training.average)
        self.network = learning.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.processes = here()
        self._learn = self.processes.share(self.network.strips, self.losses)
        optimiser = torch.optim.AdamW(
            strips.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay
        )
        self.optimisers: dict[str, torch.optim.Optimizer] = {"optimiser": optimiser}
        known = pens.select(np.flatnonzero(~pens.held_out))
        book = book_of(known)
        batches = StripBatches(
            book,
            glyphs_of(known) if training.glyphs else [],
            batch_size=training.batch_size,
            seed=training.seed,
            lines=training.lines,
            glyphs=training.glyphs,
            by_strokes=training.by_strokes,
        )
        self.source = Ahead(batches.group)
        self.generators: dict[str, torch.Generator] = {}
        self.texts: dict[str, str] = {}
        self._group: tuple[int, list[StripBatch]] = (-1, [])
        self.progress = Progress(steps_an_epoch=training.steps_an_epoch)
        self.epochs, self.batch_size = training.epochs, training.batch_size

    def pretrain(self) -> None:
        """Nothing comes before the first step."""

    def finish_epoch(self, folder: Path) -> None:
        """Nothing is done after an epoch."""

    def step(self, step: int) -> StepResult:
        """Step `step`, on a batch of words and lines."""
        losses, share = self._learn(step)
        training = self.recipe.training
        steps = training.epochs * training.steps_an_epoch
        pace = pace_at(training.learning_rate, "cosine", step, steps, warmup_steps=training.warmup_steps)
        descend(self.optimisers["optimiser"], summed(losses), pace=pace, gradient_clip=GRADIENT_CLIP)
        self.network.average.update_parameters(self.network.strips)
        return StepResult(share.told(losses))

    def losses(self, step: int) -> tuple[dict[str, Tensor], Share]:
        """This process's part of the losses of step `step`, and its share of the batch."""
        training, batch = self.recipe.training, self._batch(step)
        chance = torch.Generator(self.device).manual_seed(training.seed * 1_000_003 + step)
        images = torch.from_numpy(batch.images).to(self.device)
        share = Share(images, self.processes)
        points_px, flags = (
            torch.from_numpy(share.of(array)).to(self.device) for array in (batch.points_px, batch.flags)
        )
        lower = training.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=lower):
            ink = self.network.strips.encoder(share.of(images))
        teaching = Teaching(INPUT_NOISE, INPUT_NOISE_PX, TARGET_PX, lower)
        return taught_losses(self.network.strips, ink, points_px, flags, chance, teaching, share), share

    def _batch(self, step: int) -> StripBatch:
        number, place = divmod(step, GROUP)
        if self._group[0] != number:
            self._group = (number, self.source.at(number))
        return self._group[1][place % len(self._group[1])]


def begin_with(network: StripNetwork, model: Model) -> None:
    """Take over what a glyph or strip network has learned. Raises `ConfigError` when its sizes are others."""
    tensors = {name: value.float() for name, value in model.tensors.items()}
    try:
        if model.kind == STRIPS:
            network.load_state_dict(part(tensors, "average.module") or tensors)
        else:
            start_from(network, tensors)
    except (KeyError, RuntimeError) as error:
        raise ConfigError(f"{model.path} doesn't fit the strips of this recipe: {error}") from None
