"""Classification as a feature: naming pictures, and judging a reader that may also draw what it has read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray

from strokes.errors import ConfigError, ShapeError
from strokes.evaluation.reading_report import ReadingReport, Redrawing
from strokes.generation.generator import ImageGenerator, load_generator
from strokes.generation.style import conditional_network
from strokes.generation.vae import Posterior
from strokes.ink.drawing import FloatArray
from strokes.ink.pictures import GreySet, as_grey
from strokes.metrics.accuracy import accuracy_of
from strokes.recognition.choose import CHARACTERS, load_judge
from strokes.recognition.classifier import Classifier, as_pictures

INK_LEVEL = 0.5
REDRAWN_SHOWN = 10
READ_AT_ONCE = 1000


class CharacterReader(Protocol):
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
class GeneratorReader:
    """The encoder of a generator that is told classes, as a reader that draws again what it has read."""

    generator: ImageGenerator

    @property
    def classes(self) -> Sequence[str]:
        """What each column of its answers means."""
        return self.generator.classes

    def read(self, images: FloatArray) -> FloatArray:
        """Probabilities (n, classes) of pictures (n, 28, 28) in [0, 1], ink high."""
        return np.asarray(self._see(images).classes.softmax(dim=1).numpy())

    def reconstruct(self, images: FloatArray) -> FloatArray:
        """Pictures (n, 28, 28) in [0, 1] drawn again from their latents' means and their classes' chances."""
        seen = self._see(images)
        with torch.no_grad():
            drawn = conditional_network(self.generator).decode(seen.mean, seen.classes.softmax(dim=1)).sigmoid()
        return np.asarray(drawn.squeeze(1).numpy())

    def _see(self, images: FloatArray) -> Posterior:
        with torch.no_grad():
            return conditional_network(self.generator).encode(torch.from_numpy(images[:, None]))


@dataclass(frozen=True)
class Named:
    """A picture's name, and the likeliest classes with their probabilities, the likeliest first."""

    name: str
    likeliest: tuple[tuple[str, float], ...]

    def __str__(self) -> str:
        return f"{self.name}: " + ", ".join(f"{label} {share:.1%}" for label, share in self.likeliest)


def classify(pictures: GreySet | NDArray[Any], reader: CharacterReader) -> tuple[list[str], FloatArray]:
    """What grey pictures are: a class each, and probabilities (n, classes) in the order of `reader.classes`.

    Args:
        pictures: a set, or (n, 28, 28) uint8 or floats in [0, 1], ink high.
        reader: of grey pictures.

    Raises:
        ShapeError: for another shape or type.
    """
    images = as_pictures(pictures.images if isinstance(pictures, GreySet) else pictures, kind="grey")
    probabilities = read_in_blocks(reader.read, images, (len(images), len(reader.classes)))
    return [reader.classes[label] for label in probabilities.argmax(axis=1).tolist()], probabilities


def name_pictures(names: Sequence[str], pictures: GreySet, reader: CharacterReader, *, top: int = 3) -> list[Named]:
    """What each picture is likeliest to be.

    Args:
        names: of the n pictures.
        pictures: n of them.
        reader: of grey pictures.
        top: how many classes to tell of each.
    """
    _, probabilities = classify(pictures, reader)
    ranked = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    chosen = np.take_along_axis(probabilities, ranked, axis=1)
    likeliest = (
        tuple((reader.classes[column], share) for column, share in zip(*both, strict=True))
        for both in zip(ranked.tolist(), chosen.tolist(), strict=True)
    )
    return [Named(name, found) for name, found in zip(names, likeliest, strict=True)]


def find_reader(pictures: GreySet, classes: Sequence[str] = (), generator: str = "") -> CharacterReader:
    """What reads pictures: the encoder of a generator where one is named, or else a shipped classifier.

    The classifier is the smallest that knows `classes`, or by default those labels that are characters.

    Raises:
        ConfigError: one of `classes` is no character that a classifier knows, or the generator reads none.
    """
    if generator:
        named = load_generator(generator)
        conditional_network(named)
        return GeneratorReader(named)
    return ClassifierReader(load_judge(classes or [name for name in pictures.classes if name in CHARACTERS]))


def judge_reader(reader: CharacterReader, pictures: GreySet) -> ReadingReport:
    """How well labelled pictures are read, and drawn again where the reader is a `Redrawer` too.

    Raises:
        ConfigError: no picture is labelled by a class that the reader knows.
        ShapeError: the reader answers in another form than asked for.
    """
    known = pictures.as_classes(reader.classes)
    if len(known) == 0:
        raise ConfigError("no picture carries a label that the reader knows; put pictures in a subfolder a class")
    images = as_pictures(known.images, kind="grey")
    probabilities = read_in_blocks(reader.read, images, (len(images), len(reader.classes)))
    read = probabilities.argmax(axis=1).astype(np.int64)
    about = {
        "pictures": f"{len(known):,} of {len(pictures):,} with a label that the reader knows",
        "classes": f"{len(reader.classes)}",
    }
    redrawn = None
    if isinstance(reader, Redrawer):
        redrawn = judge_redrawing(images, read_in_blocks(reader.reconstruct, images, images.shape))
    shown = known.images[:REDRAWN_SHOWN]
    answers = [reader.classes[number] for number in read[:REDRAWN_SHOWN].tolist()]
    accuracy = accuracy_of(read, known.labels, reader.classes)
    return ReadingReport(pictures.name or "pictures", about, accuracy, shown, answers, redrawn)


def judge_redrawing(images: FloatArray, redrawn: FloatArray) -> Redrawing:
    """How alike pictures (n, 28, 28) in [0, 1] and their reconstructions are as ink and paper, divided at one half."""
    alike = (images > INK_LEVEL) == (redrawn > INK_LEVEL)
    return Redrawing(float(alike.mean()), alike.mean(axis=0), as_grey(redrawn[:REDRAWN_SHOWN]))


def read_in_blocks(
    answer: Callable[[FloatArray], FloatArray], images: FloatArray, shape: tuple[int, ...]
) -> FloatArray:
    """What a reader answers, asked a thousand pictures at a time."""
    found = np.concatenate(
        [np.asarray(answer(images[i : i + READ_AT_ONCE])) for i in range(0, len(images), READ_AT_ONCE)]
    )
    if found.shape != shape:
        raise ShapeError(f"the reader answers {found.shape}; expected {shape}")
    return found
