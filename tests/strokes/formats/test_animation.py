"""The animation: how long it lasts, that the pen keeps its pace, and that what it shows is what was drawn."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from raster.hard import draw_strokes
from strokes.errors import ConfigError, ShapeError, StoreError
from strokes.formats.animation import (
    INK,
    MOVING_FRAMES,
    PAPER_COLOUR,
    STROKE_COLOURS,
    make_frames,
    write_animation,
)
from strokes.formats.films.pen_time import AIR_PACE, PenTime
from strokes.ink.drawing import Drawing, make_drawing_set

ROOF = np.array([[0.2, 0.2], [0.8, 0.2], [0.4, 0.8]], np.float32)
BAR = np.array([[0.3, 0.5], [0.7, 0.5]], np.float32)


def sevens(n=3):
    drawings = [Drawing((ROOF, BAR), "7")] * (n - 1) + [Drawing((), "7")]
    return make_drawing_set(drawings, images=np.stack([draw_strokes(d.strokes) > 0 for d in drawings]))


def seen(path):
    with Image.open(path) as picture:
        times, frames = [], []
        for i in range(picture.n_frames):
            picture.seek(i)
            times.append(picture.info["duration"])
            frames.append(np.asarray(picture.convert("RGB")).astype(int))
        return times, frames, picture.info.get("loop")


def count_near(frame, colour):
    return int((np.abs(frame - np.array(colour)).max(-1) < 24).sum())


def test_a_grid_is_a_looping_gif_whose_last_frame_is_held(tmp_path):
    write_animation(sevens(), tmp_path / "a.gif", frame_ms=70, hold_ms=1500)
    times, frames, loop = seen(tmp_path / "a.gif")
    assert set(times[:-1]) == {70}
    assert times[-1] >= 1500
    assert loop == 0
    assert 25 <= len(frames) <= 40
    assert frames[0].shape == (12 + 3 * 124, 12 + 3 * 124, 3)


def test_the_strokes_appear_one_after_the_other_in_colours_of_their_own(tmp_path):
    write_animation(sevens(), tmp_path / "a.gif")
    _, frames, _ = seen(tmp_path / "a.gif")
    first = [count_near(frame, STROKE_COLOURS[0]) for frame in frames]
    second = [count_near(frame, STROKE_COLOURS[1]) for frame in frames]
    half = len(frames) // 2
    assert first[half] > first[2]
    assert second[-1] > 100 > second[half]


def test_the_last_frame_s_pixels_are_the_drawing_s_hard_rendering():
    (*_, last) = make_frames([(ROOF, BAR), (BAR,)], [draw_strokes([BAR])] * 2, scale=3)
    cell, gap = 28 * 3, 9
    top = gap + 2 * (cell + gap)
    pixels = last[top : top + cell, gap : gap + cell][1::3, 1::3]
    ink = draw_strokes([ROOF, BAR]) > 0
    assert (pixels[ink] == INK).all()
    assert (pixels[8:20, 8:20][~ink[8:20, 8:20]] == PAPER_COLOUR).all()


def test_one_drawing_is_shown_alone_and_larger(tmp_path):
    write_animation(sevens(), tmp_path / "a.gif", indices=[0])
    _, frames, _ = seen(tmp_path / "a.gif")
    assert frames[0].shape == (340, 340, 3)


def test_other_pictures_can_be_shown_and_none_are_needed(tmp_path):
    plain = make_drawing_set([Drawing((ROOF,), "7"), Drawing((BAR,), "1")])
    write_animation(plain, tmp_path / "two-rows.gif")
    assert seen(tmp_path / "two-rows.gif")[1][0].shape[0] == 12 + 2 * 124
    write_animation(plain, tmp_path / "grey.gif", truth_images=np.full((2, 40, 20), 0.5), scale=2)
    assert seen(tmp_path / "grey.gif")[1][0].shape[0] == 6 + 3 * 62
    with pytest.raises(ShapeError, match="1 pictures for 2"):
        write_animation(plain, tmp_path / "a.gif", truth_images=np.zeros((1, 28, 28)))


def test_strokes_are_laid_over_the_frame_and_not_over_the_original_picture(tmp_path):
    drawings = make_drawing_set([Drawing((BAR * 0.5 + 0.1,), "1")], frames=np.array([[0.5, 0.1, 0.1]], np.float32))
    write_animation(drawings, tmp_path / "framed.gif")
    write_animation(make_drawing_set([Drawing((BAR,), "1")]), tmp_path / "plain.gif")
    assert np.array_equal(seen(tmp_path / "framed.gif")[1][-1], seen(tmp_path / "plain.gif")[1][-1])


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"indices": []}, "0 drawings"),
        ({"indices": [3]}, "0 to 2"),
        ({"indices": [0] * 41}, "1 to 40"),
        ({"frame_ms": 5}, "20 to 655350"),
        ({"scale": 0}, "1 to 40"),
    ],
)
def test_settings_out_of_range_are_refused_and_nothing_is_written(tmp_path, settings, told):
    with pytest.raises(ConfigError, match=told):
        write_animation(sevens(), tmp_path / "a.gif", **settings)
    assert not list(tmp_path.iterdir())


def test_an_existing_gif_is_left_alone(tmp_path):
    (tmp_path / "a.gif").write_text("precious")
    with pytest.raises(StoreError, match="--overwrite"):
        write_animation(sevens(), tmp_path / "a.gif")
    assert (tmp_path / "a.gif").read_text() == "precious"


strokes = st.lists(
    hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.just(2)), elements=st.floats(0, 1, width=32)), max_size=4
)


@given(strokes)
def test_the_pen_starts_at_the_first_point_and_ends_with_the_whole_drawing(drawing):
    path = PenTime(drawing)
    end = path.at(path.total)
    assert len(end.strokes) == len(drawing)
    assert all(map(np.array_equal, end.strokes, drawing))
    if path.total > 0:
        assert np.array_equal(path.at(0).strokes[0][0], drawing[0][0])


@given(strokes)
def test_no_step_is_longer_than_the_pace_allows(drawing):
    path = PenTime(drawing)
    step = path.total / MOVING_FRAMES
    tips = [m.tip for m in (path.at(i * step) for i in range(MOVING_FRAMES)) if m.tip is not None]
    for a, b in itertools.pairwise(tips):
        assert np.linalg.norm(b - a) <= AIR_PACE * step + 1e-5
