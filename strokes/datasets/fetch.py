"""What can be fetched: grey MNIST, each file checked by its known sha256, and the sets of the modules beside this one.

A set comes from a copy that is given, the cache, or its publishers, in that order.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.a_z import fetch_a_z
from strokes.datasets.download import default_cache, download
from strokes.datasets.emnist import fetch_emnist
from strokes.datasets.idx import read_idx_images, read_idx_labels
from strokes.datasets.pen_sets import PEN_SOURCES, fetch_pens
from strokes.errors import ConfigError, SourceError
from strokes.files import file_sha256
from strokes.ink.drawing import IntArray

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
ADVICE = "give a folder that holds MNIST's four files"


@dataclass(frozen=True)
class MnistFile:
    """One of MNIST's four files: its name without `.gz`, and the sha256 of the raw and of the gzipped file."""

    name: str
    raw_sha256: str
    gzip_sha256: str


MNIST_FILES = {
    ("train", "images"): MnistFile(
        "train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    ("train", "labels"): MnistFile(
        "train-labels-idx1-ubyte",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    ("test", "images"): MnistFile(
        "t10k-images-idx3-ubyte",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    ("test", "labels"): MnistFile(
        "t10k-labels-idx1-ubyte",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
}


def fetch(name: str, path: Path | None = None) -> Path:
    """Fetch the set called `name`, or check the copy at `path`; the folder or file that holds it.

    Raises:
        ConfigError: for another name.
        SourceError: when a file is missing or damaged, or no publisher answers.
    """
    pictures = {"mnist": fetch_mnist, "emnist": fetch_emnist, "a-z": fetch_a_z}
    if name in pictures:
        return pictures[name](path)
    if name not in PEN_SOURCES:
        raise ConfigError(f"unknown set {name!r}; what can be fetched is {', '.join((*pictures, *PEN_SOURCES))}")
    return fetch_pens(PEN_SOURCES[name], name, path)


def fetch_mnist(path: Path | None = None, *, cache: Path | None = None) -> Path:
    """The folder that holds MNIST's four files, each checked by sha256: `path` if given, else the cache, filled first.

    Args:
        path: a folder with the four files, raw or gzipped; nothing is downloaded then.
        cache: where downloads are kept; the user's cache folder for penstrokes when not given.

    Raises:
        SourceError: when a file is missing or not MNIST's, or no mirror answers.
    """
    if path is not None:
        for split, kind in MNIST_FILES:
            mnist_file(path, split, kind)
        return path
    folder = cache or default_cache() / "mnist"
    for wanted in MNIST_FILES.values():
        if _find(folder, wanted) is None:
            name = f"{wanted.name}.gz"
            urls = [mirror + name for mirror in MIRRORS]
            download(urls, folder / name, sha256=wanted.gzip_sha256, advice=ADVICE)
    return folder


def mnist_file(folder: Path, split: str, kind: str) -> Path:
    """The checked file of a split ("train", "test") and kind ("images", "labels") in `folder`, raw or gzipped.

    Raises:
        ConfigError: for another split or kind.
        SourceError: when it is missing or not MNIST's.
    """
    try:
        wanted = MNIST_FILES[split, kind]
    except KeyError:
        raise ConfigError(f"MNIST has no {split!r} {kind!r}; expected train or test, images or labels") from None
    found = _find(folder, wanted)
    if found is None:
        raise SourceError(f"{folder} holds no {wanted.name} or {wanted.name}.gz; expected MNIST's four files there")
    return found


def load_grey_mnist(split: str, *, path: Path | None = None) -> tuple[NDArray[np.uint8], IntArray]:
    """Grey digits (n, 28, 28), ink high, and labels (n,), of a split ("train", "test"); fetched when needed.

    Raises:
        ConfigError: for another split.
        SourceError: as `fetch_mnist`.
    """
    if split not in ("train", "test"):
        raise ConfigError(f"grey MNIST has no split {split!r}; one of train, test")
    folder = fetch_mnist(path)
    images = read_idx_images(mnist_file(folder, split, "images"))
    return images, read_idx_labels(mnist_file(folder, split, "labels")).astype(np.int64)


def _find(folder: Path, wanted: MnistFile) -> Path | None:
    for name, sha256 in ((wanted.name, wanted.raw_sha256), (f"{wanted.name}.gz", wanted.gzip_sha256)):
        if (folder / name).is_file():
            found = file_sha256(folder / name)
            if found not in (sha256, wanted.gzip_sha256, wanted.raw_sha256):
                raise SourceError(
                    f"{folder / name} isn't MNIST's file: its sha256 is {found}, expected {sha256}; "
                    "delete it and fetch again"
                )
            return folder / name
    return None
