"""Training from pens: it learns, resumes to the same weights, and refuses what it can't learn from."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from strokes.errors import ConfigError
from strokes.ink.labels import number_labels
from strokes.recovery.pointer.recover import load_pen_network
from strokes.recovery.pointer.trainer import PenTrainer
from strokes.recovery.published.recover import load_network
from strokes.train import parse_any, train
from strokes.training.checkpoints import read, read_model


def test_losses_fall(pen_recipe, recordings, some):
    recipe = replace(pen_recipe, training=replace(pen_recipe.training, learning_rate=5e-3, rise=5, epochs=20))
    trainer = PenTrainer(recipe, recordings, some)
    losses = [trainer.step(step).losses for step in range(40)]
    for name in ("pixel", "flag"):
        assert np.mean([found[name] for found in losses[-5:]]) < 0.8 * np.mean([found[name] for found in losses[:5]])


def test_a_step_on_pictures_shows_them_and_gives_their_loss(pen_recipe, recordings, some):
    trainer = PenTrainer(pen_recipe, recordings, some)
    with_pictures, without = trainer.step(0), trainer.step(1)
    assert "reconstruction" in with_pictures.losses
    assert with_pictures.shown[0].shape == with_pictures.shown[1].shape == (4, 28, 28)
    assert without.shown is None


def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(pen_recipe, recordings, some, tmp_path):
    whole = train(pen_recipe, some, tmp_path / "whole", pens=recordings)
    broken = tmp_path / "broken"

    def stop(epoch, means):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        train(pen_recipe, some, broken, pens=recordings, on_epoch=stop)
    resumed = train(pen_recipe, some, broken, pens=recordings, resume=True)
    first, second = read(whole)[0], read(resumed)[0]
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_held_out_writers_teach_nothing(pen_recipe, recordings, some):
    names = tuple(f"w{i}" for i in range(len(recordings)))
    pens = replace(recordings, writers=names)
    trainer = PenTrainer(pen_recipe, pens, some)
    assert len(trainer.batches.drawings) == (~pens.held_out).sum() < len(pens)


def test_recordings_and_recipes_must_go_together(pen_recipe, recordings, some, tmp_path, tiny_recipe):
    with pytest.raises(ConfigError, match="--pens"):
        train(pen_recipe, some, tmp_path / "a")
    with pytest.raises(ConfigError, match="leave the pen recordings out"):
        train(tiny_recipe, some, tmp_path / "b", pens=recordings)
    with pytest.raises(ConfigError, match="no pictures"):
        PenTrainer(pen_recipe, recordings, some.select(slice(0)))


def test_a_recipe_counts_its_classes():
    with pytest.raises(ConfigError, match="names 10"):
        parse_any({"name": "wrong", "kind": "pens", "classes": "0-9", "network": {"classes": 9}})


def test_labels_are_numbered_by_name(some):
    assert number_labels(some, ("7", "1")).tolist() == [
        {"7": 0, "1": 1}.get(some.classes[label], -1) for label in some.labels
    ]


def test_each_kind_of_network_is_loaded_as_what_it_is(pen_model, tiny_model):
    network, recipe, _ = load_pen_network(read_model(pen_model))
    assert recipe.name == "tiny-pen"
    assert not network.training
    with pytest.raises(ConfigError, match="pen network"):
        load_network(read_model(pen_model))
    with pytest.raises(ConfigError, match="published"):
        load_pen_network(read_model(tiny_model))
