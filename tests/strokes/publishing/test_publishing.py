"""A published folder is what it says: other programs load it, and a change of any file is found."""

import json
import re

import numpy as np
import pytest

from strokes.errors import ConfigError, StoreError
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.publishing import publish, verify_published
from strokes.store.writer import DatasetWriter

pytest.importorskip("pyarrow")
SEVEN = Drawing((np.array([[0.1, 0.2], [0.9, 0.2], [1 / 3, 0.9]], np.float32), np.array([[0.3, 0.5]], np.float32)), "7")
ONE = Drawing((np.array([[0.5, 0.1], [0.5, 0.9]], np.float32),), "1", 0.5, 1.0)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A folder of three drawings, all that can be known of them known."""
    folder = tmp_path_factory.mktemp("published")
    drawings = make_drawing_set(
        [SEVEN, ONE, SEVEN],
        classes=("1", "7"),
        split=np.array([0, 1, 0], np.uint8),
        scores={"confidence": np.array([0.5, 0.9, np.nan], np.float32)},
        point_columns={
            "time_ms": np.array([0, 10, 20, 50, 0, 1, 0, 1, 2, np.nan], np.float32),
            "pressure": np.linspace(0, 1, 10, dtype=np.float32),
        },
        metadata=('{"writer": "a"}', "{}", "{}"),
        images=np.zeros((3, 28, 28), bool),
    )
    with DatasetWriter(folder / "a.h5", attributes={"licence": "MIT", "source": "s"}, classes=("1", "7")) as writer:
        writer.append(drawings)
    publish(folder / "a.h5", folder / "out", title="Two digits", judged=0)
    return folder / "out", drawings


def test_a_whole_folder_is_verified_and_counted(published):
    assert verify_published(published[0]) == 3


def test_what_hugging_face_loads_equals_the_drawings_without_a_warning(
    published, tmp_path, monkeypatch, recwarn, caplog
):
    for offline in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(offline, "1")
    datasets = pytest.importorskip("datasets")
    if not hasattr(datasets, "load_dataset"):
        pytest.skip("the checkout's folder datasets, not Hugging Face's package")
    out, drawings = published
    loaded = datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
    assert not [w for w in recwarn if "datasets" in str(w.filename)]
    assert not caplog.records
    rows = [loaded["train"][0], loaded["test"][0], loaded["train"][1]]
    for row, drawing, label in zip(rows, drawings, drawings.labels, strict=True):
        assert row["label"] == label
        for stroke, own in zip(row["drawing"], drawing.strokes, strict=True):
            np.testing.assert_array_equal(np.float32([stroke["x"], stroke["y"]]).T, own)
    assert [stroke["t"] for stroke in rows[2]["drawing"]] == [[0, 1, 2], []]
    assert rows[0]["drawing"][1]["pressure"] == [pytest.approx(3 / 9)]
    assert json.loads(rows[0]["metadata"]) == {"writer": "a"}
    assert rows[0]["picture"].size == (28, 28)


def test_the_croissant_is_valid_and_its_records_are_read(published):
    croissant = pytest.importorskip("mlcroissant")
    dataset = croissant.Dataset(jsonld=str(published[0] / "croissant.json"))
    issues = dataset.metadata.ctx.issues
    assert not issues.errors
    records = list(dataset.records("test"))
    assert len(records) == 1
    assert records[0]["test/label"] == 0


def test_the_histogram_s_last_number_ends_inside_the_picture(published):
    text = (published[0] / "confidence.svg").read_text(encoding="utf-8")
    width = int(re.search(r'<svg [^>]*width="(\d+)"', text)[1])
    numbers = re.findall(r'<text x="(\d+)"([^>]*)>', text)
    assert all('text-anchor="end"' in rest or int(x) < width / 2 for x, rest in numbers)


def test_the_card_tells_licence_classes_command_and_citation(published):
    text = (published[0] / "README.md").read_text()
    for told in ("license: mit", "num_bytes: ", "## Citation", "strokes publish a.h5 out", "| `7` | 2 |", "film.gif"):
        assert told in text
    assert (published[0] / "confidence.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("name", ["README.md", "croissant.json", "data/test-00000-of-00001.parquet", "sheet.png"])
def test_a_changed_missing_or_added_file_is_named(published, tmp_path, name):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(published[0], copy)
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(StoreError, match=f"{name} was changed"):
        verify_published(copy)
    (copy / name).unlink()
    with pytest.raises(StoreError, match=f"lacks {name}"):
        verify_published(copy)
    shutil.copy(published[0] / name, copy / name)
    (copy / "more.txt").touch()
    with pytest.raises(StoreError, match=r"more\.txt"):
        verify_published(copy)


def test_a_dataset_without_a_licence_is_not_published(tmp_path):
    with DatasetWriter(tmp_path / "a.h5", attributes={}, classes=()) as writer:
        writer.append(make_drawing_set([]))
    with pytest.raises(ConfigError, match="--licence"):
        publish(tmp_path / "a.h5", tmp_path / "out")
    assert not (tmp_path / "out").exists()
