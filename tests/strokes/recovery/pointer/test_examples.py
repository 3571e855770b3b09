"""Examples: steps of equal length, flags at strokes' ends, batches that follow from the seed and the step."""

import numpy as np
import pytest

from strokes.errors import SourceError
from strokes.ink.augment import Variation, count_alike
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.recovery.pointer.examples import PenBatches, cut_steps, make_examples
from strokes.recovery.pointer.network import END, GO, LIFT
from strokes.recovery.pointer.spec import PenSpec

SPEC = PenSpec()
NONE = Variation(turn=0, slant=0, stretch=0, bend=0, size=0, narrowest_px=2.2, widest_px=2.2, threshold=0, noise=0)


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


def test_drawings_of_about_the_same_length_come_together(recordings):
    lengths = [(batches(recordings, batch_size=32).at(step).flags >= 0).sum(axis=1) for step in range(8)]
    assert max(np.ptp(found) for found in lengths) < np.ptp(np.concatenate(lengths))


def test_plentiful_writers_and_classes_are_counted():
    assert count_alike(["a", "b", "a", None]).tolist() == [2, 1, 2, 1]


def test_no_recordings_are_refused(recordings):
    with pytest.raises(SourceError, match="no pen recording"):
        batches(recordings.select(np.zeros(0, np.int64)))
