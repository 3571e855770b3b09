"""What many tests need: one thread, the first digits of MNIST, and a small untrained network that draws something."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch

from strokes.build import build_dataset
from strokes.datasets import load_thinned_mnist
from strokes.ink.pictures import ImageSet
from strokes.recovery.methods import Options
from strokes.recovery.published.networks import StrokeNetwork
from strokes.recovery.published.recipe import Recipe
from strokes.train_recipe import parse_any
from strokes.training.checkpoints import save_weights


@pytest.fixture(autouse=True)
def one_thread():
    """Run with one torch thread and restore the number afterwards: small work is faster so."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def digits() -> ImageSet:
    """The first 3,000 of MNIST's training digits, thinned."""
    return load_thinned_mnist("train").select(slice(3000))


@pytest.fixture(scope="session")
def tiny_recipe() -> Recipe:
    """An ensemble of ten networks of 8 units that draw 8 points."""
    return parse_any(
        {
            "name": "tiny",
            "network": {"ensemble_size": 10, "hidden": 8, "points": 8, "skip_connections": True, "projected": False},
        }
    )


@pytest.fixture(scope="session")
def tiny_network(tiny_recipe) -> StrokeNetwork:
    """The tiny recipe's network, untrained, its weights so large that drawings differ and the pen goes up and down."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = StrokeNetwork(tiny_recipe.network)
    with torch.no_grad():
        network.project *= 20
        network.offset[..., 2] = 0.5
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def tiny_model(tiny_network, tiny_recipe, tmp_path_factory) -> Path:
    """The tiny network's weights in a file, as `--model` takes it."""
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save_weights(tiny_network, tiny_recipe, path)
    return path


@pytest.fixture(scope="session")
def build_with() -> Callable[..., int]:
    """`build_dataset` with the fields of its `Options` among its settings."""

    def run(pictures: ImageSet, out: Path, **settings: Any) -> int:
        chosen = {field.name: settings.pop(field.name) for field in fields(Options) if field.name in settings}
        return build_dataset(pictures, out, options=Options(**chosen), **settings)

    return run


@pytest.fixture(scope="session")
def small_job(tmp_path_factory) -> Path:
    """A folder with `out/mnist-strokes.h5`: 100 digits, drawn as the main job draws them."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "out").mkdir()
    digits = load_thinned_mnist().select([*range(50), *range(60_000, 60_050)])
    build_dataset(digits, folder / "out" / "mnist-strokes.h5")
    return folder
