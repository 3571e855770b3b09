"""Datasets are filtered, sorted and packed as the page expects them, and marks become selections that commands take."""

import json
import struct

import numpy as np
import pytest

from strokes.errors import ConfigError, SourceError
from strokes.formats import export
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.store.reader import open_dataset
from strokes.store.selection import Selection, read_selection, write_selection
from strokes.store.writer import DatasetWriter
from strokes.studio.browsing import Filter, Library, Volume
from strokes.studio.marks import Marks


@pytest.fixture
def dataset(tmp_path):
    """Six drawings, "a" and "b" in turn, the last three of the test split, less and less sure."""
    lines = [Drawing((np.array([[0, 0], [1, i / 5]], np.float32),), "ab"[i % 2]) for i in range(6)]
    drawings = make_drawing_set(
        lines,
        split=np.array([0, 0, 0, 1, 1, 1], np.uint8),
        source_index=np.array([0, 1, 2, 0, 1, 2]),
        scores={"confidence": np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], np.float32)},
        flagged=np.array([0, 0, 0, 0, 0, 1], bool),
    )
    path = tmp_path / "six.h5"
    with DatasetWriter(path, attributes={"source": "lines"}, classes=("a", "b")) as writer:
        writer.append(drawings)
    return path


@pytest.fixture
def volume(dataset):
    opened = Volume.open(dataset)
    yield opened
    opened.stored.close()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"label": "b"}, [1, 3, 5]),
        ({"split": "test"}, [3, 4, 5]),
        ({"flagged": "flagged"}, [5]),
        ({"flagged": "unflagged", "label": "b"}, [1, 3]),
        ({"score": "confidence", "least": 0.55, "most": 0.85}, [1, 2, 3]),
        ({"sort": "confidence"}, [5, 4, 3, 2, 1, 0]),
        ({"sort": "confidence", "descending": True, "label": "a"}, [0, 2, 4]),
    ],
)
def test_a_filter_leaves_what_it_names_in_its_order(volume, wanted, found):
    assert volume.find(Filter(**wanted)).tolist() == found


@pytest.mark.parametrize("wanted", [{"label": "c"}, {"score": "beauty"}, {"sort": "beauty"}])
def test_a_filter_of_what_there_is_not_is_refused(volume, wanted):
    with pytest.raises(ConfigError):
        volume.find(Filter(**wanted))


@pytest.mark.parametrize("loaded", [False, True])
def test_ink_is_packed_as_the_page_reads_it_loaded_or_from_the_file(volume, loaded):
    if loaded:
        volume.load_ink()
    packed = volume.pack([5])
    number, label, flagged, _, confidence, strokes = struct.unpack_from("<IHBBfH", packed)
    assert (number, label, flagged, strokes) == (5, 1, 1, 1)
    assert confidence == pytest.approx(0.4)
    assert struct.unpack_from("<H", packed, 14) == (2,)
    assert list(packed[16:]) == [0, 0, 255, 255]


def test_only_files_that_lie_in_the_data_folder_are_found_there(dataset, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "link.h5").symlink_to(dataset)
    assert Library((), data).paths() == []
    (data / "own.h5").write_bytes(dataset.read_bytes())
    assert Library((), data).paths() == [data / "own.h5"]


def test_a_page_filters_shows_and_marks(ask, studio, dataset):
    studio.library.given = (dataset,)
    (about,) = ask("datasets")["done"]["datasets"]
    assert (about["name"], about["count"], about["splits"]) == ("six.h5", 6, ["train", "test"])
    assert np.frombuffer(ask("find", dataset=0, sort="confidence")["bytes"], "<u4").tolist() == [5, 4, 3, 2, 1, 0]
    assert ask("show", dataset=0, number=3)["done"]["label"] == "b"
    assert "0 to 5" in ask("show", dataset=0, number=6)["error"]
    for number, right in ((1, False), (4, False), (2, True), (3, True)):
        ask("mark", dataset=0, number=number, right=right)
    ask("mark", dataset=0, number=3)  # taken back
    assert "0 to 5" in ask("mark", dataset=0, number=6, right=True)["error"]
    assert ask("marks", dataset=0)["done"] == {"right": [2], "wrong": [1, 4]}
    made = ask("export marks", dataset=0)["done"]
    kept = studio.shelf.find(made["file"])
    assert json.loads(kept.path.read_text())["drop"] == {"train": [1], "test": [1]}


def test_marks_stay_with_what_a_dataset_holds(tmp_path):
    first, again = Marks(tmp_path), Marks(tmp_path)
    first.set("job", 7, is_right=True)
    first.set("job", 7, is_right=False)
    first.set("other", 8, is_right=True)
    assert again.of("job", is_right=False) == [7]
    assert again.of("job", is_right=True) == []
    first.close()
    again.close()


def test_a_selection_survives_its_file_and_chooses_by_split_and_place(tmp_path):
    path = tmp_path / "s.json"
    write_selection(Selection({"test": (1,)}, "drop", "lines"), path)
    split, places = np.array([0, 1, 1], np.uint8), np.array([1, 1, 2])
    assert read_selection(path).mask(split, places, source="lines").tolist() == [True, False, True]
    keep = Selection({"test": (1,)}, "keep", "lines")
    assert keep.mask(split, places).tolist() == [False, True, False]
    with pytest.raises(SourceError, match="other pictures"):
        keep.mask(split, places, source="circles")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"format": "strokes-selection", "version": 1, "drop": [1]}',
        '{"format": "strokes-selection", "version": 1, "drop": {"train": [-1]}}',
    ],
)
def test_a_broken_selection_is_refused(tmp_path, text):
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(SourceError):
        read_selection(path)


def test_an_export_leaves_out_what_is_marked_wrong(dataset, tmp_path):
    export(dataset, tmp_path / "kept.ndjson", selection=Selection({"train": (0,)}, "drop", "lines"))
    assert len((tmp_path / "kept.ndjson").read_text().splitlines()) == 1 + 5
    with open_dataset(dataset) as stored:
        assert len(stored) == 6


def test_a_build_takes_a_selection(run, tmp_path):
    write_selection(Selection({"test": (0, 3)}, "keep", "thinned MNIST"), tmp_path / "s.json")
    arguments = ("build-dataset", "--split", "test", "--limit", 10, "--selection", "s.json", "--method", "trace")
    code, lines, errors = run(*arguments, "--out", "kept.h5")
    assert (code, lines) == (0, ["kept.h5: 2 drawings"]), errors
