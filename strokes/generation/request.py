"""From what a person asks a generator for to pictures, and to thinned ones that strokes are recovered from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from strokes.datasets.grey import load_grey
from strokes.errors import ConfigError, SourceError
from strokes.files import atomic_path, check_ending
from strokes.formats.sheet import write_sheet
from strokes.generation.generator import RANDOMNESS, ImageGenerator, check_count, generator_for, load_generator
from strokes.generation.style import characters_of, style_grid, take_style, write_in_style
from strokes.ink.labels import expand_ranges
from strokes.ink.pictures import GreySet, ImageSet, make_image_set
from strokes.ink.thinning import thin
from strokes.recognition.classifier import load_classifier

SHEET_COLUMNS = 10
PICTURE_ENDINGS = (".npz", ".png")
RECOMMENDED, OF_ALL, STYLED = "conditional-gan", "conditional-gan-letters", "cvae"
"""What draws characters that are asked for, all that there are, and in a given style."""


@dataclass(frozen=True)
class Wish:
    """What a person asks a generator for.

    Attributes:
        generator: a shipped one's name, or the beginning of those of which one knows the characters, or a checkpoint;
            "" for the recommended one: `conditional-gan`, or `cvae` where a style is to be taken.
        classes: such as "0-9A-Z"; "" for all that it knows.
        text: characters in their order, instead of classes.
        count: how many pictures; 0 for the text's characters, or each class once, or 100 where it knows none.
        style: pictures to take the style of: a set, a file, or a folder with perhaps a subfolder a class.
        average: take the mean of their styles, where each would else stand for itself.
        randomness: factor of the latents' standard deviation.
        seed: of the latents.
    """

    generator: str = ""
    classes: str = ""
    text: str = ""
    count: int = 0
    style: Path | GreySet | None = None
    average: bool = True
    randomness: float = RANDOMNESS
    seed: int = 0

    def __post_init__(self) -> None:
        if self.classes and self.text:
            raise ConfigError("classes and a text were asked for; give one of them")
        if self.count < 0 or not 0 <= self.randomness < np.inf:
            raise ConfigError(f"count is {self.count}, randomness {self.randomness}; expected 0 or more, and finite")

        check_count(self.count)

    @property
    def characters(self) -> list[str]:
        """Those asked for; none for all that the generator knows."""
        return characters_of(self.text) if self.text else expand_ranges(self.classes)


def choose_generator(name: str, characters: Sequence[str], *, styled: bool) -> ImageGenerator:
    """The generator called `name`, or the recommended one, that knows the characters; none for all that it knows.

    Raises:
        ConfigError: it is unknown or broken.
    """
    if name or styled:
        return load_generator(generator_for(name or STYLED, characters))
    return load_generator(generator_for(RECOMMENDED, characters) if characters else OF_ALL)


def make_pictures(wish: Wish) -> GreySet:
    """The pictures asked for. Those of a generator that is conditioned on no classes are labelled as they are read.

    Raises:
        ConfigError: the generator is unknown, or can't be asked for such characters or for a style.
        SourceError: the pictures of the style can't be read.
    """
    generator = choose_generator(wish.generator, wish.characters, styled=wish.style is not None)
    characters = wish.characters or list(generator.classes)
    count = wish.count or len(characters) or SHEET_COLUMNS * SHEET_COLUMNS
    if wish.style is not None:
        prompts = wish.style if isinstance(wish.style, GreySet) else load_grey(wish.style, split="all")
        style = take_style(generator, prompts, average=wish.average)
        asked = [characters[i % len(characters)] for i in range(count)]
        return write_in_style(generator, style, asked, randomness=wish.randomness, seed=wish.seed)
    made = generator.generate(count, classes=wish.characters, randomness=wish.randomness, seed=wish.seed)
    return made if generator.classes else read_labels(made)


def make_style_grid(generator: str, pictures: str, *, prompts: int, seed: int = 0) -> GreySet:
    """Every class that a generator knows, in the styles of the first so many test pictures of a set; see `style_grid`.

    Raises:
        ConfigError: the generator is unknown, or can't take a style.
        SourceError: the pictures can't be read, or are too few.
    """
    shown = load_grey(pictures, split="test")
    if not 0 < prompts <= len(shown):
        raise SourceError(
            f"{pictures} has {len(shown)} test pictures, and {prompts} were asked for; expected 1 or more"
        )
    return style_grid(load_generator(generator), shown.select(slice(prompts)), seed=seed)


def read_labels(pictures: GreySet) -> GreySet:
    """The pictures labelled as the shipped reader of grey digits reads them."""
    reader = load_classifier("grey")
    return replace(pictures, labels=reader.predict(pictures.images)[0], classes=reader.classes)


def thinned(pictures: GreySet) -> ImageSet:
    """Grey pictures as the thinned ones that strokes are recovered from."""
    known = {name: getattr(pictures, name) for name in ("labels", "classes", "name", "licence", "url")}
    return make_image_set(thin(pictures.images), **known)


def write_picture_file(pictures: GreySet, out: Path, *, columns: int = SHEET_COLUMNS, overwrite: bool = False) -> None:
    """Write pictures to an `.npz` (`images` uint8, ink high; `labels` strings), or side by side to a `.png`.

    Raises:
        ConfigError: `out` is called neither.
        StoreError: it exists, or the disk refuses it.
    """
    check_ending(out, PICTURE_ENDINGS, "pictures can be written as these")
    if out.suffix.lower() == ".png":
        write_sheet(pictures.images, out, columns=columns, overwrite=overwrite)
        return
    names = np.array([*pictures.classes, ""])
    with atomic_path(out, overwrite=overwrite) as partial, partial.open("wb") as file:
        np.savez_compressed(file, images=pictures.images, labels=names[pictures.labels])
