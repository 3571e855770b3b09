"""A dataset is the same file whoever makes its shards."""

import signal
import subprocess
import sys
import time

import pytest

from strokes import build as building
from strokes.build.artist import Artist
from strokes.build.making import ShardMaker
from strokes.datasets.choose import choose_pictures
from strokes.engines import choose_engine
from strokes.errors import EngineError
from strokes.files import file_sha256
from strokes.recovery.methods import Options, choose_method
from strokes.store import folder_writer
from strokes.store.verify import verify

TRACE = Options(method="trace")


def sha256_of(out):
    """A file's sha256, or those of all files in a folder."""
    files = [out] if out.is_file() else sorted(path for path in out.rglob("*") if path.is_file())
    return tuple((path.relative_to(out).as_posix(), file_sha256(path)) for path in files)


class Once:
    """An engine that works for the first dataset, and gives what it made for those of other kinds."""

    def __init__(self, engine):
        self.engine, self.made = engine, []

    def run(self, work, items):
        self.made = self.made or list(self.engine.run(work, items))
        yield from self.made


def test_the_bytes_are_the_same_for_any_number_of_workers_on_any_engine(cluster, digits, tmp_path, monkeypatch):
    monkeypatch.setattr(building, "BLOCK", 100)
    monkeypatch.setattr(folder_writer, "SHARD_DRAWINGS", 250)
    found = {}
    for name, workers in (("local", 1), ("local", 2), ("ray", 1), ("ray", 2), ("ray", 4)):
        engine = Once(choose_engine(name, workers, cluster.address if name == "ray" else ""))
        for kind, ending in (("hdf5", ".h5"), ("parquet", ""), ("webdataset", "")):
            out = tmp_path / f"{name}-{workers}-{kind}{ending}"
            building.build_dataset(digits.select(slice(600)), out, options=TRACE, engine=engine, kind=kind)
            found.setdefault(kind, set()).add(sha256_of(out))
            assert verify(out) == 600
    assert {kind: len(sums) for kind, sums in found.items()} == {"hdf5": 1, "parquet": 1, "webdataset": 1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_driver_that_is_stopped_leaves_what_another_engine_goes_on_from(cluster, tmp_path, number, monkeypatch):
    command = [sys.executable, "-m", "strokes", "build-dataset", "--method", "trace", "--limit", "6000"]
    command += ["--out", "d.h5", "--engine", "ray", "--address", cluster.address, "--workers", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=-1, stderr=-1, text=True)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(".d.h5.build/shard-*.h5")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    if number == signal.SIGTERM:
        (line,) = errors.splitlines()
        assert "interrupted" in line
        assert "the same command goes on" in line
        assert process.returncode == 1
    kept = list(tmp_path.glob(".d.h5.build/shard-*.h5"))
    assert 1 <= len(kept) < 6
    made, make = [], ShardMaker.__call__
    monkeypatch.setattr(ShardMaker, "__call__", lambda self, piece: made.append(piece) or make(self, piece))
    for name in ("d.h5", "unbroken.h5"):
        building.build_dataset(choose_pictures(None, limit=6000), tmp_path / name, options=TRACE)
    assert len(made) == 6 - len(kept) + 6
    assert file_sha256(tmp_path / "d.h5") == file_sha256(tmp_path / "unbroken.h5")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.h5", "unbroken.h5"]


def test_a_machine_that_would_make_other_bytes_is_refused(digits):
    artist = Artist(choose_method(digits.select(slice(1)), TRACE))
    maker = ShardMaker(artist)
    ShardMaker(artist, made_for=maker.made_for).prepare()
    with pytest.raises(EngineError, match=r"torch .*, unlike this one"):
        ShardMaker(artist, made_for={**maker.made_for, "torch": "1.0"}).prepare()
