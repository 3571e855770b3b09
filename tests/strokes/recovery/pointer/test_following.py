"""A taught drawing's own way over another picture: its strokes, order and directions, on that picture's ink."""

import numpy as np
import pytest
import torch

from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.ink.recordings import PenSet
from strokes.recovery.pointer.decoding import walk
from strokes.recovery.pointer.following import follow, walk_along
from strokes.recovery.pointer.habits import NOBODY, Bearing, Habits
from strokes.recovery.pointer.network import END, GO, LIFT
from strokes.recovery.pointer.spec import PenSpec

LEFTWARDS = np.stack([np.arange(22.5, 4, -2), np.full(10, 14.5)], axis=1)
UPWARDS = LEFTWARDS[:, ::-1]
CROSS = np.concatenate([LEFTWARDS, UPWARDS])
FLAGS = np.array([*[GO] * 9, LIFT, *[GO] * 9, END])


def ink_of_a_cross() -> np.ndarray:
    """A cross of two bars from pixel 3 to 24."""
    image = np.zeros((28, 28), bool)
    image[14, 3:25] = image[3:25, 14] = True
    return image


@pytest.mark.parametrize("moved_px", [(0, 0), (1.5, -1.5)])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_drawing_is_followed_in_its_own_order_from_end_to_end(moved_px, reverse):
    image = ink_of_a_cross()
    laid = CROSS[::-1] if reverse else CROSS
    places = np.argwhere(image)[follow(laid + moved_px, FLAGS, image)][:, ::-1]
    ends = [(24, 14), (3, 14), (14, 24), (14, 3)]
    assert [tuple(places[t]) for t in (0, 9, 10, 19)] == (ends[::-1] if reverse else ends)
    # nothing of the ink is further than a step and a half away
    apart = np.abs(np.argwhere(image)[:, None, ::-1] - places[None]).sum(axis=2).min(axis=1)
    assert apart.max() <= 3


def test_a_walk_of_the_networks_own_is_as_likely_along_its_way(pen_network, some):
    few = some.select(np.arange(4))
    ink = pen_network.encoder(torch.from_numpy(few.images), torch.from_numpy(few.labels))
    own = walk(pen_network, ink)
    with torch.inference_mode():
        again = walk_along(pen_network, ink, own.tokens, own.flags)
    assert again.likelihood == pytest.approx(own.likelihood, rel=0.02)
    used = own.flags >= 0
    assert np.allclose(again.points_px[used], own.points_px[used], atol=0.05)


def test_a_hands_drawings_are_followed_over_its_own_pictures_alone(pen_network):
    drawing = Drawing(tuple(bar.astype(np.float32) / 28 for bar in (LEFTWARDS, UPWARDS)), "1")
    habits = Habits.of(PenSet(make_drawing_set([drawing, drawing]), ("a", "a")), PenSpec())
    images = np.stack([ink_of_a_cross()] * 3)
    which = np.array([[0, 1], [0, NOBODY], [NOBODY, NOBODY]])
    ink = pen_network.encoder(torch.from_numpy(images), torch.zeros(3, dtype=torch.long))
    likeliest = walk(pen_network, ink)
    with torch.inference_mode():
        followed = Bearing(habits, images, which, 1.0).follow(pen_network, ink, likeliest)
        none = Bearing(habits, images, which[2:].repeat(3, axis=0), 1.0).follow(pen_network, ink, likeliest)
    lifts = [(own[own >= 0] > GO).sum() for own in followed.flags]
    begun = [tuple(np.floor(own[0])) for own in followed.points_px[[0, 1, 2]]]
    assert lifts[:3] == [2, 2, 2]
    assert all(np.hypot(x - 24, y - 14) <= 4 for x, y in begun)
    for row, picture in ((3, 1), (4, 2), (5, 2)):
        steps = likeliest.flags.shape[1]
        assert (followed.flags[row, :steps] == likeliest.flags[picture]).all()
    assert (none.likelihood == likeliest.likelihood.repeat(2)).all()
