"""Refinement moves points until they draw their picture, each drawing by itself, and changes no more than it must."""

import numpy as np
import pytest
import torch

from raster.hard import draw_strokes
from strokes.errors import ConfigError
from strokes.recovery.refinement import Refinement, Search, refine

LINE = torch.stack([torch.linspace(6, 22, 9), torch.full((9,), 14.5)], dim=1)
ALL_DOWN = torch.ones(8, dtype=torch.bool)


def picture_of(*strokes):
    """Strokes (points, 2) in px as a picture (28, 28)."""
    return torch.from_numpy(draw_strokes([np.asarray(stroke) / 28 for stroke in strokes]) > 0)


def loss_of(points, down, images, how):
    """What drawings lose at `points`, staying and bends not counted."""
    return Search(points, down, images, how).losses(points, torch.arange(len(points)))


@pytest.fixture
def crooked():
    """Twelve wavy lines, each a little off its picture, the last two points lifted."""
    random = torch.Generator().manual_seed(0)
    truth = LINE + torch.cumsum(torch.randn(12, 9, 2, generator=random) * 0.7, dim=1)
    down = ALL_DOWN.repeat(12, 1)
    down[:, -2:] = False
    images = torch.stack([picture_of(path[:-2]) for path in truth])
    return truth + torch.randn(12, 9, 2, generator=random) * 0.6, down, images


@pytest.mark.parametrize("shift_px", [-0.9, 0.5, 0.9])
def test_a_line_that_is_off_by_less_than_a_pixel_moves_back_onto_its_picture(shift_px):
    start = LINE + torch.tensor([0.0, shift_px])
    (found,) = refine(start[None], ALL_DOWN[None], picture_of(LINE)[None], Refinement(steps=60))
    assert (found[:, 1] - LINE[:, 1]).abs().max() < 0.3
    assert (found[:, 0] - LINE[:, 0]).abs().max() < 1.0


@pytest.mark.parametrize("steps", [1, 5, 40])
def test_no_drawing_ends_worse_than_it_began(crooked, steps):
    start, down, images = crooked
    how = Refinement(steps=steps, stay=0, smooth=0)
    before, after = (loss_of(points, down, images, how) for points in (start, refine(start, down, images, how)))
    assert (after <= before).all()
    assert after.mean() < 0.95 * before.mean()


def test_a_rate_that_is_far_too_high_gives_back_the_start_or_something_better(crooked):
    start, down, images = crooked
    how = Refinement(steps=8, rate_px=50.0)
    found = refine(start, down, images, how)
    assert (loss_of(found, down, images, how) <= loss_of(start, down, images, how)).all()


def test_no_steps_change_nothing(crooked):
    start, down, images = crooked
    found = refine(start, down, images, Refinement(steps=0))
    assert torch.equal(found, start)
    assert found is not start


@pytest.mark.parametrize("shape", [(0, 5), (3, 1), (3, 0)])
def test_where_there_is_no_segment_nothing_happens(shape):
    points = torch.rand(*shape, 2)
    down = torch.ones(shape[0], max(shape[1] - 1, 0), dtype=torch.bool)
    assert torch.equal(refine(points, down, torch.zeros(shape[0], 28, 28) > 0, Refinement(steps=3)), points)


def test_lifted_segments_neither_pull_nor_move(crooked):
    start, down, images = crooked
    found = refine(start, down, images, Refinement(steps=20))
    assert torch.equal(found[:, -1], start[:, -1])
    other = start.clone()
    other[:, -1] = 3.0
    assert torch.allclose(refine(other, down, images, Refinement(steps=20))[:, :-1], found[:, :-1], atol=1e-5)
    lifted = refine(start, torch.zeros_like(down), images, Refinement(steps=20))
    assert torch.equal(lifted, start)


def test_together_alone_or_padded_drawings_come_out_the_same(crooked):
    start, down, images = crooked
    how = Refinement(steps=20)
    together = refine(start, down, images, how)
    for i in (0, 5, 11):
        alone = refine(start[i : i + 1], down[i : i + 1], images[i : i + 1], how)
        assert torch.allclose(alone[0], together[i], atol=1e-5)
    padded = torch.cat([start, torch.zeros(12, 30, 2)], dim=1)
    unused = torch.cat([down, torch.zeros(12, 30, dtype=torch.bool)], dim=1)
    assert torch.allclose(refine(padded, unused, images, how)[:, :9], together, atol=1e-5)


def test_points_that_must_stay_move_less(crooked):
    start, down, images = crooked
    loose, tight = (refine(start, down, images, Refinement(steps=20, stay=stay)) for stay in (0.0, 10.0))
    assert (tight - start).abs().mean() < 0.5 * (loose - start).abs().mean()


def test_what_was_given_is_left_as_it_was(crooked):
    start, down, images = crooked
    before = start.clone()
    refine(start, down, images, Refinement(steps=5))
    assert torch.equal(start, before)
    assert not start.requires_grad


def test_fewer_than_no_steps_are_refused():
    with pytest.raises(ConfigError, match="-1 steps"):
        Refinement(steps=-1)
