"""Recipes of networks that learn from pens: see `strokes.recovery.pointer`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from strokes.errors import ConfigError
from strokes.ink.augment import Variation
from strokes.ink.labels import expand_ranges
from strokes.recovery.pointer.spec import PenSpec
from strokes.training.recipes import check_choice, check_range

PENS = "pens"
"""The kind of these recipes."""


@dataclass(frozen=True)
class PenTraining:
    """The optimisation.

    Attributes:
        epochs: how many stretches of `steps_an_epoch`, each ended by a checkpoint.
        steps_an_epoch: steps on pen recordings.
        batch_size: recordings a step.
        learning_rate: AdamW's, after a linear warm-up; it falls to 0 by a cosine.
        warmup_steps: of the learning rate.
        weight_decay: AdamW's weight decay.
        dropout: share of what the LSTM is told, and of what it says, that is left out.
        average: share of itself that the running average of the weights keeps at a step; the average is what draws.
        label_dropout: share of the recordings whose label is left out.
        input_noise: share of the steps that are fed a pixel beside the right one.
        input_noise_px: how far beside, the standard deviation.
        target_px: how far around the true point pixels count as right, the standard deviation.
        balance_writers, balance_classes: powers of the number of a writer's, a class's, recordings by which the chance
            of each is divided.
        picture_every: steps on recordings for each step on pictures, whose strokes nobody knows; 0: no such steps.
        picture_batch_size: pictures in such a step.
        picture_weight: of the reconstruction's loss.
        precision: "float32", or "bfloat16" for the networks' matrix products.
        seed: of everything random.
    """

    epochs: int = 20
    steps_an_epoch: int = 250
    batch_size: int = 128
    learning_rate: float = 1.5e-3
    warmup_steps: int = 200
    weight_decay: float = 0.03
    dropout: float = 0.1
    average: float = 0.999
    label_dropout: float = 0.05
    input_noise: float = 0.4
    input_noise_px: float = 0.6
    target_px: float = 0.5
    balance_writers: float = 0.5
    balance_classes: float = 0.25
    picture_every: int = 24
    picture_batch_size: int = 48
    picture_weight: float = 5.0
    precision: str = "bfloat16"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in (
            "epochs",
            "steps_an_epoch",
            "batch_size",
            "learning_rate",
            "warmup_steps",
            "input_noise_px",
            "target_px",
        ):
            check_range(f"training.{name}", getattr(self, name), beyond_zero=True)
        for name in (
            "weight_decay",
            "label_dropout",
            "input_noise",
            "balance_writers",
            "balance_classes",
            "picture_every",
            "seed",
        ):
            check_range(f"training.{name}", getattr(self, name))
        for name in ("dropout", "average"):
            check_range(f"training.{name}", getattr(self, name), below=1)
        check_range("training.picture_batch_size", self.picture_batch_size, beyond_zero=True)
        check_range("training.picture_weight", self.picture_weight)
        check_choice("training.precision", self.precision, ("float32", "bfloat16"))


@dataclass(frozen=True)
class PenRecipe:
    """Everything that decides such a run but the recordings, by name.

    Attributes:
        name: of the recipe.
        about: what it is, in a sentence.
        kind: "pens", which tells it from the published recipes.
        classes: the labels that the network knows, such as "0-9,A-Z"; "" for none.
        hypotheses: walks a picture, where several are asked for.
        unsure: the likeliest walk's chance to go elsewhere, summed over its steps, above which it isn't taken alone.
        unsure_hypotheses: walks a picture then, the likeliest among them; 0 for `hypotheses`. A recipe that says so is
            for very many pictures: what its convolutions see is in bytes, too.
        habit: what likeness to a hand's own drawing of a class counts in the choice, beside likeness to other walks; an
            adapted network walks as the hand does already, and needs less.
    """

    name: str
    about: str = ""
    kind: str = PENS
    classes: str = ""
    hypotheses: int = 16
    unsure: float = 0.8
    unsure_hypotheses: int = 0
    habit: float = 2.0
    network: PenSpec = field(default_factory=PenSpec)
    variation: Variation = field(default_factory=Variation)
    training: PenTraining = field(default_factory=PenTraining)

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, (PENS,))
        check_range("hypotheses", self.hypotheses, beyond_zero=True)
        check_range("unsure", self.unsure)
        check_range("unsure_hypotheses", self.unsure_hypotheses)
        check_range("habit", self.habit)
        if len(self.class_names) != self.network.classes:
            raise ConfigError(
                f"network.classes is {self.network.classes}; classes = {self.classes!r} names {len(self.class_names)}"
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels that the network knows."""
        return tuple(expand_ranges(self.classes))

    def as_dict(self) -> dict[str, Any]:
        """The recipe as nested dictionaries, as `strokes.train_recipe.parse_any` takes it."""
        return dataclasses.asdict(self)
