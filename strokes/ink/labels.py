"""Labels: names of classes, ranges of them, and numbers for them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from strokes.errors import ConfigError
from strokes.ink.drawing import DrawingSet, IntArray
from strokes.ink.pictures import ImageSet

MNIST_LICENCE = "CC BY-SA 3.0"


MNIST_URL = "http://yann.lecun.com/exdb/mnist/"


DIGITS = tuple("0123456789")


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


RANGES = re.compile(r"(?:.-.)+")


def expand_ranges(text: str) -> list[str]:
    """Class names from text such as "0-3,7,A-C" or "0-9A-Z".

    Raises:
        ConfigError: for a range that runs backwards, or whose ends aren't single characters.
    """
    names: list[str] = []
    for part in filter(None, text.split(",")):
        ranges = list(zip(part[::3], part[2::3], strict=True)) if RANGES.fullmatch(part) else []
        if "-" in part[1:] and (not ranges or any(first > last for first, last in ranges)):
            raise ConfigError(f"{part!r} is no range of classes; expected something like 0-9 or A-Z")
        names += [chr(code) for first, last in ranges for code in range(ord(first), ord(last) + 1)] or [part]
    return names


def number_labels(labelled: DrawingSet | ImageSet, names: tuple[str, ...]) -> IntArray:
    """Each label's place (n,) in `names`, -1 where it is none of them."""
    place = {name: i for i, name in enumerate(names)}
    table = [*(place.get(name, -1) for name in labelled.classes), -1]
    return np.array(table, np.int64)[labelled.labels]
