"""Recipes of classifiers, which read characters: see `strokes.recognition.classifier`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strokes.errors import ConfigError
from strokes.ink.augment import Variation
from strokes.ink.labels import DIGITS, expand_ranges
from strokes.recognition.classifier import PICTURE_KINDS, Classifier
from strokes.training.checkpoints import find_model, read_model, ready
from strokes.training.recipes import check_choice, check_range, parse_recipe
from strokes.training.schedule import SCHEDULES

CLASSIFIER = "classifier"
"""The kind of these recipes."""


@dataclass(frozen=True)
class ClassifierTraining:
    """The optimisation.

    Attributes:
        epochs: passes over the pictures.
        batch_size: pictures a step; what is left of an epoch is left out.
        learning_rate: AdamW's, at its highest.
        schedule: of the learning rate.
        weight_decay: AdamW's.
        given: of the given pictures, so many an epoch where others are rendered beside them.
        rendered: pictures rendered from recordings, anew each epoch; 0 to learn from the given ones alone.
        seed: of everything random.
    """

    epochs: int = 8
    batch_size: int = 100
    learning_rate: float = 4e-3
    schedule: str = "one-cycle"
    weight_decay: float = 0.01
    given: int = 24_000
    rendered: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "learning_rate"):
            check_range(f"training.{name}", getattr(self, name), beyond_zero=True)
        for name in ("weight_decay", "given", "rendered", "seed"):
            check_range(f"training.{name}", getattr(self, name))
        check_choice("training.schedule", self.schedule, tuple(SCHEDULES))


@dataclass(frozen=True)
class ClassifierRecipe:
    """Everything that decides such a run but the pictures and recordings, by name.

    Attributes:
        name: of the recipe.
        about: what it is, in a sentence.
        kind: "classifier", which tells it from the others.
        classes: what it reads, such as "0-9,A-Z"; digits come first.
        pictures: that it reads: "grey" or "thinned".
        variation: how far rendered pictures depart from the recordings.
        training: the optimisation.
    """

    name: str
    about: str = ""
    kind: str = CLASSIFIER
    classes: str = "0-9"
    pictures: str = "grey"
    variation: Variation = field(default_factory=Variation)
    training: ClassifierTraining = field(default_factory=ClassifierTraining)

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, (CLASSIFIER,))
        check_choice("pictures", self.pictures, PICTURE_KINDS)
        if self.class_names[: len(DIGITS)] != DIGITS:
            raise ConfigError(f"classes is {self.classes!r}; expected 0-9 first, which its grey pictures are of")
        if self.training.rendered and self.pictures == "thinned":
            raise ConfigError("training.rendered goes with grey pictures; leave it out, or set pictures to grey")

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels that it reads."""
        return tuple(expand_ranges(self.classes))

    def as_dict(self) -> dict[str, Any]:
        """The recipe as nested dictionaries, as `strokes.train_recipe.parse_any` takes it."""
        return dataclasses.asdict(self)


def load_trained(path: Path | str) -> Classifier:
    """The classifier of a checkpoint: its file or its folder. Raises `ConfigError` when it holds none."""
    model = read_model(find_model(str(path)))
    if model.kind != CLASSIFIER:
        raise ConfigError(f"{model.path} is a network of a {model.kind} recipe; expected a classifier")
    recipe: ClassifierRecipe = parse_recipe(ClassifierRecipe, model.settings)
    return ready(Classifier(recipe.class_names, kind=recipe.pictures), model)
