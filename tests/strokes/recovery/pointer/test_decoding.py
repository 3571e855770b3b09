"""Walks stay on the ink, end once, and are the same however they are batched."""

import numpy as np
import torch

from strokes.recovery.pointer import decoding as walking
from strokes.recovery.pointer.decoding import MORE_POINTS, walk
from strokes.recovery.pointer.network import END, GO, LIFT


def look(network, pictures):
    return network.look(torch.from_numpy(pictures.images), torch.from_numpy(pictures.labels))


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
    logits, _, _ = pen_network.follow(ink, nowhere, nowhere.bool())
    first = logits[0, 0].softmax(dim=0).numpy()
    drawn = np.bincount(walks.tokens[:, 0], minlength=len(first)) / times
    assert np.abs(drawn - first).max() < 4 * np.sqrt(0.25 / times)


def test_no_pictures_make_no_walks(pen_network, some):
    assert len(walk(pen_network, look(pen_network, some.select(slice(0)))).flags) == 0
