"""What ships with the package: where the files lie, and thinned MNIST."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from strokes.errors import ConfigError, SourceError
from strokes.sources.images import FRAME_PX, ImageSet, make_image_set

MNIST_LICENCE = "CC BY-SA 3.0"
MNIST_URL = "http://yann.lecun.com/exdb/mnist/"
DIGITS = tuple("0123456789")


def bundled_path(name: str) -> Path:
    """Where a file of `datasets/` lies: inside an installed package, or beside it in a checkout.

    Raises:
        SourceError: when the installation lacks it.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "bundled", package.parent / "datasets"):
        if (folder / name).is_file():
            return folder / name
    raise SourceError(f"{name} is not among the files that ship with penstrokes; reinstall the package")


def load_thinned_mnist(split: str = "all") -> ImageSet:
    """The 70,000 digits of MNIST, thinned; of one split ("train", "test") or both ("all"), training digits first.

    Raises:
        ConfigError: for another split.
        SourceError: when the bundled file is missing.
    """
    if split not in ("train", "test", "all"):
        raise ConfigError(f"MNIST has no split {split!r}; one of train, test, all")
    with np.load(bundled_path("mnist-thinned.npz"), allow_pickle=False) as arrays:
        packed, labels = arrays["images"], arrays["labels"]
        splits, source_index = arrays["split"], arrays["source_index"]
    bits = np.unpackbits(packed, axis=1, count=FRAME_PX * FRAME_PX)
    return make_image_set(
        bits.reshape(-1, FRAME_PX, FRAME_PX).view(np.bool_),
        labels=labels.astype(np.int64),
        classes=DIGITS,
        split=splits,
        source_index=source_index.astype(np.int64),
        name="thinned MNIST",
        licence=MNIST_LICENCE,
        url=MNIST_URL,
    ).of_split(split)


def as_digits(pictures: ImageSet) -> ImageSet:
    """Pictures whose classes are the ten digits, in order, as the published networks number them.

    Raises:
        ConfigError: a picture's label is no digit.
    """
    strange = sorted({pictures.classes[label] for label in np.unique(pictures.labels) if label >= 0} - set(DIGITS))
    if strange:
        raise ConfigError(
            f"this network draws the digits 0-9, and some pictures are labelled {', '.join(strange[:5])}; "
            "choose the digits with --classes 0-9, another --model, or leave the labels out"
        )
    place = np.array([*(DIGITS.index(name) if name in DIGITS else -1 for name in pictures.classes), -1], np.int64)
    return replace(pictures, labels=place[pictures.labels], classes=DIGITS)
