"""Training from pens: it learns, resumes to the same weights, and refuses what it can't learn from."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from strokes.errors import ConfigError
from strokes.ink.labels import number_labels
from strokes.ink.recordings import PenSet
from strokes.recovery.methods import Options, choose_method
from strokes.recovery.pointer.calibrate import calibrate, calibrating, judging
from strokes.recovery.pointer.recover import PenRecovery, load_pen_network
from strokes.recovery.pointer.trainer import PenTrainer
from strokes.recovery.published.recover import load_network
from strokes.train_recipe import parse_any, train
from strokes.training.checkpoints import read, read_model


def test_losses_fall(pen_recipe, recordings, some):
    recipe = replace(pen_recipe, training=replace(pen_recipe.training, learning_rate=5e-3, warmup_steps=5, epochs=20))
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


def test_a_checkpoint_draws_with_the_running_average_of_its_weights(pen_recipe, recordings, some, tmp_path):
    recipe = replace(pen_recipe, training=replace(pen_recipe.training, average=0.5))
    path = train(recipe, some, tmp_path / "run", pens=recordings)
    drawn = load_pen_network(read_model(path))[0].state_dict()
    kept = read_model(path).tensors
    assert all(torch.equal(value, kept[f"average.module.{name}"]) for name, value in drawn.items())
    assert any(not torch.equal(value, kept[f"pen.{name}"]) for name, value in drawn.items())


def test_the_average_follows_the_weights_as_far_as_it_is_told(pen_recipe, recordings, some):
    recipe = replace(pen_recipe, training=replace(pen_recipe.training, average=0.75))
    trainer = PenTrainer(recipe, recordings, some)
    trainer.step(0)
    before = trainer.network.averaged.start_token.clone()
    trainer.step(1)
    expected = 0.75 * before + 0.25 * trainer.pen.start_token
    assert torch.allclose(trainer.network.averaged.start_token, expected, atol=1e-7)


def test_held_out_writers_teach_nothing(pen_recipe, recordings, some):
    names = tuple(f"w{i}" for i in range(len(recordings)))
    pens = replace(recordings, writers=names)
    trainer = PenTrainer(pen_recipe, pens, some)
    assert len(trainer.batches.maker.drawings) == (~pens.held_out).sum() < len(pens)


@pytest.fixture
def many(recordings):
    """The recordings over and over, by writers of whom one in five is held out."""
    rows = np.tile(np.arange(len(recordings)), 20)
    return PenSet(recordings.drawings.select(rows), tuple(f"writer-{i}" for i in range(len(rows))))


def test_a_run_ends_calibrated_on_held_out_writers_and_its_drawings_tell_their_confidence(
    pen_recipe, many, some, tmp_path
):
    recipe = replace(pen_recipe, hypotheses=2)
    model = read_model(train(recipe, some, tmp_path / "run", pens=many))
    network, _, calibration = load_pen_network(model)
    assert calibration == calibrate(PenRecovery(network, recipe), many)
    assert calibration != calibrate(PenRecovery(network, recipe), many.select(np.flatnonzero(~many.held_out)))
    assert "confidence" in choose_method(some, Options(model=str(tmp_path / "run"))).draw(some).scores


def test_a_run_without_enough_held_out_writers_says_so_and_its_drawings_tell_no_confidence(
    pen_recipe, recordings, some, tmp_path, capsys
):
    train(replace(pen_recipe, hypotheses=2), some, tmp_path / "run", pens=recordings)
    assert "not calibrated: fewer than 100 drawings of held-out writers" in capsys.readouterr().err
    method = choose_method(some, Options(model=str(tmp_path / "run")))
    assert not method.tells_confidence
    assert set(method.draw(some).scores) == {"mse", "f1", "chamfer"}


def test_those_who_calibrate_and_those_who_judge_are_held_out_and_no_writer_is_both(many):
    first, second = calibrating(many), judging(many)
    assert first.held_out.all()
    assert second.held_out.all()
    assert not set(first.writers) & set(second.writers)
    assert len(first) > 100 < len(second)


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
    with pytest.raises(ConfigError, match="a pens recipe; expected one of a published recipe"):
        load_network(read_model(pen_model))
    with pytest.raises(ConfigError, match="published"):
        load_pen_network(read_model(tiny_model))
