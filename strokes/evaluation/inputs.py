"""From files to grey pictures that are read and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from strokes.datasets.grey import GREY_SETS, holds_mnist, load_grey, read_grey
from strokes.datasets.image_files import find_pictures
from strokes.datasets.labels_of import number_given_labels
from strokes.errors import ConfigError
from strokes.generation.generator import load_generator
from strokes.ink.pictures import GreySet


def read_pictures(paths: Sequence[Path]) -> tuple[list[str], GreySet]:
    """Names of pictures in files, and the pictures themselves, normalised as MNIST was where they aren't 28×28.

    Raises:
        SourceError: a picture can't be read.
    """
    names: list[str] = []
    images, labels = [], []
    for path in paths:
        grey, _ = read_grey(path)
        images.append(grey.images)
        labels += [(*grey.classes, "")[number] for number in grey.labels.tolist()]
        names += list(class_names_of(path, len(grey)))
    title = ", ".join(path.name for path in paths)
    numbers, classes = number_given_labels(labels, len(names), Path(title))
    return names, GreySet(np.concatenate(images), numbers, classes, title)


def class_names_of(path: Path, count: int) -> Iterator[str]:
    """What each picture of a file or folder is called."""
    if path.is_dir():
        yield from (str(path / item.name) for item in find_pictures(path))
    elif count == 1:
        yield str(path)
    else:
        yield from (f"{path}[{i}]" for i in range(count))


def read_real(test: str, train: Path | None = None) -> tuple[GreySet, GreySet | None]:
    """Real test pictures to judge beside, and the training pictures where they are known.

    Args:
        test: a set's name or a folder of MNIST's four files, which hold both; or pictures in any file that
            `read_pictures` takes.
        train: the training pictures in such a file.

    Raises:
        ConfigError: training pictures are given beside a set, which has its own.
        SourceError: something is missing or broken, or a set can't be fetched.
    """
    if test not in GREY_SETS and not holds_mnist(Path(test)):
        return read_pictures([Path(test)])[1], None if train is None else read_pictures([train])[1]
    if train is not None:
        raise ConfigError(f"{test} has its own training pictures; give others only beside test pictures of a file")
    return load_grey(test, split="test"), load_grey(test)


def read_made(source: str, *, count: int, seed: int, **how: Any) -> GreySet:
    """Generated pictures: those of a file, or so many that a generator makes; see `ImageGenerator.generate`.

    Raises:
        ConfigError: `source` is neither a file nor a generator.
        SourceError: the file can't be read.
    """
    if Path(source).suffix == ".npz":
        return read_pictures([Path(source)])[1]
    return load_generator(source).generate(count, seed=seed, **how)
