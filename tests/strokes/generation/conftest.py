"""What the generators' tests share: grey pictures made of thinned digits, recordings, and small recipes."""

import numpy as np
import pytest

from strokes.datasets.samples import load_pen_samples
from strokes.ink.labels import DIGITS
from strokes.ink.pictures import GreySet
from strokes.ink.recordings import PenSet
from strokes.ink.rendering import centre_in_frame
from strokes.train_recipe import parse_any


@pytest.fixture(scope="session")
def small_recipe():
    """Makes a small recipe of a family, its training settings and, by `shape`, its network's overridden."""

    def make(family, critic="published", classes=None, shape=None, **settings):
        classes = (10 if family == "cvae" else 0) if classes is None else classes
        network = {"family": family, "latent": 5, "filters": 4, "hidden": 8, "classes": classes, "critic": critic}
        network |= shape or {}
        training = {"epochs": 2, "batch_size": 20, "precision": "float32"} | settings
        return parse_any({"name": f"small-{family}", "kind": "generator", "network": network, "training": training})

    return make


@pytest.fixture(scope="session")
def grey(digits):
    """A hundred of MNIST's digits, thinned, as grey pictures."""
    few = digits.select(slice(100))
    return GreySet(few.images.astype(np.uint8) * np.uint8(255), few.labels, DIGITS, "few digits", "a licence")


@pytest.fixture(scope="session")
def recordings():
    """The bundled pen samples, in the frame, by two writers of whom the second is held out."""
    drawings = centre_in_frame(load_pen_samples())
    return PenSet(drawings, tuple("ab"[i % 2] for i in range(len(drawings))))
