"""Tar, Parquet and `.npz` shards, one or a folder of them: the pictures, labels, names and splits of a plain folder."""

import numpy as np
import pytest
from shards import LABELS, PNGS, by_content, encoded, make_parquet, make_tar, names_of, picture, webdataset

from strokes.datasets.given import Reading, find_given, load_images
from strokes.datasets.image_files import split_by_name
from strokes.datasets.items import content_sha256
from strokes.datasets.scale import to_bytes
from strokes.errors import ConfigError, SourceError
from strokes.ink.drawing import SPLITS

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def folder(tmp_path):
    """The six pictures as a plain folder, a subfolder a class; and how they read."""
    for i, (content, label) in enumerate(zip(PNGS, LABELS, strict=True)):
        path = tmp_path / "plain" / label / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "plain"


# Tar


@pytest.mark.parametrize("label_as", ["cls", "txt", "json"])
@pytest.mark.parametrize(("ending", "mode"), [("tar", "w"), ("tar.gz", "w:gz")])
def test_a_tar_reads_as_the_folder_does(tmp_path, folder, label_as, ending, mode):
    found = load_images(make_tar(tmp_path / f"a.{ending}", webdataset(label_as), mode))
    assert by_content(found) == by_content(load_images(folder))
    assert names_of(found) == [f"a.{ending}/sample{i:03}" for i in range(6)]


def test_a_tar_of_folders_reads_as_the_folder_does(tmp_path, folder):
    files = {f"./{path.relative_to(folder)}": path.read_bytes() for path in sorted(folder.rglob("*.png"))}
    found = load_images(make_tar(tmp_path / "a.tar", files | {"./.hidden.png": b"x"}))
    assert by_content(found) == by_content(load_images(folder))


def test_a_folder_of_shards_is_read_by_their_names_and_split_by_them(tmp_path):
    files = webdataset("cls")
    make_tar(tmp_path / "set" / "train-000001.tar", dict(list(files.items())[:4]))
    make_tar(tmp_path / "set" / "train-000000.tar", dict(list(files.items())[4:8]))
    make_tar(tmp_path / "set" / "test-000000.tar", dict(list(files.items())[8:]))
    found = load_images(tmp_path / "set")
    assert [name.split("/")[0] for name in names_of(found)] == 2 * ["test-000000.tar"] + 2 * [
        "train-000000.tar"
    ] + 2 * ["train-000001.tar"]
    assert [SPLITS[split] for split in found.split] == 2 * ["test"] + 4 * ["train"]
    assert [found.classes[label] for label in found.labels] == ["1", "7", "3", "0", "3", "1"]


def test_a_share_of_a_shards_pictures_is_test_by_their_names(tmp_path):
    found = load_images(make_tar(tmp_path / "a.tar", webdataset("cls")), reading=Reading(test_share=0.5))
    assert [SPLITS[split] for split in found.split] == [split_by_name(name, 0.5) for name in names_of(found)]
    assert 0 < found.split.sum() < 6


@pytest.mark.parametrize("broken", ["picture", "label"])
def test_a_broken_picture_or_label_in_a_tar_stops_the_reading_or_is_skipped_by_name(tmp_path, broken):
    files = webdataset("json")
    files |= {"sample002.png": PNGS[2][:90]} if broken == "picture" else {"sample002.json": b"{broken"}
    path = make_tar(tmp_path / "a.tar", files)
    with pytest.raises(SourceError, match=r"a\.tar/sample002"):
        load_images(path)
    found = load_images(path, reading=Reading(skip_bad=True))
    assert len(found) == 5
    assert ["a.tar/sample002" in note for note in found.notes] == [True]


def test_a_tar_that_is_cut_off_says_where_and_the_next_is_read(tmp_path):
    whole = make_tar(tmp_path / "set" / "0.tar", webdataset("cls")).read_bytes()
    make_tar(tmp_path / "set" / "1.tar", webdataset("cls"))
    (tmp_path / "set" / "0.tar").write_bytes(whole[: 5 * 1024 + 512 + 60])  # within the third picture
    with pytest.raises(SourceError, match=r"0\.tar is no whole tar behind sample002\.cls"):
        load_images(tmp_path / "set")
    found = load_images(tmp_path / "set", reading=Reading(skip_bad=True))
    assert len(found) == 2 + 6
    assert len(found.notes) == 1
    (tmp_path / "no.tar").write_bytes(b"hello")
    with pytest.raises(SourceError, match="no whole tar"):
        load_images(tmp_path / "no.tar")


# Parquet


def test_parquet_reads_as_the_folder_does_in_every_way_that_people_keep_pictures(tmp_path, folder):
    expected = by_content(load_images(folder))
    structs = [{"bytes": content, "path": f"p{i}.png"} for i, content in enumerate(PNGS)]
    found = load_images(make_parquet(tmp_path / "structs.parquet", structs, LABELS))
    assert by_content(found) == expected
    assert names_of(found) == [f"structs.parquet/p{i}.png" for i in range(6)]
    found = load_images(make_parquet(tmp_path / "bytes.parquet", PNGS, [int(label) for label in LABELS]))
    assert by_content(found) == expected
    assert names_of(found) == [f"bytes.parquet/{i}" for i in range(6)]
    flat = [picture(i).reshape(-1).tolist() for i in range(6)]
    assert by_content(load_images(make_parquet(tmp_path / "flat.parquet", flat, LABELS))) == expected
    rows = [(picture(i) / 255).tolist() for i in range(6)]
    assert by_content(load_images(make_parquet(tmp_path / "rows.parquet", rows, LABELS))) == expected


def test_numbers_of_a_column_have_one_scale_and_one_ink(tmp_path):
    """A blank or pale picture alone would be taken for another scale, or its paper for ink."""
    masks = np.stack([picture(i, 28) == 0 for i in range(300)]).astype(np.uint8)
    masks[7] = 0
    path = make_parquet(tmp_path / "a.parquet", [mask.reshape(-1).tolist() for mask in masks])
    np.savez(tmp_path / "a.npz", images=to_bytes(masks))
    assert (load_images(path).images == load_images(tmp_path / "a.npz").images).all()
    assert load_images(path).labels.tolist() == [-1] * 300


def test_class_names_of_the_file_name_its_labels(tmp_path):
    path = make_parquet(tmp_path / "a.parquet", PNGS, [2, 0, -1, 1, None, 9], classes=["alef", "bet", "gimel"])
    found = load_images(path)
    assert [found.classes[label] if label >= 0 else "" for label in found.labels] == [
        "gimel",
        "alef",
        "",
        "bet",
        "",
        "",
    ]


def test_broken_rows_of_parquet_are_skipped_by_name(tmp_path):
    path = make_parquet(tmp_path / "a.parquet", [PNGS[0], None, PNGS[2][:80], PNGS[3]])
    with pytest.raises(SourceError, match=r"a\.parquet/1"):
        load_images(path)
    found = load_images(path, reading=Reading(skip_bad=True))
    assert len(found) == 2
    assert len(found.notes) == 2
    flat = [picture(0).reshape(-1).tolist(), [1, 2, 3], picture(2).reshape(-1).tolist()]
    found = load_images(make_parquet(tmp_path / "flat.parquet", flat), reading=Reading(skip_bad=True))
    assert len(found) == 2
    assert "flat.parquet[1] is no picture" in found.notes[0]


def test_parquet_that_holds_no_pictures_or_is_broken_is_refused_in_one_line(tmp_path):
    parquet.write_table(pyarrow.table({"a": [1], "b": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(SourceError, match="holds a, b; expected a column `image`"):
        load_images(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    with pytest.raises(SourceError, match="no whole Parquet file"):
        load_images(tmp_path / "b.parquet")
    make_parquet(tmp_path / "c.parquet", [{"bytes": None, "path": "elsewhere.png"}])
    with pytest.raises(SourceError, match=r"c\.parquet/elsewhere\.png has no bytes in the file"):
        load_images(tmp_path / "c.parquet")
    with pytest.raises(SourceError, match="can't label it"):
        load_images(tmp_path / "a.parquet", tmp_path / "b.parquet")


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    path = make_parquet(tmp_path / "a.parquet", PNGS)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"penstrokes\[parquet\]"):
        load_images(path)


# Both, and folders


def test_arrays_in_a_folder_are_read_one_after_the_other(tmp_path):
    for name, first in (("train-0", 0), ("test-0", 3)):
        np.savez(tmp_path / f"{name}.npz", images=np.stack([picture(first + i) for i in range(3)]), labels=[5, 6, 7])
    found = load_images(tmp_path)
    assert [SPLITS[split] for split in found.split] == 3 * ["test"] + 3 * ["train"]
    assert [found.classes[label] for label in found.labels] == 2 * ["5", "6", "7"]
    assert (found.images[3] == load_images(tmp_path / "train-0.npz").images[0]).all()


def test_shards_beside_pictures_are_passed_over_and_named(tmp_path, folder):
    make_tar(folder / "old.tar", webdataset("cls"))
    found = load_images(folder)
    assert len(found) == 6
    assert "old.tar" in found.notes[0]


def test_a_sources_content_has_a_checksum_for_each_so_many_pictures(tmp_path, folder):
    def hashes(path):
        return list(content_sha256(find_given(path).items(), size=4))

    before = hashes(folder)
    assert len(before) == 2
    assert hashes(folder) == before
    (folder / "7" / "5.png").write_bytes(encoded(picture(6)))
    assert hashes(folder)[0] == before[0]
    assert hashes(folder)[1] != before[1]
    files = webdataset("cls")
    first = hashes(make_tar(tmp_path / "a.tar", files))
    assert hashes(make_tar(tmp_path / "a.tar", files | {"sample000.cls": b"9"}))[0] != first[0]
    assert hashes(make_tar(tmp_path / "a.tar", files | {"sample005.png": PNGS[0]}))[0] == first[0]


def test_listing_and_reading_take_no_more_memory_for_more_files(tmp_path, monkeypatch):
    """At most one folder's names are held: going through many folders lists each when its turn comes."""
    for i in range(20):
        (tmp_path / f"{i:02}").mkdir()
        (tmp_path / f"{i:02}" / "a.png").write_bytes(PNGS[0])
    listed = []
    from strokes.datasets import image_files

    real = image_files.list_folder
    monkeypatch.setattr(image_files, "list_folder", lambda folder: listed.append(folder) or real(folder))
    items = find_given(tmp_path).items()
    listed.clear()
    for count, item in enumerate(items, 1):
        assert item.name == f"{count - 1:02}/a.png"
        assert len(listed) == count + 1  # the folder itself, and those gone through
