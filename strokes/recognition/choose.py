"""The judge: one frozen network a set of classes, and what it sees in pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from strokes.errors import ConfigError
from strokes.ink.drawing import UNLABELLED, FloatArray, IntArray
from strokes.ink.labels import expand_ranges
from strokes.ink.pictures import GreySet
from strokes.recognition.classifier import SHIPPED_CLASSIFIERS, Classifier, load_classifier

CHARACTERS = tuple(expand_ranges("0-9,A-Z,a-z"))
"""In the order of every judge's classes: each knows the first 10, 36 or 62."""


@dataclass(frozen=True)
class Seen:
    """What a judge sees in n pictures.

    Attributes:
        probabilities: (n, classes).
        features: (n, 128), penultimate.
        asked: (n,) the class that each was meant to be, an index into the judge's, or -1 where that isn't known.
    """

    probabilities: FloatArray
    features: FloatArray
    asked: IntArray

    def select(self, rows: IntArray) -> Seen:
        """The pictures at `rows`, in that order."""
        return Seen(self.probabilities[rows], self.features[rows], self.asked[rows])


def load_judge(classes: Sequence[str]) -> Classifier:
    """The shipped classifier of grey pictures of the fewest classes that knows all of `classes`.

    Raises:
        ConfigError: there is none, since a class is neither a digit nor a letter of A to Z or a to z.
    """
    unknown = [name for name in classes if name not in CHARACTERS]
    if unknown:
        raise ConfigError(f"no judge knows the class {', '.join(map(repr, unknown))}; they know 0-9, A-Z and a-z")
    needed = max((CHARACTERS.index(name) + 1 for name in classes), default=0)
    known = (number for kind, number in SHIPPED_CLASSIFIERS if kind == "grey" and number >= needed)
    return load_classifier("grey", classes=min(known))


def look(judge: Classifier, pictures: GreySet) -> Seen:
    """What a judge sees in pictures."""
    probabilities, features = judge.look(pictures.images)
    place = {name: i for i, name in enumerate(judge.classes)}
    table = np.array([*(place.get(name, UNLABELLED) for name in pictures.classes), UNLABELLED], np.int64)
    return Seen(probabilities, features, table[pictures.labels])
