"""From what a person asks for to a set of pictures."""

from __future__ import annotations

from pathlib import Path

from strokes.datasets.bundled import load_thinned_mnist
from strokes.datasets.given import Reading, load_images
from strokes.errors import ConfigError
from strokes.ink.labels import expand_ranges
from strokes.ink.pictures import ImageSet


def choose_pictures(
    images: Path | str | None = None,
    labels: Path | str | None = None,
    *,
    split: str = "all",
    classes: str = "",
    limit: int | None = None,
    reading: Reading | None = None,
) -> ImageSet:
    """Given pictures, or the bundled thinned MNIST, narrowed down.

    Args:
        images: a file, folder or URL as `load_images` takes it; None for MNIST.
        labels: the labels of an IDX file.
        split: "train", "test" or "all".
        classes: classes to keep, such as "0-3,7"; "" keeps all.
        limit: at most so many, from the start.
        reading: how given pictures are read.

    Raises:
        SourceError: the pictures can't be read.
        ConfigError: the split or a class is unknown, labels come without images, or there is no such picture.
    """
    if images is None and labels is not None:
        raise ConfigError("labels without images; give both")
    pictures = load_thinned_mnist(split) if images is None else load_images(images, labels, reading)
    if images is not None and split != "all":
        pictures = pictures.of_split(split)
        if not len(pictures):
            raise ConfigError(
                f"no given picture is in split {split!r}; folders train and test or --test-share would make splits"
            )
    if classes:
        pictures = pictures.of_classes(expand_ranges(classes))
    return pictures if limit is None else pictures.select(slice(limit))
