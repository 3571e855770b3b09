"""Folders of shards on object storage, a real S3 server's: whole or no dataset, and read as those of this machine."""

import itertools

import cv2
import numpy as np
import pytest
from torch.utils.data import DataLoader

import strokes
from strokes.errors import StoreError
from strokes.files.places import Remote, place_of
from strokes.store import folder_writer
from strokes.store.folder_writer import new_dataset
from strokes.store.info import describe
from strokes.store.manifest import MANIFEST
from strokes.store.new_folders import CLAIM, RemoteFolder, check_free_place
from strokes.store.verify import verify
from tests.helpers.drawings import CLASSES, make_set, same

BUILD = ("build-dataset", "--method", "trace", "--limit", 50, "--format", "parquet")
NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(folder_writer, "SHARD_DRAWINGS", 20)


@pytest.fixture(scope="module")
def drawings():
    return make_set(120)


@pytest.fixture
def place(bucket):
    """A URL where nothing is, and what names and bytes lie under it now."""
    url, client = bucket
    name = f"set-{next(NUMBERS)}"

    def lying() -> dict[str, bytes]:
        keys = [one["Key"] for one in client.list_objects_v2(Bucket="ink", Prefix=f"{name}/").get("Contents", ())]
        return {key.removeprefix(f"{name}/"): client.get_object(Bucket="ink", Key=key)["Body"].read() for key in keys}

    return f"{url}/{name}", lying


@pytest.fixture
def refused(monkeypatch):
    """Names of files that are put, in order; and a set of those that the storage refuses."""
    put, refused = [], set()
    inner = Remote.write_bytes

    def write_bytes(self, data):
        name = self.name
        put.append(name)
        if name in refused:
            raise StoreError(f"{self} can't be reached (Slow Down)")
        inner(self, data)

    monkeypatch.setattr(Remote, "write_bytes", write_bytes)
    return put, refused


def write(path, drawings, kind="parquet", **known):
    with new_dataset(path, kind, attributes={"licence": "MIT"}, classes=CLASSES, **known) as writer:
        writer.append(drawings)


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", ["parquet", "webdataset"])
def test_a_folder_in_a_bucket_is_the_one_of_this_machine(kind, place, drawings, tmp_path):
    url, lying = place
    write(url, drawings, kind)
    write(tmp_path / "here", drawings, kind)
    assert lying() == files_of(tmp_path / "here")
    assert verify(url) == 120
    with strokes.open_dataset(url) as stored, strokes.open_dataset(tmp_path / "here") as expected:
        assert same(stored.read(), expected.read())
        assert stored[-1] == expected[-1]


def test_a_bucket_is_read_for_training_shuffled_by_workers(place, drawings):
    url, _ = place
    write(url, drawings)
    train = strokes.StrokeDataset(url, train=True)
    expected = drawings.select(np.flatnonzero(drawings.split == 0))
    assert train.targets.tolist() == expected.labels.tolist()
    assert train[0].drawing == expected[0]  # the file system's connections are this process' own, and workers fork
    order = strokes.ShuffledPieces(train, mixed=2, seed=1)
    batches = list(DataLoader(train, batch_size=16, sampler=order, num_workers=2))
    assert np.array_equal(np.concatenate([labels for _, _, labels in batches]), expected.labels[list(order)])
    halves = [list(strokes.ShuffledPieces(train, mixed=2, rank=rank, processes=2)) for rank in (0, 1)]
    assert set(halves[0]) | set(halves[1]) == set(range(len(train)))


def test_commands_make_and_read_it(place, run, tmp_path):
    url, lying = place
    assert run(*BUILD, "--out", url)[1] == [f"{url}: 50 drawings"]
    assert run(*BUILD, "--out", "here")[0] == 0
    assert lying() == files_of(tmp_path / "here")
    assert run("verify", url)[1] == [f"{url}: whole, 50 drawings"]
    assert run("info", url)[1][1:] == run("info", "here")[1][1:]
    for source, out in ((url, "remote.ndjson"), ("here", "here.ndjson")):
        assert run("export", source, out)[0] == 0
    assert (tmp_path / "remote.ndjson").read_bytes() == (tmp_path / "here.ndjson").read_bytes()
    code, _, (line,) = run(*BUILD, "--out", url)
    assert (code, "--overwrite" in line) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "here.ndjson", "remote.ndjson"]


@pytest.mark.parametrize("look", [verify, describe])
def test_each_shard_is_fetched_once_to_be_looked_at(place, drawings, monkeypatch, look):
    url, _ = place
    write(url, drawings)
    fetched = []
    inner = Remote.read_bytes
    monkeypatch.setattr(Remote, "read_bytes", lambda self: fetched.append(self.name) or inner(self))
    look(url)
    shards = [name for name in fetched if name != MANIFEST]
    assert len(shards) == len(set(shards)) == sum(-(-count // 20) for count in np.bincount(drawings.split))


def test_parts_are_merged_into_a_bucket_and_from_there(place, bucket, run, tmp_path):
    url, lying = place
    for i in (1, 2):
        run("build-dataset", "--method", "trace", "--limit", 50, "--shard", f"{i}/2", "--out", f"{i}.h5")
    bucket[1].upload_file(str(tmp_path / "2.h5"), "ink", "parts/2.h5")
    merge = ("merge", "1.h5", "s3://ink/parts/2.h5", "--format", "parquet", "--out", url)
    assert run(*merge)[1] == [f"{url}: 50 drawings"]
    run(*BUILD, "--out", "here")
    assert lying() == files_of(tmp_path / "here")


def test_of_two_writers_at_once_the_later_one_s_dataset_is_there_whole(place, drawings, tmp_path):
    url, lying = place
    check_free_place(place_of(url), overwrite=False)
    first = RemoteFolder.at(place_of(url))
    first.write("data/train-00000.parquet", b"of the first")
    write(url, drawings)
    with pytest.raises(StoreError, match="another process has begun to write there"):
        first.write("data/train-00001.parquet", b"of the first")
    write(tmp_path / "here", drawings)
    assert lying() == files_of(tmp_path / "here")


def test_a_shard_that_another_process_wrote_meanwhile_makes_no_dataset(place, drawings):
    url, _ = place
    write(url, drawings)
    with strokes.open_dataset(url) as stored:
        manifest = stored.manifest
    folder = RemoteFolder.at(place_of(url))
    folder.write("other/train-00000.parquet", b"of this one")
    (place_of(url) / "other/train-00000.parquet").write_bytes(b"of another")
    with pytest.raises(StoreError, match="another process has written"):
        folder.finish(manifest)


def test_a_broken_build_is_no_dataset_and_the_same_command_puts_the_rest(place, run, refused, tmp_path):
    url, lying = place
    put, bad = refused
    bad.add("train-00002.parquet")
    (tmp_path / "work").mkdir()
    code, _, errors = run(*BUILD, "--out", url, "--work", "work")
    assert code == 1
    assert "50 of 50 drawings are kept in work" in errors[-1]
    assert MANIFEST not in lying()
    code, _, (line,) = run("verify", url)
    assert (code, MANIFEST in line) == (1, True)
    put.clear()
    bad.clear()
    assert run(*BUILD, "--out", url, "--work", "work")[0] == 0
    assert put == [CLAIM, "train-00002.parquet", "README.md", MANIFEST]
    assert run("verify", url)[0] == 0
    assert not list((tmp_path / "work").iterdir())


def test_what_is_replaced_stays_whole_until_the_new_is(place, refused, drawings):
    url, lying = place
    put, bad = refused
    write(url, drawings)
    first = lying()
    bad.add(MANIFEST)
    with pytest.raises(StoreError, match="Slow Down"):
        write(url, make_set(30), overwrite=True)
    found = lying()
    assert all(found[name] == content for name, content in first.items() if name != "README.md")
    assert verify(url) == 120
    bad.clear()
    write(url, make_set(30), overwrite=True)
    assert {name.partition("/")[0] for name in lying()} == {".strokes-export", "README.md", "data-2", MANIFEST}
    assert verify(url) == 30
    assert "path:\n    - data-2/train-*" in lying()["README.md"].decode()
    put.clear()
    write(url, make_set(3), overwrite=True)
    assert put[-2:] == ["README.md", MANIFEST]
    assert {name.partition("/")[0] for name in lying()} == {".strokes-export", "README.md", "data", MANIFEST}
    assert verify(url) == 3


def test_only_what_an_export_made_is_replaced(place, bucket, drawings):
    url, lying = place
    bucket[1].put_object(Bucket="ink", Key=f"{url.rpartition('/')[2]}/letter.txt", Body=b"dear")
    with pytest.raises(StoreError, match="no export made"):
        write(url, drawings, overwrite=True)
    assert lying() == {"letter.txt": b"dear"}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("data/test-00000.parquet", None, "lacks data/test-00000"),
        ("data/test-00000.parquet", b"", "test-00000.parquet is damaged"),
        ("data/test-00000.parquet", bytes(1 << 20), "test-00000.parquet has more"),
        ("data/more", b"", "has data/more"),
        (MANIFEST, b"{", "manifest.json is damaged"),
    ],
)
def test_what_is_missing_added_or_changed_is_named(place, bucket, drawings, name, content, told):
    url, _ = place
    write(url, drawings)
    key = f"{url.rpartition('/')[2]}/{name}"
    if content is None:
        bucket[1].delete_object(Bucket="ink", Key=key)
    else:
        bucket[1].put_object(Bucket="ink", Key=key, Body=content)
    with pytest.raises(StoreError, match=told):
        verify(url)


def test_a_flipped_bit_is_found_when_the_shard_is_read(place, bucket, drawings):
    url, lying = place
    write(url, drawings)
    data = bytearray(lying()["data/none-00001.parquet"])
    data[len(data) // 2] ^= 1
    bucket[1].put_object(Bucket="ink", Key=f"{url.rpartition('/')[2]}/data/none-00001.parquet", Body=bytes(data))
    with strokes.open_dataset(url) as stored:
        assert len(stored.read(stored.indices("train"))) == (drawings.split == 0).sum()
        with pytest.raises(StoreError, match=r"none-00001\.parquet is damaged: its sha256"):
            stored.read(stored.indices("none"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((*BUILD, "--out", "s3://nowhere/digits"), "no such bucket"),
        ((*BUILD[:-2], "--out", "s3://ink/digits.h5"), "--format parquet or webdataset"),
        (("verify", "s3://ink/nothing"), "no manifest.json"),
        (("info", "s3://nowhere/digits"), "no manifest.json"),
        (("info", "nonsense://a/b"), "nonsense"),
    ],
)
def test_what_can_t_be_is_told_in_one_line(bucket, run, tmp_path, arguments, told):
    code, _, (line,) = run(*arguments)
    assert (code, told in line) == (1, True), line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [(*BUILD, "--out"), ("verify",)])
def test_missing_credentials_are_told_in_one_line(bucket, run, monkeypatch, tmp_path, arguments):
    import s3fs

    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    s3fs.S3FileSystem.clear_instance_cache()
    code, _, (line,) = run(*arguments, "s3://ink/secret")
    s3fs.S3FileSystem.clear_instance_cache()
    assert (code, "credentials" in line) == (1, True), line


def test_what_could_not_be_drawn_is_listed_in_the_folder(place, run, tmp_path):
    url, lying = place
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(b"no picture")
    cv2.imwrite(str(tmp_path / "in" / "b.png"), np.pad(np.zeros((20, 3), np.uint8), 9, constant_values=255))
    build = ("build-dataset", "--method", "trace", "--images", "in", "--format", "parquet", "--out", url)
    assert run(*build, "--skip-bad")[0] == 0
    assert lying()["failed.csv"].decode().splitlines()[1].startswith('none,-1,,"in/a.png')
    (tmp_path / "in" / "a.png").unlink()
    assert run(*build, "--overwrite")[0] == 0
    assert "failed.csv" not in lying()


def test_any_file_system_of_fsspec_takes_it(drawings):
    memory = pytest.importorskip("fsspec").filesystem("memory")
    write("memory://any/set", drawings)
    write("memory://any/set", make_set(50), overwrite=True)
    assert verify("memory://any/set") == 50
    memory.rm("/any", recursive=True)
