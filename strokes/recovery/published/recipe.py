"""Recipes of the published networks, which learn by drawing pictures again."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from strokes.ink.labels import DIGITS
from strokes.recovery.published.line_models import Softness
from strokes.recovery.published.networks import NetworkSpec
from strokes.training.checkpoints import PUBLISHED
from strokes.training.recipes import check_choice, check_range


@dataclass(frozen=True)
class DrawingSpec:
    """How a path becomes a picture: line model (soft, neural), composition (sum, max, soft-or), softness."""

    line_model: str = "soft"
    compose: str = "sum"
    softness: Softness = field(default_factory=Softness)


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
        decay: "constant", or "cosine" to fall to 0 over the run.
        samples: whether steps on pen samples alternate with steps on pictures.
        sample_learning_rate: Adam's, on pen samples.
        sample_batch_size: samples a step, over all members.
        warm_up: sample steps before the first picture.
        precision: "float32", or "bfloat16" for the networks' matrix products.
        seed: of weights, order, dropout and sample variations.
    """

    epochs: int = 15
    batch_size: int = 160
    learning_rate: float = 1e-3
    decay: str = "constant"
    samples: bool = False
    sample_learning_rate: float = 5e-4
    sample_batch_size: int = 160
    warm_up: int = 100
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "learning_rate", "sample_learning_rate", "sample_batch_size"):
            check_range(f"training.{name}", getattr(self, name), beyond_zero=True)
        for name in ("warm_up", "seed"):
            check_range(f"training.{name}", getattr(self, name))
        check_choice("training.decay", self.decay, ("constant", "cosine"))
        check_choice("training.precision", self.precision, ("float32", "bfloat16"))


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
        check_choice("drawing.line_model", self.drawing.line_model, ("soft", "neural"))
        check_choice("drawing.compose", self.drawing.compose, ("sum", "max", "soft-or"))

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels that its pictures have."""
        return DIGITS

    @property
    def lift_threshold(self) -> float:
        """The sharpness, in (0, 1), at or below which a point counts as lifted."""
        return self.drawing.softness.threshold if self.drawing.line_model == "soft" else 0.5

    def as_dict(self) -> dict[str, Any]:
        """The recipe as nested dictionaries, as `strokes.train.parse_any` takes it."""
        return dataclasses.asdict(self)
