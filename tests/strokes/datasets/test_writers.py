"""Who wrote each picture is told by folders, names or a table, kept through pages' units, and said in the dataset."""

import json

import numpy as np
import pytest
from PIL import Image

from strokes.datasets.given import Reading, load_images
from strokes.errors import ConfigError, SourceError
from strokes.layout.units import split_units

PLACES = {"7/ann/a.png": "ann", "7/ben/a.png": "ben", "1/ann/b.png": "ann"}


@pytest.fixture
def folder(tmp_path):
    """Three pictures of a line each, in folders of classes and in these of writers."""
    for place in PLACES:
        path = tmp_path / "scans" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = np.full((40, 40), 255, np.uint8)
        picture[8:32, 18:21] = 0
        Image.fromarray(picture).save(path)
    return tmp_path / "scans"


def writers_of(folder, told):
    pictures = load_images(folder, reading=Reading(writers=told))
    files = [json.loads(text)["file"] for text in pictures.metadata]
    return dict(zip(files, pictures.writers, strict=True))


def write_table(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_folder_below_the_classs_is_the_writers(folder):
    assert writers_of(folder, "folder") == PLACES


def test_so_it_is_below_a_splits_folder(folder):
    (folder.parent / "parts").mkdir()
    folder.rename(folder.parent / "parts" / "train")
    assert set(writers_of(folder.parent / "parts", "folder").values()) == {"ann", "ben"}


def test_a_pattern_finds_the_writer_in_the_path_or_in_the_name(folder):
    assert writers_of(folder, "*/{writer}/*") == PLACES
    assert writers_of(folder, "{writer}.png") == {"7/ann/a.png": "a", "7/ben/a.png": "a", "1/ann/b.png": "b"}
    assert writers_of(folder, "*/{writer}/a.png")["1/ann/b.png"] == ""


def test_a_table_names_writers_by_file_or_in_order(folder):
    rows = "".join(f"{place},{writer}\n" for place, writer in PLACES.items())
    assert writers_of(folder, write_table(folder.parent / "who.csv", f"file,writer\n{rows}")) == PLACES
    in_order = write_table(folder.parent / "order.csv", "writer\nx\ny\nz\n")
    assert list(writers_of(folder, in_order).values()) == ["x", "y", "z"]


def test_what_tells_no_writers_is_refused(folder):
    with pytest.raises(ConfigError, match="tells no writers"):
        Reading(writers="nobody")
    with pytest.raises(ConfigError, match="several times"):
        writers_of(folder, "{writer}/{writer}")
    with pytest.raises(SourceError, match="says nothing of 7/"):
        writers_of(folder, write_table(folder.parent / "who.csv", "file,writer\n1/ann/b.png,ann\n"))
    with pytest.raises(SourceError, match="no column writer"):
        writers_of(folder, write_table(folder.parent / "who.csv", "file,hand\n1/ann/b.png,ann\n"))
    (folder / "7" / "ann" / "a.png").rename(folder / "7" / "a.png")
    with pytest.raises(SourceError, match="in no writer's folder"):
        writers_of(folder, "folder")


def test_a_units_writer_is_its_pages(folder):
    pictures = load_images(folder, reading=Reading(writers="folder"))
    units = split_units(pictures, "glyph")
    assert units.writers == pictures.writers
    assert [json.loads(text)["writer"] for text in units.metadata] == list(pictures.writers)
