"""From files to grey pictures that are read and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from strokes.errors import ConfigError
from strokes.sources.bundled import DIGITS, MNIST_LICENCE, MNIST_URL
from strokes.sources.fetch import MNIST_FILES, load_grey_mnist
from strokes.sources.given import number_labels, read_given
from strokes.sources.grey import GreySet
from strokes.sources.normalise import frame_pictures
from strokes.sources.pictures import find_pictures


def read_pictures(paths: Sequence[Path]) -> tuple[list[str], GreySet]:
    """Names of pictures in files, and the pictures themselves, normalised as MNIST was where they aren't 28×28.

    Raises:
        SourceError: a picture can't be read.
    """
    names: list[str] = []
    images, labels = [], []
    for path in paths:
        pictures, found = read_given(path)
        numbers, classes = number_labels(found, len(pictures), path)
        images.append(frame_pictures(pictures).grey)
        labels += [(*classes, "")[number] for number in numbers.tolist()]
        names += list(names_of(path, len(pictures)))
    title = ", ".join(path.name for path in paths)
    numbers, classes = number_labels(labels, len(names), Path(title))
    return names, GreySet(np.concatenate(images), numbers, classes, title)


def names_of(path: Path, count: int) -> Iterator[str]:
    """What each picture of a file or folder is called."""
    if path.is_dir():
        yield from (str(file) for file, _ in find_pictures(path))
    elif count == 1:
        yield str(path)
    else:
        yield from (f"{path}[{i}]" for i in range(count))


def read_real(test: Path | None, train: Path | None = None) -> tuple[GreySet, GreySet | None]:
    """Real test pictures to judge beside, and the training pictures where they are known.

    Args:
        test: a folder of MNIST's four files, which hold both; or pictures in any file that `read_pictures` takes. None
            for MNIST, fetched when needed.
        train: the training pictures in such a file.

    Raises:
        ConfigError: training pictures are given beside MNIST, which has its own.
        SourceError: something is missing or broken, or MNIST can't be fetched.
    """
    if test is not None and not holds_mnist(test):
        return read_pictures([test])[1], None if train is None else read_pictures([train])[1]
    if train is not None:
        raise ConfigError("MNIST has its own training pictures; give others only beside test pictures of a file")
    return load_mnist("test", test), load_mnist("train", test)


def load_mnist(split: str, folder: Path | None) -> GreySet:
    """Grey MNIST's pictures of a split, in a folder or fetched."""
    return GreySet(*load_grey_mnist(split, path=folder), DIGITS, "MNIST", MNIST_LICENCE, MNIST_URL)


def holds_mnist(path: Path) -> bool:
    """Whether a folder holds files by MNIST's names."""
    return path.is_dir() and any(any(path.glob(f"{file.name}*")) for file in MNIST_FILES.values())
