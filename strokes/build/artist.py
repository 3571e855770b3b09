"""What draws blocks of pictures: a way of recovering strokes, and the classifier of labels that are missing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from strokes.ink.drawing import DrawingSet, FloatArray
from strokes.ink.pictures import ImageSet
from strokes.recognition.classifier import Classifier, load_classifier
from strokes.recovery.blocks import BLOCK
from strokes.recovery.methods import Method


class Artist:
    """Draws pictures, block by block; labels that are missing are predicted.

    Args:
        method: what draws, and all pictures that were selected: whether drawings carry notes hangs on all of them,
            not on a part. They are not kept, so that an artist is small enough to be sent elsewhere.
    """

    def __init__(self, method: Method) -> None:
        pictures = method.pictures
        self.method = replace(method, pictures=pictures.select([]))
        self.classifier = load_classifier("thinned") if method.needs_labels and has_unknown(pictures) else None

    def block(self, pictures: ImageSet) -> DrawingSet:
        """The drawings of one block, with notes on predicted labels when any picture of all lacks one."""
        if self.classifier is None:
            return self.method.draw(pictures)
        named, certainty = name_unlabelled(pictures, self.classifier)
        self.method.check(named)
        return replace(self.method.draw(named), metadata=label_notes(certainty, pictures.metadata))


def has_unknown(pictures: ImageSet) -> bool:
    """Whether any picture with ink lacks its label."""
    unknown = np.flatnonzero(pictures.labels < 0)
    pieces = (unknown[start : start + BLOCK] for start in range(0, len(unknown), BLOCK))
    return any(pictures.images[piece].any() for piece in pieces)


def name_unlabelled(pictures: ImageSet, classifier: Classifier) -> tuple[ImageSet, FloatArray]:
    """Pictures with missing labels predicted, and how certain each prediction is.

    Returns:
        the pictures, and (n,) probabilities, NaN where a label was given or there is no ink to read.
    """
    asked = np.flatnonzero((pictures.labels < 0) & pictures.images.any(axis=(1, 2)))
    labels = pictures.labels.copy()
    certainty = np.full(len(pictures), np.nan, np.float32)
    if len(asked):
        labels[asked], probabilities = classifier.predict(pictures.images[asked])
        certainty[asked] = probabilities.max(axis=1)
    return replace(pictures, labels=labels), certainty


def label_notes(certainty: FloatArray, known: Sequence[str] | None = None) -> tuple[str, ...]:
    """Each drawing's metadata: what is known, and where its label was predicted, that, and how certainly."""
    return tuple(
        text
        if np.isnan(p)
        else json.dumps(json.loads(text) | {"label": "predicted", "probability": round(float(p), 4)})
        for text, p in zip(known or ("{}",) * len(certainty), certainty, strict=True)
    )
