"""A small pen network, untrained, and the project's own pen samples as recordings."""

import numpy as np
import pytest
import torch

from strokes.datasets.samples import load_pen_samples
from strokes.ink.recordings import PenSet
from strokes.ink.rendering import centre_in_frame
from strokes.recovery.pointer.calibration import Calibration
from strokes.recovery.pointer.network import PenNetwork
from strokes.train_recipe import parse_any
from strokes.training.checkpoints import save_weights

SIZES = {"fine": 4, "middle": 6, "coarse": 8, "token": 16, "key": 8, "pools": 2, "value": 4, "context": 8}
TINY = {
    "name": "tiny-pen",
    "kind": "pens",
    "classes": "0-9",
    "network": {**SIZES, "classes": 10, "embedding": 16, "hidden": 16},
    "training": {
        "epochs": 2,
        "steps_an_epoch": 4,
        "batch_size": 16,
        "picture_every": 2,
        "picture_batch_size": 4,
        "precision": "float32",
    },
}


@pytest.fixture(scope="session")
def pen_recipe():
    return parse_any(TINY)


@pytest.fixture(scope="session")
def pen_network(pen_recipe):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = PenNetwork(pen_recipe.network)
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def pen_model(pen_network, pen_recipe, tmp_path_factory):
    path = tmp_path_factory.mktemp("pen-model") / "tiny-pen.safetensors"
    save_weights(pen_network, pen_recipe, path, calibration=Calibration().to_json())
    return path


@pytest.fixture(scope="session")
def recordings():
    """The project's pen samples, each by a writer of its own."""
    samples = centre_in_frame(load_pen_samples())
    return PenSet(samples, tuple(f"writer-{i}" for i in range(len(samples))))


@pytest.fixture(scope="session")
def some(digits):
    """Forty digits."""
    return digits.select(np.arange(40))
