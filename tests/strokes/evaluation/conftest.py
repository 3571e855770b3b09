"""Grey digits without a download: the project's own pen samples, varied and written with a round pen."""

import numpy as np
import pytest

from strokes.datasets import load_pen_samples
from strokes.ink.augment import Variation, vary
from strokes.ink.pictures import GreySet
from strokes.ink.rendering import centre_in_frame, write_pictures


def written_digits(seed: int, copies: int = 4) -> GreySet:
    """Every pen sample a few times, each time varied otherwise."""
    samples = centre_in_frame(load_pen_samples())
    chosen = samples.select(np.tile(np.arange(len(samples)), copies))
    varied = vary(chosen, Variation(turn=0.05, slant=0.1), np.random.default_rng(seed))
    return GreySet(write_pictures(varied), chosen.labels, chosen.classes, "written digits")


@pytest.fixture(scope="session")
def written() -> GreySet:
    """Real test pictures, as it were."""
    return written_digits(0)


@pytest.fixture(scope="session")
def others() -> GreySet:
    """Digits of the same hands, none of them the same."""
    return written_digits(1)
