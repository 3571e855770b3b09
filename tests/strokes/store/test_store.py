"""The dataset file: what goes in comes out, the bytes are promised, and bad files get one clear line."""

import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strokes
from strokes.errors import ShapeError, StoreError, StrokesError
from strokes.store import dataset_file as store
from strokes.store import schema
from strokes.store import writer as store_writer
from strokes.store.reader import open_dataset
from strokes.store.writer import DatasetWriter
from tests.helpers.drawings import CLASSES, make_set, same


def write(path, *sets, **settings):
    with DatasetWriter(path, attributes={"licence": "MIT"}, classes=CLASSES, **settings) as writer:
        for drawings in sets:
            writer.append(drawings)
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write(tmp_path_factory.mktemp("store") / "digits.h5", make_set(300))


@pytest.fixture
def spoil(written, tmp_path):
    """A copy of the good file, changed by `change(file)`."""

    def copy(change):
        path = tmp_path / "spoilt.h5"
        path.write_bytes(written.read_bytes())
        with h5py.File(path, "r+") as file:
            change(file)
        return path

    return copy


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(n=st.integers(0, 12), seed=st.integers(0, 99))
def test_every_column_comes_back_as_it_went_in(tmp_path, n, seed):
    with open_dataset(write(tmp_path / "a.h5", make_set(n, seed=seed), overwrite=True)) as stored:
        assert len(stored) == n
        assert stored.classes == CLASSES
        assert same(stored.read(), make_set(n, seed=seed))


def test_columns_that_nobody_gave_are_absent(tmp_path):
    bare = dataclasses.replace(make_set(4), images=None, metadata=None, point_columns={}, scores={}, flagged=None)
    read = open_dataset(write(tmp_path / "bare.h5", bare)).read()
    assert read.images is None
    assert read.metadata is None
    assert not read.scores
    assert not read.point_columns


def test_a_drawing_without_strokes_is_flagged_when_nobody_said_otherwise(tmp_path):
    unflagged = dataclasses.replace(make_set(50), flagged=None)
    read = open_dataset(write(tmp_path / "a.h5", unflagged)).read()
    assert read.flagged.tolist() == [not drawing.strokes for drawing in unflagged]
    assert read.flagged.any()


@pytest.mark.parametrize("block", [1, 7, 64, 299])
def test_the_bytes_do_not_depend_on_the_size_of_the_appended_blocks(written, tmp_path, monkeypatch, block):
    monkeypatch.setattr(store_writer, "DRAWINGS_A_BLOCK", 64)
    whole = make_set(300)
    once = write(tmp_path / "once.h5", whole)
    parts = [whole.select(np.arange(i, min(i + block, 300))) for i in range(0, 300, block)]
    again = write(tmp_path / "again.h5", *parts)
    assert hashlib.sha256(once.read_bytes()).digest() == hashlib.sha256(again.read_bytes()).digest()


def test_blocks_larger_than_the_writer_s_come_back_whole(tmp_path):
    many = make_set(2 * store_writer.DRAWINGS_A_BLOCK + 5)
    with open_dataset(write(tmp_path / "many.h5", many)) as stored:
        assert same(stored.read(), many)
        chosen = np.random.default_rng(1).integers(0, len(many), 500)
        assert same(stored.read(chosen), many.select(chosen))
        assert same(stored.read(slice(10, 20)), many.select(np.arange(10, 20)))
        assert sum(len(block) for block in stored.blocks(size=1000)) == len(many)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.lists(st.integers(0, 299), max_size=20))
def test_any_drawings_are_read_in_the_order_asked_for(written, chosen):
    with open_dataset(written) as stored:
        assert same(stored.read(chosen), make_set(300).select(chosen))


def test_attributes_come_back_and_the_recipe_is_parsed(tmp_path):
    path, recipe = tmp_path / "a.h5", {"name": "per-digit", "steps": 3}
    with DatasetWriter(path, attributes={"seed": 5, "recipe": recipe, "source": "mnist"}, classes=["0"]):
        pass
    with open_dataset(path) as stored:
        assert stored.attributes["seed"] == 5
        assert stored.attributes["recipe"] == recipe
        assert stored.attributes["source"] == "mnist"
        assert stored.attributes["version"] == "0.3"
        assert len(stored) == 0


def test_splits_are_told_apart(written):
    expected = make_set(300).split
    with open_dataset(written) as stored:
        assert np.array_equal(stored.indices("train"), np.flatnonzero(expected == 0))
        assert len(stored.indices("all")) == 300
        with pytest.raises(StoreError, match="all, train, test, none"):
            stored.indices("trian")


def test_an_existing_file_is_left_alone_unless_it_may_be_replaced(tmp_path):
    path = tmp_path / "a.h5"
    path.write_text("precious")
    with pytest.raises(StoreError, match="--overwrite"):
        write(path, make_set(3))
    assert path.read_text() == "precious"
    write(path, make_set(3), overwrite=True)
    assert len(open_dataset(path)) == 3


def write_and_fail(path, error):
    with DatasetWriter(path, attributes={}, classes=CLASSES, overwrite=True) as writer:
        writer.append(make_set(5000))
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError(5, "from a source")])
def test_a_failed_build_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "a.h5"
    path.write_text("precious")
    with pytest.raises(error if isinstance(error, type) else OSError):
        write_and_fail(path, error)
    assert [p.name for p in tmp_path.iterdir()] == ["a.h5"]
    assert path.read_text() == "precious"


FULL_DISK = """
import resource, signal, sys
from tests_store import make_set, write, StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write(sys.argv[1], make_set(20_000))
except StoreError as error:
    print(error)
"""


def test_a_disk_that_fills_up_gives_one_line_and_leaves_nothing(tmp_path):
    code = FULL_DISK.replace("from tests_store", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom tests_store")
    module = tmp_path / "tests_store.py"
    module.write_text(Path(__file__).read_text())
    out = tmp_path / "out"
    out.mkdir()
    done = subprocess.run([sys.executable, "-c", code, out / "a.h5"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("can't write")
    assert done.stdout.count("\n") == 1
    assert not list(out.iterdir())


def test_too_little_space_is_said_before_anything_is_written(tmp_path):
    with pytest.raises(StoreError, match="MB free"):
        write(tmp_path / "a.h5", expected_drawings=10**12)
    with pytest.raises(StoreError, match="no folder"):
        write(tmp_path / "nowhere" / "a.h5")


def test_sets_that_do_not_fit_together_are_refused(tmp_path):
    with pytest.raises(ShapeError, match="build them alike"):
        write(tmp_path / "a.h5", make_set(3), dataclasses.replace(make_set(3), scores={}))
    with pytest.raises(StoreError, match="classes"):
        write(tmp_path / "a.h5", dataclasses.replace(make_set(3), classes=("a", "b", "c")))
    with pytest.raises(StoreError, match="the format itself"):
        DatasetWriter(tmp_path / "a.h5", attributes={"version": "9"}, classes=CLASSES)
    assert not list(tmp_path.iterdir())


def replaced(name, link):
    def change(file):
        del file[name]
        file[name] = link

    return change


def replaced_by_external(file):
    rows = file["points"].shape
    del file["points"]
    file.create_dataset("points", rows, "<f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def replaced_by_virtual(file):
    layout = h5py.VirtualLayout(file["points"].shape, "<f4")
    layout[:] = h5py.VirtualSource("other.h5", "points", file["points"].shape)
    del file["points"]
    file.create_virtual_dataset("points", layout)


def enlarged(file):
    file["points"].resize(10**12, axis=0)


def set_attribute(name, value):
    return lambda file: file.attrs.__setitem__(name, value)


def set_value(name, place, value):
    return lambda file: file[name].__setitem__(place, value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (set_attribute("format", "other"), "not a dataset of strokes"),
        (set_attribute("version", "99.0"), "update it"),
        (set_attribute("version", "new"), "has the version"),
        (set_attribute("recipe", "{"), "damaged"),
        (lambda file: file.__delitem__("labels"), "lacks labels"),
        (replaced("points", h5py.ExternalLink("other.h5", "/points")), "points is a link"),
        (replaced("scores/f1", h5py.SoftLink("/points")), "scores/f1 is a link"),
        (replaced_by_external, "another file"),
        (replaced_by_virtual, "another file"),
        (replaced("labels", np.zeros(300)), "labels is float64"),
        (replaced("split", np.zeros(299, np.uint8)), r"expected uint8 of shape \(300,\)"),
        (enlarged, "more than the file can hold"),
        (set_value("stroke_offsets", 3, 10**9), "stroke_offsets"),
        (lambda file: file["images"].attrs.__delitem__("height"), "height"),
        (lambda file: file.__delitem__("metadata"), "come together"),
    ],
)
def test_a_spoilt_file_is_refused_in_one_line(spoil, change, told):
    with pytest.raises(StoreError, match=told) as caught:
        open_dataset(spoil(change))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "place", "value"), [("points", (0, 0), np.nan), ("labels", 7, 3), ("split", 7, 9), ("metadata", 12, 255)]
)
def test_a_value_out_of_range_is_found_when_it_is_read(spoil, name, place, value):
    with pytest.raises(StoreError, match="damaged in drawings 0 to 299"):
        open_dataset(spoil(set_value(name, place, value))).read()


def test_what_is_no_dataset_is_refused(tmp_path, written):
    text = tmp_path / "a.h5"
    text.write_text("hello")
    with pytest.raises(StoreError, match="not an HDF5 file"):
        open_dataset(text)
    with pytest.raises(StoreError, match="no file"):
        open_dataset(tmp_path / "none.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["points"] = np.zeros(3)
    with pytest.raises(StoreError, match="not a dataset of strokes"):
        open_dataset(tmp_path / "other.h5")


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path, written):
    whole, path = written.read_bytes(), tmp_path / "cut.h5"
    for size in np.linspace(0, len(whole) - 1, 60).astype(int):
        path.write_bytes(whole[:size])
        with pytest.raises(StoreError):
            open_dataset(path)


def test_a_damaged_byte_never_gives_a_traceback_of_another_kind(tmp_path, written):
    whole, path, rng = written.read_bytes(), tmp_path / "bent.h5", np.random.default_rng(2)
    for place in rng.integers(0, len(whole), 150):
        bent = bytearray(whole)
        bent[place] ^= 1 << rng.integers(8)
        path.write_bytes(bent)
        try:
            with open_dataset(path) as stored:
                stored.read()
        except StrokesError:
            pass


@pytest.mark.parametrize("rows", [1, 2, 3, 1000])
def test_offsets_are_checked_where_two_pieces_meet_too(tmp_path, written, monkeypatch, rows):
    monkeypatch.setattr(store, "CHECKED_ROWS", rows)
    assert len(open_dataset(written)) == 300
    for place in (0, 1, 2, 3, 4, -2, -1):
        path = tmp_path / "bent.h5"
        shutil.copy(written, path)
        with h5py.File(path, "r+") as file:
            offsets = file["stroke_offsets"]
            offsets[place] = offsets[place - 1] if place not in (0, -1) else 7
        with pytest.raises(StoreError, match="stroke_offsets must climb"):
            open_dataset(path)


def test_importing_the_package_loads_neither_torch_nor_hdf5():
    code = "import sys, strokes; dir(strokes); print([m for m in ('torch', 'h5py', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="nothing_like_it"):
        strokes.nothing_like_it  # noqa: B018


def test_the_numpy_example_of_the_format_s_description_runs(written, tmp_path, monkeypatch, capsys):
    text = (Path(strokes.__file__).parent / "store" / "FORMAT.md").read_text(encoding="utf-8")
    example = text.split("```python\n")[1].split("```")[0]
    shutil.copy(written, tmp_path / "digits.h5")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(example, names)
    whole = make_set(300)
    assert all(map(np.array_equal, names["strokes"], whole[3].strokes))
    assert np.array_equal(names["picture"], whole.images[3])
    assert names["about"] == json.loads(whole.metadata[3])
    assert names["label"] == (whole[3].label or "unknown")


def test_every_array_of_the_format_is_described():
    text = (Path(strokes.__file__).parent / "store" / "FORMAT.md").read_text(encoding="utf-8")
    for name in (*schema.DTYPES, "classes", "scores/f1", *schema.RESERVED, *schema.JSON_ATTRIBUTES):
        assert f"`{name}`" in text, name
    assert f"version {schema.VERSION}" in text
