"""What ships with the package: where the files lie, and thinned MNIST."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from strokes.errors import ConfigError, SourceError
from strokes.ink.labels import DIGITS, MNIST_LICENCE, MNIST_URL
from strokes.ink.pictures import FRAME_PX, ImageSet, make_image_set


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
