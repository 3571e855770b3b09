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

KIND = "pens"


@dataclass(frozen=True)
class PenTraining:
    """The optimisation.

    Attributes:
        epochs: how many stretches of `steps_an_epoch`, each ended by a checkpoint.
        steps_an_epoch: steps on pen recordings.
        batch_size: recordings a step.
        learning_rate: AdamW's, after its rise over the first `rise` steps; it falls to 0 by a cosine.
        rise: steps.
        decay: AdamW's weight decay.
        unlabelled: share of the recordings whose label isn't told.
        slips: share of the steps that are told to have come to a pixel beside the right one.
        slip_px: how far beside, the standard deviation.
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
    rise: int = 200
    decay: float = 0.01
    unlabelled: float = 0.05
    slips: float = 0.4
    slip_px: float = 0.6
    target_px: float = 0.5
    balance_writers: float = 0.5
    balance_classes: float = 0.25
    picture_every: int = 6
    picture_batch_size: int = 48
    picture_weight: float = 5.0
    precision: str = "bfloat16"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "steps_an_epoch", "batch_size", "learning_rate", "rise", "slip_px", "target_px"):
            check_range(f"training.{name}", getattr(self, name), beyond_zero=True)
        for name in ("decay", "unlabelled", "slips", "balance_writers", "balance_classes", "picture_every", "seed"):
            check_range(f"training.{name}", getattr(self, name))
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
        hypotheses: walks a picture.
    """

    name: str
    about: str = ""
    kind: str = KIND
    classes: str = ""
    hypotheses: int = 16
    network: PenSpec = field(default_factory=PenSpec)
    variation: Variation = field(default_factory=Variation)
    training: PenTraining = field(default_factory=PenTraining)

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, (KIND,))
        check_range("hypotheses", self.hypotheses, beyond_zero=True)
        if len(self.class_names) != self.network.classes:
            raise ConfigError(
                f"network.classes is {self.network.classes}; classes = {self.classes!r} names {len(self.class_names)}"
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels that the network knows."""
        return tuple(expand_ranges(self.classes))

    def as_dict(self) -> dict[str, Any]:
        """The recipe as nested dictionaries, as `strokes.train.parse_any` takes it."""
        return dataclasses.asdict(self)
