"""A small strip network, untrained, and letters of one writer."""

import numpy as np
import pytest
import torch

from strokes.recovery.words.letters import make_book
from strokes.recovery.words.network import StripNetwork, StripSpec

SPEC = StripSpec(
    fine=4, middle=6, coarse=8, broad=8, token=16, key=8, pools=4, value=4, context=8, embedding=16, hidden=16
)


@pytest.fixture(scope="session")
def strip_network():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = StripNetwork(SPEC)
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def book():
    """Eight letters, each a slanted bar and a hook."""
    letters = "aceimnot"
    strokes = [[np.array([[0.1, -1.0], [0.1 * k, -0.1], [0.4, 0.0], [0.6, -0.3]])] for k in range(len(letters))]
    return make_book(strokes, list(letters), ["w"] * len(letters))
