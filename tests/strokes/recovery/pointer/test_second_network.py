"""Small pictures that nobody names: another network's walks are there to choose from, in the pictures' own px."""

from dataclasses import replace

import numpy as np
import pytest

from strokes.recovery.methods import Options, choose_method
from strokes.recovery.pointer.decoding import walk
from strokes.recovery.pointer.risk import choose_walks
from strokes.recovery.pointer.second_network import LESS_LIKELY, SecondWalks
from strokes.recovery.words.pictures import MANY_STROKES, shipped_strips
from tests.helpers.networks import look

WALKS = 3


@pytest.fixture(scope="module")
def second():
    return SecondWalks(shipped_strips(MANY_STROKES, 0, WALKS))


def test_its_walks_run_over_each_picture_s_ink_and_are_less_likely_than_the_likeliest(pen_network, some, second):
    own = walk(pen_network, look(pen_network, some))
    found = second.walks(some.images, own)
    assert found.flags.shape[0] == WALKS * len(some)
    for i, image in enumerate(some.images):
        ink = np.argwhere(image)[:, ::-1] + 0.5
        for row in range(i * WALKS, (i + 1) * WALKS):
            points = found.points_px[row][found.flags[row] >= 0]
            away = np.hypot(*(points[:, None] - ink).transpose(2, 0, 1))
            assert away.min(axis=1).max() < 3
            assert np.median(away.min(axis=0)) < 1.5
    best = found.likelihood.reshape(-1, WALKS).max(axis=1)
    assert np.allclose(best, own.likelihood - LESS_LIKELY, atol=1e-3)


def test_they_are_chosen_where_the_network_s_own_are_worse(pen_network, some, second):
    known = {"hypotheses": 2, "temperature": 1.0, "seed": 0}
    ink = look(pen_network, some)
    alone = choose_walks(pen_network, ink, some.images, **known)
    both = choose_walks(pen_network, ink, some.images, second=second, **known)  # an untrained network's own are poor
    assert both.fit.mean() > alone.fit.mean() + 0.1


@pytest.mark.parametrize(("options", "helpers"), [(Options(), (MANY_STROKES,)), (Options(model="pen-any"), ())])
def test_they_are_asked_for_where_nobody_names_the_pictures_or_the_network(some, options, helpers):
    assert choose_method(replace(some, labels=np.full(len(some), -1)), options).helpers == helpers
    assert choose_method(some, options).helpers == ()
