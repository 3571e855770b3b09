"""Kaggle's A-Z: 372,450 capital letters, checked once and kept in the cache as an `.npz` of less than half the size."""

from __future__ import annotations

from pathlib import Path
from string import ascii_uppercase

import numpy as np

from strokes.datasets.az_csv import FILE, read_az
from strokes.datasets.download import default_cache
from strokes.datasets.npz import read_npz
from strokes.errors import SourceError
from strokes.files import atomic_path, make_folder
from strokes.ink.pictures import GreySet

LETTERS = tuple(ascii_uppercase)
LICENCE = "CC0 1.0"
URL = "https://www.kaggle.com/datasets/sachinpatel21/az-handwritten-alphabets-in-csv-format"


def fetch_a_z(path: Path | None = None, *, cache: Path | None = None) -> Path:
    """The `.npz` of the letters in the cache, made of the copy at `path` when one is given.

    Args:
        path: `A_Z Handwritten Data.csv`, a zip of it, or the folder that it lies in.
        cache: where the letters are kept; the user's cache folder for penstrokes when not given.

    Raises:
        SourceError: when neither `path` nor the cache has them, or the copy is broken.
    """
    kept = (cache or default_cache()) / "a-z" / "a-z.npz"
    if path is None:
        if kept.is_file():
            return kept
        raise SourceError(
            f"a-z can't be fetched without a login: download it in a browser from {URL} (Kaggle, {LICENCE}), "
            "then give the zip or the CSV file with strokes fetch a-z --path"
        )
    letters = read_a_z(path)
    make_folder(kept.parent)
    names = np.array(letters.classes)[letters.labels]
    with atomic_path(kept, overwrite=True) as partial, partial.open("wb") as stream:
        np.savez(stream, images=letters.images, labels=names)
    return kept


def load_a_z(cache: Path | None = None) -> GreySet:
    """The letters in the cache. Raises `SourceError` when they aren't there."""
    kept = fetch_a_z(cache=cache)
    images, names = read_npz(kept)
    place = {name: i for i, name in enumerate(LETTERS)}
    try:
        labels = np.array([place[name] for name in ([] if names is None else names.tolist())], np.int64)
    except KeyError as error:
        raise SourceError(f"{kept} holds the label {error}, no capital letter; delete it and fetch again") from None
    return GreySet(images, labels, LETTERS, "a-z", LICENCE, URL)


def read_a_z(path: Path) -> GreySet:
    """The letters of the publisher's CSV file, a zip of it, or a folder that it lies in. Raises `SourceError`."""
    images, labels = read_az(path / FILE if path.is_dir() else path)
    return GreySet(images, labels.astype(np.int64), LETTERS, "a-z", LICENCE, URL)
