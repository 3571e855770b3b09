"""Films: every format opens, shows what was asked for, and lasts as long."""

import re

import numpy as np
import pytest
from PIL import Image

from strokes.errors import ConfigError
from strokes.formats.films import FilmSettings, animate, parse_numbers
from strokes.formats.films.pen_time import PenTime
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.store.writer import DatasetWriter

BAR = Drawing((np.array([[0.2, 0.5], [0.8, 0.5]], np.float32), np.array([[0.5, 0.2]], np.float32)), "i")
DOT = Drawing((np.array([[0.5, 0.5]], np.float32),), ".")
FAST = FilmSettings(size=60, seconds=1, fps=5, hold_ms=400)


@pytest.fixture
def dataset(tmp_path):
    """Twelve drawings, the second a dot; with times of two seconds."""
    drawings = make_drawing_set([BAR, DOT, *[BAR] * 10], metadata=('{"file": "a.png"}',) * 12)
    times = np.concatenate([np.array([0, 1000, 2000]), [0], np.tile([0, 1000, 2000], 10)])
    drawings = make_drawing_set(
        list(drawings), metadata=drawings.metadata, point_columns={"time_ms": times.astype(np.float32)}
    )
    with DatasetWriter(tmp_path / "a.h5", attributes={}, classes=drawings.classes) as writer:
        writer.append(drawings)
    return tmp_path / "a.h5"


def frames(path):
    with Image.open(path) as film:
        found = []
        for i in range(film.n_frames):
            film.seek(i)
            film.load()
            found.append((np.asarray(film.convert("RGB")), film.info["duration"]))
    return found


@pytest.mark.parametrize("ending", ["gif", "png", "webp"])
def test_a_film_begins_empty_and_ends_with_all_and_lasts_as_long_as_asked(dataset, tmp_path, ending):
    animate(dataset, tmp_path / f"a.{ending}", "0", settings=FAST)
    found = frames(tmp_path / f"a.{ending}")
    assert sum(ms for _, ms in found) == pytest.approx(1000 + 400, abs=30)
    ink = [(frame < 200).any(axis=2).sum() for frame, _ in found]
    assert ink[0] < ink[len(ink) // 2] < ink[-1] or ending == "webp"
    assert found[0][0].shape[:2] == (68, 68)


def test_mp4_is_what_ffmpeg_reads(dataset, tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    animate(dataset, tmp_path / "a.mp4", "0", settings=FAST)
    frames, seconds = ffmpeg.count_frames_and_secs(str(tmp_path / "a.mp4"))
    assert frames == 5 + 1 + 1
    assert seconds == pytest.approx(1.4, abs=0.1)


def test_without_ffmpeg_one_line_says_what_to_install(dataset, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(ConfigError, match=r"penstrokes\[film\]"):
        animate(dataset, tmp_path / "a.mp4", "0", settings=FAST)
    assert not (tmp_path / "a.mp4").exists()


def test_the_svg_moves_without_a_script_and_in_the_pen_s_order(dataset, tmp_path):
    animate(dataset, tmp_path / "a.svg", "0", settings=FilmSettings(numbers=True, arrows=True, loop=2))
    text = (tmp_path / "a.svg").read_text()
    assert "<script" not in text
    assert "linear 2 both" in text
    starts = [float(x) for x in re.findall(r"@keyframes s0-\d\{.*?\}([\d.]+)%\{stroke-dashoffset:1;opacity:1", text)]
    assert starts == sorted(starts)
    assert len(starts) == 2


def test_a_dot_has_its_frames_too(dataset, tmp_path):
    animate(dataset, tmp_path / "dot.gif", "1", settings=FAST)
    assert len(frames(tmp_path / "dot.gif")) >= 2


def test_without_numbers_the_first_ten_are_shown_and_wrong_ones_are_named(dataset, tmp_path):
    assert animate(dataset, tmp_path / "a.gif", settings=FAST) == 10
    for text, told in (("5-2", "'5-2' ends before it begins"), ("3,12", "no drawing 12"), ("x", "'x'"), ("1,,2", "''")):
        with pytest.raises(ConfigError, match=re.escape(told)):
            animate(dataset, tmp_path / "b.gif", text, settings=FAST)
    assert parse_numbers("3, 0-2") == [3, 0, 1, 2]


def test_a_folder_has_a_film_each_named_by_label_and_source(dataset, tmp_path):
    animate(dataset, tmp_path / "films", "0-2", format="svg")
    names = sorted(path.name for path in (tmp_path / "films").glob("*.svg"))
    assert names == [".-a-1.svg", "i-a-0.svg", "i-a-2.svg"] or names == ["_-a-1.svg", "i-a-0.svg", "i-a-2.svg"]


def test_the_user_s_own_ink_is_shown_at_its_own_resolution(dataset, tmp_path):
    picture = np.full((300, 300), 255, np.uint8)
    picture[140:160, 60:240] = 0
    (tmp_path / "scans").mkdir()
    Image.fromarray(picture).save(tmp_path / "scans" / "a.png")
    animate(dataset, tmp_path / "a.gif", "0", settings=FilmSettings(background=tmp_path / "scans", seconds=1, fps=4))
    first = frames(tmp_path / "a.gif")[0][0]
    margin = (first.shape[0] - 300) // 2
    assert first.shape[:2] == (324, 324)
    assert first[margin + 150, margin + 100].mean() < 230 < first[margin + 100, margin + 100].mean()


def test_recorded_times_are_followed(dataset, tmp_path):
    times = np.array([0.0, 1000, 5000])
    course = PenTime(BAR.strokes, times, pace="recorded")
    assert course.spans.tolist() == [[0, 1000], [5000, 5050]]
    even = PenTime([np.array([[0, 0], [1, 0.0]]), np.array([[0, 0], [9, 0.0]])], pace="even")
    assert np.ptp(np.diff(even.spans, axis=1)) == pytest.approx(0)
    animate(dataset, tmp_path / "a.gif", "0", settings=FilmSettings(size=60, fps=5, pace="recorded", hold_ms=200))
    assert sum(ms for _, ms in frames(tmp_path / "a.gif")) == pytest.approx(2050 + 200, abs=210)


@pytest.mark.parametrize("wrong", [{"pace": "x"}, {"fps": 0}, {"colours": "red"}, {"paper": "#12"}, {"size": -1}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError):
        FilmSettings(**wrong)
