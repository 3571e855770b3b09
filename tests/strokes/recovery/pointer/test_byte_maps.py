"""Maps in bytes are nearly those of the encoder, and a picture's hang on no other picture."""

import pytest
import torch

from strokes.recovery.pointer.byte_maps import ByteMaps, find_peaks
from strokes.recovery.pointer.cell import multiplies_bytes

pytestmark = pytest.mark.skipif(not multiplies_bytes(), reason="this processor doesn't multiply bytes")


@pytest.fixture(scope="module")
def look(pen_network):
    return ByteMaps(pen_network.encoder, find_peaks(pen_network.encoder))


def test_maps_in_bytes_say_nearly_the_same(pen_network, look, some):
    images = torch.from_numpy(some.images)
    for found, expected in zip(look(images), pen_network.encoder.look(images), strict=True):
        assert found.shape == expected.shape
        off = (found.float() - expected).square().mean().sqrt() / expected.square().mean().sqrt()
        assert off < 0.05  # a byte's step is 1/255 of the largest number


def test_maps_of_a_picture_hang_on_no_other_picture(look, some):
    images = torch.from_numpy(some.images)
    for together, alone in zip(look(images), look(images[7:8]), strict=True):
        assert torch.equal(together[7:8], alone)


def test_the_strokes_that_bytes_are_scaled_by_are_fuller_than_writing(pen_network, some):
    maps = pen_network.encoder.look(torch.from_numpy(some.images))
    for own, peak in zip(maps, find_peaks(pen_network.encoder)[::2], strict=True):
        assert 0.5 * peak < own.max() <= peak
