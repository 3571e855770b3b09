"""Builds are cut where ten seconds' work ends, by nothing but the pictures and the settings."""

import dataclasses

import numpy as np
import pytest

from strokes.build.pieces import PIECE_MS, cut, estimate_ms, shards_of
from strokes.ink.fine import FineInk
from strokes.recovery.methods import Options


@pytest.fixture(scope="module")
def mixed(digits):
    """Forty pictures, every fourth larger than the frame and full of ink."""
    noise = np.random.default_rng(0).random((400, 400)) < 0.5
    fine = tuple(FineInk.of(noise) if i % 4 == 0 else None for i in range(40))
    return dataclasses.replace(digits.select(slice(40)), fine=fine)


def test_small_pictures_are_cut_by_their_number_alone(digits):
    assert [len(block) for block in cut(digits.select(slice(2300)), Options(), most=1000)] == [1000, 1000, 300]
    assert cut(digits.select(slice(0)), Options(), most=1000) == []


@pytest.mark.parametrize("options", [Options(), Options(hypotheses=100), Options(refine=5000), Options(method="trace")])
def test_no_piece_takes_longer_than_its_time_unless_it_is_one_picture(mixed, options):
    blocks, times = cut(mixed, options, most=1000), estimate_ms(mixed, options)
    assert [i for block in blocks for i in block] == list(range(40))
    assert all(len(block) == 1 or times[block.start : block.stop].sum() <= PIECE_MS for block in blocks)
    assert len(blocks) > 1


def test_slower_settings_make_smaller_pieces(digits):
    counts = [
        len(cut(digits.select(slice(1000)), options, most=1000))
        for options in (Options(), Options(hypotheses=100), Options(hypotheses=200))
    ]
    assert counts == sorted(counts)
    assert counts[0] == 1 < counts[1] < counts[2]


def test_pictures_in_a_file_are_cut_to_the_same_shards_and_leave_no_memory_behind(digits, tmp_path):
    digits.images[:100].tofile(tmp_path / "images")
    held = dataclasses.replace(
        digits.select(slice(100)),
        images=np.memmap(tmp_path / "images", np.bool_, "c", shape=(100, 28, 28)),
    )
    blocks = [range(0, 60), range(60, 100)]
    assert shards_of(held, blocks, "settings") == shards_of(digits.select(slice(100)), blocks, "settings")
    part = held.part(range(60, 100))
    assert type(part.images) is np.ndarray
    assert part.images.base is None
    assert np.array_equal(part.images, digits.images[60:100])
