"""What an image generator learns from, and what trains it."""

from __future__ import annotations

import numpy as np

from strokes.errors import ConfigError
from strokes.generation.gan_trainer import GanTrainer
from strokes.generation.recipe import GeneratorRecipe
from strokes.generation.spec import VAES
from strokes.generation.vae_trainer import VaeTrainer
from strokes.ink.augment import render_pictures
from strokes.ink.pictures import GreySet, join_grey
from strokes.ink.recordings import PenSet
from strokes.recognition.classifier import chances_of, load_classifier


def make_generator_trainer(
    recipe: GeneratorRecipe, pictures: GreySet, pens: PenSet | None, device: str = "cpu"
) -> VaeTrainer | GanTrainer:
    """What trains by the recipe on grey pictures and, where recordings are given, on pictures rendered from them.

    Raises:
        ConfigError: a class of the recipe has no picture, or it renders none and recordings are given.
        SourceError: all recordings are of held-out writers.
    """
    wanted = recipe.training.rendered
    if pens is not None and not wanted:
        raise ConfigError(f"{recipe.name} learns from pictures; leave the pen recordings out")
    own = pictures.as_classes(recipe.class_names)
    if pens is not None:
        seed, variation = recipe.training.seed, recipe.variation
        rendered = render_pictures(pens, own.classes, count=wanted, variation=variation, seed=seed)
        own = join_grey([own, legible(rendered, recipe.training.legible, device)])
    if recipe.training.even:
        own = even(own, recipe.training.seed)
    missing = [name for i, name in enumerate(own.classes) if not (own.labels == i).any()]
    if missing:
        raise ConfigError(
            f"no picture is of class {', '.join(missing)}; {recipe.name} learns {recipe.classes}, so give pictures of "
            "these by --images, or recordings by --pens to render some from"
        )
    trainer = VaeTrainer if recipe.network.family in VAES else GanTrainer
    return trainer(recipe, own, device=device)


def legible(pictures: GreySet, least: float, device: str) -> GreySet:
    """Those that the shipped reader of their classes gives at least that chance of being what they are labelled."""
    if not least:
        return pictures
    reader = load_classifier("grey", classes=len(pictures.classes)).to(device)
    chances = chances_of(reader.predict(pictures.images)[1], pictures.labels, reader.classes)
    return pictures.select(chances >= least)


def even(pictures: GreySet, seed: int) -> GreySet:
    """As many of each class as of the rarest that there is, drawn at random, in their order."""
    random = np.random.default_rng(seed)
    groups = [np.flatnonzero(pictures.labels == label) for label in np.unique(pictures.labels)]
    each = min(map(len, groups))
    return pictures.select(np.sort(np.concatenate([random.permutation(group)[:each] for group in groups])))
