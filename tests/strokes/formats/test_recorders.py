"""What real recorders write: pens of several kinds, units, signs, clocks; and other programs' drawings."""

import importlib.util
import json
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from strokes.errors import ConfigError, SourceError
from strokes.formats import FORMATS, export, import_file
from strokes.formats.clocks import since_first
from strokes.formats.guess import guess_format
from strokes.formats.ink_channels import tilts_of
from strokes.formats.svg_paths import flatten_path
from strokes.store.reader import open_dataset

_spec = importlib.util.spec_from_file_location("recorder_specimens", Path(__file__).with_name("specimens.py"))
specimens = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = specimens
_spec.loader.exec_module(specimens)

XML = '<ink xmlns="http://www.w3.org/2003/InkML">{}</ink>'
XY = '<channel name="X"/><channel name="Y"/>'


def read(tmp_path, name, content, **settings):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(guess_format(path).read(path, **settings))


def test_each_trace_of_an_office_file_is_read_by_its_own_context(tmp_path):
    (found,) = read(tmp_path, "office.inkml", specimens.OFFICE)
    np.testing.assert_allclose(found.points, [[1, 2], [9, 2], [4, 9], [3, 5], [7, 5]])
    assert found.metadata["side_mm"] == 8, "the wider side of the ink"
    np.testing.assert_allclose(found.columns["pressure"][:3], [0, 512 / 1023, 1])
    assert np.isnan(found.columns["pressure"][3:]).all()
    np.testing.assert_array_equal(found.columns["tilt_x"][1], 10)
    assert np.isnan(found.columns["tilt_y"][[0, 2]]).all()


def test_an_expression_with_a_label_of_its_own_is_one_drawing_and_its_symbols_on_request(tmp_path):
    (whole,) = read(tmp_path, "c.inkml", specimens.CROHME)
    assert (whole.label, list(whole.lengths), whole.metadata["UI"]) == ("$1+7$", [2, 2, 2, 3], "2011_a")
    symbols = read(tmp_path, "c.inkml", specimens.CROHME, groups=True)
    assert [(s.label, list(s.lengths)) for s in symbols] == [("1", [2]), ("+", [2, 2]), ("7", [3])]


def test_groups_with_labels_inside_others_are_drawings_each_once(tmp_path):
    inner = "".join(
        f'<traceGroup><annotation type="truth">{x}</annotation><trace>{x} 0,{x} 9</trace></traceGroup>' for x in "12"
    )
    found = read(
        tmp_path, "g.inkml", XML.format(f"<traceGroup>{inner}</traceGroup><traceGroup><trace>5 5</trace></traceGroup>")
    )
    assert [d.label for d in found] == ["1", "2", None]


def test_math_writing_s_two_labels_are_both_kept(tmp_path):
    text = '<annotation type="label">x</annotation><annotation type="normalizedLabel">X</annotation><trace>1 2</trace>'
    (found,) = read(tmp_path, "m.inkml", XML.format(text))
    assert (found.label, found.metadata) == ("X", {"label": "x"})


def test_axes_that_grow_the_other_way_are_turned(tmp_path):
    text = '<traceFormat><channel name="X"/><channel name="Y" orientation="-ve"/></traceFormat><trace>1 2,3 9</trace>'
    (found,) = read(tmp_path, "t.inkml", XML.format(text))
    assert found.points.tolist() == [[1, -2], [3, -9]]


def test_azimuth_and_elevation_become_tilts():
    # leaning by 30° from upright to the right, then towards the writer
    tilts = tilts_of(np.array([0.0, 90.0]), np.array([60.0, 60.0]))
    np.testing.assert_allclose([tilts["tilt_x"], tilts["tilt_y"]], [[30, 0], [0, 30]], atol=1e-9)


STARTED = "2024-01-15T12:00:00+00:00"
SECONDS = 1705320000.0


@pytest.mark.parametrize("unit", [1.0, 1e3, 1e6, 1e9])
def test_a_clock_from_1970_counts_from_the_first_point_and_its_start_is_kept(tmp_path, unit):
    times = [SECONDS * unit, (SECONDS + 0.016) * unit, (SECONDS + 0.032) * unit]
    points = ",".join(f"{i} {i} {time:.6f}" for i, time in enumerate(times))
    text = XML.format(f'<traceFormat>{XY}<channel name="T"/></traceFormat><trace>{points}</trace>')
    (found,) = read(tmp_path, "t.inkml", text)
    np.testing.assert_allclose(found.columns["time_ms"], [0, 16, 32], atol=1e-3)
    assert found.metadata["started"].startswith(STARTED[:19])


@pytest.mark.parametrize(("step", "unit"), [(0.008, "s"), (8, "ms"), (8000, "us"), (8e6, "ns")])
def test_a_clock_without_a_unit_is_told_by_the_step_between_points(step, unit):
    times, about = since_first(np.arange(9.0) * step + 3 * step, [9])
    np.testing.assert_allclose(times, np.arange(9) * 8)
    assert about == {"start_ms": 24}


def test_quick_draw_s_long_times_are_read(tmp_path):
    line = {"word": "a", "drawing": [[[1, 2], [3, 4], [1705320000000, 1705320000020]]]}
    (found,) = read(tmp_path, "q.ndjson", json.dumps(line))
    assert found.columns["time_ms"].tolist() == [0, 20]
    assert found.metadata["started"] == STARTED


def test_pressure_whose_full_scale_nobody_tells_is_at_most_one(tmp_path):
    path = tmp_path / "a.inkml"
    path.write_text(XML.format(f'<traceFormat>{XY}<channel name="F"/></traceFormat><trace>0 0 300,1 1 600</trace>'))
    import_file(path, tmp_path / "a.h5")
    with open_dataset(tmp_path / "a.h5") as stored:
        assert stored.column("pressure").tolist() == [0.5, 1]


def test_some_drawings_with_pressure_keep_it_beside_others_without(tmp_path):
    lines = [{"strokes": [[[0, 0]]], "columns": {"pressure": [[0.5]]}}, {"strokes": [[[1, 1]]]}]
    (tmp_path / "a.ndjson").write_text("\n".join(map(json.dumps, lines)))
    import_file(tmp_path / "a.ndjson", tmp_path / "a.h5")
    export(tmp_path / "a.h5", tmp_path / "b.inkml")
    import_file(tmp_path / "b.inkml", tmp_path / "b.h5")
    with open_dataset(tmp_path / "b.h5") as stored:
        np.testing.assert_array_equal(stored.column("pressure"), [0.5, np.nan])


def test_unipen_without_segments_is_one_drawing_without_a_label(tmp_path):
    (found,) = read(
        tmp_path, "line.unp", ".VERSION 1.0\n.COORD X Y\n.PEN_DOWN\n1 2\n3 4\n.PEN_UP\n.PEN_DOWN\n5 6\n.PEN_UP\n"
    )
    assert (found.label, list(found.lengths)) == (None, [2, 1])


def test_more_texts_than_classes_become_metadata(tmp_path, monkeypatch):
    monkeypatch.setattr("strokes.formats.importing.MAX_CLASSES", 2)
    lines = [{"label": text, "strokes": [[[0, 0]]]} for text in ("one line", "another", "a third")]
    (tmp_path / "a.ndjson").write_text("\n".join(map(json.dumps, lines)))
    import_file(tmp_path / "a.ndjson", tmp_path / "a.h5")
    with open_dataset(tmp_path / "a.h5") as stored:
        block = stored.read()
    assert [json.loads(text)["text"] for text in block.metadata] == ["one line", "another", "a third"]
    assert block.labels.tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    "text", ["lineStrokes/a01/a01-000/a01-000u-02.xml", "lineStrokes-all/lineStrokes/a01/a01-000/a01-000u-02.xml"]
)
def test_iam_s_lines_find_their_transcription(tmp_path, text):
    place = tmp_path / text.replace("lineStrokes", "ascii").replace("-02.xml", ".txt")
    place.parent.mkdir(parents=True)
    place.write_text("OCR:\n\nwrong\nwrong\n\nCSR:\n\nThe first line\nand a second\n")
    (found,) = read(tmp_path, text, specimens.IAM)
    assert (found.label, found.metadata["form"]) == ("and a second", "a01-000u")
    np.testing.assert_allclose(found.columns["time_ms"], [0, 20, 30, 150, 170], atol=1e-6)


def test_kanji_vg_s_strokes_come_in_order_with_their_character(tmp_path):
    (found,) = read(tmp_path, "04e03.svg", specimens.KANJIVG)
    assert found.label == "七"
    assert len(found.lengths) == 2
    np.testing.assert_allclose(found.points[0], [12.5, 52.71])
    np.testing.assert_allclose(found.points[found.lengths[0] - 1], [91, 37.5])
    few = read(tmp_path, "04e03.svg", specimens.KANJIVG, flatten_mm=1.0)[0]
    assert len(few.points) < len(found.points) / 2
    with pytest.raises(ConfigError, match="flatten-mm"):
        read(tmp_path, "04e03.svg", specimens.KANJIVG, flatten_mm=0)


@pytest.mark.parametrize(
    "path",
    [
        "M1 2L3 4 5 6h2v-3z", "M10 10c20 0 20 30 0 30s-20 5-20 9", "M0 0Q10 0 10 10T20 20", "M0 0A5 8 30 0 1 9 9",
        "M1 1a25 25-30 0150-25", "M3 3A4 4 0 1 0 3 3.5",
    ],
)  # fmt: skip
def test_curves_are_flattened_as_another_program_does(path):
    elements = pytest.importorskip("svgelements")
    ours = np.concatenate(flatten_path(path, 0.01))
    theirs = elements.Path(path)
    places = np.array(
        [
            [p.x, p.y]
            for s in theirs
            if not isinstance(s, elements.Move)
            for p in (s.point(t) for t in np.linspace(0, 1, 60))
        ]
    )
    steps = np.linspace(0, 1, 400)[:, None, None]
    dense = (ours[:-1] * (1 - steps) + ours[1:] * steps).reshape(-1, 2)
    gaps = np.linalg.norm(places[:, None] - dense[None], axis=2).min(axis=1)
    assert gaps.max() < 0.05


def test_transforms_move_what_is_inside(tmp_path):
    path = '<path transform="scale(2)" d="M1 0L1 1"/>'
    svg = f'<svg viewBox="0 0 9 9"><g transform="translate(2,3) rotate(90)">{path}</g></svg>'
    (found,) = read(tmp_path, "t.svg", svg)
    np.testing.assert_allclose(found.points, [[2, 5], [0, 5]], atol=1e-12)


def test_hanzi_writer_s_medians_lie_in_their_box(tmp_path):
    (found,) = read(tmp_path, "七.json", specimens.HANZI)
    assert (found.label, found.canvas) == ("七", (1024, 1024))
    assert found.points[0].tolist() == [100, 200]


def test_olhwdb_s_characters_and_lines_have_their_labels(tmp_path):
    for name, content in (("1001.pot", specimens.POT * 2), ("001-P16.wptt", specimens.PTTS)):
        found = read(tmp_path, name, content)
        assert [(d.label, list(d.lengths)) for d in found] == [("七", [3, 2])] * len(found)
    ascii_sample = struct.pack("<H4sH", 12, b"A\0\0\0", 0) + struct.pack("<2h", -1, -1)
    assert read(tmp_path, "a.pot", ascii_sample)[0].label == "A"


def test_csv_of_other_programs_may_name_its_columns_otherwise(tmp_path):
    (found,) = read(tmp_path, "a.csv", "x;y;timestamp;pen_up\n1;2;0.00;0\n3;4;0.01;1\n5;6;0.05;1\n")
    assert list(found.lengths) == [2, 1]
    np.testing.assert_allclose(found.columns["time_ms"], [0, 10, 50])


def test_settings_of_another_format_are_refused_by_their_names(tmp_path):
    (tmp_path / "a.csv").write_bytes(specimens.CSV)
    with pytest.raises(ConfigError, match="csv has no setting --flatten-mm"):
        import_file(tmp_path / "a.csv", tmp_path / "a.h5", flatten_mm=1.0)
    with pytest.raises(SourceError):
        list(FORMATS["olhwdb"].read(tmp_path / "a.csv"))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("t_us", (0, 8000, 16000)), ("time_ns", (5e6, 13e6, 21e6)), ("t_s", (1, 1.008, 1.016)), ("time", (0, 8, 16)),
        ("timestamp_ms", (1705320000000, 1705320000008, 1705320000016)),
        ("time", ("2024-01-15T12:00:00Z", "2024-01-15T12:00:00.008Z", "2024-01-15 12:00:00.016+00:00")),
    ],
)  # fmt: skip
def test_csv_s_times_have_any_unit(tmp_path, name, values):
    rows = "".join(f"{i},{i},{value}\n" for i, value in enumerate(values))
    (found,) = read(tmp_path, "a.csv", f"x,y,{name}\n{rows}")
    np.testing.assert_allclose(found.columns["time_ms"], [0, 8, 16], atol=1e-3)
    if values[0] in (1705320000000, "2024-01-15T12:00:00Z"):
        assert found.metadata["started"] == STARTED


def test_rows_of_a_csv_in_the_air_part_strokes(tmp_path):
    (found,) = read(tmp_path, "a.csv", "x,y,pen_down\n1,2,1\n3,4,1\n9,9,0\n5,6,1\n")
    assert (list(found.lengths), found.points[:, 0].tolist()) == ([2, 1], [1, 3, 5])


def test_a_whole_form_of_iam_has_its_transcription_and_writer_inside(tmp_path):
    inside = b"""<General><Form id="a01-000u" writerID="10158"/></General><Transcription><TextLine text="By Trevor">
<Word text="By"/></TextLine><TextLine text="Williams."/></Transcription><WhiteboardDescription>"""
    (found,) = read(tmp_path, "strokesz.xml", specimens.IAM.replace(b"<WhiteboardDescription>", inside))
    assert found.label == "By Trevor\nWilliams."
    assert (found.metadata["form"], found.metadata["writer"]) == ("a01-000u", "10158")


def test_hanzi_writer_s_whole_package_is_read_without_what_is_no_character(tmp_path):
    (tmp_path / "package.json").write_text('{"name": "hanzi-writer-data"}')
    (tmp_path / "all.json").write_bytes(b'{"' + "七".encode() + b'":' + specimens.HANZI + b"}")
    found = read(tmp_path, "七.json", specimens.HANZI)
    assert [d.label for d in guess_format(tmp_path).read(tmp_path)] == ["七", "七"]
    assert [d.label for d in guess_format(tmp_path / "all.json").read(tmp_path / "all.json")] == [found[0].label]
    with pytest.raises(SourceError, match="no medians"):
        list(FORMATS["hanzi"].read(tmp_path / "package.json"))


def test_unipen_s_units_may_be_per_cm(tmp_path):
    head = ".VERSION 1.0\n.COORD X Y\n.X_POINTS_PER_CM 100\n.Y_POINTS_PER_MM 20\n"
    (found,) = read(tmp_path, "a.unp", f"{head}.PEN_DOWN\n0 0\n100 200\n.PEN_UP\n")
    assert found.points.tolist() == [[0, 0], [100, -100]]
    assert found.metadata["side_mm"] == 10
