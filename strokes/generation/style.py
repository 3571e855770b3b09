"""Handwriting in the style of a few pictures: their latents say how, the class asked for says what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from strokes.errors import ConfigError, SourceError
from strokes.generation.gan import PictureGenerator
from strokes.generation.generator import RANDOMNESS, ImageGenerator
from strokes.generation.vae import ClassVae
from strokes.ink.drawing import UNLABELLED
from strokes.ink.pictures import GreySet


@dataclass(frozen=True)
class Style:
    """How characters are written, as a generator sees it.

    Attributes:
        mean: (prompts, latent), from where such characters' latents usually lie.
        deviation: (prompts, latent), how unsure the pictures leave it.
    """

    mean: Tensor
    deviation: Tensor

    def averaged(self) -> Style:
        """One style, the mean of all."""
        return Style(self.mean.mean(dim=0, keepdim=True), self.deviation.mean(dim=0, keepdim=True))


@torch.no_grad()
def take_style(generator: ImageGenerator, prompts: GreySet, *, average: bool = True) -> Style:
    """The style of some pictures; those without a label are read first.

    Args:
        generator: one that is conditioned on classes.
        prompts: at least one picture.
        average: take the mean of their styles, where each would else stand for itself.

    Raises:
        ConfigError: the generator isn't conditioned on classes.
        SourceError: there is no picture, or a blank one.
    """
    network = conditional_network(generator)
    if len(prompts) == 0 or not prompts.images.any(axis=(1, 2)).all():
        raise SourceError(f"{len(prompts)} pictures were given for a style; expected one or more, none of them blank")
    posterior = network.encode(torch.from_numpy(prompts.images[:, None]).float() / 255)
    read = posterior.classes.argmax(dim=1)
    known = {name: i for i, name in enumerate(generator.classes)}
    given = [known.get(prompts.classes[label], UNLABELLED) if label >= 0 else UNLABELLED for label in prompts.labels]
    labels = torch.where(torch.tensor(given) < 0, read, torch.tensor(given))
    style = Style(posterior.mean - network.latents.mean[labels], (posterior.log_variance / 2).exp())
    return style.averaged() if average else style


def write_in_style(
    generator: ImageGenerator,
    style: Style,
    characters: Sequence[str],
    *,
    randomness: float = RANDOMNESS,
    seed: int = 0,
) -> GreySet:
    """The characters as pictures in that style.

    Args:
        generator: the one that the style was taken with.
        style: of one hand; where it holds several, each character takes the next.
        characters: each one of the generator's classes.
        randomness: factor of the posterior's standard deviation: 0 for always the same.
        seed: of the random part.

    Raises:
        ConfigError: the generator doesn't know a character.
    """
    network = conditional_network(generator)
    labels = generator.number(characters)
    which = torch.arange(len(labels)) % len(style.mean)
    random = torch.randn(len(labels), style.mean.shape[1], generator=torch.Generator().manual_seed(seed))
    latents = network.latents.mean[torch.from_numpy(labels)] + style.mean[which]
    drawn = generator.draw(latents + randomness * style.deviation[which] * random, labels)
    return generator.as_set(drawn, labels)


def style_grid(generator: ImageGenerator, prompts: GreySet, *, randomness: float = 1.0, seed: int = 0) -> GreySet:
    """Every class that the generator knows in the style of each prompt: class by class."""
    style = take_style(generator, prompts, average=False)
    characters = [name for name in generator.classes for _ in range(len(prompts))]
    return write_in_style(generator, style, characters, randomness=randomness, seed=seed)


def conditional_network(generator: ImageGenerator) -> ClassVae:
    """The network of a generator that is conditioned on classes. Raises `ConfigError` for another generator."""
    network = generator.network
    if isinstance(network, PictureGenerator) or not isinstance(network, ClassVae):
        raise ConfigError(
            f"{generator.recipe.name} is conditioned on no classes, and has no style to take or class to read; "
            "expected a cvae"
        )
    return network


def characters_of(text: str) -> list[str]:
    """The characters of a text, white space left out. Raises `ConfigError` when there is none."""
    characters = [character for character in text if not character.isspace()]
    if not characters:
        raise ConfigError("the text is empty; expected some characters")
    return characters
