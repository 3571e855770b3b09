"""Training generators: losses move, grids are drawn, a resumed run ends as an unbroken one, misfits are refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from strokes.errors import ConfigError
from strokes.generation import vae_trainer
from strokes.generation.generator import load_generator
from strokes.generation.trainers import even, legible, make_generator_trainer
from strokes.generation.vae_trainer import VaeTrainer, augment
from strokes.ink.augment import Variation, render_pictures
from strokes.train_recipe import load_recipe, train, training_pictures
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
    trainer = VaeTrainer(small_recipe("cvae", kl_annealing=True, kl_weight=1e3), grey)
    gradients = []
    monkeypatch.setattr(vae_trainer, "descend", lambda optimiser, loss, pace: gradients.append(loss.item()))
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


def test_the_loss_of_a_wgan_s_critic_grows_with_how_far_its_gradient_is_from_1(small_recipe, grey):
    """Between a picture and itself lies the picture, and the distance is 0: what is left is the penalty."""
    trainer = make_generator_trainer(small_recipe("wgan", gradient_penalty=10.0), grey, None)
    critic, pictures, untold = trainer.network.critic.eval(), torch.rand(8, 1, 28, 28), torch.zeros(8, 0)
    given = pictures.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(given, untold).sum(), given)
    steepness = gradient.flatten(1).norm(dim=1)
    loss = trainer.wasserstein_loss(pictures, pictures, untold)
    assert loss.item() == pytest.approx(10 * (steepness - 1).square().mean().item(), rel=1e-3)
    assert loss.item() > 1


def test_the_average_that_ships_follows_the_generator_slowly(small_recipe, grey):
    network = make_generator_trainer(small_recipe("wgan"), grey, None).network
    first = network.averaged.layers[0].weight.clone()
    with torch.no_grad():
        network.generator.layers[0].weight.add_(1.0)
    network.average(0.9)
    assert torch.allclose(network.averaged.layers[0].weight - first, torch.tensor(0.1), atol=1e-5)


def test_a_critics_steps_and_one_of_its_generator_may_be_taken_on_every_batch(small_recipe, grey):
    trainer = make_generator_trainer(small_recipe("wgan", critic_steps=3, same_batch=True), grey, None)
    for step in range(2):
        trainer.step(step)
    taken = {name: next(iter(o.state.values()))["step"].item() for name, o in trainer.optimisers.items()}
    assert taken == {"critic": 6, "generator": 2}


def test_a_gan_of_a_mixture_draws_each_part_as_often_as_pictures_are_of_its_cluster(small_recipe, grey, tmp_path):
    recipe = small_recipe("gan", "projection", shape={"clusters": 3})
    trainer = make_generator_trainer(recipe, grey, None)
    share = trainer.network.averaged.share
    assert share.sum() == pytest.approx(1)
    assert share.tolist() == pytest.approx((np.bincount(trainer.batches.labels, minlength=3) / len(grey)).tolist())
    latents = trainer.noise(torch.tensor([0, 1, 2]))
    assert latents[:, :3].argmax(dim=1).tolist() == [0, 1, 2]
    generator = load_generator(str(train(recipe, grey, tmp_path)))
    assert torch.allclose(generator.network.share, share)
    assert len(np.unique(generator.generate(40, randomness=0).images, axis=0)) == (share > 0).sum()


def test_glorot_weights_start_bounded_and_their_biases_at_0(small_recipe, grey):
    trainer = make_generator_trainer(small_recipe("wgan", shape={"glorot": True}), grey, None)
    first = trainer.network.critic.layers[0]
    assert first.bias.abs().max() == 0
    assert first.weight.abs().max() <= (6 / (9 + 64 * 9)) ** 0.5 < first.weight.abs().max() * 1.2


def test_classes_are_cut_to_the_rarest(small_recipe, grey):
    cut = even(grey, seed=0)
    counts = np.bincount(grey.labels)
    assert np.bincount(cut.labels).tolist() == [counts[counts > 0].min()] * 10


def test_illegible_pictures_are_left_out(grey):
    noise = replace(grey, images=np.random.default_rng(0).integers(0, 256, grey.images.shape, np.uint8))
    assert len(legible(noise, 0.0, "cpu")) == len(noise)
    assert len(legible(noise, 0.9, "cpu")) < len(noise) / 4


def test_the_penalty_keeps_a_sharp_critic_from_being_steep(small_recipe, grey):
    pictures, untold = torch.rand(8, 1, 28, 28), torch.zeros(8, 0)
    r1_penalty = []
    for penalty in (0.0, 1000.0):
        trainer = make_generator_trainer(
            small_recipe("gan", "projection", gradient_penalty=penalty, learning_rate=1e-3), grey, None
        )
        for step in range(17):
            trainer.step(step)
        r1_penalty.append(trainer.r1_penalty(pictures, untold).item())
    assert r1_penalty[1] < 0.5 * r1_penalty[0]


def test_a_checkpoint_makes_pictures_and_knows_where_latents_lie(small_recipe, grey, tmp_path):
    checkpoint = train(small_recipe("cvae"), grey, tmp_path)
    generator = load_generator(str(checkpoint))
    assert generator.network.latents.mean.abs().sum() > 0
    assert generator.generate(4, classes=["7", "1"]).labels.tolist() == [7, 1, 7, 1]


def test_a_gan_that_is_told_classes_makes_those_asked_for(small_recipe, grey, tmp_path):
    recipe = small_recipe("gan", "projection", classes=10, grids="2")
    generator = load_generator(str(train(recipe, grey, tmp_path)))
    made = generator.generate(6, classes=["7", "1"], randomness=0)
    assert made.labels.tolist() == [7, 1] * 3
    assert np.array_equal(made.images[0], made.images[2])
    assert not np.array_equal(made.images[0], made.images[1])


def test_jitter_moves_pictures_a_little_and_each_otherwise():
    torch.manual_seed(0)
    square = torch.zeros(200, 1, 28, 28)
    square[:, :, 10:18, 10:18] = 1
    moved = augment(square, 0.05)
    assert moved.shape == square.shape
    assert len(moved.flatten(1).unique(dim=0)) == 200
    assert moved.mean() == pytest.approx(square.mean().item(), rel=0.05)
    assert (moved - square).abs().mean() < square.mean()
    assert torch.allclose(augment(square, 1e-6), square, atol=1e-3)


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
        ({"ema_decay": 1.0}, "training.ema_decay is 1.0"),
        ({"grids": "1,x"}, "numbers of epochs"),
        ({"critic_steps": 0}, "critic_steps"),
    ],
)
def test_a_setting_out_of_range_is_refused(small_recipe, settings, message):
    with pytest.raises(ConfigError, match=message):
        small_recipe("gan", **settings)


def test_an_unknown_critic_is_refused(small_recipe):
    with pytest.raises(ConfigError, match="critic is 'harsh'; one of published, projection"):
        small_recipe("gan", "harsh")
    with pytest.raises(ConfigError, match="critic is 'projection'; a wgan has none"):
        small_recipe("wgan", "projection")
