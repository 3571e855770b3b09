"""The skeleton's graph, and drawings traced on it: every pixel drawn, crossings gone straight through, few lifts."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from strokes.datasets import load_pen_samples
from strokes.errors import ShapeError
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.ink.pictures import make_image_set
from strokes.ink.rendering import centre_in_frame, pen_pictures
from strokes.ink.thinning import thin
from strokes.metrics.pens import score_pens
from strokes.metrics.pictures import score_pictures
from strokes.recovery.tracing.skeleton import FORK, PEAK, TIP, skeletonise
from strokes.recovery.tracing.trace import trace, trace_block


def lines(*strokes, size: int = 28, thickness: int = 1) -> np.ndarray:
    """Thinned ink of polylines given as whole pixels."""
    image = np.zeros((size, size), np.uint8)
    cv2.polylines(image, [np.array(stroke, np.int32) for stroke in strokes], False, 255, thickness)
    return thin(image)


PLUS = [[(14, 4), (14, 24)], [(4, 14), (24, 14)]]
RING = [[(round(14 + 9 * np.sin(a)), round(14 - 10 * np.cos(a))) for a in np.linspace(0, 2 * np.pi, 33)]]


def test_a_crossing_is_one_fork_of_four_edges():
    graph = skeletonise(lines(*PLUS))
    assert sorted(graph.kinds.tolist()) == [TIP] * 4 + [FORK]
    assert len(graph.ends) == 4


def test_a_slanted_crossing_that_thins_to_two_forks_is_one():
    graph = skeletonise(lines([(6, 4), (22, 24)], [(4, 15), (24, 11)], thickness=3))
    assert (graph.kinds[np.unique(graph.ends)] == FORK).sum() == 1


def test_a_ring_is_one_edge_from_its_top_to_its_top():
    graph = skeletonise(lines(*RING))
    assert graph.kinds.tolist()[0] == PEAK
    assert graph.ends.tolist() == [[0, 0]]
    assert graph.places[0, 1] == 4


def test_edges_begin_and_end_at_their_nodes():
    for image in pen_pictures(centre_in_frame(load_pen_samples())).images:
        graph = skeletonise(image)
        for (a, b), (first, last) in zip(graph.ends, pairwise(graph.offsets), strict=True):
            assert (graph.path[first] == graph.places[a]).all()
            assert (graph.path[last - 1] == graph.places[b]).all()


def test_a_plus_is_two_straight_strokes_one_downwards_one_rightwards():
    first, second = sorted((stroke[-1] - stroke[0] for stroke in trace(lines(*PLUS))), key=lambda along: along[0])
    assert first * 28 == pytest.approx([0, 20], abs=0.5)
    assert second * 28 == pytest.approx([20, 0], abs=0.5)


def test_a_ring_is_one_closed_stroke_anticlockwise_from_the_top():
    (stroke,) = trace(lines(*RING))
    assert (stroke[0] == stroke[-1]).all()
    assert stroke[:, 1].argmin() in (0, len(stroke) - 1)
    assert stroke[len(stroke) // 4, 0] < 0.5


@pytest.mark.parametrize("size", [28, 64, 256, 512])
def test_every_size_is_drawn_whole(size):
    big = [[(x * size // 28, y * size // 28) for x, y in stroke] for stroke in (*PLUS, *RING)]
    picture = lines(*big, size=size)
    drawn = np.zeros((size, size), np.uint8)
    for stroke in trace(picture):
        cv2.polylines(drawn, [np.rint(stroke * size - 0.5).astype(np.int32)], False, 1)
    assert score_pictures(drawn[None] > 0, picture[None])["f1"][0] > 0.98


def test_a_picture_that_is_not_square_keeps_its_aspect():
    picture = np.zeros((10, 40), np.bool_)
    picture[5, 2:38] = True
    (stroke,) = trace(picture)
    assert stroke[[0, -1]].tolist() == pytest.approx(np.array([[2.5, 5.5], [37.5, 5.5]]) / 40, abs=1 / 65536)


@pytest.mark.parametrize("places", [[], [(3, 3)], [(3, 3), (20, 20)]])
def test_dots_are_strokes_and_nothing_is_none(places):
    picture = np.zeros((28, 28), np.bool_)
    for y, x in places:
        picture[y, x] = True
    strokes = trace(picture)
    assert sorted(np.rint(s[0] * 28 - 0.5).astype(int).tolist() for s in strokes) == [[x, y] for y, x in places]


def test_noise_of_any_kind_is_traced():
    random = np.random.default_rng(0)
    for density in (0.02, 0.2, 0.5, 0.9, 1.0):
        picture = random.random((28, 28)) < density
        assert all(np.isfinite(stroke).all() for stroke in trace(picture))
        assert trace(thin(picture))


def test_a_block_of_digits_is_drawn_as_pens_do():
    samples = centre_in_frame(load_pen_samples())
    found = trace_block(pen_pictures(samples))
    assert found.scores["f1"].mean() > 0.98
    scores = score_pens(samples, found)
    # better than tracing with runs ordered from the top left does on other pens
    assert scores["direction"].mean() > 0.80
    assert scores["order"].mean() > 0.62
    assert not found.flagged.any()


def test_a_block_is_what_its_pictures_give_and_blank_ones_are_flagged():
    images = np.stack([lines(*PLUS), np.zeros((28, 28), np.bool_), lines(*RING)])
    frames = np.array([[1, 0, 0], [1, 0, 0], [0.5, 0.1, 0.2]], np.float32)
    found = trace_block(make_image_set(images, frames=frames))
    expected = [trace(image) for image in images]
    expected[2] = [stroke * np.float32(0.5) + np.float32([0.1, 0.2]) for stroke in expected[2]]
    alone = make_drawing_set([Drawing(tuple(strokes)) for strokes in expected])
    np.testing.assert_allclose(found.points, alone.points, atol=1e-6)
    assert found.drawing_offsets.tolist() == alone.drawing_offsets.tolist()
    assert found.flagged.tolist() == [False, True, False]


def test_grey_pictures_are_refused():
    with pytest.raises(ShapeError, match="thinned ink"):
        trace(np.zeros((28, 28), np.uint8))
