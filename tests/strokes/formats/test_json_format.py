"""The project's own JSON, the registry of formats, and the summary of a file."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from strokes.errors import ConfigError, StoreError
from strokes.formats import export
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.store.info import describe
from strokes.store.writer import DatasetWriter

paths = hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.just(2)), elements=st.floats(0, 1, width=32))
glyphs = st.builds(Drawing, st.lists(paths, max_size=3).map(tuple), st.sampled_from(["7", "é", None]))


def store(path, drawings):
    with DatasetWriter(path, attributes={"licence": "MIT"}, classes=drawings.classes, overwrite=True) as writer:
        writer.append(drawings)
    return path


@pytest.fixture
def dataset(tmp_path):
    seven = Drawing((np.array([[0.1, 0.2], [1 / 3, 0.25]], np.float32), np.array([[0.5, 0.5]], np.float32)), "7")
    drawings = make_drawing_set(
        [seven, Drawing((), None)],
        classes=("1", "7"),
        split=np.array([1, 2], np.uint8),
        source_index=np.array([3, 9]),
        scores={"f1": np.array([0.98, np.nan], np.float32)},
        metadata=('{"writer": 5}', "{}"),
    )
    return store(tmp_path / "a.h5", drawings)


def test_the_json_is_exactly_as_documented(dataset, tmp_path):
    export(dataset, tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {
        "format": "strokes",
        "version": 1,
        "classes": ["1", "7"],
        "drawings": [
            {
                "label": "7",
                "split": "test",
                "source_index": 3,
                "strokes": [[[0.1, 0.2], [0.33333, 0.25]], [[0.5, 0.5]]],
                "scores": {"f1": 0.98},
                "metadata": {"writer": 5},
            },
            {
                "label": None,
                "split": "none",
                "source_index": 9,
                "strokes": [],
                "scores": {"f1": None},
                "flagged": True,
                "metadata": {},
            },
        ],
    }


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(glyphs, max_size=5))
def test_coordinates_survive_to_five_digits(tmp_path, drawings):
    source = store(tmp_path / "b.h5", make_drawing_set(drawings, classes=("7", "é")))
    export(source, tmp_path / "b.json", overwrite=True)
    read = json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))["drawings"]
    assert [record["label"] for record in read] == [drawing.label for drawing in drawings]
    for record, drawing in zip(read, drawings, strict=True):
        assert len(record["strokes"]) == len(drawing.strokes)
        for written, stroke in zip(record["strokes"], drawing.strokes, strict=True):
            np.testing.assert_allclose(written, stroke, atol=0.6e-5)


def test_many_drawings_are_written_in_blocks_one_a_line(tmp_path):
    dot = Drawing((np.array([[0.5, 0.5]], np.float32),), "7")
    source = store(tmp_path / "many.h5", make_drawing_set([dot] * 9000))
    export(source, tmp_path / "many.json")
    lines = (tmp_path / "many.json").read_text().splitlines()
    assert len(lines) == 9002
    assert len(json.loads("".join(lines))["drawings"]) == 9000


def test_an_unknown_format_is_answered_with_the_known_ones(dataset, tmp_path):
    with pytest.raises(ConfigError, match=r"\.xyz.*json"):
        export(dataset, tmp_path / "a.xyz")
    with pytest.raises(ConfigError, match=r"'xyz'.*json"):
        export(dataset, tmp_path / "a.json", "xyz")
    export(dataset, tmp_path / "a.xyz", "json")


def test_an_existing_export_is_left_alone_unless_it_may_be_replaced(dataset, tmp_path):
    out = tmp_path / "a.json"
    out.write_text("precious")
    with pytest.raises(StoreError, match="--overwrite"):
        export(dataset, out)
    assert out.read_text() == "precious"
    export(dataset, out, overwrite=True)
    assert out.read_text().startswith("{")


@pytest.mark.parametrize("metadata", ["{", '{"x": NaN}', "[" * 100_000])
def test_an_export_that_fails_leaves_nothing(tmp_path, metadata):
    broken = make_drawing_set([Drawing((), None)], metadata=(metadata,))
    source = store(tmp_path / "a.h5", broken)
    with pytest.raises(StoreError, match="metadata"):
        export(source, tmp_path / "a.json")
    assert [p.name for p in tmp_path.iterdir()] == ["a.h5"]


def test_the_summary_names_what_is_in_the_file(dataset):
    text = describe(dataset)
    for part in ("drawings", "7: 1, unknown: 1", "test: 1, none: 1", "1 ± 1", "1.5 ± 1.5", "0.98 ± 0", "MIT", "50.00%"):
        assert part in text, text
