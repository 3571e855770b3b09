"""Training batches: which pictures, in which order, and that a step's number decides."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strokes.errors import ConfigError
from strokes.training.batches import MemberBatches

CPU = torch.device("cpu")


def numbered(labels: np.ndarray, **kwargs) -> MemberBatches:
    """Batches of pictures whose bits spell their own number."""
    bits = (np.arange(len(labels))[:, None] >> np.arange(16)) & 1
    return MemberBatches(bits.reshape(-1, 4, 4).astype(bool), labels, **kwargs)


def numbers(pictures: torch.Tensor) -> np.ndarray:
    """The numbers of pictures (members, each, 16), shaped (members, each)."""
    return (pictures.numpy() @ (1 << np.arange(16))).astype(int)


def some_labels(count: int, *, classes: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).permutation(np.arange(count) % classes)


@pytest.mark.parametrize("members", [1, 3])
def test_a_step_depends_on_the_seed_and_its_number_alone(members):
    labels = some_labels(50)
    batches = numbered(labels, ensemble_size=members, batch_size=12, seed=5)
    first = [numbers(batches.at(step, CPU)[0]) for step in range(20)]
    again = [numbers(batches.at(step, CPU)[0]) for step in reversed(range(20))][::-1]
    fresh = numbered(labels, ensemble_size=members, batch_size=12, seed=5).at(13, CPU)[0]
    other = numbered(labels, ensemble_size=members, batch_size=12, seed=6).at(13, CPU)[0]
    assert np.array_equal(first, again)
    assert np.array_equal(numbers(fresh), first[13])
    assert not np.array_equal(numbers(other), first[13])


@given(count=st.integers(1, 60), batch_size=st.integers(1, 25), seed=st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_one_member_sees_every_picture_once_a_round(count, batch_size, seed):
    batches = numbered(np.zeros(count, int), ensemble_size=1, batch_size=batch_size, seed=seed)
    shown = np.concatenate([numbers(batches.at(step, CPU)[0])[0] for step in range(2 * batches.steps_an_epoch)])
    for start in (0, count):
        assert sorted(shown[start : start + count]) == list(range(count))
    assert (batches.steps_an_epoch - 1) * batch_size < count <= batches.steps_an_epoch * batch_size


def test_an_order_differs_from_the_next_rounds():
    batches = numbered(np.zeros(40, int), ensemble_size=1, batch_size=40, seed=0)
    assert not np.array_equal(numbers(batches.at(0, CPU)[0]), numbers(batches.at(1, CPU)[0]))


def test_members_share_a_step_equally_and_see_their_own_class_only():
    labels = np.repeat([0, 1, 2], [30, 10, 20])
    batches = numbered(labels, ensemble_size=3, batch_size=13, seed=0)
    for step in range(10):
        pictures, told, _ = batches.at(step, CPU)
        assert pictures.shape == (3, 4, 16)
        assert told.tolist() == [[0] * 4, [1] * 4, [2] * 4]
        assert np.array_equal(labels[numbers(pictures)], told.numpy())


def test_a_small_class_is_gone_through_again_before_any_picture_comes_a_third_time():
    batches = numbered(np.repeat([0, 1], [20, 5]), ensemble_size=2, batch_size=8, seed=0)
    seen = Counter(np.concatenate([numbers(batches.at(step, CPU)[0])[1] for step in range(5)]).tolist())
    assert set(seen.values()) == {4}  # 5 steps of 4 are 4 rounds of 5


def test_paths_come_with_their_pictures():
    paths = np.arange(24, dtype=np.float32)[:, None, None] * np.ones((1, 2, 3), np.float32)
    batches = numbered(some_labels(24), ensemble_size=3, batch_size=6, seed=0, paths=paths)
    pictures, _, found = batches.at(1, CPU)
    assert np.array_equal(found[..., 0, 0].numpy(), numbers(pictures))


def test_pictures_are_zeros_and_ones_in_float32_and_labels_integers():
    pictures, labels, paths = numbered(some_labels(9), ensemble_size=1, batch_size=4, seed=0).at(0, CPU)
    assert (pictures.dtype, labels.dtype, paths) == (torch.float32, torch.int64, None)
    assert set(pictures.unique().tolist()) == {0.0, 1.0}


def test_a_member_without_pictures_is_refused_by_its_class():
    with pytest.raises(ConfigError, match="class 1 has no pictures"):
        numbered(np.array([0, 2, 2]), ensemble_size=3, batch_size=3, seed=0)
