"""Thinning is scikit-image's, pixel for pixel."""

import numpy as np
import pytest
from skimage.morphology import thin as reference

from strokes.datasets.bundled import load_thinned_mnist
from strokes.errors import ShapeError
from strokes.ink.thinning import thin


def blobs(seed: int, *, shape: tuple[int, int, int] = (40, 28, 28)) -> np.ndarray:
    """Grey pictures with thick random strokes, some touching the edges."""
    import cv2

    generator = np.random.default_rng(seed)
    pictures = np.zeros(shape, np.uint8)
    for picture in pictures:
        for _ in range(5):
            a, b = generator.integers(0, shape[1:], (2, 2)).tolist()
            cv2.line(picture, a, b, int(generator.integers(90, 256)), int(generator.integers(1, 7)), cv2.LINE_AA)
    return pictures


@pytest.mark.parametrize("shape", [(40, 28, 28), (10, 61, 37), (30, 3, 5)])
def test_a_batch_is_thinned_as_scikit_image_thins_each_picture(shape):
    pictures = blobs(0, shape=shape)
    expected = np.stack([reference(picture > 110) for picture in pictures])
    assert (thin(pictures) == expected).all()


def test_noise_is_thinned_as_scikit_image_does():
    noise = np.random.default_rng(1).random((50, 20, 20)) < 0.6
    assert (thin(noise) == np.stack([reference(picture) for picture in noise])).all()


def test_one_picture_gives_what_the_batch_gives():
    pictures = blobs(2)
    assert (thin(pictures[3]) == thin(pictures)[3]).all()


def test_floats_and_grey_values_agree():
    pictures = blobs(3)
    assert (thin(pictures / 255) == thin(pictures)).all()
    assert (thin((pictures / np.float32(255)).astype(np.float32)) == thin(pictures)).all()


def test_grey_110_is_paper_and_111_is_ink():
    assert not thin(np.full((1, 1), 110, np.uint8)).any()
    assert thin(np.full((1, 1), 111, np.uint8)).all()


def test_thinning_leaves_its_input_alone_and_thin_ink_as_it_is():
    ink = load_thinned_mnist("test").images[:500]
    before = ink.copy()
    assert (thin(ink) == ink).all()
    assert (ink == before).all()


def test_no_pictures_and_blank_pictures_stay_blank():
    assert thin(np.zeros((0, 28, 28), np.uint8)).shape == (0, 28, 28)
    assert not thin(np.zeros((2, 28, 28), bool)).any()


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (np.full((2, 2), np.nan), "NaN"),
        (np.full((2, 2), 255.0), "scale them"),
        (np.zeros((2, 2), np.int64), "int64"),
        (np.zeros(4, np.uint8), "shape"),
    ],
)
def test_other_pictures_are_refused_with_what_to_do(pictures, message):
    with pytest.raises(ShapeError, match=message):
        thin(pictures)
