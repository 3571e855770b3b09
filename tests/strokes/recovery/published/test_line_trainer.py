"""Training the neural line model by a recipe."""

import pytest
import torch
from safetensors.torch import load_file

from strokes.errors import ConfigError
from strokes.train_recipe import load_recipe, parse_any, train, training_pictures

SMALL = {
    "name": "small",
    "kind": "line-model",
    "training": {"epochs": 2, "steps_an_epoch": 3, "batch_size": 4, "precision": "float32"},
}


def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(tmp_path):
    recipe = parse_any(SMALL)

    def stop(epoch, means):
        raise InterruptedError

    whole = train(recipe, None, tmp_path / "whole")
    with pytest.raises(InterruptedError):
        train(recipe, None, tmp_path / "broken", on_epoch=stop)
    expected, found = load_file(whole), load_file(train(recipe, None, tmp_path / "broken", resume=True))
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []


def test_segments_made_ahead_by_a_process_are_the_same(tmp_path):
    recipe = parse_any(SMALL)
    expected, found = (load_file(train(recipe, None, tmp_path / str(workers), workers=workers)) for workers in (0, 1))
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []


def test_the_shipped_recipe_sees_as_many_segments_as_its_card_says():
    training = load_recipe("neural-line-model").training
    assert training.epochs * training.steps_an_epoch * training.batch_size == 56_000_000


def test_a_line_model_draws_its_own_pictures(tmp_path):
    recipe = parse_any(SMALL)
    assert training_pictures(recipe, ()) is None
    with pytest.raises(ConfigError, match="leave --images and --labels out"):
        training_pictures(recipe, ("mnist",))
