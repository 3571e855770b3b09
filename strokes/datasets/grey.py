"""From a name or a path to grey pictures of characters: what image generators learn from and are judged by.

MNIST and EMNIST come split by their publishers. Every other source is split here by one rule: of a permutation with a
fixed seed the first fifth is "test" and the rest "train", each in the source's order.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from strokes.datasets.a_z import load_a_z, read_a_z
from strokes.datasets.az_csv import FILE as A_Z_FILE
from strokes.datasets.emnist import PARTS, cached_emnist, choose_part, holds_emnist, part_of_name, read_emnist
from strokes.datasets.fetch import MNIST_FILES, fetch_mnist, load_grey_mnist
from strokes.datasets.given import find_given
from strokes.datasets.given_pictures import grey_given
from strokes.datasets.zips import is_zip
from strokes.errors import ConfigError, SourceError
from strokes.ink.labels import DIGITS, MNIST_LICENCE, MNIST_URL
from strokes.ink.pictures import GreySet, join_grey

GREY_SETS = ("mnist", *(f"emnist-{part}" for part in PARTS), "a-z")
GREY_SPLITS = ("train", "test")
TEST_SHARE = 5
"""One picture of so many is a test picture, where the source is not split."""
SPLIT_SEED = 0


def load_grey(source: str | Path, *, split: str = "train", part: str = "", cache: Path | None = None) -> GreySet:
    """Grey pictures of a set that has a name, or of files.

    Args:
        source: one of `GREY_SETS`: MNIST is fetched when needed, the others lie in the cache (`strokes fetch`). Or a
            path: a folder of MNIST's four files; a folder or zip of EMNIST's, or one of these files for the part it is
            of; Kaggle's A-Z as CSV, a zip of it or its folder; another IDX file with its labels beside it; an `.npz`
            with `images` and perhaps `labels`; a folder of pictures, one subfolder a class.
        split: "train", "test" or "all", the training pictures first where the publisher split them.
        part: which of EMNIST's parts, where a path holds several.
        cache: where fetched sets lie; the user's cache folder for penstrokes when not given.

    Pictures that aren't 28×28 are normalised as MNIST was (`strokes.ink.normalise`).

    Raises:
        ConfigError: for another split or part, or a part of what isn't EMNIST.
        SourceError: when something is missing, broken, or not what it claims to be.
    """
    if split not in (*GREY_SPLITS, "all"):
        raise ConfigError(f"unknown split {split!r}; one of train, test, all")
    if part and part not in PARTS:
        raise ConfigError(f"EMNIST has no part {part!r}; one of {', '.join(PARTS)}")
    if source in GREY_SETS:
        if part:
            raise ConfigError(f"{source} is one set, without a part {part!r}; give the name alone")
        return _load_named(str(source), split, cache)
    path = Path(source)
    if not path.exists():
        raise SourceError(f"{source} is neither a path nor a set; the sets are {', '.join(GREY_SETS)}")
    if part_of_name(path.name):
        return _load_emnist(path.parent, part or part_of_name(path.name), split)
    if _is_emnist(path):
        return _load_emnist(path, choose_part(path, part), split)
    if part:
        raise ConfigError(f"{path} holds nothing of EMNIST, so no part {part!r}; leave the part out")
    return _load_path(path, split)


def of_split(grey: GreySet, split: str) -> GreySet:
    """The pictures of "train", "test" or "all" by this module's rule for sources that aren't split."""
    if split == "all":
        return grey
    order = np.random.default_rng(SPLIT_SEED).permutation(len(grey))
    tests = len(grey) // TEST_SHARE
    return grey.select(np.sort(order[:tests] if split == "test" else order[tests:]))


def _load_named(name: str, split: str, cache: Path | None) -> GreySet:
    if name == "mnist":
        return _load_mnist(fetch_mnist(cache=None if cache is None else cache / name), split)
    if name == "a-z":
        return of_split(load_a_z(cache), split)
    file = cached_emnist(cache)
    if not file.is_file():
        raise SourceError(f"{name} isn't in the cache; strokes fetch emnist brings it, or give the path of a copy")
    return _load_emnist(file, name.removeprefix("emnist-"), split)


def _load_path(path: Path, split: str) -> GreySet:
    if holds_mnist(path):
        return _load_mnist(path, split)
    if path.name == A_Z_FILE or _is_zip(path) or (path / A_Z_FILE).is_file():
        return of_split(read_a_z(path), split)
    return given_split(*read_grey(path), split)


def read_grey(path: Path) -> tuple[GreySet, list[str]]:
    """The pictures of a path that `strokes.datasets.given.load_images` takes, and each one's split or "none"."""
    return grey_given(find_given(path), path, name=path.name)


def given_split(grey: GreySet, told: Sequence[str], split: str) -> GreySet:
    """The pictures of a split that their files or folders tell; where they don't, by this module's rule."""
    if split == "all" or not set(told) & set(GREY_SPLITS):
        return of_split(grey, split)
    return grey.select(np.array(told) == split)


def holds_mnist(path: Path) -> bool:
    """Whether a folder holds files by MNIST's four names."""
    return path.is_dir() and all(any(path.glob(f"{file.name}*")) for file in MNIST_FILES.values())


def _load_mnist(folder: Path, split: str) -> GreySet:
    return _join([_read_mnist(folder, one) for one in (GREY_SPLITS if split == "all" else (split,))])


def _read_mnist(folder: Path, split: str) -> GreySet:
    images, labels = load_grey_mnist(split, path=folder)
    return GreySet(images, labels, DIGITS, "mnist", MNIST_LICENCE, MNIST_URL)


def _load_emnist(path: Path, part: str, split: str) -> GreySet:
    return _join([read_emnist(path, part, one) for one in (GREY_SPLITS if split == "all" else (split,))])


def _join(splits: list[GreySet]) -> GreySet:
    """The splits of one set as that set."""
    if len(splits) == 1:
        return splits[0]
    whole = join_grey(splits)
    return GreySet(whole.images, whole.labels, whole.classes, splits[0].name, splits[0].licence, splits[0].url)


def _is_emnist(path: Path) -> bool:
    return (path.is_dir() or _is_zip(path)) and holds_emnist(path)


def _is_zip(path: Path) -> bool:
    """Whether a file is a zip, and no `.npz`, which is one too."""
    return path.suffix.lower() != ".npz" and is_zip(path)
