"""How many pictures are read as they were meant: of all, and of each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from strokes.ink.drawing import IntArray
from strokes.metrics.intervals import Figure, over_drawings


@dataclass(frozen=True)
class Accuracy:
    """Shares read right, with their intervals; NaN where no picture was meant to be anything.

    Attributes:
        total: of all pictures.
        by_class: of those of each class that occurs.
    """

    total: Figure
    by_class: Mapping[str, Figure]

    @property
    def weighted(self) -> float:
        """The mean over classes, each weighing as its number of pictures; by arithmetic this is the total."""
        counts = [figure.count for figure in self.by_class.values()]
        return float(np.average(self._means, weights=counts)) if counts else float("nan")

    @property
    def of_classes(self) -> float:
        """The mean over classes, each weighing the same."""
        return float(np.mean(self._means)) if self.by_class else float("nan")

    @property
    def _means(self) -> list[float]:
        return [figure.mean for figure in self.by_class.values()]


def accuracy_of(read: IntArray, asked: IntArray, classes: Sequence[str]) -> Accuracy:
    """How many pictures are read as they were meant.

    Args:
        read: (n,) indices into `classes`.
        asked: (n,) the same, -1 where it isn't known; such pictures don't count.
        classes: what the numbers mean.
    """
    right = (read == asked).astype(np.float32)
    named = {name: asked == number for number, name in enumerate(classes)}
    by_class = {name: over_drawings(right[own]) for name, own in named.items() if own.any()}
    return Accuracy(over_drawings(right[asked >= 0]), by_class)
