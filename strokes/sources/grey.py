"""Grey pictures of characters in the frame: what image generators learn from, make, and are judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.drawing import UNLABELLED, IntArray
from strokes.errors import ConfigError, ShapeError
from strokes.sources.images import FRAME_PX


@dataclass(frozen=True)
class GreySet:
    """Grey pictures and their labels.

    Attributes:
        images: (n, 28, 28) uint8, ink high.
        labels: (n,) int64, an index into `classes`, or -1 where unknown.
        classes: what the integers in `labels` mean.
        name: what the set is called.
        licence: the pictures' licence, or "" where unknown.
        url: where the pictures come from, or "".
    """

    images: NDArray[np.uint8]
    labels: IntArray
    classes: tuple[str, ...]
    name: str = ""
    licence: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        n = len(self.images)
        if self.images.shape != (n, FRAME_PX, FRAME_PX) or self.images.dtype != np.uint8:
            raise ShapeError(
                f"images are {self.images.dtype} {self.images.shape}; expected uint8 (n, {FRAME_PX}, {FRAME_PX})"
            )
        if self.labels.shape != (n,):
            raise ShapeError(f"labels have shape {self.labels.shape}; expected one each of {n} pictures")
        if n and not (self.labels.min() >= UNLABELLED and self.labels.max() < len(self.classes)):
            raise ShapeError(f"labels reach outside the {len(self.classes)} classes; expected -1 (unknown) or an index")

    def __len__(self) -> int:
        return len(self.images)

    def select(self, indices: Sequence[int] | NDArray[Any] | slice) -> GreySet:
        """The pictures at `indices` (numbers, a mask of n booleans or a slice), in that order."""
        return replace(self, images=self.images[indices], labels=self.labels[indices])

    def as_classes(self, classes: Sequence[str]) -> GreySet:
        """The pictures whose label is one of `classes`, numbered as there."""
        place = {name: i for i, name in enumerate(classes)}
        table = np.array([*(place.get(name, UNLABELLED) for name in self.classes), UNLABELLED], np.int64)
        renamed = replace(self, labels=table[self.labels], classes=tuple(classes))
        return renamed.select(renamed.labels >= 0)


def as_grey(images: Any) -> NDArray[np.uint8]:
    """Pictures in [0, 1], an array or a tensor, as grey values."""
    return np.rint(np.asarray(images, np.float32) * 255).clip(0, 255).astype(np.uint8)


def join_grey(sets: Sequence[GreySet]) -> GreySet:
    """Sets of the same classes as one, in their order.

    Raises:
        ConfigError: their classes differ, or there is none.
    """
    if not sets or any(one.classes != sets[0].classes for one in sets):
        raise ConfigError(f"sets of classes {[one.classes for one in sets]} can't be joined; expected the same in each")
    return GreySet(
        np.concatenate([one.images for one in sets]),
        np.concatenate([one.labels for one in sets]),
        sets[0].classes,
        " + ".join(one.name for one in sets),
        "; ".join(dict.fromkeys(one.licence for one in sets if one.licence)),
        " ".join(one.url for one in sets if one.url),
    )
