"""Examples: steps of equal length, flags at strokes' ends, batches that follow from the seed and the step."""

from dataclasses import replace

import numpy as np
import pytest

from strokes.errors import SourceError
from strokes.ink.augment import Variation, count_alike
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.recovery.pointer.examples import PenBatches, cut_steps, make_examples
from strokes.recovery.pointer.network import END, GO, LIFT
from strokes.recovery.pointer.spec import PenSpec

SPEC = PenSpec()
STILL = Variation(turn=0, slant=0, stretch=0, bend=0, size=0, shift_px=0)
NONE = replace(STILL, narrowest_px=2.2, widest_px=2.2, blur=0, threshold=0, noise=0)


def batches(recordings, **settings):
    labels = recordings.drawings.labels
    return PenBatches(recordings, labels, SPEC, Variation(), **({"batch_size": 8, "seed": 0} | settings))


def test_a_stroke_is_cut_into_equal_steps_from_its_start_to_its_end():
    line = np.array([[0.1, 0.5], [0.3, 0.5], [0.8, 0.5]], np.float32)
    dot = np.array([[0.5, 0.2]], np.float32)
    points_px, flags = cut_steps(make_drawing_set([Drawing((line, dot))]), SPEC)
    count = int((flags[0] >= 0).sum())
    steps = np.diff(points_px[0, : count - 1, 0])
    assert np.allclose(steps, steps[0], atol=1e-4)
    assert abs(steps[0] - SPEC.step_px) < 0.2
    assert np.allclose(points_px[0, [0, count - 2, count - 1]], np.array([[2.8, 14], [22.4, 14], [14, 5.6]]), atol=1e-4)
    assert flags[0, :count].tolist() == [GO] * (count - 2) + [LIFT, END]


def test_strokes_that_are_too_many_are_left_off_whole():
    zigzag = np.array([[0.1, y] for y in np.tile([0.1, 0.9], 20)], np.float32)
    short = np.array([[0.5, 0.5], [0.6, 0.5]], np.float32)
    _, flags = cut_steps(make_drawing_set([Drawing((short, zigzag))]), SPEC)
    assert (flags[0] >= 0).sum() < 5
    assert (flags[0] == END).sum() == 1


def test_without_variation_a_picture_is_the_recording_s_own(recordings):
    examples = make_examples(recordings.drawings, recordings.drawings.labels, SPEC, NONE, np.random.default_rng(0))
    near = [
        np.hypot(*(points[flags >= 0][:, None] - np.argwhere(image)[:, ::-1] - 0.5).transpose(2, 0, 1)).min(axis=1)
        for image, points, flags in zip(examples.images, examples.points_px, examples.flags, strict=True)
    ]
    assert np.mean(np.concatenate(near)) < 0.7


def test_a_batch_follows_from_the_seed_and_the_step(recordings):
    one, two = batches(recordings), batches(recordings)
    two.at(17)
    for name in ("images", "labels", "points_px", "flags"):
        assert np.array_equal(getattr(one.at(3), name), getattr(two.at(3), name))
    assert not np.array_equal(one.at(3).images, batches(recordings, seed=1).at(3).images)


def test_batches_made_ahead_are_those_made_in_place(recordings):
    ahead, in_place = batches(recordings, makers=1), batches(recordings)
    try:
        # 9 is in the second group
        for step in (0, 3, 9):
            for name in ("images", "labels", "points_px", "flags"):
                assert np.array_equal(getattr(ahead.at(step), name), getattr(in_place.at(step), name))
    finally:
        ahead.stop()


def test_drawings_of_about_the_same_length_come_together(recordings):
    lengths = [(batches(recordings, batch_size=32).at(step).flags >= 0).sum(axis=1) for step in range(8)]
    assert max(np.ptp(found) for found in lengths) < np.ptp(np.concatenate(lengths))


def test_plentiful_writers_and_classes_are_counted():
    assert count_alike(["a", "b", "a", None]).tolist() == [2, 1, 2, 1]


def test_no_recordings_are_refused(recordings):
    with pytest.raises(SourceError, match="no pen recording"):
        batches(recordings.select(np.zeros(0, np.int64)))


CHANGES = {"turn": 0.3, "slant": 0.4, "stretch": 0.4, "bend": 0.1, "size": 0.2, "widest_px": 4.0, "threshold": 60.0}


@pytest.mark.parametrize("name", CHANGES)
def test_each_way_of_varying_changes_pictures(recordings, name):
    plain, varied = (pictures(recordings, variation) for variation in (NONE, replace(NONE, **{name: CHANGES[name]})))
    assert (plain != varied).any(axis=(1, 2)).mean() > 0.5


def test_half_of_the_pictures_are_noisy(recordings):
    """Of 63 pictures 31 to 32, within four standard deviations; noise of 35 grey levels changes nearly each of them."""
    changed = (pictures(recordings, NONE) != pictures(recordings, replace(NONE, noise=35.0))).any(axis=(1, 2))
    assert 0.25 < changed.mean() < 0.75


def pictures(recordings, variation):
    drawings = recordings.drawings
    return make_examples(drawings, drawings.labels, SPEC, variation, np.random.default_rng(0)).images


@pytest.mark.parametrize(("power", "least", "most"), [(0.0, 0.01, 0.1), (0.5, 0.11, 0.27), (1.0, 0.38, 0.62)])
def test_a_writer_of_few_recordings_is_drawn_as_often_as_the_power_says(recordings, power, least, most):
    """Three of 63 recordings are a writer's: 5, 18 and 50 in a hundred of 512, within four deviations."""
    rare = replace(recordings, writers=("many",) * (len(recordings) - 3) + ("few",) * 3)
    found = PenBatches(rare, np.arange(len(rare)), SPEC, Variation(), batch_size=64, seed=0, balance=(power, 0.0))
    rows = np.concatenate([found.at(step).labels for step in range(8)])
    assert least < (rows >= len(rare) - 3).mean() < most
