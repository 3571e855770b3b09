"""Plots for machines: sizes in mm, dots, curves, order, layers; read by other programs where they are here."""

import re

import numpy as np
import pytest

from strokes.errors import ConfigError
from strokes.formats import export, import_file
from strokes.formats.plot_layout import x_height
from strokes.formats.plot_order import in_order, pen_up_mm
from strokes.ink.curves import evaluate, fit_curves
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.store.reader import open_dataset
from strokes.store.writer import DatasetWriter

WORD = Drawing(
    (np.array([[0.1, 0.1], [0.2, 0.2], [0.9, 0.1]], np.float32), np.array([[0.5, 0.15]], np.float32)), "in", 1.0, 0.25
)


@pytest.fixture
def word(tmp_path):
    """A dataset of one word, 0.8 wide and 0.1 high, with a dot; its picture is 50 mm wide."""
    return put(
        tmp_path, [WORD], metadata=('{"side_mm": 50, "file": "scan.png"}',), scores={"confidence": np.float32([0.75])}
    )


def put(tmp_path, drawings, **known):
    drawings = make_drawing_set(drawings, **known)
    with DatasetWriter(tmp_path / "w.h5", attributes={}, classes=drawings.classes, overwrite=True) as writer:
        writer.append(drawings)
    return tmp_path / "w.h5"


def sides(path):
    return [float(x) for x in re.search(r'width="([\d.]+)mm" height="([\d.]+)mm"', path.read_text()).groups()]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (40, 5)), ({"scale": 2}, (80, 10)), ({"height_mm": 12}, (96, 12)), ({"width_mm": 40}, (40, 5)),
        ({"width_mm": 40, "margin_mm": 3}, (46, 11)),
    ],
)  # fmt: skip
def test_a_page_is_as_large_as_the_ink_is_asked_to_be(word, tmp_path, settings, expected):
    settings = {"margin_mm": 0} | settings
    export(word, tmp_path / "w.svg", **settings)
    np.testing.assert_allclose(sides(tmp_path / "w.svg"), expected, atol=1e-3)


def test_paper_is_kept_and_too_large_drawings_are_refused_in_mm(word, tmp_path):
    export(word, tmp_path / "w.svg", paper="a5", height_mm=10)
    assert sides(tmp_path / "w.svg") == [148, 210]
    with pytest.raises(ConfigError, match=r"240\.0 x 30\.0 mm"):
        export(word, tmp_path / "x.svg", paper="a4", height_mm=30)
    for wrong in ({"height_mm": 1, "scale": 1}, {"paper": "a9"}, {"height_mm": -1}, {"optimise": "yes"}):
        with pytest.raises(ConfigError):
            export(word, tmp_path / "x.svg", **wrong)


def test_small_letters_height_is_where_strokes_turn():
    # "h" and "n": one ascender of height 3 beside bows of height 1
    bows = [np.array([[x, 3], [x, 2], [x + 0.5, 2.2], [x + 0.5, 3]]) for x in (0, 1, 2)]
    assert x_height([np.array([[0, 0], [0, 3.0]]), *bows]) == pytest.approx(1, abs=0.01)
    assert x_height([]) == 0


def test_what_is_known_of_a_drawing_stands_in_its_group(word, tmp_path):
    export(word, tmp_path / "w.svg")
    text = (tmp_path / "w.svg").read_text()
    for told in ("<title>in</title>", 'data-file="scan.png"', 'data-confidence="0.75"', 'inkscape:label="strokes"'):
        assert told in text


def test_our_svg_comes_back_to_the_same_place_dots_included(word, tmp_path):
    export(word, tmp_path / "w.svg", height_mm=12)
    import_file(tmp_path / "w.svg", tmp_path / "b.h5")
    with open_dataset(tmp_path / "b.h5") as stored:
        back = stored.read()
    assert back[0].label == "in"
    for own, other in zip(back[0].strokes, WORD.strokes, strict=True):
        np.testing.assert_allclose(own, other, atol=1e-5)
    assert '"side_mm":50' in back.metadata[0].replace(" ", "")


def recorded(tmp_path, count=60):
    """A dataset of a bow and a dot with all that can be known of their points, but for the dot's pressure."""
    t = np.linspace(0, np.pi, count)
    bow = np.column_stack([0.1 + t / 4, 0.5 + np.sin(t) / 4]).astype(np.float32)
    pressure = np.append(np.linspace(0.2, 0.9, count), np.nan)
    return put(
        tmp_path,
        [Drawing((bow, np.array([[0.5, 0.9]], np.float32)), "i")],
        point_columns={
            "time_ms": np.append(np.arange(count) * 8.5, 900).astype(np.float32),
            "pressure": pressure.astype(np.float32),
        },
        scores={"confidence": np.float32([0.75]), "f1": np.float32([0.5])},
        frames=np.float32([[0.5, 0.1, 0]]),
        flagged=np.array([True]),
    )


def test_our_svg_brings_back_times_pressure_scores_and_doubt(tmp_path):
    export(recorded(tmp_path), tmp_path / "w.svg")
    import_file(tmp_path / "w.svg", tmp_path / "b.h5")
    with open_dataset(tmp_path / "w.h5") as own, open_dataset(tmp_path / "b.h5") as back:
        for name in ("time_ms", "pressure", "scores/f1", "scores/confidence", "flagged", "frames"):
            np.testing.assert_allclose(back.column(name), own.column(name), rtol=1e-6, err_msg=name)


def test_curves_bring_back_times_by_the_way_along_them(tmp_path):
    export(recorded(tmp_path), tmp_path / "w.svg", curves_mm=0.02)
    text = (tmp_path / "w.svg").read_text()
    assert len(re.search(r'data-time_ms="([^"]*)"', text)[1].split()) < 20, "a time for each curve's end"
    import_file(tmp_path / "w.svg", tmp_path / "b.h5")
    with open_dataset(tmp_path / "w.h5") as own, open_dataset(tmp_path / "b.h5") as back:
        bow, times = back[0].strokes[0], back.column("time_ms")
        expected = np.interp(bow[:, 0], own[0].strokes[0][:, 0], own.column("time_ms")[:-1])
        np.testing.assert_allclose(times[:-1], expected, atol=20)  # between ends as if the pen kept its pace
        assert times[len(bow) - 1] == own.column("time_ms")[-2]
        assert times[-1] == 900
        assert np.isnan(back.column("pressure")[-1])


@pytest.mark.parametrize("wrong", ["1 2", "", "1 x 2", "nan " * 9])
def test_values_that_do_not_fit_their_path_are_passed_over(tmp_path, wrong):
    (tmp_path / "a.svg").write_text(f'<svg><path data-time_ms="{wrong}" d="M0 0L1 1 2 2"/></svg>')
    import_file(tmp_path / "a.svg", tmp_path / "a.h5")
    with open_dataset(tmp_path / "a.h5") as stored:
        assert "time_ms" not in stored.names or np.isnan(stored.column("time_ms")[1])


def test_layers_are_one_or_one_each(tmp_path):
    source = put(tmp_path, [WORD, WORD])
    export(source, tmp_path / "one.svg", height_mm=5)
    export(source, tmp_path / "each.svg", height_mm=5, layers="each")
    assert (tmp_path / "one.svg").read_text().count('groupmode="layer"') == 1
    assert (tmp_path / "each.svg").read_text().count('groupmode="layer"') == 2


def test_curves_stay_within_their_tolerance_and_keep_ends_and_corners():
    t = np.linspace(0, 4 * np.pi, 200)
    bow = np.column_stack([t, np.sin(t)])
    points = np.concatenate([bow, bow[-1] + [[0, -1], [0, -2]]])
    curves = fit_curves(points, 0.01)
    assert len(curves) < len(points) / 4
    np.testing.assert_array_equal([curves[0][0], curves[-1][-1]], points[[0, -1]])
    dense = np.concatenate([evaluate(curve, np.linspace(0, 1, 200)) for curve in curves])
    assert np.linalg.norm(points[:, None] - dense[None], axis=2).min(axis=1).max() < 0.012
    assert any((curve[-1] == bow[-1]).all() for curve in curves), "the corner is an end"


def test_curves_go_into_the_file(word, tmp_path):
    export(word, tmp_path / "w.svg", curves_mm=0.05)
    assert re.search(r'd="M[\d. ]+C', (tmp_path / "w.svg").read_text())


def test_order_is_changed_only_on_request():
    lines = [np.array([[x, 0.0], [x, 1.0]]) for x in (0, 9, 1, 8)]
    assert all(a is b for a, b in zip(in_order(lines, "none"), lines, strict=True))
    ordered, flipped = in_order(lines, "order"), in_order(lines, "flip")
    assert pen_up_mm(flipped) < pen_up_mm(ordered) < pen_up_mm(lines)
    assert all(stroke[0, 1] == 0 for stroke in ordered), "each in its own direction"
    assert sorted(stroke[0, 0] for stroke in flipped) == [0, 1, 8, 9]


def run_gcode(text):
    """A machine that follows a program: strokes in its unit, and words that it did not understand."""
    strokes, here, height, unknown = [], {"X": 0.0, "Y": 0.0}, 5.0, []
    for line in text.splitlines():
        words = {word[0]: float(word[1:]) for word in line.split()}
        code = f"G{words['G']:g}" if "G" in words else f"M{words['M']:g}"
        if code not in ("G0", "G1", "G4", "G20", "G21", "G90", "M2", "M3", "M5"):
            unknown.append(line)
        was_down = height <= 0
        height = words.get("Z", height)
        if code == "M3":
            height = 0.0 if words["S"] > 0 else 5.0
        if height <= 0 and not was_down:
            strokes.append([tuple(here.values())])
        here |= {axis: words[axis] for axis in "XY" if axis in words}
        if "X" in words and height <= 0:
            assert code == "G1", "drawn at the feed rate"
            strokes[-1].append(tuple(here.values()))
    return strokes, unknown, height


@pytest.mark.parametrize(("pen", "units", "unit_mm"), [("z", "mm", 1), ("servo", "mm", 1), ("z", "inch", 25.4)])
def test_a_machine_follows_the_g_code_upright_and_ends_with_the_pen_up(word, tmp_path, pen, units, unit_mm):
    export(word, tmp_path / "w.gcode", height_mm=10, margin_mm=0, pen=pen, units=units)
    strokes, unknown, height = run_gcode((tmp_path / "w.gcode").read_text())
    assert (unknown, height > 0) == ([], True)
    np.testing.assert_allclose(np.array(strokes[0]) * unit_mm, [[0, 10], [10, 0], [80, 10]], atol=2e-3)
    assert len(strokes[1]) == 1, "the dot"


def test_hpgl_is_in_units_of_a_fortieth_and_a_dot_is_a_touch(word, tmp_path):
    export(word, tmp_path / "w.hpgl", height_mm=10, margin_mm=0)
    assert (tmp_path / "w.hpgl").read_text().splitlines()[:3] == [
        "IN;SP1;", "PU0,400;PD400,0,3200,400;", "PU1600,200;PD1600,200;",
    ]  # fmt: skip


def test_pictures_of_strokes_lie_in_folders_of_their_classes(tmp_path):
    source = put(tmp_path, [WORD, Drawing((), None)])
    export(source, tmp_path / "out", "png", size=64, thinned=True)
    assert {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.png")} == {
        "in/0.png",
        "unlabelled/1.png",
    }
    with np.load(tmp_path / "out" / "pictures.npz") as arrays:
        assert arrays["images"].shape == (2, 64, 64)
        assert set(np.unique(arrays["images"])) == {0, 255}
        assert arrays["labels"].tolist() == [0, -1]
    export(source, tmp_path / "sheet.png")
    export(source, tmp_path / "hard", "png", smooth=False)


def test_what_a_format_has_no_place_for_is_named(word, tmp_path):
    assert export(word, tmp_path / "w.gcode") == ("labels", "file names", "scores")
    assert export(word, tmp_path / "w.inkml") == ()
