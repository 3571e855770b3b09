"""Recipes of the published networks, which learn by drawing pictures again."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from strokes.errors import ConfigError
from strokes.ink.labels import DIGITS
from strokes.recovery.published.line_models import Softness
from strokes.recovery.published.networks import NetworkSpec
from strokes.training.checkpoints import PUBLISHED
from strokes.training.recipes import check_choice, check_range
from strokes.training.schedule import SCHEDULES, Pace, pace_at


@dataclass(frozen=True)
class DrawingSpec:
    """How a path becomes a picture.

    Attributes:
        line_model: "soft" or "neural".
        compose: how segments are joined: "sum", "max" or "soft-or".
        summed_steps: steps on pictures, from the first, in which they are summed whatever `compose` says.
        pen: how the neural line model is given a lifted pen: "input", its own as published, or "factor" of what it
            draws with the pen down.
        softness: the range of the soft line model's.
    """

    line_model: str = "soft"
    compose: str = "sum"
    summed_steps: int = 0
    pen: str = "input"
    softness: Softness = field(default_factory=Softness)

    def __post_init__(self) -> None:
        check_choice("drawing.line_model", self.line_model, ("soft", "neural"))
        check_choice("drawing.compose", self.compose, ("sum", "max", "soft-or"))
        check_choice("drawing.pen", self.pen, ("input", "factor"))
        check_range("drawing.summed_steps", self.summed_steps)
        if self.pen == "factor" and self.line_model != "neural":
            raise ConfigError(
                "drawing.pen is 'factor'; a soft line model's pen is its softness, only a neural one's may be"
            )

    def composition(self, step: int) -> str:
        """How segments are joined at step `step` on pictures."""
        return "sum" if step < self.summed_steps else self.compose


@dataclass(frozen=True)
class LossSpec:
    """Weights beside the reconstruction's 1; a loss of weight 0 is still measured and logged."""

    length: float = 0.0
    angle: float = 0.0

    def __post_init__(self) -> None:
        for name in ("length", "angle"):
            check_range(f"loss.{name}", getattr(self, name))


@dataclass(frozen=True)
class TrainingSpec:
    """The optimisation.

    Attributes:
        epochs: passes over the training pictures.
        batch_size: pictures a step, over all members.
        learning_rate: Adam's, on pictures.
        schedule: "constant", or "cosine" to fall to 0 over the run.
        samples: whether steps on pen samples alternate with steps on pictures.
        sample_learning_rate: Adam's, on pen samples.
        pretraining_learning_rate: the same before the first picture; 0 for no other.
        sample_batch_size: samples a step, over all members.
        pretraining_steps: sample steps before the first picture.
        precision: "float32", or "bfloat16" for the networks' matrix products.
        seed: of weights, order, dropout and sample variations.
    """

    epochs: int = 15
    batch_size: int = 160
    learning_rate: float = 1e-3
    schedule: str = "constant"
    samples: bool = False
    sample_learning_rate: float = 5e-4
    pretraining_learning_rate: float = 0.0
    sample_batch_size: int = 160
    pretraining_steps: int = 100
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "learning_rate", "sample_learning_rate", "sample_batch_size"):
            check_range(f"training.{name}", getattr(self, name), beyond_zero=True)
        for name in ("pretraining_steps", "pretraining_learning_rate", "seed"):
            check_range(f"training.{name}", getattr(self, name))
        check_choice("training.schedule", self.schedule, tuple(SCHEDULES))
        check_choice("training.precision", self.precision, ("float32", "bfloat16"))

    def sample_pace(self, step: int, steps: int) -> Pace:
        """The pace of sample step `step`, those of the pretraining included, of a run of `steps` on pictures."""
        if step < self.pretraining_steps and self.pretraining_learning_rate:
            return Pace(self.pretraining_learning_rate)
        done = max(step - self.pretraining_steps, 0)
        return pace_at(self.sample_learning_rate, self.schedule, done, steps)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run, by name."""

    name: str
    about: str = ""
    kind: str = PUBLISHED
    network: NetworkSpec = field(default_factory=NetworkSpec)
    drawing: DrawingSpec = field(default_factory=DrawingSpec)
    loss: LossSpec = field(default_factory=LossSpec)
    training: TrainingSpec = field(default_factory=TrainingSpec)

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, (PUBLISHED,))

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels that its pictures have."""
        return DIGITS

    @property
    def lift_threshold(self) -> float:
        """The sharpness, in (0, 1), at or below which a point counts as lifted."""
        return self.drawing.softness.threshold if self.drawing.line_model == "soft" else 0.5

    def as_dict(self) -> dict[str, Any]:
        """The recipe as nested dictionaries, as `strokes.train_recipe.parse_any` takes it."""
        return dataclasses.asdict(self)
