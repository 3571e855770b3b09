"""EMNIST comes from NIST's archive or raw files, upright, every part with its classes, and is fetched once."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pictures import idx_bytes, noise
from typer.testing import CliRunner

from strokes.cli import app
from strokes.datasets import emnist, fetch
from strokes.datasets.emnist import PARTS
from strokes.datasets.grey import GREY_SETS, load_grey
from strokes.errors import ConfigError, SourceError

KINDS = {"images": "images-idx3-ubyte", "labels": "labels-idx1-ubyte"}


def emnist_bytes(part: str, *, labels: dict[str, list[int]] | None = None) -> dict[str, bytes]:
    """The four gzipped files of a part: 3 training pictures and 2 others, stored with rows and columns swapped."""
    first, files = emnist.FIRST_LABEL.get(part, 0), {}
    for split, count in (("train", 3), ("test", 2)):
        numbers = (labels or {}).get(split, list(range(first, first + count)))
        arrays = {"images": noise(count, seed=count).transpose(0, 2, 1), "labels": np.array(numbers)}
        for kind, array in arrays.items():
            files[f"emnist-{part}-{split}-{KINDS[kind]}.gz"] = gzip.compress(idx_bytes(array), 1)
    return files


def publisher_s_zip(path: Path, parts=tuple(PARTS)) -> Path:
    """NIST's archive, small."""
    with zipfile.ZipFile(path, "w") as archive:
        for part in parts:
            for name, content in emnist_bytes(part).items():
                archive.writestr(f"gzip/{name}", content)
        archive.writestr("gzip/emnist-letters-mapping.txt", "1 65 97\n")
    return path


def test_the_parts_have_the_classes_that_nist_says():
    counts = {name: len(classes) for name, classes in PARTS.items()}
    assert counts == {"balanced": 47, "byclass": 62, "bymerge": 47, "digits": 10, "letters": 26, "mnist": 10}
    assert "".join(PARTS["balanced"])[34:40] == "YZabde"
    assert "".join(PARTS["byclass"])[34:38] == "YZab"


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_read_upright_from_the_publisher_s_zip(part, tmp_path):
    path = publisher_s_zip(tmp_path / "gzip.zip")
    train, test = (load_grey(path, part=part, split=split) for split in ("train", "test"))
    assert (train.images == noise(3, seed=3)).all()
    assert (test.images == noise(2, seed=2)).all()
    assert [train.classes[label] for label in train.labels] == list(PARTS[part][:3])
    assert train.name == f"emnist-{part}"
    both = load_grey(path, part=part, split="all")
    assert (both.images == np.r_[train.images, test.images]).all()
    assert both.name == train.name


def test_a_folder_of_emnist_may_hold_raw_files_and_one_part_needs_no_name(tmp_path):
    for name, content in emnist_bytes("letters").items():
        (tmp_path / name.removesuffix(".gz")).write_bytes(gzip.decompress(content))
    images = tmp_path / "emnist-letters-train-images-idx3-ubyte"
    for source in (tmp_path, str(tmp_path), images):
        found = load_grey(source)
        assert (found.images == noise(3, seed=3)).all()
        assert [found.classes[label] for label in found.labels] == ["A", "B", "C"]
    with pytest.raises(ConfigError, match="letters; not 'digits'"):
        load_grey(tmp_path, part="digits")
    for name, content in emnist_bytes("digits").items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match="digits, letters; say which"):
        load_grey(tmp_path)
    assert load_grey(images).name == "emnist-letters"
    images.unlink()
    with pytest.raises(SourceError, match="holds no emnist-letters-train-images-idx3-ubyte"):
        load_grey(tmp_path, part="letters")


def test_many_pictures_are_turned_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(emnist, "TURN", 2)
    assert (load_grey(publisher_s_zip(tmp_path / "x.zip", ["mnist"])).images == noise(3, seed=3)).all()


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [([1, 2, 27], "labels 1 to 27; expected 1 to 26"), ([0, 1, 2], "labels 0 to 2"), ([1, 2], "2 labels; expected as")],
)
def test_labels_that_emnist_does_not_have_are_refused(tmp_path, labels, complaint):
    for name, content in emnist_bytes("letters", labels={"train": labels}).items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=complaint):
        load_grey(tmp_path)


def test_a_broken_zip_of_emnist_gives_one_error(tmp_path):
    path = publisher_s_zip(tmp_path / "gzip.zip", ["letters"])
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(content)
    with pytest.raises(SourceError):
        load_grey(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name, packed in emnist_bytes("letters").items():
            archive.writestr(name, packed[: len(packed) // 2])
    with pytest.raises(SourceError, match="broken gzip file"):
        load_grey(path)


def test_emnist_is_fetched_once_and_its_hash_noted(tmp_path, monkeypatch):
    site, cache = tmp_path / "site", tmp_path / "cache"
    site.mkdir()
    publisher_s_zip(site / "gzip.zip")
    monkeypatch.setattr(emnist, "URLS", ((site / "gzip.zip").as_uri(),))
    with pytest.raises(SourceError, match=r"emnist-letters isn't in the cache.*strokes fetch emnist"):
        load_grey("emnist-letters", cache=cache)
    found = emnist.fetch_emnist(cache=cache)
    publisher_s_zip(site / "gzip.zip", ["letters"])
    assert emnist.fetch_emnist(cache=cache) == found
    for name in GREY_SETS:
        if name.startswith("emnist-"):
            assert load_grey(name, split="test", cache=cache).name == name
    found.unlink()
    with pytest.raises(SourceError, match="sent a file of sha256"):
        emnist.fetch_emnist(cache=cache)


def test_a_copy_of_emnist_is_taken_where_it_lies_if_it_is_whole(tmp_path):
    path = publisher_s_zip(tmp_path / "copy.zip")
    assert fetch.fetch("emnist", path) == path
    with pytest.raises(SourceError, match="holds no emnist-PART"):
        fetch.fetch("emnist", tmp_path)
    for name, content in emnist_bytes("digits").items():
        (tmp_path / name).write_bytes(content)
    assert fetch.fetch("emnist", tmp_path) == tmp_path
    (tmp_path / "emnist-digits-test-labels-idx1-ubyte.gz").unlink()
    for wrong in (tmp_path, tmp_path / "none"):
        with pytest.raises(SourceError, match=r"emnist-.*test"):
            fetch.fetch("emnist", wrong)


def test_fetch_tells_where_a_copy_lies(tmp_path):
    path = publisher_s_zip(tmp_path / "gzip.zip", ["letters"])
    assert CliRunner().invoke(app, ["fetch", "emnist", "--path", str(path)]).output.strip() == str(path)
