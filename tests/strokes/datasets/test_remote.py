"""Inputs by URL: the same pictures as from this machine, from a real S3 server too; what is missing is named."""

import sys

import numpy as np
import pytest
from shards import LABELS, PNGS, by_content, make_parquet, make_tar, names_of, webdataset

from strokes import cli
from strokes.datasets import load_images
from strokes.errors import SourceError
from strokes.files.places import list_folder, place_of

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def memory():
    """fsspec's file system in memory, empty."""
    system = fsspec.filesystem("memory")
    yield system
    system.rm("/", recursive=True)


def put_all(client, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        client.put_object(Bucket="ink", Key=name, Body=content)


def as_folder() -> dict[str, bytes]:
    return {f"{label}/{i}.png": content for i, (content, label) in enumerate(zip(PNGS, LABELS, strict=True))}


@pytest.fixture
def expected(tmp_path):
    """How the six pictures read as a folder of this machine."""
    for name, content in as_folder().items():
        path = tmp_path / "plain" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return load_images(tmp_path / "plain")


def test_a_bucket_is_read_as_a_folder_of_this_machine(bucket, expected):
    url, client = bucket
    put_all(client, {f"plain/{name}": content for name, content in as_folder().items()} | {"plain/": b""})
    found = load_images(f"{url}/plain")
    assert names_of(found) == names_of(expected)
    assert (found.images == expected.images).all()
    assert found.classes == expected.classes
    assert load_images(f"{url}/plain/{names_of(found)[0]}").images[0].any()
    with pytest.raises(SourceError, match="doesn't exist"):
        load_images(f"{url}/nowhere")


def test_a_buckets_folder_of_more_objects_than_an_answer_holds_is_read_whole(bucket, monkeypatch):
    url, client = bucket
    put_all(client, {f"many/{i:05}.png": b"" for i in range(12)})
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "5")
    assert client.list_objects_v2(Bucket="ink", Prefix="many/")["IsTruncated"]
    files, folders = list_folder(place_of(f"{url}/many"))
    assert files == [f"{i:05}.png" for i in range(12)]
    assert not folders


def test_shards_and_arrays_in_a_bucket_are_read(bucket, expected, tmp_path):
    url, client = bucket
    tar = make_tar(tmp_path / "a.tar", webdataset("cls"))
    structs = [{"bytes": content, "path": None} for content in PNGS]
    table = make_parquet(tmp_path / "a.parquet", structs, LABELS)
    np.save(tmp_path / "images.npy", expected.images)
    np.save(tmp_path / "labels.npy", expected.labels)
    for path in (tar, table):
        client.upload_file(str(path), "ink", f"shards/train/{path.name}")
        assert by_content(load_images(f"{url}/shards/train/{path.name}")) == by_content(expected)
    found = load_images(f"{url}/shards")
    assert len(found) == 12
    assert names_of(found)[6:] == [f"train/a.tar/sample{i:03}" for i in range(6)]
    assert not found.split.any()  # all of them train
    for name in ("images.npy", "labels.npy"):
        client.upload_file(str(tmp_path / name), "ink", f"arrays/{name}")
    found = load_images(f"{url}/arrays/images.npy")
    assert (found.images == expected.images).all()
    assert found.labels.tolist() == expected.labels.tolist()
    told = load_images(f"{url}/arrays/images.npy", f"{url}/arrays/labels.npy")
    assert told.labels.tolist() == expected.labels.tolist()


def test_a_build_from_a_bucket_has_the_drawings_of_one_from_a_folder(bucket, run, expected, tmp_path):
    url, client = bucket
    put_all(client, {f"plain/{name}": content for name, content in as_folder().items()})
    for source, out in ((f"{url}/plain", "remote.h5"), (tmp_path / "plain", "local.h5")):
        code, _, errors = run("build-dataset", "--images", source, "--method", "trace", "--out", out)
        assert code == 0, errors
    assert (tmp_path / "remote.h5").read_bytes() == (tmp_path / "local.h5").read_bytes()


def test_any_file_system_of_fsspec_is_read(memory, expected):
    for name, content in as_folder().items():
        memory.pipe(f"/set/{name}", content)
    memory.pipe("/set/notes.txt", b"not a picture")
    found = load_images("memory://set")
    assert by_content(found) == by_content(expected)
    assert "notes.txt" in found.notes[0]
    with pytest.raises(SourceError, match="nothing that can be read"):
        load_images("memory://set/notes.txt")


@pytest.mark.parametrize(
    ("url", "package", "told"),
    [("gs://a/b", "gcsfs", "penstrokes[cloud]"), ("az://a/b", "adlfs", "adlfs"), ("s3://a/b", "fsspec", "s3fs")],
)
def test_a_package_that_is_missing_is_named(monkeypatch, capsys, url, package, told):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(sys, "argv", ["strokes", "build-dataset", "--images", url, "--out", "a.h5"])
    with pytest.raises(SystemExit):
        cli.main()
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert "pip install" in line


def test_an_unknown_kind_of_url_is_refused_in_one_line():
    with pytest.raises(SourceError, match="nonsense"):
        load_images("nonsense://a/b")
