"""Walks stay on the ink, end once, and are the same however they are batched."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from strokes.recovery.pointer import decoding as walking
from strokes.recovery.pointer.decoding import MORE_POINTS, in_lanes, rows_for, walk
from strokes.recovery.pointer.kernels import choose_flags, choose_place
from strokes.recovery.pointer.network import END, GO, LIFT, PenNetwork
from tests.helpers.networks import look


def test_a_walk_ends_once_and_stays_on_the_ink(pen_network, some):
    walks = walk(pen_network, look(pen_network, some))
    pixels = some.images.sum(axis=(1, 2))
    for i, flags in enumerate(walks.flags):
        count = int((flags >= 0).sum())
        assert (flags[: count - 1] != END).all()
        assert flags[count - 1] == END
        assert set(flags[:count].tolist()) <= {GO, LIFT, END}
        assert (flags[count:] == -1).all()
        assert (walks.tokens[i, :count] < pixels[i]).all()
        assert count <= pixels[i] + MORE_POINTS


def test_putting_pens_aside_changes_nothing(pen_network, some, monkeypatch):
    ink = look(pen_network, some)
    before = walk(pen_network, ink)
    monkeypatch.setattr(walking, "CROWD", 0.0)
    after = walk(pen_network, ink)
    assert np.array_equal(before.flags, after.flags)
    assert np.allclose(before.points_px, after.points_px, atol=1e-4)


def test_random_walks_follow_from_the_generator_and_differ(pen_network, some):
    ink = look(pen_network, some)
    warm = torch.full((len(some),), 1.0)
    first, again, other = (
        walk(pen_network, ink, temperatures=warm, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.tokens, again.tokens)
    assert first.tokens.shape != other.tokens.shape or not np.array_equal(first.tokens, other.tokens)


def test_a_walk_at_temperature_0_is_the_likeliest_among_warm_ones(pen_network, some):
    ink = look(pen_network, some)
    temperatures = torch.zeros(len(some))
    temperatures[1::2] = 1.0
    mixed = walk(pen_network, ink, temperatures=temperatures, generator=torch.Generator().manual_seed(0))
    cold = walk(pen_network, ink)
    steps = min(mixed.tokens.shape[1], cold.tokens.shape[1])
    assert np.array_equal(mixed.tokens[::2, :steps], cold.tokens[::2, :steps])


def test_several_walks_over_a_picture_lie_in_a_row(pen_network, some):
    ink = look(pen_network, some)
    once, twice = walk(pen_network, ink), walk(pen_network, ink, times=2)
    assert np.array_equal(twice.flags, once.flags.repeat(2, axis=0))
    assert np.allclose(twice.likelihood, once.likelihood.repeat(2), atol=1e-3)


def test_warm_walks_are_drawn_with_the_network_s_chances(pen_network, some):
    ink, times = look(pen_network, some.select([0])), 4000
    walks = walk(pen_network, ink, times=times, temperatures=torch.ones(times), generator=torch.Generator())
    nowhere = torch.zeros(1, 1, dtype=torch.long)
    logits, _, _ = pen_network.teacher_force(ink, nowhere, nowhere.bool())
    first = logits[0, 0].softmax(dim=0).numpy()
    drawn = np.bincount(walks.tokens[:, 0], minlength=len(first)) / times
    assert np.abs(drawn - first).max() < 4 * np.sqrt(0.25 / times)


def test_what_is_kept_of_tokens_in_half_the_bytes_is_read_as_it_was(pen_recipe, some):
    network = PenNetwork(replace(pen_recipe.network, key=32)).eval().requires_grad_(False)
    ink = look(network, some)
    halves = replace(ink, keys=ink.keys.bfloat16(), values=ink.values.bfloat16())
    floats = replace(ink, keys=halves.keys.float(), values=halves.values.float())
    found, expected = walk(network, halves), walk(network, floats)
    assert np.array_equal(found.points_px, expected.points_px)
    assert np.array_equal(found.likelihood, expected.likelihood)


def test_products_have_few_sizes():
    sizes = [rows_for(pens) for pens in range(501)]
    assert all(pens <= rows <= 1.25 * pens + 16 for pens, rows in enumerate(sizes))
    assert len(set(sizes)) < 20


def test_no_pictures_make_no_walks(pen_network, some):
    assert len(walk(pen_network, look(pen_network, some.select(slice(0)))).flags) == 0


def chosen_among(shares, places_px):
    """The token that is chosen, and the doubt."""
    x_px, y_px = (in_lanes(np.array(own, np.float32)) for own in np.transpose(places_px))
    return choose_place(in_lanes(2 * np.array(shares, np.float32)), np.float32(2), x_px, y_px, len(shares))


def test_without_randomness_the_likeliest_neighbourhood_is_gone_to_and_what_is_far_from_it_is_doubt():
    # one pixel alone at 0.4, far away three beside each other that share 0.6
    token, doubt = chosen_among([0.4, 0.15, 0.25, 0.2], [[2.5, 2.5], [20.5, 20.5], [21.5, 20.5], [21.5, 21.5]])
    assert token == 2
    assert doubt == pytest.approx(0.4)


def test_a_likelier_pixel_alone_is_gone_to_where_no_neighbourhood_is_likelier():
    assert chosen_among([0.6, 0.2, 0.2], [[2.5, 2.5], [20.5, 20.5], [21.5, 20.5]])[0] == 0


def test_walks_tell_how_often_they_might_have_gone_elsewhere(pen_network, some):
    ink = pen_network.encoder(torch.from_numpy(some.images), torch.from_numpy(some.labels))
    doubt = walk(pen_network, ink).doubt
    assert (doubt[:, 0] <= doubt[:, 1] + 1e-6).all()
    assert (doubt[:, 0] > 0).any()
    assert (doubt[:, 0] <= 1 + 1e-5).all()


def test_a_walk_s_likelihood_is_the_logarithm_of_the_chances_of_all_that_it_did(pen_network, some):
    ink = look(pen_network, some)
    walks = walk(pen_network, ink, temperatures=torch.ones(len(some)), generator=torch.Generator().manual_seed(0))
    tokens, flags = torch.from_numpy(walks.tokens), torch.from_numpy(walks.flags)
    logits, flag_logits, _ = pen_network.teacher_force(ink, tokens, flags == LIFT)
    came = logits.log_softmax(2).gather(2, tokens[..., None])[..., 0]
    did = flag_logits.log_softmax(2).gather(2, flags.clamp(min=0)[..., None])[..., 0]
    told = torch.where(flags >= 0, came + did, 0).sum(1).numpy()
    assert (walks.flags >= 0).sum(axis=1).max() > 5
    assert np.allclose(walks.likelihood, told, atol=0.02)  # single steps differ by 1e-4


def stop_at(*chances, temperature=0.0):
    """What a pen does that passes points with these chances to end there."""
    found, stopping, doubted = [], np.zeros(1, np.float32), np.zeros(1, np.bool_)
    for chance in chances:
        logits = np.log(np.array([[1 - chance, chance / 4, chance * 3 / 4]], np.float32))
        flags = np.empty(1, np.int64)
        warm = np.full(1, temperature, np.float32)
        choose_flags(
            np.zeros(1, np.int64),
            logits,
            warm,
            np.zeros(1, np.float32),
            np.zeros(1, np.float32),
            stopping,
            doubted,
            flags,
        )
        found.append(int(flags[0]))
    return found


def test_neighbouring_points_share_the_chance_of_being_the_end():
    assert stop_at(0.4, 0.4) == [GO, END]  # 0.4 + 0.6 · 0.4 > 0.5
    assert stop_at(0.2, 0.2, 0.2) == [GO, GO, GO]  # 0.2, 0.36, 0.488
    assert stop_at(0.4, 0.01, 0.4) == [GO, GO, GO]  # no neighbours
    assert stop_at(0.4, 0.4, temperature=1.0) == [GO, GO]
