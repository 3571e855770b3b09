"""EMNIST's own files, wherever they turn up: recognised by name or content, turned upright, labelled by its mapping."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.emnist import FIRST_LABEL, PARTS, turn
from strokes.errors import ConfigError, SourceError
from strokes.ink.pictures import FRAME_PX

ORIENTATIONS = ("auto", "upright", "transposed")
COUNTS = {
    112_800: "balanced",
    18_800: "balanced",
    124_800: "letters",
    20_800: "letters",
    88_800: "letters",
    14_800: "letters",
    240_000: "digits",
    40_000: "digits",
}
"""How many pictures the parts' files hold, training and test, where no other set holds as many."""
BY_CLASS = (697_932, 116_323, 814_255, 731_668, 82_587)
LOOSE_NAME = re.compile(rf"emnist[-_ .]*(?:.*[-_ .])?({'|'.join(PARTS)})", re.IGNORECASE)


def check_orientation(orientation: str) -> str:
    """`orientation` when it is one of `ORIENTATIONS`. Raises `ConfigError` otherwise."""
    if orientation not in ORIENTATIONS:
        raise ConfigError(f"unknown orientation {orientation!r}; one of {', '.join(ORIENTATIONS)}")
    return orientation


def emnist_part(path: Path, images: NDArray[np.uint8], labels: NDArray[Any] | None) -> str:
    """The part of EMNIST that a file of 28×28 pictures is, by its name or its folder's, or how many it holds; or ""."""
    if images.shape[1:] != (FRAME_PX, FRAME_PX):
        return ""
    for name in (path.name, path.parent.name):
        found = LOOSE_NAME.search(name)
        if found:
            return found[1].lower()
    if len(images) in BY_CLASS:
        return "byclass" if labels is None or labels.max() > len(PARTS["bymerge"]) - 1 else "bymerge"
    return COUNTS.get(len(images), "")


def put_upright(
    path: Path, images: NDArray[np.uint8], labels: NDArray[Any] | None, *, orientation: str
) -> tuple[NDArray[np.uint8], NDArray[Any] | None]:
    """Pictures as a person reads them, and their labels as strings where they are EMNIST's.

    Args:
        path: the file that they came from.
        images: (n, h, w).
        labels: (n,) or None.
        orientation: "upright" or "transposed" settles how they are stored; "auto" turns EMNIST's alone.

    Raises:
        SourceError: a label is beyond EMNIST's mapping.
    """
    part = emnist_part(path, images, labels)
    if orientation == "transposed" or (orientation == "auto" and part):
        images = turn(images)
    if not part or labels is None or labels.dtype.kind not in "iu":
        return images, labels
    classes, first = np.array(PARTS[part]), FIRST_LABEL.get(part, 0)
    places = labels.astype(np.int64) - first
    if len(places) and not (places.min() >= 0 and places.max() < len(classes)):
        raise SourceError(
            f"{path} holds labels {places.min() + first} to {places.max() + first}; "
            f"expected {first} to {first + len(classes) - 1}, as EMNIST's {part} has"
        )
    return images, classes[places]
