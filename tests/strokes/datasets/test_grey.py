"""Grey pictures come by a name or from files of any kind, upright, with their classes, in splits that never change."""

import gzip
import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pictures import idx_bytes, noise
from PIL import Image
from typer.testing import CliRunner

from strokes.cli import app
from strokes.datasets import a_z, az_csv, fetch
from strokes.datasets.az_csv import FILE, read_az
from strokes.datasets.grey import load_grey
from strokes.errors import ConfigError, SourceError


def as_csv(images: np.ndarray, labels: np.ndarray) -> str:
    """Lines of a letter and its picture."""
    table = np.c_[labels, images.reshape(len(images), -1)]
    return "".join(",".join(map(str, row)) + "\n" for row in table.tolist())


@pytest.fixture
def letters() -> tuple[np.ndarray, np.ndarray]:
    return noise(30), np.arange(30) % 26


@pytest.fixture
def csv(tmp_path, letters) -> Path:
    path = tmp_path / "kaggle" / FILE
    path.parent.mkdir()
    path.write_text(as_csv(*letters))
    return path


# A-Z as CSV


@pytest.mark.parametrize("piece", [3200, 5000, 1 << 20])  # a line has up to 3,140 bytes
def test_letters_are_read_whatever_the_pieces(csv, letters, piece, monkeypatch):
    monkeypatch.setattr(az_csv, "READ_BYTES", piece)
    images, labels = read_az(csv)
    assert (images == letters[0]).all()
    assert (labels == letters[1]).all()


PANDAS = ",".join(["0", *(f"0.{i}" for i in range(1, 785))])
KERAS = ",".join(["label", *(f"pixel{i}" for i in range(784))])
NUMBERED = ",".join(map(str, range(785)))


@pytest.mark.parametrize("names", [PANDAS, KERAS, NUMBERED])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_of_names_and_other_ends_of_lines_are_no_trouble(csv, letters, names, end):
    text = f"{names}\n{csv.read_text().rstrip()}"  # and the last line has no end
    csv.write_bytes(text.replace("\n", end).encode())
    images, labels = read_az(csv)
    assert (images == letters[0]).all()
    assert (labels == letters[1]).all()


def test_letters_are_read_from_a_zip(csv, letters, tmp_path):
    with zipfile.ZipFile(tmp_path / "archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(csv, FILE)
        archive.write(csv, f"A_Z Handwritten Data/{FILE}")  # as Kaggle's holds it twice
        archive.writestr("__MACOSX/x.csv", "")
    assert (read_az(tmp_path / "archive.zip")[0] == letters[0]).all()


def broken(line: int, change) -> str:
    """Text of 30 letters with one of its lines changed."""
    lines = as_csv(noise(30), np.arange(30) % 26).splitlines(keepends=True)
    lines[line - 1] = change(lines[line - 1])
    return "".join(lines)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (broken(3, lambda line: line[:-1] + ",7\n"), "line 3 of .* has 786 columns"),
        (broken(1, lambda line: "1,2\n"), "line 1 of .* has 2 columns"),
        (broken(30, lambda line: "\n"), "line 30 of .* has 1 columns"),
        (broken(5, lambda line: line.replace(",", ",x", 1)), "line 5 of .* has 'x.* in column 2"),
        (broken(5, lambda line: line.replace(",", ",,", 1).rpartition(",")[0] + "\n"), "line 5 of .* has '' in col"),
        (broken(6, lambda line: line.rpartition(",")[0] + ",256\n"), "line 6 of .* has '256' in column 785"),
        (broken(6, lambda line: line.rpartition(",")[0] + ",-1\n"), "line 6 of .* has '-1' in column 785"),
        (broken(7, lambda line: line.rpartition(",")[0] + ",1.5\n"), "line 7 of .* has '1.5'"),
        (broken(7, lambda line: line.rpartition(",")[0] + ",0001\n"), "line 7 of .* has '0001'"),
        (broken(9, lambda line: "26" + line[1:]), "line 9 of .* has the letter 26"),
        (broken(30, lambda line: line[:900]), "ends within line 30; it is truncated"),
        (f"{PANDAS}\n", "holds no pictures"),
        ("", "holds no pictures"),
        ("7" * (3 << 20), "line 1 of .* has more than"),
    ],
)
def test_what_is_wrong_with_a_csv_is_said_with_its_line(csv, text, complaint):
    csv.write_text(text)
    with pytest.raises(SourceError, match=complaint):
        read_az(csv)


def test_a_zip_without_letters_or_cut_off_is_refused(csv, tmp_path):
    path = tmp_path / "archive.zip"
    for names in ((), ("a.csv", "b.csv")):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.write(csv, name)
        with pytest.raises(SourceError, match=f"{len(names)} CSV files"):
            read_az(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(csv, FILE)
    content = bytearray(path.read_bytes())
    content[5000:5003] = b"9,9"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="CRC"):
        read_az(path)
    path.write_bytes(content[:-100])
    for read in (read_az, load_grey):
        with pytest.raises(SourceError, match="can't be unpacked"):
            read(path)
    with pytest.raises(SourceError, match="doesn't exist"):
        read_az(tmp_path / "none.csv")


def test_a_z_needs_a_copy_and_is_then_known_by_its_name(csv, letters, tmp_path):
    cache = tmp_path / "cache"
    for ask in (lambda: a_z.fetch_a_z(cache=cache), lambda: load_grey("a-z", cache=cache)):
        with pytest.raises(SourceError, match=r"sachinpatel21.*--path"):
            ask()
    kept = a_z.fetch_a_z(csv, cache=cache)
    assert a_z.fetch_a_z(cache=cache) == kept
    found = load_grey("a-z", split="all", cache=cache)
    assert (found.images == letters[0]).all()
    assert (found.labels == letters[1]).all()
    assert found.classes == tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert found.licence == "CC0 1.0"
    csv.write_text("7\n")
    with pytest.raises(SourceError, match="line 1"):
        a_z.fetch_a_z(csv, cache=cache)
    assert len(load_grey("a-z", split="all", cache=cache)) == 30
    assert [path.name for path in kept.parent.iterdir()] == ["a-z.npz"]


def test_a_z_of_few_letters_keeps_all_its_classes(tmp_path):
    (tmp_path / FILE).write_text(as_csv(noise(2), np.array([25, 3])))
    a_z.fetch_a_z(tmp_path, cache=tmp_path / "cache")
    found = load_grey("a-z", split="all", cache=tmp_path / "cache")
    assert [found.classes[label] for label in found.labels] == ["Z", "D"]
    assert len(found.classes) == 26


# Every other source


@pytest.fixture
def mnist(tmp_path, monkeypatch) -> Path:
    """A folder of a small MNIST, known by its hashes."""
    folder, known = tmp_path / "cache" / "mnist", {}
    folder.mkdir(parents=True)
    for (split, kind), file in fetch.MNIST_FILES.items():
        raw = idx_bytes(noise(10, seed=len(split)) if kind == "images" else np.arange(10))
        (folder / file.name).write_bytes(raw)
        known[split, kind] = fetch.MnistFile(file.name, hashlib.sha256(raw).hexdigest(), "")
    monkeypatch.setattr(fetch, "MNIST_FILES", known)
    return folder


def test_mnist_comes_by_its_name_or_from_its_folder(mnist):
    for source in (
        lambda split: load_grey("mnist", split=split, cache=mnist.parent),
        lambda s: load_grey(mnist, split=s),
    ):
        train, test, both = (source(split) for split in ("train", "test", "all"))
        assert (train.images == noise(10, seed=5)).all()
        assert (test.images == noise(10, seed=4)).all()
        assert len(both) == 20
        assert both.licence == train.licence == "CC BY-SA 3.0"
        assert both.name == "mnist"


def idx_source(folder: Path) -> Path:
    (folder / "some-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(noise(10)), 1))
    (folder / "some-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(10)))
    return folder / "some-images-idx3-ubyte.gz"


def npz_source(folder: Path) -> Path:
    np.savez(folder / "some.npz", images=noise(10), labels=np.array(list("0123456789")))
    return folder / "some.npz"


def folder_source(folder: Path) -> Path:
    for digit, picture in enumerate(noise(10)):
        picture[[0, -1]] = 0  # paper, so that the picture isn't taken for dark on light
        picture[:, [0, -1]] = 0
        (folder / str(digit)).mkdir()
        Image.fromarray(picture).save(folder / str(digit) / "a.png")
    return folder


def csv_source(folder: Path) -> Path:
    (folder / "letters.csv").write_text(as_csv(noise(10), np.arange(10)))
    return folder / "letters.csv"


def zip_source(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.write(csv_source(folder), FILE)
    return folder / "archive.zip"


SOURCES = [idx_source, npz_source, folder_source, csv_source, zip_source]


@pytest.mark.parametrize("make", SOURCES)
def test_a_source_without_splits_is_split_in_five_by_one_rule(make, tmp_path):
    path = make(tmp_path)
    train, test, whole = (load_grey(path, split=split) for split in ("train", "test", "all"))
    assert (whole.images[:, 1:-1, 1:-1] == noise(10)[:, 1:-1, 1:-1]).all()
    assert whole.labels.tolist() == list(range(10))
    assert whole.classes[:10] == tuple("ABCDEFGHIJ" if make in (csv_source, zip_source) else "0123456789")
    assert test.labels.tolist() == [4, 6]  # whatever the source: the rule is a promise
    assert sorted([*train.labels, *test.labels]) == list(range(10))


def test_large_pictures_come_into_the_frame(tmp_path):
    picture = np.zeros((1, 100, 60), np.uint8)
    picture[0, 20:80, 28:32] = 255
    np.savez(tmp_path / "tall.npz", images=picture)
    found = load_grey(tmp_path / "tall.npz", split="all")
    assert found.images.any((1, 2)).all()
    assert (found.labels, found.classes) == ([-1], ())


def test_what_is_asked_for_wrongly_is_said(tmp_path, csv):
    with pytest.raises(ConfigError, match="one of train, test, all"):
        load_grey(csv, split="dev")
    with pytest.raises(ConfigError, match="no part 'capitals'; one of balanced"):
        load_grey(csv, part="capitals")
    with pytest.raises(ConfigError, match="leave the part out"):
        load_grey(csv, part="letters")
    with pytest.raises(ConfigError, match="give the name alone"):
        load_grey("emnist-letters", part="letters")
    with pytest.raises(SourceError, match="neither a path nor a set; the sets are mnist, emnist-balanced"):
        load_grey("cifar")


# The command


def test_fetch_tells_where_letters_come_from_and_checks_a_copy(csv, tmp_path, monkeypatch):
    monkeypatch.setattr(a_z, "default_cache", lambda: tmp_path / "cache")
    run = CliRunner().invoke
    assert "without a login" in str(run(app, ["fetch", "a-z"]).exception)
    done = run(app, ["fetch", "a-z", "--path", str(csv)])
    assert done.exit_code == 0
    assert done.output.strip().endswith("a-z.npz")
