"""Recipes of strip networks, which learn words and lines from pens: see `strokes.recovery.words`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from strokes.recovery.words.network import StripSpec
from strokes.training.recipes import check_choice, check_range

STRIPS = "strips"
"""The kind of these recipes."""


@dataclass(frozen=True)
class StripTraining:
    """The optimisation.

    Attributes:
        epochs: how many stretches of `steps_an_epoch`, each ended by a checkpoint.
        steps_an_epoch: steps on words and lines.
        batch_size: of them a step, on the mean.
        learning_rate: AdamW's, after a linear warm-up; it falls to 0 by a cosine.
        warmup_steps: of the learning rate.
        weight_decay: AdamW's weight decay.
        average: share of itself that the running average of the weights, which is what draws, keeps at a step.
        lines: share of the words that are lines of several.
        glyphs: share of the examples that are one whole recording, whatever it is of.
        by_strokes: whether a recording is shown the oftener the more strokes it has, whose order there is to learn.
        start: a network of glyphs or strips, of the same sizes, whose weights to begin with: a shipped one's name, or
            a checkpoint; or "".
        precision: "float32", or "bfloat16" for the networks' matrix products.
        seed: of everything random.
    """

    epochs: int = 24
    steps_an_epoch: int = 250
    batch_size: int = 40
    learning_rate: float = 1.2e-3
    warmup_steps: int = 200
    weight_decay: float = 0.01
    average: float = 0.998
    lines: float = 0.12
    glyphs: float = 0.0
    by_strokes: bool = False
    start: str = "pen-letters"
    precision: str = "bfloat16"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "steps_an_epoch", "batch_size", "learning_rate", "warmup_steps"):
            check_range(f"training.{name}", getattr(self, name), beyond_zero=True)
        for name in ("weight_decay", "average", "lines", "glyphs", "seed"):
            check_range(f"training.{name}", getattr(self, name))
        check_choice("training.precision", self.precision, ("float32", "bfloat16"))


@dataclass(frozen=True)
class StripRecipe:
    """Everything that decides such a run but the recordings, by name.

    Attributes:
        name: of the recipe.
        about: what it is, in a sentence.
        kind: "strips".
        hypotheses: walks a strip.
        temperature: of all of them but the likeliest.
    """

    name: str
    about: str = ""
    kind: str = STRIPS
    hypotheses: int = 8
    temperature: float = 1.0
    network: StripSpec = field(default_factory=StripSpec)
    training: StripTraining = field(default_factory=StripTraining)

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, (STRIPS,))
        check_range("hypotheses", self.hypotheses, beyond_zero=True)
        check_range("temperature", self.temperature)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels that the network knows: none."""
        return ()

    def as_dict(self) -> dict[str, Any]:
        """The recipe as nested dictionaries, as `strokes.train_recipe.parse_any` takes it."""
        return dataclasses.asdict(self)
