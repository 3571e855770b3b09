"""Training generators: losses move, grids are drawn, a resumed run ends as an unbroken one, misfits are refused."""

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from strokes.errors import ConfigError
from strokes.generation import vae_trainer
from strokes.generation.generator import load_generator
from strokes.generation.trainers import make_generator_trainer
from strokes.generation.vae_trainer import VaeTrainer, jitter
from strokes.ink.augment import Variation, render_pictures
from strokes.train import load_recipe, train, training_pictures
from strokes.training.checkpoints import read

FAMILIES = ("cvae", "lstm-vae", "gan", "wgan")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(small_recipe, family, grey, tmp_path):
    recipe = small_recipe(family, critic_steps=2)
    whole = train(recipe, grey, tmp_path / "whole")

    def stop(epoch, means):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        train(recipe, grey, tmp_path / "broken", on_epoch=stop)
    resumed = train(recipe, grey, tmp_path / "broken", resume=True)
    first, second = read(whole)[0], read(resumed)[0]
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_an_autoencoder_learns(small_recipe, grey):
    trainer = VaeTrainer(small_recipe("cvae", learning_rate=1e-2, kl_weight=1e-4, class_weight=1.0), grey)
    losses = [trainer.step(step).losses for step in range(80)]
    for name in ("reconstruction", "classes"):
        assert np.mean([each[name] for each in losses[-5:]]) < 0.8 * np.mean([each[name] for each in losses[:5]])


def test_the_weight_of_the_divergence_grows_with_the_epochs(small_recipe, grey, monkeypatch):
    trainer = VaeTrainer(small_recipe("cvae", kl_grows=True, kl_weight=1e3), grey)
    gradients = []
    monkeypatch.setattr(vae_trainer, "descend", lambda optimiser, loss, rate: gradients.append(loss.item()))
    for step in (0, trainer.progress.steps_an_epoch):
        torch.manual_seed(0)
        trainer.step(step)
    assert gradients[1] == pytest.approx(2 * gradients[0], rel=0.2)


@pytest.mark.parametrize(
    ("family", "names"), [("cvae", {"reconstruction", "kl", "classes"}), ("wgan", {"critic", "generator"})]
)
def test_curves_are_logged_and_grids_drawn_at_the_epochs_asked(small_recipe, family, names, grey, tmp_path):
    train(small_recipe(family, grids="1,2", batch_size=4), grey, tmp_path)
    assert Image.open(tmp_path / "grid-001.png").size == Image.open(tmp_path / "grid-002.png").size == (596, 596)
    log = EventAccumulator(str(tmp_path / "logs")).Reload()
    assert {f"loss/{name}" for name in names} <= set(log.Tags()["scalars"])


def test_the_critic_of_a_wgan_is_taught_more_often_than_its_generator(small_recipe, grey):
    trainer = make_generator_trainer(small_recipe("wgan", critic_steps=3), grey, None)
    assert [("generator" in trainer.step(step).losses) for step in range(6)] == [False, False, True] * 2


def test_the_penalty_keeps_a_sharp_critic_from_being_steep(small_recipe, grey):
    pictures, untold = torch.rand(8, 1, 28, 28), torch.zeros(8, 0)
    steepness = []
    for penalty in (0.0, 1000.0):
        trainer = make_generator_trainer(small_recipe("gan", "sharp", penalty=penalty, learning_rate=1e-3), grey, None)
        for step in range(17):
            trainer.step(step)
        steepness.append(trainer.steepness(pictures, untold).item())
    assert steepness[1] < 0.5 * steepness[0]


def test_a_checkpoint_makes_pictures_and_knows_where_latents_lie(small_recipe, grey, tmp_path):
    checkpoint = train(small_recipe("cvae"), grey, tmp_path)
    generator = load_generator(str(checkpoint))
    assert generator.network.latents.mean.abs().sum() > 0
    assert generator.generate(4, classes=["7", "1"]).labels.tolist() == [7, 1, 7, 1]


def test_a_gan_that_is_told_classes_makes_those_asked_for(small_recipe, grey, tmp_path):
    recipe = small_recipe("gan", "sharp", classes=10, grids="2")
    generator = load_generator(str(train(recipe, grey, tmp_path)))
    made = generator.generate(6, classes=["7", "1"], randomness=0)
    assert made.labels.tolist() == [7, 1] * 3
    assert np.array_equal(made.images[0], made.images[2])
    assert not np.array_equal(made.images[0], made.images[1])


def test_jitter_moves_pictures_a_little_and_each_otherwise():
    torch.manual_seed(0)
    square = torch.zeros(200, 1, 28, 28)
    square[:, :, 10:18, 10:18] = 1
    moved = jitter(square, 0.05)
    assert moved.shape == square.shape
    assert len(moved.flatten(1).unique(dim=0)) == 200
    assert moved.mean() == pytest.approx(square.mean().item(), rel=0.05)
    assert (moved - square).abs().mean() < square.mean()
    assert torch.allclose(jitter(square, 1e-6), square, atol=1e-3)


def test_rendered_pictures_hold_as_many_of_each_class_and_no_held_out_writer(recordings):
    made = render_pictures(recordings, tuple("0123456789"), count=2000, variation=Variation(), seed=0)
    counts = np.bincount(made.labels, minlength=10)
    assert counts.min() > 130
    assert made.images.any(axis=(1, 2)).all()
    other = render_pictures(recordings, ("3",), count=5, variation=Variation(), seed=0, held_out=True)
    assert other.labels.tolist() == [0] * 5


def test_recordings_add_rendered_pictures(small_recipe, grey, recordings):
    trainer = make_generator_trainer(small_recipe("cvae", rendered=60), grey, recordings)
    assert len(trainer.pictures) == 160


def test_misfits_are_refused(small_recipe, grey, recordings, digits, tmp_path, tiny_recipe):
    with pytest.raises(ConfigError, match="leave the pen recordings out"):
        make_generator_trainer(small_recipe("gan"), grey, recordings)
    with pytest.raises(ConfigError, match="no picture is of class A, B"):
        make_generator_trainer(load_recipe("cvae-capitals"), grey, None)
    with pytest.raises(ConfigError, match="learns from grey pictures"):
        train(small_recipe("gan"), digits, tmp_path / "a")
    with pytest.raises(ConfigError, match="learns from thinned pictures"):
        train(tiny_recipe, grey, tmp_path / "b")


def test_a_person_names_sets_or_paths_to_learn_from(small_recipe, grey, tmp_path):
    names = np.array(grey.classes)[grey.labels]
    for name in ("one", "two"):
        np.savez(tmp_path / f"{name}.npz", images=grey.images, labels=names)
    paths = [str(tmp_path / "one.npz"), str(tmp_path / "two.npz")]
    chosen = training_pictures(small_recipe("cvae"), paths, limit=30)
    assert len(chosen) == 60
    assert chosen.classes == tuple("0123456789")
    with pytest.raises(ConfigError, match="one set of pictures"):
        training_pictures(load_recipe("per-digit"), paths)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"average": 1.0}, "training.average is 1.0"),
        ({"grids": "1,x"}, "numbers of epochs"),
        ({"critic_steps": 0}, "critic_steps"),
    ],
)
def test_a_setting_out_of_range_is_refused(small_recipe, settings, message):
    with pytest.raises(ConfigError, match=message):
        small_recipe("gan", **settings)


def test_an_unknown_critic_is_refused(small_recipe):
    with pytest.raises(ConfigError, match="critic is 'harsh'; one of published, sharp"):
        small_recipe("gan", "harsh")
    with pytest.raises(ConfigError, match="critic is 'sharp'; a wgan has none"):
        small_recipe("wgan", "sharp")
