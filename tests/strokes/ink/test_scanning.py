"""Scans of grey pictures: cut at a threshold, blurred, noisy, each as much as is asked for."""

import numpy as np

from strokes.ink.augment import Variation
from strokes.ink.scanning import scan
from strokes.ink.thinning import INK_THRESHOLD

PLAIN = Variation(blur=0, noise=0, threshold=0)


def block(level: int, count: int = 200) -> np.ndarray:
    """Pictures of a square of one grey level."""
    grey = np.zeros((count, 12, 12), np.uint8)
    grey[:, 4:8, 4:8] = level
    return grey


def test_a_plain_scan_is_the_usual_threshold():
    grey = np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype(np.uint8)
    assert (scan(grey, PLAIN, np.random.default_rng(0)) == (grey > INK_THRESHOLD)).all()


def test_a_moving_threshold_takes_grey_for_ink_about_as_often_as_not():
    ink = scan(block(INK_THRESHOLD), Variation(blur=0, noise=0, threshold=12), np.random.default_rng(0))
    assert 0.3 < ink[:, 5, 5].mean() < 0.7
    assert (ink[:, 5, 5] == ink[:, 6, 6]).all()


def test_half_of_the_pictures_are_blurred():
    # a corner keeps (1 - s)² of 255, and is ink at s = 0 but not at s above 1 - √(110 / 255) = 0.34
    ink = scan(block(255), Variation(blur=0.45, noise=0, threshold=0), np.random.default_rng(0))
    assert ink[:, 5, 5].all()
    assert 0.05 < (~ink[:, 4, 4]).mean() < 0.5


def test_noise_is_in_some_pictures_and_differs_among_pixels():
    ink = scan(block(INK_THRESHOLD + 1), Variation(blur=0, noise=35, threshold=0), np.random.default_rng(0))
    shares = ink[:, 4:8, 4:8].mean(axis=(1, 2))
    # two of four kinds of scan have none
    assert 0.35 < (shares == 1).mean() < 0.65
    assert np.median(shares[shares < 1]) < 0.8


def test_the_same_seed_scans_alike():
    grey = block(120)
    one, two = (scan(grey, Variation(), np.random.default_rng(7)) for _ in range(2))
    assert (one == two).all()
