"""A pen network taken to one hand: some steps of training, half on that hand's drawings, half on others'.

The others keep it from forgetting how people write what the hand hasn't shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from strokes.datasets.samples import load_pen_samples
from strokes.errors import ConfigError
from strokes.files import make_folder
from strokes.ink.labels import number_labels
from strokes.ink.pictures import FRAME_PX, make_image_set
from strokes.ink.recordings import PenSet
from strokes.ink.rendering import centre_in_frame
from strokes.recovery.pointer.examples import Examples, PenBatches
from strokes.recovery.pointer.network import PenNetwork
from strokes.recovery.pointer.recipe import PenRecipe
from strokes.recovery.pointer.recover import load_pen_network
from strokes.recovery.pointer.trainer import PenTrainer
from strokes.training.checkpoints import WEIGHTS_NAME, find_model, read_model, save_weights

STEPS = 60
ADAPTED_AT_ONCE = 32
"""Examples of the hand, and as many of others, a step."""
ADAPTING_RATE = 5e-4
AVERAGE = 0.9
HABIT = 0.5
"""What likeness to the hand's drawings counts in the choice among an adapted network's walks: it walks as they do."""
SPREAD_EVENLY = (0.0, 1.0)
"""Drawings of each class are drawn as often, however many there are."""
CHANGES = ("all", "biases", "low-rank")
"""What of a network may change: every weight, its vectors alone, or every weight by a matrix of rank `RANK` at most."""
RANK = 4


@dataclass(frozen=True)
class MixedBatches:
    """Batches of which one half comes from each of two sources."""

    first: PenBatches
    second: PenBatches

    def at(self, step: int) -> Examples:
        """The examples of step `step`."""
        halves = self.first.at(step), self.second.at(step)
        longest = max(half.flags.shape[1] for half in halves)
        wide = [longest - half.flags.shape[1] for half in halves]
        return Examples(
            images=np.concatenate([half.images for half in halves]),
            labels=np.concatenate([half.labels for half in halves]),
            points_px=np.concatenate(
                [np.pad(h.points_px, ((0, 0), (0, w), (0, 0))) for h, w in zip(halves, wide, strict=True)]
            ),
            flags=np.concatenate(
                [np.pad(h.flags, ((0, 0), (0, w)), constant_values=-1) for h, w in zip(halves, wide, strict=True)]
            ),
        )


def adapt(
    network: PenNetwork,
    recipe: PenRecipe,
    taught: PenSet,
    others: PenSet,
    *,
    steps: int = STEPS,
    change: str = "all",
    seed: int = 0,
) -> tuple[PenNetwork, PenRecipe, list[float]]:
    """The network taken to the hand that drew `taught`, how it is to be used, and the loss of each step.

    Args:
        network: where it begins; it is left as it is.
        recipe: that it was trained by.
        taught: the hand's drawings, in the frame.
        others: drawings of other hands, of what the network is not to forget.
        steps: of gradient descent.
        change: what of it may change, one of `CHANGES`.
        seed: of all that is random.

    Raises:
        ConfigError: there is to be no step, or no such change.
        SourceError: there is no drawing.
    """
    if steps < 1:
        raise ConfigError(f"{steps} steps of adaptation were asked for; expected 1 or more")
    if change not in CHANGES:
        raise ConfigError(f"unknown change {change!r}; one of {', '.join(CHANGES)}")
    training = replace(
        recipe.training,
        epochs=1,
        steps_an_epoch=steps,
        batch_size=ADAPTED_AT_ONCE,
        learning_rate=ADAPTING_RATE,
        warmup_steps=steps // 6 + 1,
        dropout=0.0,
        average=AVERAGE,
        picture_every=0,
        seed=seed,
    )
    known = replace(recipe, training=training)
    halves = [
        PenBatches(
            pens,
            number_labels(pens.drawings, recipe.class_names),
            recipe.network,
            recipe.variation,
            batch_size=ADAPTED_AT_ONCE,
            seed=seed,
            balance=SPREAD_EVENLY,
        )
        for pens in (taught, others)
    ]
    nothing = make_image_set(np.zeros((0, FRAME_PX, FRAME_PX), np.bool_))
    trainer = PenTrainer(known, others, nothing, batches=MixedBatches(*halves))
    trainer.begin_with(network)
    for weight in trainer.pen.parameters():
        weight.requires_grad_(change != "biases" or weight.ndim < 2)
    losses = [sum(trainer.step(step).losses.values()) for step in range(steps)]
    adapted = trainer.network.averaged.eval().requires_grad_(False)
    if change == "low-rank":
        for weight, before in zip(adapted.parameters(), network.parameters(), strict=True):
            weight.copy_(before + limit_rank(weight - before))
    return adapted, replace(recipe, habit=HABIT), losses


def limit_rank(change: Tensor) -> Tensor:
    """The nearest change of a weight, as a matrix of a row an output, of rank `RANK` at most; vectors stay."""
    if change.ndim < 2:
        return change
    left, values, right = torch.linalg.svd(change.flatten(1), full_matrices=False)
    nearest: Tensor = (left[:, :RANK] * values[:RANK]) @ right[:RANK]
    return nearest.reshape(change.shape)


def adapt_model(
    model: str, taught: PenSet, out: Path, *, others: PenSet | None = None, steps: int = STEPS, change: str = "all"
) -> Path:
    """Adapt a shipped network or a checkpoint to a hand, and put its weights into the folder `out`.

    Without drawings by `others`, the project's own pen samples stand for them.

    Raises:
        ConfigError: the model is no pen network, or `out` holds weights.
        SourceError: there is no drawing.
        StoreError: `out` can't be made or written to.
    """
    weights = out / WEIGHTS_NAME
    if weights.exists():
        raise ConfigError(f"{weights} exists; choose another --out")
    network, recipe, calibration = load_pen_network(read_model(find_model(model)))
    if others is None:
        samples = centre_in_frame(load_pen_samples())
        others = PenSet(samples, ("",) * len(samples))
    adapted, known, _ = adapt(network, recipe, taught, others, steps=steps, change=change)
    make_folder(out)
    save_weights(adapted, known, weights, calibration=None if calibration is None else calibration.to_json())
    return weights
