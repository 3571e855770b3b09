"""Folders of shards: what goes in comes out, the bytes are promised, and what is spoilt gets one clear line."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import DataLoader

import strokes
from strokes.errors import ConfigError, ShapeError, StoreError
from strokes.ink.drawing import SPLITS
from strokes.ink.fine import FineInk
from strokes.store import folder_writer
from strokes.store.folder_writer import new_dataset
from strokes.store.info import describe
from strokes.store.manifest import MANIFEST
from strokes.store.reader import open_dataset
from strokes.store.verify import verify
from tests.helpers.drawings import CLASSES, make_set, same

KINDS = ("parquet", "webdataset")
ATTRIBUTES = {"licence": "MIT", "versions": {"numpy": "2"}}


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(folder_writer, "SHARD_DRAWINGS", 40)


@pytest.fixture(scope="module")
def drawings():
    return make_set(300)


def write(path, *sets, kind, **known):
    with new_dataset(path, kind, attributes=ATTRIBUTES, classes=CLASSES, **known) as writer:
        for one in sets:
            writer.append(one)
    return path


def by_split(drawings):
    return drawings.select(np.argsort(drawings.split, kind="stable"))


def bytes_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(params=KINDS)
def folder(request, tmp_path, drawings):
    return write(tmp_path / "digits", drawings, kind=request.param)


def test_a_folder_is_read_as_the_file_is_split_by_split(folder, tmp_path, drawings):
    file = write(tmp_path / "d.h5", by_split(drawings), kind="hdf5")
    with open_dataset(folder) as stored, open_dataset(file) as expected:
        assert same(stored.read(), expected.read())
        assert same(stored.read([290, 3, 3, 77]), expected.read([290, 3, 3, 77]))
        assert sorted(stored.names) == sorted(expected.names)
        for name in expected.names:
            assert np.array_equal(stored.column(name), expected.column(name)), name
            assert stored.column(name).dtype == expected.column(name).dtype
        for split in ("all", *SPLITS):
            assert np.array_equal(stored.indices(split), expected.indices(split))
        assert list(stored) == list(expected)
        assert stored[-1] == expected[-1]
        assert stored.attributes["versions"] == {"numpy": "2"}
    assert verify(folder) == 300
    assert "drawings           300" in describe(folder)


def test_no_shard_holds_more_than_it_may_nor_two_splits(folder, drawings):
    listed = json.loads((folder / MANIFEST).read_text())["shards"]
    counts = np.bincount(drawings.split)
    assert [shard["drawings"] for shard in listed if "train" in shard["file"]][:-1] == [40] * (counts[0] // 40)
    assert sum(shard["drawings"] for shard in listed if "test" in shard["file"]) == counts[1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_bytes_don_t_hang_on_how_drawings_were_appended(kind, tmp_path, drawings):
    whole = write(tmp_path / "whole", drawings, kind=kind)
    pieces = [drawings.select(np.arange(a, min(a + 7, 300))) for a in range(0, 300, 7)]
    assert bytes_of(write(tmp_path / "pieces", *pieces, kind=kind)) == bytes_of(whole)


@pytest.mark.parametrize("kind", KINDS)
def test_larger_pictures_ink_and_what_nobody_knows_come_back(kind, tmp_path):
    drawings = make_set(9, seed=1)
    ink = FineInk.of(np.random.default_rng(0).random((50, 60)) > 0.5, 3.5)
    unknown = np.full(len(drawings.points), np.nan, np.float32)
    known = {"fine": (ink, *[None] * 8), "images": None, "metadata": None}
    known |= {"scores": {"f1": np.full(9, np.nan, np.float32)}, "point_columns": {"time_ms": unknown}}
    drawings = by_split(strokes.DrawingSet(**{**vars(drawings), **known}))
    with open_dataset(write(tmp_path / "d", drawings, kind=kind)) as stored:
        found = stored.read()
    assert found.fine == drawings.fine
    assert found.images is None
    assert found.metadata is None
    assert np.isnan(found.scores["f1"]).all()
    assert np.isnan(found.point_columns["time_ms"]).all()
    assert np.array_equal(found.points, drawings.points)


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_without_drawings_is_one(kind, tmp_path):
    folder = write(tmp_path / "none", make_set(0), kind=kind)
    assert verify(folder) == 0
    with open_dataset(folder) as stored:
        assert len(stored.read()) == 0
        assert stored.column("drawing_offsets").tolist() == [0]
        assert len(stored.indices("train")) == 0


def test_a_flipped_bit_is_found_and_the_shard_named(folder):
    shard = sorted((folder / "data").iterdir())[1]
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    with pytest.raises(StoreError, match=rf"{shard.name} is damaged"):
        verify(folder)
    with open_dataset(folder) as stored, pytest.raises(StoreError, match=rf"{shard.name} is damaged"):
        stored.read()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: next((folder / "data").glob("test-00000.*")).unlink(), "lacks data/test-00000"),
        (lambda folder: (folder / "data" / "more").touch(), "has data/more"),
        (lambda folder: next((folder / "data").glob("none-00000.*")).write_bytes(b""), "none-00000.* is damaged"),
        (lambda folder: edit(folder, '"drawings": 40', '"drawings": 39'), "own sha256"),
        (lambda folder: (folder / MANIFEST).write_text("[1"), "is damaged"),
    ],
)
def test_what_is_missing_added_or_changed_is_named(folder, spoil, told):
    spoil(folder)
    with pytest.raises(StoreError, match=told):
        verify(folder)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="there is no file here that opens and can't be read")
def test_a_manifest_that_the_system_can_t_read_is_one_line(folder):
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).symlink_to("/proc/self/mem")
    with pytest.raises(StoreError, match=r"manifest.json can't be read \(Input/output error\)$"):
        verify(folder)


def edit(folder, old, new):
    text = (folder / MANIFEST).read_text()
    assert old in text
    (folder / MANIFEST).write_text(text.replace(old, new, 1))


def test_a_manifest_leads_nowhere_out_of_its_folder(folder):
    from strokes.store.manifest import digest_of

    known = json.loads((folder / MANIFEST).read_text())
    known["shards"][0]["file"] = "data/../../secret.tar"
    del known["sha256"]
    (folder / MANIFEST).write_text(json.dumps(known | {"sha256": digest_of(known)}))
    with pytest.raises(StoreError, match="no name of a shard"):
        open_dataset(folder)


def test_only_what_an_export_made_is_replaced_and_only_when_asked(folder, drawings, tmp_path):
    with pytest.raises(StoreError, match="--overwrite"):
        write(folder, drawings, kind="parquet")
    assert verify(write(folder, make_set(3), kind="parquet", overwrite=True)) == 3
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").touch()
    with pytest.raises(StoreError, match="no folder that an export made"):
        write(tmp_path / "mine", drawings, kind="parquet", overwrite=True)


def test_sets_that_don_t_fit_together_leave_nothing(tmp_path, drawings):
    other = strokes.DrawingSet(**{**vars(drawings), "metadata": None})
    with pytest.raises(ShapeError, match="build them alike"):
        write(tmp_path / "d", drawings, other, kind="parquet")
    assert not list(tmp_path.iterdir())


def test_a_dead_process_half_replaced_folder_is_put_back(folder, drawings):
    folder.rename(folder.with_name(f".{folder.name}.999999999.old"))
    (folder.with_name(f".{folder.name}.999999999.partial")).mkdir()
    with pytest.raises(StoreError, match="--overwrite"):
        write(folder, drawings, kind="parquet")
    assert verify(folder) == 300
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_torch_dataset_takes_a_folder_and_its_workers_do(folder, drawings):
    train = strokes.StrokeDataset(folder, train=True)
    expected = drawings.select(np.flatnonzero(drawings.split == 0))
    assert train.targets.tolist() == expected.labels.tolist()
    assert [drawing for drawing, _ in train] == list(expected)
    batches = list(DataLoader(train, batch_size=16, num_workers=2))
    assert np.array_equal(np.concatenate([labels for _, _, labels in batches]), expected.labels)


@pytest.mark.parametrize("processes", [1, 3])
def test_shuffled_pieces_give_every_drawing_and_read_each_shard_once(folder, processes, monkeypatch):
    digits = strokes.StrokeDataset(folder)
    orders = [
        list(strokes.ShuffledPieces(digits, mixed=2, rank=rank, processes=processes)) for rank in range(processes)
    ]
    assert {len(order) for order in orders} == {-(-300 // processes)}
    assert set().union(*orders) == set(range(300))
    assert orders[0] != sorted(orders[0])
    read = []
    monkeypatch.setattr(
        "strokes.store.dataset_folder.read_shard",
        lambda *args, inner=strokes.store.dataset_folder.read_shard, **known: (
            read.append(args[1].file) or inner(*args, **known)
        ),
    )
    for _ in DataLoader(digits, batch_size=16, sampler=orders[0]):
        pass
    assert len(read) == len(set(read))


def test_another_epoch_has_another_order_and_the_same_seed_the_same(folder):
    digits = strokes.StrokeDataset(folder, train=True)
    first, again = (strokes.ShuffledPieces(digits, seed=5) for _ in range(2))
    assert list(first) == list(again)
    again.epoch = 1
    assert list(first) != list(again)
    assert sorted(again) == list(range(len(digits)))


def test_there_is_no_process_beyond_the_last(folder):
    with pytest.raises(ConfigError, match="no process 2 of 2"):
        strokes.ShuffledPieces(strokes.StrokeDataset(folder), rank=2, processes=2)


def test_hugging_face_loads_a_folder(folder, drawings, tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    found = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert {name: len(rows) for name, rows in found.items()} == {
        "train": int((drawings.split != 1).sum()),
        "test": int((drawings.split == 1).sum()),
    }


def test_a_closed_folder_is_not_read(folder):
    with open_dataset(folder) as stored:
        pass
    assert "closed" in repr(stored)
    with pytest.raises(StoreError, match="is closed"):
        stored.read()


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_is_built_and_merged_to_the_same_bytes(kind, run, tmp_path):
    wanted = ("build-dataset", "--method", "trace", "--limit", 100)
    assert run(*wanted, "--format", kind, "--out", "whole")[0] == 0
    for i in (1, 2):
        run(*wanted, "--shard", f"{i}/2", "--out", f"{i}.h5")
    assert run("merge", "2.h5", "1.h5", "--format", kind, "--out", "merged")[0] == 0
    assert bytes_of(tmp_path / "merged") == bytes_of(tmp_path / "whole")
    assert run("verify", "whole")[1] == ["whole: whole, 100 drawings"]
    code, _, (line,) = run(*wanted, "--shard", "1/2", "--format", kind, "--out", "part")
    assert (code, "merge" in line) == (1, True)
    code, _, (line,) = run(*wanted, "--format", kind, "--out", "part.h5")
    assert (code, "folder" in line) == (1, True)


def test_a_folder_needs_a_known_format(run):
    code, _, (line,) = run("build-dataset", "--limit", 1, "--format", "zip", "--out", "d")
    assert (code, "hdf5, parquet, webdataset" in line) == (1, True)


def test_a_folder_that_is_interrupted_half_way_leaves_nothing(tmp_path, drawings, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(folder_writer, "card_of_shards", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "d", drawings, kind="parquet")
    assert not list(tmp_path.iterdir())


def test_a_copy_elsewhere_is_the_same_dataset(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    assert verify(tmp_path / "copy") == 300
