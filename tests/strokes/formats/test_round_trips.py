"""What each format promises to keep, written and read back; and public readers of our exports."""

import csv
import dataclasses
import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from strokes.errors import StoreError
from strokes.formats import FORMATS, export, import_file
from strokes.formats.quickdraw_simplified import distance
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.store.reader import open_dataset
from strokes.store.writer import DatasetWriter

paths = hnp.arrays(np.float32, st.tuples(st.integers(1, 6), st.just(2)), elements=st.floats(0, 1, width=32))
glyphs = st.builds(Drawing, st.lists(paths, min_size=1, max_size=3).map(tuple), st.sampled_from(["7", "1", None]))
RELAXED = settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

SEVEN = Drawing((np.array([[0.1, 0.2], [0.9, 0.2], [1 / 3, 0.9]], np.float32), np.array([[0.3, 0.5]], np.float32)), "7")
EMPTY = Drawing((), None)
WIDE = Drawing((np.array([[0, 0.5], [1, 0.25], [-0.01, 0]], np.float32),), "1", 1.0, 0.5)


def store(path, drawings):
    with DatasetWriter(path, attributes={"licence": "MIT"}, classes=drawings.classes, overwrite=True) as writer:
        writer.append(drawings)
    return path


def make(drawings=(SEVEN, EMPTY, WIDE), **known):
    return make_drawing_set(drawings, classes=known.pop("classes", ("1", "7")), **known)


def there_and_back(folder, drawings, name, *, ending=None):
    ending = (FORMATS[name].endings or ("",))[0] if ending is None else ending
    source, out, back = store(folder / "a.h5", drawings), folder / f"out{ending}", folder / "b.h5"
    export(source, out, name, overwrite=True)
    import_file(out, back, name, overwrite=True)
    again = folder / f"again{ending}"
    export(back, again, name, overwrite=True)
    with open_dataset(back) as stored:
        return stored.read(), out, again


def labels_of(drawings):
    return [drawing.label for drawing in drawings]


def assert_close(read, drawings, atol):
    assert len(read) == len(drawings)
    for a, b in zip(read, drawings, strict=True):
        assert [len(stroke) for stroke in a.strokes] == [len(stroke) for stroke in b.strokes]
        for own, other in zip(a.strokes, b.strokes, strict=True):
            np.testing.assert_allclose(own, other, atol=atol, rtol=0)


RESOLUTION = {
    "json": 0.5e-5,
    "ndjson": 0.5e-5,
    "quickdraw": 0.5e-5,
    "inkml": 0,
    "de-jong": 0.5 / 28,
    "stroke-3": 0.5 / 255,
    "stroke-5": 0.5 / 255,
    "lines": 0,
    "unipen": 0.5e-4,
}
ROUNDING = 2e-7


@pytest.mark.parametrize("name", RESOLUTION)
@RELAXED
@given(drawings=st.lists(glyphs, min_size=1, max_size=4))
def test_points_strokes_and_labels_come_back_to_the_format_s_resolution(tmp_path, name, drawings):
    read, out, again = there_and_back(tmp_path, make(drawings), name)
    tolerance = RESOLUTION[name] + ROUNDING if RESOLUTION[name] else 0
    if name != "lines":
        assert_close(read, drawings, tolerance)
        assert labels_of(read) == labels_of(drawings)
    if out.is_file():
        assert out.read_bytes() == again.read_bytes()
    else:
        assert {f.name: f.read_bytes() for f in out.iterdir()} == {f.name: f.read_bytes() for f in again.iterdir()}


@pytest.mark.parametrize("name", ["json", "ndjson"])
def test_the_project_s_own_forms_keep_everything_but_pictures(tmp_path, name):
    drawings = make(
        split=np.array([0, 1, 2], np.uint8),
        source_index=np.array([5, 70_000, 3]),
        scores={"f1": np.array([0.5, np.nan, 1], np.float32)},
        point_columns={"time_ms": np.array([0, 10, 20, 50.5, 0, 1, 2], np.float32)},
        metadata=('{"writer": "é"}', "{}", '{"a": [1, null]}'),
        frames=np.array([[0.5, 0.125, 0.25], [1, 0, 0], [1, 0, 0]], np.float32),
        flagged=np.array([False, True, True]),
    )
    read, _, _ = there_and_back(tmp_path, drawings, name)
    for field in dataclasses.fields(read):
        if field.name not in ("points", "scores", "point_columns"):
            np.testing.assert_array_equal(getattr(read, field.name), getattr(drawings, field.name), err_msg=field.name)
    np.testing.assert_array_equal(read.scores["f1"], drawings.scores["f1"])
    np.testing.assert_array_equal(read.point_columns["time_ms"], drawings.point_columns["time_ms"])


@pytest.mark.parametrize("name", ["quickdraw", "inkml", "unipen"])
def test_times_splits_sizes_and_writers_survive(tmp_path, name):
    drawings = make(
        [SEVEN, WIDE],
        split=np.array([0, 1], np.uint8),
        point_columns={"time_ms": np.array([0, 10, 20, 50, 0, 1, 2], np.float32)},
        metadata=('{"writer": "w-1"}', '{"writer": "w-2"}'),
    )
    read, _, _ = there_and_back(tmp_path, drawings, name)
    assert read.point_columns["time_ms"].tolist() == [0, 10, 20, 50, 0, 1, 2]
    assert read.split.tolist() == [0, 1]
    np.testing.assert_allclose(read.sizes, [[1, 1], [1, 0.5]], atol=1e-4)
    assert [json.loads(text)["writer"] for text in read.metadata] == ["w-1", "w-2"]


def test_times_that_nobody_measured_are_not_read_back(tmp_path):
    read, out, _ = there_and_back(tmp_path, make(), "quickdraw")
    assert not read.point_columns
    assert json.loads(out.read_text().splitlines()[0])["drawing"][0] == [
        [100, 900, 333.33],
        [200, 200, 900],
        [0, 10, 20],
    ]


def test_stroke_3_does_not_drift_along_a_long_drawing(tmp_path):
    rng = np.random.default_rng(1)
    long = Drawing((rng.random((5000, 2), np.float32),), "7")
    read, _, _ = there_and_back(tmp_path, make([long]), "stroke-3")
    assert np.abs(read.points - long.strokes[0]).max() <= 0.5 / 255 + ROUNDING


def test_sketch_rnn_s_own_way_of_loading_reads_ours(tmp_path):
    export(store(tmp_path / "a.h5", make(split=np.array([0, 1, 2], np.uint8))), tmp_path / "a.npz", "stroke-3")
    with np.load(tmp_path / "a.npz", encoding="latin1", allow_pickle=True) as loaded:
        assert [len(loaded[name]) for name in ("train", "valid", "test")] == [2, 0, 1]
        assert loaded["train"].dtype == object
        assert loaded["train"][0].dtype == np.int16
        assert loaded["train"][0].tolist() == [[26, 51, 0], [203, 0, 0], [-144, 178, 1], [-8, -101, 1]]


def test_stroke_5_starts_ends_and_is_padded(tmp_path):
    export(store(tmp_path / "a.h5", make([SEVEN])), tmp_path / "a.npz", "stroke-5")
    with np.load(tmp_path / "a.npz") as loaded:
        rows = loaded["train"]
    assert rows.shape == (1, 250, 5)
    assert rows[0, 0].tolist() == [0, 0, 1, 0, 0]
    assert rows[0, 1:5, 2:].tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]]
    assert (rows[0, 5:] == [0, 0, 0, 0, 1]).all()


def test_lines_have_twenty_points(tmp_path):
    long = Drawing((np.random.default_rng(1).random((50, 2), np.float32), SEVEN.strokes[0]), "1")
    export(store(tmp_path / "a.h5", make([SEVEN, long])), tmp_path / "a.npz", "lines")
    with np.load(tmp_path / "a.npz") as loaded:
        assert loaded["lines"].shape == (2, 20, 3)
        assert loaded["lines"][:, :, 2].sum(axis=1).tolist() == [2 + 16, 2]
        assert loaded["labels"].tolist() == [1, 0]


def test_de_jong_s_three_files_are_as_published(tmp_path):
    small = Drawing((np.array([[0.5, 2.5], [3.5, 2.5]], np.float32) / 28, np.array([[1.5, 4.5]], np.float32) / 28), "7")
    source = store(tmp_path / "a.h5", make([small], split=np.array([1], np.uint8), source_index=np.array([42])))
    export(source, tmp_path / "out", "de-jong")
    texts = {file.name: file.read_text() for file in (tmp_path / "out").glob("*.txt")}
    assert texts == {
        "testimg-42-inputdata.txt": "1 3 0 0\n3 0 0 0\n0 0 1 0\n-2 2 0 0\n0 0 1 1\n",
        "testimg-42-targetdata.txt": "".join(
            f"0 0 0 0 0 0 0 1 0 0 {row}\n" for row in ("1 3 0 0", "3 0 0 0", "0 0 1 0", "-2 2 0 0", "0 0 1 1")
        ),
        "testimg-42-points.txt": "x,y\n1,3\n4,3\n-1,-1\n2,5\n-2,-2\n",
    }
    with (tmp_path / "out" / "testimg-42-points.txt").open() as file:
        assert len(list(csv.DictReader(file))) == 5
    with pytest.raises(StoreError, match="digits only"):
        export(store(tmp_path / "b.h5", make([Drawing((), "a")], classes=("a",))), tmp_path / "b", "de-jong")
    assert not (tmp_path / "b").exists()


@RELAXED
@given(drawing=glyphs)
def test_simplified_drawings_span_255_and_stay_within_the_tolerance(tmp_path, drawing):
    export(store(tmp_path / "a.h5", make([drawing])), tmp_path / "a.ndjson", "quickdraw-simplified", overwrite=True)
    record = json.loads((tmp_path / "a.ndjson").read_text())
    strokes = [np.array(stroke).T for stroke in record["drawing"]]
    points, original = np.concatenate(strokes), np.concatenate(drawing.strokes).astype(float)
    extent = np.ptp(original, axis=0).max()
    assert 0 <= points.min() <= 1, "resampling at 1 pixel may cut a corner"
    assert 253 <= points.max() <= 255 if extent > 0 else points.max() == 0
    assert len(strokes) == len(drawing.strokes)
    scaled = [(s.astype(float) - original.min(axis=0)) * (255 / extent if extent else 0) for s in drawing.strokes]
    for simple, full in zip(strokes, scaled, strict=True):
        for corner in full:
            near = [np.linalg.norm(simple - corner, axis=1).min()]
            near += [distance(corner, a, b) for a, b in itertools.pairwise(simple)]
            assert min(near) < 2 + 1.5


def test_a_folder_of_binary_files_keeps_the_labels(tmp_path):
    read, out, _ = there_and_back(tmp_path, make([SEVEN, WIDE]), "quickdraw-bin", ending="")
    assert sorted(file.name for file in out.glob("*.bin")) == ["1.bin", "7.bin"]
    assert labels_of(read) == ["1", "7"]
    assert (out / "7.bin").read_bytes()[8:11] == b"ZZ\x01"


@pytest.mark.parametrize("name", ["inkml", "svg"])
def test_a_folder_has_a_file_for_each_drawing(tmp_path, name):
    export(store(tmp_path / "a.h5", make([SEVEN] * 11)), tmp_path / "out", name)
    files = sorted((tmp_path / "out").glob("*"))
    assert [file.name for file in files if file.suffix][:2] == [f"00.{name}", f"01.{name}"]
    if name == "inkml":
        assert import_file(tmp_path / "out", tmp_path / "b.h5") == 11


def test_an_svg_reader_finds_the_strokes_in_order_and_in_mm(tmp_path):
    elements = pytest.importorskip("svgelements")
    export(store(tmp_path / "a.h5", make([SEVEN, WIDE])), tmp_path / "a.svg")
    sheet = elements.SVG.parse(tmp_path / "a.svg", reify=False, ppi=25.4)
    assert (sheet.viewbox.width, sheet.viewbox.height) == (40, 20)
    found = [path for path in sheet.elements() if isinstance(path, elements.Path)]
    assert len(found) == 3
    first = [[point.x, point.y] for point in found[0].as_points()]
    np.testing.assert_allclose(first[0], [2 + 1.6, 2 + 3.2], atol=1e-3)
    np.testing.assert_allclose(first[-1], [2 + 16 / 3, 2 + 14.4], atol=1e-3)
    assert found[2].first_point.x > 20
    assert "Z" not in (tmp_path / "a.svg").read_text().upper().replace("XMLNS", "").split("<PATH", 1)[1]


def test_pyarrow_reads_the_parquet_and_its_features(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    drawings = make(split=np.array([0, 1, 2], np.uint8))
    export(store(tmp_path / "a.h5", drawings), tmp_path / "set", "parquet")
    table = parquet.read_table(tmp_path / "set" / "data" / "train-00000-of-00001.parquet")
    rows = table.to_pylist()
    np.testing.assert_array_equal(np.array(rows[0]["drawing"][0]["x"], np.float32), SEVEN.strokes[0][:, 0])
    assert rows[0]["drawing"][1] == {"x": [np.float32(0.3)], "y": [0.5], "t": []}
    assert [row["label"] for row in rows] == [1, 0]
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert features["label"] == {"names": ["1", "7"], "_type": "ClassLabel"}
    test = parquet.read_table(tmp_path / "set" / "data" / "test-00000-of-00001.parquet").to_pylist()
    assert test[0].pop("picture")["bytes"].startswith(b"\x89PNG")
    assert test == [{"drawing": [], "label": None, "source_index": 1, "width": 1.0, "height": 1.0, "flagged": True}]
    readme = (tmp_path / "set" / "README.md").read_text()
    assert readme.startswith("---\nlicense: mit\n")
    assert "path: data/train-*" in readme


def test_hugging_face_loads_the_folder(tmp_path, monkeypatch):
    for offline in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(offline, "1")
    datasets = pytest.importorskip("datasets")
    if not hasattr(datasets, "load_dataset"):
        pytest.skip("the checkout's folder datasets, not Hugging Face's package")
    times = np.array([0, 10, 20, 50, 0, 1, 2], np.float32)
    drawings = make([SEVEN, WIDE], split=np.array([0, 1], np.uint8), point_columns={"time_ms": times})
    export(store(tmp_path / "a.h5", drawings), tmp_path / "set", "parquet")
    loaded = datasets.load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert {name: len(part) for name, part in loaded.items()} == {"train": 1, "test": 1}
    assert loaded["train"].features["label"].names == ["1", "7"]
    seven, wide = loaded["train"][0], loaded["test"][0]
    for stroke, written in zip(seven["drawing"], SEVEN.strokes, strict=True):
        np.testing.assert_array_equal(np.float32([stroke["x"], stroke["y"]]).T, written)
    assert [stroke["t"] for stroke in seven["drawing"]] == [[0, 10, 20], [50]]
    assert (seven["label"], wide["label"]) == (1, 0)
    assert (wide["width"], wide["height"]) == (1, 0.5)


def test_an_earlier_export_s_folder_is_replaced_only_when_asked_and_no_other_ever(tmp_path):
    source = store(tmp_path / "a.h5", make())
    export(source, tmp_path / "out", "de-jong")
    with pytest.raises(StoreError, match="--overwrite"):
        export(source, tmp_path / "out", "de-jong")
    export(source, tmp_path / "out", "de-jong", overwrite=True)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").touch()
    with pytest.raises(StoreError, match="no folder that an export made"):
        export(source, precious, "de-jong", overwrite=True)
    assert (precious / "thesis.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5", "out", "precious"]


def test_the_command_imports_and_exports(tmp_path):
    store(tmp_path / "a.h5", make([SEVEN]))
    program = Path(sys.executable).with_name("strokes")

    def run(*arguments):
        done = subprocess.run([program, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout or done.stderr

    assert run("export", "a.h5", "a.inkml") == (0, "a.inkml\n")
    assert run("import", "a.inkml", "b.h5") == (0, "b.h5: 1 drawings\n")
    code, text = run("import", "a.inkml", "b.h5")
    assert code == 1
    assert text.startswith("strokes: b.h5 exists")
    assert run("import", "a.inkml", "b.h5", "--format", "inkml", "--overwrite")[0] == 0
