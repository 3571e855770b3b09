"""Large arrays of bytes are read into files, not into memory, and are the same pictures."""

import gzip

import numpy as np
import pytest

from strokes.datasets import held
from strokes.datasets.given import find_given
from strokes.datasets.held import one_by_one, pieces, room
from strokes.errors import SourceError

COUNT = 300


@pytest.fixture
def grey():
    """Pictures, each of them with white ink on black."""
    images = np.random.default_rng(0).integers(0, 256, (COUNT, 28, 28)).astype(np.uint8)
    images[:, :20] = 0
    return images


@pytest.fixture
def little_memory(monkeypatch):
    """Arrays of more than 100 pictures are large."""
    monkeypatch.setattr(held, "HELD_BYTES", 100 * 28 * 28)
    monkeypatch.setattr(held, "PIECE_BYTES", 7000)


def idx_of(images):
    return b"\0\0\x08\x03" + np.array(images.shape, ">u4").tobytes() + images.tobytes()


def write_idx(path, images):
    path.write_bytes(idx_of(images))


def write_gzipped(path, images):
    path.write_bytes(gzip.compress(idx_of(images), 1))


def write_npz(path, images):
    np.savez_compressed(path, images=images)


def write_npy(path, images):
    np.save(path, images)


WAYS = {"a-idx3-ubyte": write_idx, "a-idx3-ubyte.gz": write_gzipped, "a.npz": write_npz, "a.npy": write_npy}


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("full", [255, 1])
def test_pictures_of_a_large_array_lie_in_a_file_and_are_the_same(name, full, grey, little_memory, tmp_path):
    WAYS[name](tmp_path / name, grey if full == 255 else (grey > 100).astype(np.uint8))
    given = find_given(tmp_path / name)
    assert isinstance(given.sources[0].images, np.memmap)
    found = [item.content for item in given.items()]
    assert np.array_equal(found, grey if full == 255 else 255 * (grey > 100))


def test_small_arrays_lie_in_memory(grey, tmp_path):
    write_idx(tmp_path / "a-idx3-ubyte", grey)
    assert not isinstance(find_given(tmp_path / "a-idx3-ubyte").sources[0].images, np.memmap)


def test_large_pictures_are_turned_upright(grey, little_memory, tmp_path):
    name = "emnist-digits-train-images-idx3-ubyte"
    write_idx(tmp_path / name, grey)
    given = find_given(tmp_path / name)
    assert isinstance(given.sources[0].images, np.memmap)
    assert np.array_equal([item.content for item in given.items()], grey.transpose(0, 2, 1))


@pytest.mark.parametrize(("cut", "told"), [(slice(0, -1), "truncated"), (slice(None), None)])
def test_a_large_file_that_ends_early_or_late_is_refused(cut, told, grey, little_memory, tmp_path):
    whole = idx_of(grey)
    (tmp_path / "a-idx3-ubyte").write_bytes(whole[cut] if told else whole + b"\0")
    with pytest.raises(SourceError, match=told or "too long"):
        find_given(tmp_path / "a-idx3-ubyte")


def test_an_array_is_gone_through_in_pieces(little_memory):
    values = room((COUNT, 28, 28))
    values[:] = np.arange(COUNT)[:, None, None] % 256
    assert isinstance(values, np.memmap)
    assert max(len(piece) for piece in pieces(values)) < 10
    assert np.array_equal(np.concatenate(list(pieces(values))), values)
    assert [picture[0, 0] for picture in one_by_one(values)] == [i % 256 for i in range(COUNT)]
