"""A trained generator, ready to make pictures: so many, of the classes asked for, from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from strokes.errors import ConfigError
from strokes.generation.gan import PictureGenerator
from strokes.generation.recipe import GENERATOR, GeneratorRecipe
from strokes.generation.spec import VAES
from strokes.generation.vae import Vae, make_vae, one_hot
from strokes.ink.drawing import UNLABELLED, FloatArray, IntArray
from strokes.ink.labels import MNIST_LICENCE
from strokes.ink.pictures import GreySet, as_grey
from strokes.training.checkpoints import SHIPPED, find_model, known_models, part, read_model, ready
from strokes.training.recipes import parse_recipe

SHIPPED_GENERATORS = SHIPPED / "generators"
RANDOMNESS = 0.8
DRAWN_AT_ONCE = 500
MOST_PICTURES = 100_000
"""Made at once: they are held in memory, 3 KB each while they are numbers from 0 to 1."""


@dataclass(frozen=True)
class ImageGenerator:
    """A generator and its recipe; see `load_generator`."""

    network: Vae | PictureGenerator
    recipe: GeneratorRecipe

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that it can be asked for; none where it draws what comes."""
        return self.recipe.class_names if self.recipe.network.classes else ()

    def number(self, classes: Sequence[str]) -> IntArray:
        """Labels (n,) of the characters asked for. Raises `ConfigError` for one that it can't be asked for."""
        unknown = [name for name in dict.fromkeys(classes) if name not in self.classes]
        if unknown:
            known = f"knows {self.recipe.classes}" if self.classes else "can't be asked for classes"
            raise ConfigError(
                f"{self.recipe.name} {known}; {', '.join(unknown)} can't be had, choose another generator"
            )
        return np.array([self.classes.index(name) for name in classes], np.int64)

    def generate(
        self,
        count: int,
        *,
        classes: Sequence[str] = (),
        randomness: float = RANDOMNESS,
        standard: bool = False,
        seed: int = 0,
    ) -> GreySet:
        """New pictures, the classes in turn.

        Args:
            count: how many.
            classes: asked for; all that the generator knows when none is given.
            randomness: factor of the latents' standard deviation: 0 for always the same, 1 as varied as was learned.
            standard: draw latents from a standard normal, as in training, where others would come from where the
                latents of real pictures lie.
            seed: of the latents.

        Raises:
            ConfigError: the generator can't be asked for a class, or for so many pictures.
        """
        check_count(count)
        asked = self.number(classes or self.classes)
        labels = np.resize(asked, count) if len(asked) else np.full(count, UNLABELLED, np.int64)
        chance = torch.Generator().manual_seed(seed)
        latents = torch.randn(count, self.recipe.network.latent, generator=chance) * randomness
        if isinstance(self.network, PictureGenerator):
            if self.recipe.network.is_mixture:
                latents = self.network.place(latents, self.network.share.multinomial(count, True, generator=chance))
        elif not standard:
            own = self.network.latents
            parts = torch.from_numpy(labels) if len(asked) else own.share.multinomial(count, True, generator=chance)
            latents = own.place(latents, parts)
        return self.as_set(self.draw(latents, labels), labels)

    def as_set(self, images: FloatArray, labels: IntArray) -> GreySet:
        """Pictures (n, 28, 28) in [0, 1] and their labels as a set."""
        return GreySet(as_grey(images), labels, self.classes, f"made by {self.recipe.name}", MNIST_LICENCE)

    @torch.no_grad()
    def draw(self, latents: Tensor, labels: IntArray) -> FloatArray:
        """Pictures (n, 28, 28) in [0, 1], ink high, of latents (n, latent) and labels (n,)."""
        condition = one_hot(torch.from_numpy(labels), self.recipe.network.classes)
        blocks = [
            self._draw(latents[i : i + DRAWN_AT_ONCE], condition[i : i + DRAWN_AT_ONCE])
            for i in range(0, len(latents), DRAWN_AT_ONCE)
        ]
        return np.concatenate([block.squeeze(1).numpy() for block in blocks] or [np.zeros((0, 28, 28), np.float32)])

    def _draw(self, latents: Tensor, condition: Tensor) -> Tensor:
        if isinstance(self.network, PictureGenerator):
            drawn: Tensor = self.network(latents, condition)
            return (drawn + 1) / 2
        return self.network.decode(latents, condition).sigmoid()


def check_count(count: int) -> None:
    """Raise `ConfigError` when so many pictures can't be made at once."""
    if count > MOST_PICTURES:
        raise ConfigError(
            f"{count} pictures were asked for; at most {MOST_PICTURES:,} are made at once, make more with another seed"
        )


def known_generators() -> list[str]:
    """Names of the image generators that ship."""
    return known_models(SHIPPED_GENERATORS)


def load_generator(name: str) -> ImageGenerator:
    """A shipped image generator, or one of a checkpoint: its file or its folder.

    Raises:
        ConfigError: it is unknown, broken, or no image generator.
    """
    path = find_model(name, SHIPPED_GENERATORS)
    model = read_model(path)
    if model.kind != GENERATOR:
        raise ConfigError(f"{path} is no image generator; one of {', '.join(known_generators())}, or one's checkpoint")
    recipe: GeneratorRecipe = parse_recipe(GeneratorRecipe, model.settings)
    if recipe.network.family in VAES:
        return ImageGenerator(ready(make_vae(recipe.network), model), recipe)
    return ImageGenerator(
        ready(PictureGenerator(recipe.network), model, weights=part(model.tensors, "averaged")), recipe
    )


def generator_for(family: str, classes: Sequence[str]) -> str:
    """The shipped generator called `family`, or `family` and more, that knows most of these classes and few others."""
    named = [name for name in known_generators() if name == family or name.startswith(f"{family}-")]
    known: dict[str, GeneratorRecipe] = {
        name: parse_recipe(GeneratorRecipe, read_model(SHIPPED_GENERATORS / f"{name}.safetensors").settings)
        for name in named
    }
    able = [
        (len(set(classes) - set(recipe.class_names)), recipe.network.classes, name)
        for name, recipe in known.items()
        if recipe.network.classes
    ]
    return min(able)[2] if able and classes else family
