"""Recipes of image generators: see `strokes.generation`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from strokes.errors import ConfigError
from strokes.generation.spec import GeneratorSpec
from strokes.ink.augment import Variation
from strokes.ink.labels import expand_ranges
from strokes.training.recipes import check_choice, check_range
from strokes.training.schedule import SCHEDULES

GENERATOR = "generator"
"""The kind of these recipes."""


@dataclass(frozen=True)
class GeneratorTraining:
    """The optimisation.

    Attributes:
        epochs: passes over the pictures; for a GAN, of its critic.
        batch_size: pictures a step.
        learning_rate: Adam's.
        beta1: Adam's β₁.
        schedule: "constant", or "cosine" to fall to 0 over the run.
        summed: whether the reconstruction's loss is the sum over a picture's pixels, or their mean.
        kl_weight: of the divergence, beside the reconstruction's 1.
        kl_annealing: whether that weight is multiplied by the epoch's number, from 1.
        class_weight: of the cross-entropy of the classes.
        augmentation: of a VAE's pictures, anew at every step: how much they are turned, slanted, sized and shifted.
        label_conditioning: whether a cvae's decoder is given the true class while it learns, or what its encoder reads.
        critic_steps: of a GAN's critic for each of its generator's.
        same_batch: whether these are all on one batch, or each on a batch of its own.
        gradient_penalty: of a WGAN's gradients, and of a projection critic's.
        ema_decay: how much of the generator's averaged weights stays at each of its steps.
        rendered: pictures rendered from pen recordings, in every epoch the same.
        legible: least chance that the shipped reader of these classes must give a rendered picture's own, or one that
            may look the same, for it to be learned from; 0 learns from all.
        even: whether classes are cut to the number of pictures that the rarest has.
        grids: epochs after which 100 pictures of the same latents are drawn, such as "10,30,50".
        precision: "float32", or "bfloat16" for the networks' products.
        seed: of everything random.
    """

    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 1e-3
    beta1: float = 0.9
    schedule: str = "constant"
    summed: bool = False
    kl_weight: float = 0.001
    kl_annealing: bool = False
    class_weight: float = 0.1
    augmentation: float = 0.0
    label_conditioning: bool = False
    critic_steps: int = 1
    same_batch: bool = False
    gradient_penalty: float = 10.0
    ema_decay: float = 0.999
    rendered: int = 0
    legible: float = 0.0
    even: bool = False
    grids: str = ""
    precision: str = "bfloat16"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "learning_rate", "critic_steps"):
            check_range(f"training.{name}", getattr(self, name), beyond_zero=True)
        for name in ("kl_weight", "class_weight", "augmentation", "gradient_penalty", "rendered", "legible", "seed"):
            check_range(f"training.{name}", getattr(self, name))
        for name in ("beta1", "ema_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"training.{name} is {getattr(self, name)}; expected at least 0 and below 1")
        check_choice("training.schedule", self.schedule, tuple(SCHEDULES))
        check_choice("training.precision", self.precision, ("float32", "bfloat16"))
        if not all(epoch.isdecimal() for epoch in filter(None, self.grids.split(","))):
            raise ConfigError(f"training.grids is {self.grids!r}; expected numbers of epochs, such as 10,30,50")

    @property
    def grid_epochs(self) -> tuple[int, ...]:
        """The epochs of `grids`."""
        return tuple(int(epoch) for epoch in filter(None, self.grids.split(",")))


@dataclass(frozen=True)
class GeneratorRecipe:
    """Everything that decides such a run but the pictures, by name.

    Attributes:
        name: of the recipe.
        about: what it is, in a sentence.
        kind: "generator", which tells it from the others.
        classes: the labels that its pictures have, such as "0-9,A-Z".
        network: the generator's shape.
        variation: how far rendered pictures depart from the recordings.
        training: the optimisation.
    """

    name: str
    about: str = ""
    kind: str = GENERATOR
    classes: str = "0-9"
    network: GeneratorSpec = field(default_factory=GeneratorSpec)
    variation: Variation = field(default_factory=Variation)
    training: GeneratorTraining = field(default_factory=GeneratorTraining)

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, (GENERATOR,))
        if self.network.classes and len(self.class_names) != self.network.classes:
            raise ConfigError(
                f"network.classes is {self.network.classes}; classes = {self.classes!r} names {len(self.class_names)}"
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels that its pictures have."""
        return tuple(expand_ranges(self.classes))

    def as_dict(self) -> dict[str, Any]:
        """The recipe as nested dictionaries, as `strokes.train_recipe.parse_any` takes it."""
        return dataclasses.asdict(self)
