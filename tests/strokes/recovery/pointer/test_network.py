"""The pen network: tokens are the ink, every parameter learns, and walking step by step is what was taught."""

import numpy as np
import pytest
import torch

from strokes.errors import ConfigError
from strokes.ink.augment import Variation
from strokes.recovery.pointer.cell import ByteCell, DecoderCell
from strokes.recovery.pointer.decoding import Walker, walk
from strokes.recovery.pointer.kernels import BESIDE_PX, NOWHERE
from strokes.recovery.pointer.network import GO, LIFT, PenNetwork, find_ink
from strokes.recovery.pointer.spec import PenSpec
from tests.helpers.networks import look


def test_tokens_are_the_ink_pixels_row_by_row(some):
    row, column, mask = find_ink(torch.from_numpy(some.images))
    for i in (0, 7, 39):
        rows, columns = np.nonzero(some.images[i])
        kept = mask[i].numpy()
        assert np.array_equal(row[i].numpy()[kept], rows)
        assert np.array_equal(column[i].numpy()[kept], columns)


def test_a_picture_without_ink_has_one_token_that_is_masked():
    row, column, mask = find_ink(torch.zeros(2, 28, 28, dtype=torch.bool))
    assert row.shape == column.shape == mask.shape == (2, 1)
    assert not mask.any()


def test_a_gradient_reaches_every_parameter(pen_recipe, some):
    network = PenNetwork(pen_recipe.network)
    ink = look(network, some)
    walked = torch.arange(6).repeat(len(some), 1)
    lifted = torch.tensor([False, False, True, False, False, False]).expand(len(some), -1)
    logits, flags, offsets = network.teacher_force(ink, walked, lifted)
    (torch.log_softmax(logits, 2)[..., :6].sum() + flags.square().sum() + offsets.square().sum()).backward()
    still = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    unused_labels = "look.label.weight"
    assert still in ([], [unused_labels])


def test_shapes_along_a_walk(pen_network, some):
    ink = look(pen_network, some)
    walked = torch.zeros(len(some), 5, dtype=torch.long)
    logits, flags, offsets = pen_network.teacher_force(ink, walked, torch.zeros(len(some), 5, dtype=torch.bool))
    assert logits.shape == (len(some), 5, ink.mask.shape[1])
    assert flags.shape == (len(some), 5, 3)
    assert offsets.shape == (len(some), 5, 2)
    assert (logits.masked_fill(ink.mask[:, None] == 1, -1e4) <= -1e4).all()


def test_a_walk_followed_again_gives_the_likelihood_and_points_that_it_had(pen_network, some):
    ink = look(pen_network, some)
    walks = walk(pen_network, ink)
    tokens, flags = torch.from_numpy(walks.tokens), torch.from_numpy(walks.flags)
    logits, flag_logits, offsets = pen_network.teacher_force(ink, tokens, flags == LIFT)
    places = ink.places_px.gather(1, tokens[..., None].expand(-1, -1, 2))
    used = flags >= 0
    assert torch.allclose((places + offsets)[used], torch.from_numpy(walks.points_px)[used], atol=1e-4)
    pixel = torch.log_softmax(logits, 2).gather(2, tokens[..., None])[..., 0]
    away = (ink.places_px[:, :, None] - ink.places_px[:, None]).abs()
    beside = (away < BESIDE_PX).all(dim=3).float()
    around = torch.softmax(logits, 2) @ beside
    likeliest = (around > around.amax(dim=2, keepdim=True) - 1e-5).float()
    near_it = (likeliest @ beside).gather(2, tokens[..., None])[..., 0]
    assert (near_it[used] > 0).all()
    likeliest = torch.log_softmax(flag_logits, 2).max(dim=2).values
    assert (torch.where(used, pixel + likeliest, 0).sum(1) >= torch.from_numpy(walks.likelihood) - 1e-3).all()


def test_the_first_step_is_not_told_of_a_label_s_neighbour(pen_network, some):
    ink = look(pen_network, some)
    alone = Walker(pen_network, look(pen_network, some.select([3])), 1, torch.zeros(1))
    among = Walker(pen_network, ink, 1, torch.zeros(len(some)))
    assert (alone.step()[0] == NOWHERE).all()
    among.step()
    assert torch.allclose(alone.answers[0], among.answers[3], atol=1e-5)
    assert GO == 0


def steps_of(cell, observed):
    """What a cell says of 8 steps (8, pens, observed) of pens, each pen's rows in one array."""
    state, memory = cell.begin(observed.shape[1]), torch.zeros(observed.shape[1], cell.hidden)
    return torch.stack([cell.decode_step(step, state, memory) for step in observed])


def test_products_in_bytes_say_nearly_the_same(pen_network):
    exact, small = DecoderCell(pen_network, torch.float32), ByteCell(pen_network, torch.float32)
    observed = torch.randn(8, 40, exact.observed, generator=torch.Generator().manual_seed(1))
    observed[:, 0] = 0
    expected, found = steps_of(exact, observed), steps_of(small, observed)
    off = (found - expected).square().mean(dim=(0, 1)).sqrt() / (expected.std(dim=(0, 1)) + 1e-3)
    assert off.max() < 0.03  # a byte's step is 1/127 of the largest number of a row


def test_products_in_bytes_of_a_pen_hang_on_no_other_pen(pen_network):
    cell = ByteCell(pen_network, torch.float32)
    observed = torch.randn(8, 40, cell.observed, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(steps_of(cell, observed)[:, 7:9], steps_of(cell, observed[:, 7:9]), atol=1e-5)


@pytest.mark.parametrize("settings", [{"hidden": 0}, {"classes": -1}, {"step_px": 0.0}, {"most_points": 0}])
def test_sizes_that_make_no_network_are_refused(settings):
    with pytest.raises(ConfigError, match=rf"network\.{next(iter(settings))}"):
        PenSpec(**settings)


def test_widths_of_the_pen_rise():
    with pytest.raises(ConfigError, match="widest_px"):
        Variation(narrowest_px=3.0, widest_px=2.0)
