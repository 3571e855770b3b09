"""From what a person asks for to a set of pictures."""

from __future__ import annotations

import re
from pathlib import Path

from strokes.errors import ConfigError
from strokes.sources.bundled import load_thinned_mnist
from strokes.sources.given import load_images
from strokes.sources.images import ImageSet


def choose_pictures(
    images: Path | None = None,
    labels: Path | None = None,
    *,
    split: str = "all",
    classes: str = "",
    limit: int | None = None,
) -> ImageSet:
    """Given pictures, or the bundled thinned MNIST, narrowed down.

    Args:
        images: a file or folder as `load_images` takes it; None for MNIST.
        labels: the labels of an IDX file.
        split: "train", "test" or "all"; given pictures are in no split.
        classes: classes to keep, such as "0-3,7"; "" keeps all.
        limit: at most so many, from the start.

    Raises:
        SourceError: the pictures can't be read.
        ConfigError: the split or a class is unknown, labels come without images, or there is no such picture.
    """
    if images is None and labels is not None:
        raise ConfigError("labels without images; give both")
    if images is not None and split != "all":
        raise ConfigError(f"given pictures have no split {split!r}; only the bundled MNIST is split")
    pictures = load_thinned_mnist(split) if images is None else load_images(images, labels)
    if classes:
        pictures = pictures.of_classes(expand_ranges(classes))
    return pictures if limit is None else pictures.select(slice(limit))


RANGES = re.compile(r"(?:.-.)+")


def expand_ranges(text: str) -> list[str]:
    """Class names from text such as "0-3,7,A-C" or "0-9A-Z".

    Raises:
        ConfigError: for a range that runs backwards, or whose ends aren't single characters.
    """
    names: list[str] = []
    for part in filter(None, text.split(",")):
        ranges = list(zip(part[::3], part[2::3], strict=True)) if RANGES.fullmatch(part) else []
        if "-" in part[1:] and (not ranges or any(first > last for first, last in ranges)):
            raise ConfigError(f"{part!r} is no range of classes; expected something like 0-9 or A-Z")
        names += [chr(code) for first, last in ranges for code in range(ord(first), ord(last) + 1)] or [part]
    return names
