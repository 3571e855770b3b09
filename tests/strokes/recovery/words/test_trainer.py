"""Learning strips: from words of one writer's letters, and from whole glyphs."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from strokes.errors import ConfigError
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.ink.recordings import PenSet
from strokes.recovery.words.examples import GLYPH_PENS, MEASURED_PX, StripBatches, in_x_heights
from strokes.recovery.words.recipe import StripRecipe, StripTraining
from strokes.recovery.words.recover import load_strip_network
from strokes.recovery.words.sizing import LARGEST_X_HEIGHT, SMALLEST_X_HEIGHT
from strokes.recovery.words.trainer import StripTrainer
from strokes.train_recipe import train
from strokes.training.checkpoints import read_model

from .conftest import SPEC

LETTERS = "aceimnot"


@pytest.fixture(scope="module")
def pens():
    """Eight letters of one writer who teaches, and a glyph of two crossing bars."""
    drawings = [
        Drawing([np.array([[0.4, 0.3], [0.4 + 0.02 * k, 0.5], [0.6, 0.7]], np.float32)]) for k in range(len(LETTERS))
    ]
    bars = [np.array([[0.2, 0.5], [0.8, 0.5]], np.float32), np.array([[0.5, 0.2], [0.5, 0.8]], np.float32)]
    drawings.append(Drawing(bars))
    classes = (*LETTERS, "十")
    labels = np.arange(len(drawings))
    return PenSet(make_drawing_set(drawings, labels=labels, classes=classes), ("taught",) * len(drawings))


@pytest.fixture(scope="module")
def recipe():
    training = StripTraining(epochs=2, steps_an_epoch=3, batch_size=4, glyphs=0.5, start="", precision="float32")
    return StripRecipe("small", network=SPEC, training=training)


def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one_and_draws(tmp_path, pens, recipe):
    def stop(epoch, means):
        raise InterruptedError

    whole = train(recipe, None, tmp_path / "whole", pens=pens)
    with pytest.raises(InterruptedError):
        train(recipe, None, tmp_path / "broken", pens=pens, on_epoch=stop)
    expected = load_file(whole)
    found = load_file(train(recipe, None, tmp_path / "broken", pens=pens, resume=True))
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []
    network, read = load_strip_network(read_model(whole))
    assert read == recipe
    assert torch.equal(network.encoder.fine.weight, expected["network.average.module.encoder.fine.weight"])


def test_a_glyph_network_of_other_sizes_can_t_be_begun_with(tmp_path, pens, recipe):
    training = dataclasses.replace(recipe.training, start="pen-letters")
    with pytest.raises(ConfigError, match="doesn't fit the strips"):
        train(dataclasses.replace(recipe, training=training), None, tmp_path / "run", pens=pens)


def test_a_strip_network_is_trained_on(tmp_path, pens, recipe):
    first = train(recipe, None, tmp_path / "first", pens=pens)
    on = dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, start=str(first)))
    begun = StripTrainer(on, pens).network.strips
    assert torch.equal(begun.lstm.weight_hh_l0, load_file(first)["network.average.module.lstm.weight_hh_l0"])


def test_glyphs_are_shown_whole_at_the_scale_of_their_ink(book):
    cross = [np.array([[0.0, 0.5], [1.0, 0.5]]), np.array([[0.5, 0.0], [0.5, 1.0]])]
    high = [np.ptp(np.concatenate(in_x_heights(cross, np.random.default_rng(k))), axis=0).max() for k in range(20)]
    narrowest, widest = (1 / (MEASURED_PX * pen) for pen in GLYPH_PENS)
    assert min(high) > MEASURED_PX * widest / LARGEST_X_HEIGHT * 0.9
    assert max(high) < MEASURED_PX * narrowest / SMALLEST_X_HEIGHT * 1.1
    batches = StripBatches(book, [cross], batch_size=2, seed=0, glyphs=1.0).group(0)
    assert all(((batch.flags == 1).sum(axis=1) == 1).all() for batch in batches)
