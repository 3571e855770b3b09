"""Training from words and lines whose walk is known, beginning where a glyph network has come to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from strokes.errors import ConfigError
from strokes.ink.recordings import PenSet
from strokes.recovery.pointer.network import GEOMETRY as GLYPH_GEOMETRY
from strokes.recovery.pointer.network import GO, LIFT
from strokes.recovery.words.examples import GROUP, StripBatch, StripBatches
from strokes.recovery.words.letters import book_of
from strokes.recovery.words.network import GEOMETRY, StripNetwork
from strokes.recovery.words.recipe import KIND, StripRecipe
from strokes.training.checkpoints import Model, find_model, part, read_model, ready
from strokes.training.protocol import Progress, StepResult
from strokes.training.recipes import parse_recipe
from strokes.training.schedule import descend, scheduled_rate

FLAG_WEIGHT = 2.0
LARGEST_GRADIENT = 1.0
FAR_PX = 3.0
SLIPS, SLIP_PX, TARGET_PX = 0.4, 0.6, 0.5
"""As recipes of pens have them."""


def walk_losses(
    network: StripNetwork, images: Tensor, points_px: Tensor, flags: Tensor, chance: torch.Generator, *, lower: bool
) -> dict[str, Tensor]:
    """The losses of a batch: `pixel`, `flag` and `offset`.

    Args:
        network: that learns.
        images, points_px, flags: as `StripBatch` has them, on the network's device.
        chance: of slips.
        lower: whether to multiply matrices in bfloat16.
    """
    kind = images.device.type
    with torch.autocast(kind, torch.bfloat16, enabled=lower):
        ink = network.look(images)
    square = (points_px[:, :, None] - ink.places_px[:, None]).square().sum(dim=3)
    square = square.masked_fill(ink.mask[:, None] == 0, 1e6)
    nearest, right = square.min(dim=2)
    beside = functional.softmax(-(square - nearest[..., None]) / (2 * SLIP_PX**2), dim=2)
    slipped = torch.multinomial(beside.flatten(0, 1), 1, generator=chance).view(right.shape)
    slips = torch.rand(right.shape, generator=chance, device=images.device) < SLIPS
    walked = torch.where(slips & (flags == GO), slipped, right)
    with torch.autocast(kind, torch.bfloat16, enabled=lower):
        logits, flag_logits, offsets = network.follow(ink, walked, flags == LIFT)
    known = (flags >= 0).float()
    taught = known * (nearest <= FAR_PX**2)
    target = functional.softmax(-(square - nearest[..., None]) / (2 * TARGET_PX**2), dim=2)
    pixel = functional.kl_div(torch.log_softmax(logits, dim=2), target, reduction="none").sum(dim=2)
    flag = functional.cross_entropy(flag_logits.transpose(1, 2), flags.clamp(min=0), reduction="none")
    place = ink.places_px.gather(1, walked[..., None].expand(-1, -1, 2))
    off = functional.smooth_l1_loss(offsets, (points_px - place).clamp(-2.5, 2.5), reduction="none").sum(dim=2)
    each = {"pixel": (pixel, taught), "flag": (flag, known), "offset": (off, taught)}
    return {name: (loss * weight).sum() / weight.sum().clamp(min=1) for name, (loss, weight) in each.items()}


@torch.no_grad()
def start_from(network: StripNetwork, glyphs: dict[str, Tensor]) -> None:
    """Take over what a glyph network of the same sizes has learned; what only strips have begins at 0."""
    own = network.state_dict()
    spec = network.spec
    taken = dict(glyphs)
    own["look.untold"].copy_(taken.pop("look.label.weight")[-1])
    scales = spec.fine + spec.middle + spec.coarse
    first = taken.pop("look.token.0.0.weight")
    own["look.token.0.0.weight"].zero_()
    own["look.token.0.0.weight"][:, :scales] = first[:, :scales]
    own["look.token.0.0.weight"][:, -3:-1] = first[:, -2:]
    told = taken.pop("tell.0.weight")
    own["tell.0.weight"].zero_()
    own["tell.0.weight"][:, : told.shape[1]] = told
    for name in ("query.2.weight", "query.2.bias"):
        given, rows = taken.pop(name), spec.key + GLYPH_GEOMETRY
        own[name].zero_()
        own[name][:rows] = given[:rows]
        own[name][rows + GEOMETRY - GLYPH_GEOMETRY :][:rows] = given[rows:]
    for name, value in taken.items():
        own[name].copy_(value)


class Learning(nn.Module):
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
            begin_with(strips, read_model(find_model(training.start)))
        self.network = Learning(strips, training.average).to(self.device)
        optimiser = torch.optim.AdamW(strips.parameters(), lr=training.learning_rate, weight_decay=training.decay)
        self.optimisers: dict[str, torch.optim.Optimizer] = {"optimiser": optimiser}
        book = book_of(pens.select(np.flatnonzero(~pens.held_out)))
        self.batches = StripBatches(book, batch_size=training.batch_size, seed=training.seed, lines=training.lines)
        self._group: tuple[int, list[StripBatch]] = (-1, [])
        self.progress = Progress(steps_an_epoch=training.steps_an_epoch)
        self.epochs, self.batch_size = training.epochs, training.batch_size

    def warm_up(self) -> None:
        """Nothing comes before the first step."""

    def finish_epoch(self, folder: Path) -> None:
        """Nothing is done after an epoch."""

    def step(self, step: int) -> StepResult:
        """Step `step`, on a batch of words and lines."""
        training, batch = self.recipe.training, self._batch(step)
        chance = torch.Generator(self.device).manual_seed(training.seed * 1_000_003 + step)
        images, points_px, flags = (
            torch.from_numpy(array).to(self.device) for array in (batch.images, batch.points_px, batch.flags)
        )
        lower = training.precision == "bfloat16"
        losses = walk_losses(self.network.strips, images, points_px, flags, chance, lower=lower)
        total = losses["pixel"] + FLAG_WEIGHT * losses["flag"] + losses["offset"]
        rate = scheduled_rate(training.learning_rate, "cosine", step, training.epochs * training.steps_an_epoch)
        rate *= min(1.0, (step + 1) / training.rise)
        descend(self.optimisers["optimiser"], total, rate=rate, largest=LARGEST_GRADIENT)
        self.network.average.update_parameters(self.network.strips)
        return StepResult({name: loss.item() for name, loss in losses.items()})

    def _batch(self, step: int) -> StripBatch:
        number, place = divmod(step, GROUP)
        if self._group[0] != number:
            self._group = (number, self.batches.group(number))
        return self._group[1][place % len(self._group[1])]


def begin_with(network: StripNetwork, model: Model) -> None:
    """Take over what a glyph network has learned. Raises `ConfigError` when its sizes are others."""
    try:
        start_from(network, {name: value.float() for name, value in model.tensors.items()})
    except (KeyError, RuntimeError) as error:
        raise ConfigError(f"{model.path} doesn't fit the strips of this recipe: {error}") from None


def load_strip_network(model: Model, *, device: str | torch.device = "cpu") -> tuple[StripNetwork, StripRecipe]:
    """A strip network ready to draw, and its recipe. Raises `ConfigError`."""
    if model.kind != KIND:
        raise ConfigError(f"{model.path} is a network of a {model.kind} recipe; expected a strip network")
    recipe: StripRecipe = parse_recipe(StripRecipe, model.settings)
    return ready(StripNetwork(recipe.network), model, device, part(model.tensors, "average.module")), recipe
