"""Classification as a feature: naming pictures, and judging a reader that may also draw what it has read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from strokes.classifier import Classifier, as_pictures
from strokes.drawing import FloatArray
from strokes.errors import ConfigError, ShapeError
from strokes.judging.sheets import to_bytes
from strokes.scoring.accuracy import accuracy_of
from strokes.scoring.judge import CHARACTERS, load_judge
from strokes.scoring.reading_report import ReadingReport, Redrawing
from strokes.sources.grey import GreySet

HALF = 0.5
SHOWN = 10
BLOCK = 1000


class Reader(Protocol):
    """What reads pictures."""

    @property
    def classes(self) -> Sequence[str]:
        """What each column of its answers means."""

    def read(self, images: FloatArray) -> FloatArray:
        """Probabilities (n, classes) of pictures (n, 28, 28) in [0, 1], ink high."""


@runtime_checkable
class Redrawer(Protocol):
    """What draws pictures again from what it has understood of them."""

    def reconstruct(self, images: FloatArray) -> FloatArray:
        """Pictures (n, 28, 28) in [0, 1] drawn again, of the same form."""


@dataclass(frozen=True)
class ClassifierReader:
    """A classifier of grey pictures as a reader."""

    classifier: Classifier

    @property
    def classes(self) -> Sequence[str]:
        """What each column of its answers means."""
        return self.classifier.classes

    def read(self, images: FloatArray) -> FloatArray:
        """Probabilities (n, classes) of pictures (n, 28, 28) in [0, 1], ink high."""
        return self.classifier.predict(images)[1]


@dataclass(frozen=True)
class Named:
    """A picture's name, and the likeliest classes with their probabilities, the likeliest first."""

    name: str
    likeliest: tuple[tuple[str, float], ...]

    def __str__(self) -> str:
        return f"{self.name}: " + ", ".join(f"{label} {share:.1%}" for label, share in self.likeliest)


def classify(pictures: GreySet | NDArray[Any], classifier: Classifier) -> tuple[list[str], FloatArray]:
    """What grey pictures are: a class each, and probabilities (n, classes) in the order of `classifier.classes`.

    Args:
        pictures: a set, or (n, 28, 28) uint8 or floats in [0, 1], ink high.
        classifier: of grey pictures.

    Raises:
        ShapeError: for another shape or type.
    """
    images = pictures.images if isinstance(pictures, GreySet) else pictures
    labels, probabilities = classifier.predict(images)
    return [classifier.classes[label] for label in labels.tolist()], probabilities


def name_pictures(names: Sequence[str], pictures: GreySet, classifier: Classifier, *, top: int = 3) -> list[Named]:
    """What each picture is likeliest to be.

    Args:
        names: of the n pictures.
        pictures: n of them.
        classifier: of grey pictures.
        top: how many classes to tell of each.
    """
    _, probabilities = classify(pictures, classifier)
    ranked = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    chosen = np.take_along_axis(probabilities, ranked, axis=1)
    likeliest = (
        tuple((classifier.classes[column], share) for column, share in zip(*both, strict=True))
        for both in zip(ranked.tolist(), chosen.tolist(), strict=True)
    )
    return [Named(name, found) for name, found in zip(names, likeliest, strict=True)]


def choose_reader(pictures: GreySet, classes: Sequence[str] = ()) -> Classifier:
    """The smallest shipped classifier that knows `classes`, or by default the labels that are characters.

    Raises:
        ConfigError: one of `classes` is no character that a classifier knows.
    """
    return load_judge(classes or [name for name in pictures.classes if name in CHARACTERS])


def judge_reader(reader: Reader, pictures: GreySet) -> ReadingReport:
    """How well labelled pictures are read, and drawn again where the reader is a `Redrawer` too.

    Raises:
        ConfigError: no picture is labelled by a class that the reader knows.
        ShapeError: the reader answers in another form than asked for.
    """
    known = pictures.as_classes(reader.classes)
    if len(known) == 0:
        raise ConfigError("no picture carries a label that the reader knows; put pictures in a subfolder a class")
    images = as_pictures(known.images, kind="grey")
    probabilities = in_blocks(reader.read, images, (len(images), len(reader.classes)))
    read = probabilities.argmax(axis=1).astype(np.int64)
    about = {
        "pictures": f"{len(known):,} of {len(pictures):,} with a label that the reader knows",
        "classes": f"{len(reader.classes)}",
    }
    redrawn = None
    if isinstance(reader, Redrawer):
        redrawn = judge_redrawing(images, in_blocks(reader.reconstruct, images, images.shape))
    shown = known.images[:SHOWN]
    answers = [reader.classes[number] for number in read[:SHOWN].tolist()]
    accuracy = accuracy_of(read, known.labels, reader.classes)
    return ReadingReport(pictures.name or "pictures", about, accuracy, shown, answers, redrawn)


def judge_redrawing(images: FloatArray, redrawn: FloatArray) -> Redrawing:
    """How alike pictures (n, 28, 28) in [0, 1] and their reconstructions are as ink and paper, divided at one half."""
    alike = (images > HALF) == (redrawn > HALF)
    return Redrawing(float(alike.mean()), alike.mean(axis=0), to_bytes(redrawn[:SHOWN]))


def in_blocks(answer: Callable[[FloatArray], FloatArray], images: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """What a reader answers, asked a thousand pictures at a time."""
    found = np.concatenate([np.asarray(answer(images[i : i + BLOCK])) for i in range(0, len(images), BLOCK)])
    if found.shape != shape:
        raise ShapeError(f"the reader answers {found.shape}; expected {shape}")
    return found
