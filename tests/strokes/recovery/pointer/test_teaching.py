"""What a step of training teaches, and how far it goes: input noise, label dropout, far points, warm-up, clipping."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from strokes.recovery.pointer.network import GO
from strokes.recovery.pointer.trainer import PenTrainer

CLEAN = {"dropout": 0.0, "input_noise": 0.0, "label_dropout": 0.0}


@pytest.fixture
def trainer(pen_recipe, recordings, some):
    """Makes a trainer by the tiny recipe, some of its training settings changed; all recordings teach."""

    def make(pens=recordings, **settings):
        recipe = replace(pen_recipe, training=replace(pen_recipe.training, **settings))
        return PenTrainer(recipe, replace(pens, writers=("taught",) * len(pens)), some)

    return make


def fed(trainer):
    """The pixels that the network is fed along a batch of recordings, those nearest to the pen, and the flags."""
    found = {}
    told = trainer.pen.teacher_force

    def listen(ink, walked, lifted):
        found["walked"], found["places"] = (
            walked.numpy(),
            ink.places_px.numpy() + 1e3 * (1 - ink.mask[..., None].numpy()),
        )
        return told(ink, walked, lifted)

    trainer.pen.teacher_force = listen
    trainer.walk_losses(0, torch.Generator().manual_seed(0))
    examples = trainer.batches.at(0)
    away = examples.points_px[:, :, None] - found["places"][:, None]
    return found["walked"], np.square(away).sum(axis=3).argmin(axis=2), examples.flags


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0.0, 0.0), (0.5, 0.1, 0.3), (1.0, 0.25, 0.6)])
def test_so_many_steps_along_the_ink_are_fed_a_pixel_beside_the_right_one(trainer, share, least, most):
    """At a deviation of 0.6 px about two in five slip: two neighbours a pixel away weigh 1/4 each beside the right."""
    walked, right, flags = fed(trainer(input_noise=share, input_noise_px=0.6, batch_size=64))
    assert least <= (walked != right)[flags == GO].mean() <= most
    assert np.array_equal(walked[flags > GO], right[flags > GO])


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0.0, 0.0), (0.5, 0.25, 0.75), (1.0, 1.0, 1.0)])
def test_so_many_recordings_are_taught_without_their_label(trainer, share, least, most):
    """Of 64 labels half are dropped, within four standard deviations."""
    taught = trainer(label_dropout=share, batch_size=64)
    given = []
    taught.pen.encoder.register_forward_pre_hook(lambda module, arguments: given.append(arguments[1]))
    taught.walk_losses(0, torch.Generator().manual_seed(0))
    assert least <= (given[0] == 10).float().mean().item() <= most


def losses_with_last_point(trainer, away_px):
    """The losses of a batch whose every walk ends so far from where it did."""
    examples = trainer.batches.at(0)
    points_px, last = examples.points_px.copy(), (examples.flags >= 0).sum(axis=1) - 1
    points_px[np.arange(len(examples)), last] += away_px
    trainer.batches.at = lambda step: replace(examples, points_px=points_px)
    losses, _ = trainer.walk_losses(0, torch.Generator().manual_seed(0))
    del trainer.batches.at
    return losses["pixel"].item(), losses["offset"].item()


def test_a_point_far_from_all_ink_teaches_neither_pixel_nor_offset(trainer):
    taught = trainer(**CLEAN)
    far, elsewhere = (losses_with_last_point(taught, away_px) for away_px in (60.0, -60.0))
    assert far == pytest.approx(elsewhere, rel=1e-5)
    near, beside = (losses_with_last_point(taught, away_px) for away_px in (0.0, 1.0))
    assert near != pytest.approx(beside, rel=1e-3)


def test_the_learning_rate_rises_in_a_line_and_falls_to_nothing(trainer):
    """The run has 8 steps, 4 of them of warm-up; the cosine falls as far beside a run without a warm-up."""

    def rates(warmup_steps):
        taught = trainer(warmup_steps=warmup_steps, picture_every=0)
        found = []
        for step in range(8):
            taught.step(step)
            found.append(taught.optimisers["optimiser"].param_groups[0]["lr"])
        return np.array(found)

    cold = rates(1)
    assert np.allclose(rates(4) / cold, [0.25, 0.5, 0.75, 1, 1, 1, 1, 1])
    assert cold[0] == pytest.approx(1.5e-3)  # the recipe's
    assert cold[7] < 0.05 * cold[0]  # (1 + cos(7π/8)) / 2 = 0.038


def test_however_steep_the_loss_a_step_s_gradient_is_no_longer_than_1(trainer):
    taught = trainer(picture_weight=1e4)
    taught.step(0)
    gradients = [p.grad.square().sum() for p in taught.network.parameters() if p.grad is not None]
    assert torch.stack(gradients).sum().sqrt().item() == pytest.approx(1.0, rel=1e-3)


def test_every_head_learns_from_recordings(trainer):
    taught = trainer()
    taught.step(1)  # without pictures
    for head in (taught.pen.query, taught.pen.flag, taught.pen.offset):
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in head.parameters())


def test_pictures_teach_too(trainer):
    def gradient(weight):
        taught = trainer(picture_weight=weight)
        with torch.no_grad():
            taught.pen.flag[-1].bias[GO] += 3  # or an untrained pen stops at once, and draws nothing
        taught.step(0)
        return taught.pen.offset[-1].weight.grad

    assert not torch.allclose(gradient(0.0), gradient(50.0), rtol=0.01)


def test_writers_and_classes_are_balanced_as_the_recipe_says(pen_recipe, recordings, some):
    """A power of 1 gives each class the same chance, however many recordings it has."""
    training = replace(pen_recipe.training, balance_writers=0.0, balance_classes=1.0)
    few = recordings.select(np.flatnonzero(~recordings.held_out))
    trainer = PenTrainer(replace(pen_recipe, training=training), few, some)
    chances = np.bincount(few.drawings.labels, np.diff(trainer.batches.maker.chances, prepend=0))
    assert len(set(np.bincount(few.drawings.labels).tolist())) > 1
    assert np.allclose(chances, 0.1)
