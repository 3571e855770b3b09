"""Every reader: its specimen is read as it was meant, and whatever is done to it ends in drawings or one clear line."""

import gzip
import importlib.util
import io
import os
import pickle
import random
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from strokes.errors import ConfigError, SourceError
from strokes.formats import FORMATS, import_file
from strokes.formats.guess import guess_format
from strokes.store.reader import open_dataset

_spec = importlib.util.spec_from_file_location("format_specimens", Path(__file__).with_name("specimens.py"))
specimens = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = specimens
_spec.loader.exec_module(specimens)

FILES = [(name, *file) for name, files in specimens.SPECIMENS.items() for file in files]
MUTATIONS = 300


@pytest.fixture
def place(tmp_path):
    """Writes a file and gives its path."""

    def put(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return put


def first(name, path):
    return next(iter(FORMATS[name].read(path)))


def drawings(name, path):
    return list(FORMATS[name].read(path))


def problem(name, path):
    with pytest.raises(SourceError) as caught:
        drawings(name, path)
    text = str(caught.value)
    assert len(text) < 1000
    return text


def test_every_format_that_is_read_has_a_specimen():
    assert set(specimens.SPECIMENS) == {name for name, known in FORMATS.items() if known.reads}


@pytest.mark.parametrize(("name", "file", "content"), FILES)
def test_the_specimen_is_read_and_guessed(place, tmp_path, name, file, content):
    path = place(file, content)
    count = import_file(path, tmp_path / "out.h5", name)
    with open_dataset(tmp_path / "out.h5") as stored:
        assert len(stored) == count == len(drawings(name, path))
        points = stored.read().points
        assert points.min() >= 0
        assert points.max() <= 1
    guessed = {"quickdraw-simplified": "quickdraw"}.get(name, name)
    assert guess_format(path).name == guessed


SEVEN = [[100, 200], [900, 200], [400, 900], [300, 500], [700, 500]]


BARS = ["json", "ndjson", "quickdraw", "inkml", "omniglot", "unipen", "pendigits", "pen-npz", "csv", "quickdraw-csv"]
LABELLED = {"quickdraw": "nose", "quickdraw-csv": "nose", "hanzi": "七", "olhwdb": "七"}
LABELLED |= dict.fromkeys(["omniglot", "svg", "iam"])


@pytest.mark.parametrize("name", [*BARS, "svg", "iam", "hanzi", "olhwdb"])
def test_a_bar_and_a_hook_come_out_in_order_and_upright(place, name):
    file, content = specimens.SPECIMENS[name][0]
    found = first(name, place(file, content))
    assert list(found.lengths) == [3, 2]
    assert found.label == LABELLED.get(name, "7")
    x, y = found.points.T
    assert x[0] < x[1] > x[2]
    assert y[0] == y[1] < y[3] == y[4] < y[2]


@pytest.mark.parametrize("name", ["json", "quickdraw", "inkml", "omniglot", "unipen", "csv", "iam"])
def test_times_count_from_the_first_point(place, name):
    file, content = specimens.SPECIMENS[name][0]
    times = first(name, place(file, content)).columns["time_ms"]
    assert times[0] == 0
    assert (np.diff(times) > 0).all()


@pytest.mark.parametrize("name", ["stroke-3", "stroke-5", "lines", "de-jong"])
def test_formats_of_steps_and_flags_give_the_same_seven(place, tmp_path, name):
    file, content = specimens.SPECIMENS[name][0]
    import_file(place(file, content), tmp_path / "a.h5", name)
    with open_dataset(tmp_path / "a.h5") as stored:
        drawing = stored[0]
    assert [len(stroke) for stroke in drawing.strokes] == [3, 2]
    steps = np.diff(np.concatenate(drawing.strokes), axis=0)
    expected = np.diff(np.array(SEVEN), axis=0) / 1000
    scale = np.abs(steps).max() / np.abs(expected).max()
    np.testing.assert_allclose(steps, expected * scale, atol=0.03)


def test_pen_recordings_fill_the_unit_square_and_keep_their_aspect(place, tmp_path):
    import_file(place("0394_05.txt", b"START\n10,-20,0\n110,-70,1\nBREAK\n"), tmp_path / "a.h5")
    with open_dataset(tmp_path / "a.h5") as stored:
        np.testing.assert_allclose(stored[0].strokes[0], [[0, 0.25], [1, 0.75]], atol=1e-6)
        assert (stored[0].width, stored[0].height) == (1, 1)


def test_a_single_dot_lies_in_the_middle(place, tmp_path):
    import_file(place("q.ndjson", b'{"word":"dot","drawing":[[[40],[7]]]}'), tmp_path / "a.h5")
    with open_dataset(tmp_path / "a.h5") as stored:
        assert stored[0].strokes[0].tolist() == [[0.5, 0.5]]


def test_ink_s_differences_add_up(place):
    found = drawings("inkml", place("coded.inkml", specimens.INKML_CODED))
    assert found[0].label == "<7>"
    assert found[0].points.tolist() == [
        [1125, 18432], [1148, 18475], [1178, 18510], [1211, 18540], [7, 9], [7, 10],
    ]  # fmt: skip
    assert found[1].points.tolist() == [[1, 2]]


def test_unipen_s_segments_take_parts_of_components_and_pass_over_larger_ones(place):
    seven, other = drawings("unipen", place("a.unipen", specimens.UNIPEN))
    assert seven.metadata == {"writer": "w-5"}
    assert other.label == '"l'
    assert other.points.tolist() == [[4, -5], [7, -8]]


def test_pen_digits_know_their_writers_and_splits(place):
    path = place("pendigits-orig.tes.gz", gzip.compress(specimens.PENDIGITS))
    seven, one = drawings("pendigits", path)
    assert (seven.split, seven.metadata) == ("test", {"writer": "test-12", "sample": "224"})
    assert (one.label, one.metadata["writer"]) == ("1", "test-26")


def test_omniglot_s_folders_name_the_character_and_the_writer(place, tmp_path):
    place("set/Greek/character01/0394_05.txt", specimens.OMNIGLOT)
    place("set/Greek/character02/0395_06.txt", specimens.OMNIGLOT)
    found = drawings("omniglot", tmp_path / "set")
    assert [(d.label, d.metadata["writer"]) for d in found] == [
        ("Greek/character01", "Greek-05"),
        ("Greek/character02", "Greek-06"),
    ]


def test_folders_are_read_in_order_without_following_links(place, tmp_path):
    for name in ("b/character02/0002_01.txt", "b/character01/0001_01.txt", "a/character01/0001_01.txt"):
        place(f"set/{name}", specimens.OMNIGLOT)
    outside = place("elsewhere/c/character01/0001_01.txt", specimens.OMNIGLOT)
    (tmp_path / "set" / "c").symlink_to(outside.parents[1])
    (tmp_path / "set" / "a" / "character01" / "0002_01.txt").symlink_to(outside)
    assert [d.label for d in drawings("omniglot", tmp_path / "set")] == [
        "a/character01", "b/character01", "b/character02",
    ]  # fmt: skip


def test_de_jong_s_files_are_read_in_the_order_of_their_numbers(place, tmp_path):
    for name in ("trainimg-10", "trainimg-9", "testimg-3"):
        place(f"set/{name}-inputdata.txt", specimens.INPUTDATA)
    found = drawings("de-jong", tmp_path / "set")
    assert [(d.split, d.source_index) for d in found] == [("test", 3), ("train", 9), ("train", 10)]


def test_a_folder_of_binary_files_is_labelled_by_their_names(place, tmp_path):
    place("bin/nose.bin", specimens.BINARY)
    place("bin/eye.bin", specimens.BINARY[: len(specimens.BINARY) // 2])
    assert [d.label for d in drawings("quickdraw-bin", tmp_path / "bin")] == ["eye", "nose", "nose"]


@pytest.mark.parametrize(("name", "file", "content"), FILES)
def test_a_file_cut_anywhere_gives_drawings_or_one_line(tmp_path, name, file, content):
    path, slowest = tmp_path / file, 0.0
    for length in range(len(content)):
        path.write_bytes(content[:length])
        start = time.process_time()
        specimens.outcome(name, path)
        slowest = max(slowest, time.process_time() - start)
    assert slowest < 1


@pytest.mark.parametrize("name", specimens.SPECIMENS)
def test_mutated_files_give_drawings_or_one_line(tmp_path, name):
    chance = random.Random(f"{name} suite")
    for _ in range(MUTATIONS):
        file, content = chance.choice(specimens.SPECIMENS[name])
        path = tmp_path / file
        path.write_bytes(specimens.mutated(content, chance))
        outcome = specimens.outcome(name, path)
        assert "\n" not in outcome.strip() or len(outcome) < 2000


@pytest.mark.parametrize(("name", "file"), [(name, file) for name, file, _ in FILES])
def test_an_empty_file_holds_no_drawing(place, tmp_path, name, file):
    path = place(file, b"")
    with pytest.raises(SourceError):
        import_file(path, tmp_path / "a.h5", name)
    assert not (tmp_path / "a.h5").exists()
    with pytest.raises(SourceError, match="no file"):
        import_file(tmp_path / "nowhere", tmp_path / "a.h5", name)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"strokes": [[[NaN, 0]]]}', "NaN"),
        ('{"strokes": [[[1e999, 0]]]}', "finite"),
        ('{"strokes": [[[1e30, 0]]]}', "finite"),
        ('{"strokes": [[[' + "9" * 5000 + ", 0]]]}", "digit"),
        ('{"strokes": [[[' + "9" * 400 + ", 0]]]}", "numbers"),
        ('{"strokes": [[["1", 0]]]}', "numbers"),
        ('{"strokes": [[[1, 0], [1]]]}', "ragged"),
        ('{"strokes": [[[1, 0, 3]]]}', "x and y"),
        ('{"strokes": 5}', "expected a list"),
        ('{"strokes": [], "label": 5}', "expected text"),
        ('{"strokes": [], "label": "a\\u0000"}', "no text"),
        ('{"strokes": [], "split": "dev"}', "split"),
        ("5", "expected an object"),
        ("{} " + "x" * (5 << 20), "bytes"),
    ],
)
def test_bad_json_is_answered_with_what_is_wrong(place, line, expected):
    assert expected in problem("ndjson", place("a.ndjson", line.encode()))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("a.npz", specimens.npz(lines=specimens.objects(specimens.SEVEN_3))),
        ("a.ndjson", b'{"strokes": [], "metadata": {"a": 1e999}}'),
    ],
)
def test_whatever_is_wrong_the_file_is_named(place, tmp_path, file, content):
    path = place(file, content)
    with pytest.raises(SourceError) as caught:
        import_file(path, tmp_path / "a.h5")
    assert str(caught.value).count(str(path)) == 1


BILLION_LAUGHS = (
    b'<!DOCTYPE ink [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    b'<ink xmlns="http://www.w3.org/2003/InkML"><trace>&b;</trace></ink>'
)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (BILLION_LAUGHS, "Entit"),
        (b'<!DOCTYPE ink [<!ENTITY a SYSTEM "file:///etc/passwd">]><ink><trace>&a;</trace></ink>', "Entit"),
        (b"<ink>" + b"<a>" * 200, "nested"),
        (b"<html></html>", "expected ink"),
        (b"<ink><trace>" + b"1 2," * 3_000_000, "bytes"),
        (b"<ink><trace>1 2 3</trace></ink>", "2 numbers"),
        (b"<ink><trace>nan 1</trace></ink>", "can't be read"),
    ],
)
def test_bad_ink_is_answered_with_what_is_wrong(place, content, expected):
    assert expected in problem("inkml", place("a.inkml", content))


class Bomb:
    def __reduce__(self):
        return os.system, ("echo unsafe > /tmp/unsafe",)


@pytest.mark.parametrize("protocol", range(5))
def test_a_pickle_that_runs_something_is_refused_unread(place, protocol):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(head, {"descr": "|O", "fortran_order": False, "shape": (1,)})
        archive.writestr("train.npy", head.getvalue() + pickle.dumps(Bomb(), protocol))
    assert "only NumPy arrays" in problem("stroke-3", place("a.npz", stream.getvalue()))


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_numbers_that_are_none_give_no_warning(place):
    signalling = specimens.SEVEN_5[None].copy()
    signalling.view(np.uint32)[0, 2, 0] = 0x7FA00000
    assert "finite" in problem("stroke-5", place("a.npz", specimens.npz(train=signalling)))


@pytest.mark.parametrize("protocol", range(5))
def test_object_arrays_of_every_pickle_protocol_are_read(place, protocol):
    rows = specimens.objects(specimens.SEVEN_3, specimens.SEVEN_3[:2])
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(head, {"descr": "|O", "fortran_order": False, "shape": (2,)})
        archive.writestr("train.npy", head.getvalue() + pickle.dumps(rows, protocol))
    seven, part = drawings("stroke-3", place("a.npz", stream.getvalue()))
    assert seven.points[-1].tolist() == [178, 127]
    assert list(part.lengths) == [2]


def test_zipped_zeros_are_not_blown_up(place):
    huge = io.BytesIO()
    with zipfile.ZipFile(huge, "w", zipfile.ZIP_DEFLATED) as archive:
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 250, 5)})
        archive.writestr("train.npy", head.getvalue() + bytes(1 << 20))
    assert "announces" in problem("stroke-5", place("a.npz", huge.getvalue()))


def test_formats_that_are_only_written_or_unknown_say_so(place, tmp_path):
    path = place("a.gcode", b"G21")
    with pytest.raises(ConfigError, match="not imported"):
        import_file(path, tmp_path / "a.h5", "gcode")
    with pytest.raises(ConfigError, match="--format"):
        import_file(path, tmp_path / "a.h5")
