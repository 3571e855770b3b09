"""A dataset is the same file whoever makes its shards."""

import os
import signal
import subprocess
import sys
import time

import pytest

from strokes import build as building
from strokes.build.artist import Artist
from strokes.build.making import ShardMaker
from strokes.engines import choose_engine
from strokes.errors import EngineError
from strokes.files import file_sha256
from strokes.recovery.methods import Options, choose_method
from strokes.store.verify import verify

TRACE = Options(method="trace")


@pytest.fixture(scope="module")
def small_blocks():
    """Six hundred pictures are six shards."""
    before, building.BLOCK = building.BLOCK, 100
    yield
    building.BLOCK = before


@pytest.fixture(scope="module")
def unbroken(small_blocks, digits, tmp_path_factory):
    """What one worker makes."""
    path = tmp_path_factory.mktemp("unbroken") / "d.h5"
    building.build_dataset(digits.select(slice(600)), path, options=TRACE, engine=choose_engine("local", 1))
    return path


def test_the_file_is_the_same_for_any_number_of_workers_on_any_engine(cluster, unbroken, digits, tmp_path):
    for name, workers in (("local", 2), ("ray", 1), ("ray", 2), ("ray", 4)):
        engine = choose_engine(name, workers, cluster.address if name == "ray" else "")
        out = tmp_path / f"{name}-{workers}.h5"
        building.build_dataset(digits.select(slice(600)), out, options=TRACE, engine=engine)
        assert file_sha256(out) == file_sha256(unbroken), out
    assert verify(unbroken) == 600


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_driver_that_is_stopped_leaves_what_another_engine_goes_on_from(cluster, tmp_path, number):
    command = [sys.executable, "-m", "strokes", "build-dataset", "--method", "trace", "--limit", "6000"]
    command += ["--out", "d.h5"]
    ray = [*command, "--engine", "ray", "--address", cluster.address, "--workers", "1"]
    process = subprocess.Popen(ray, cwd=tmp_path, stdout=-1, stderr=-1, text=True)
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
    kept = {path: os.stat(path).st_mtime_ns for path in tmp_path.glob(".d.h5.build/shard-*.h5")}
    assert 1 <= len(kept) < 6
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    subprocess.run([*command[:-1], "e.h5"], cwd=tmp_path, check=True, capture_output=True)
    assert file_sha256(tmp_path / "d.h5") == file_sha256(tmp_path / "e.h5")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.h5", "e.h5"]


def test_a_machine_that_would_make_other_bytes_is_refused(digits):
    artist = Artist(choose_method(digits.select(slice(1)), TRACE))
    maker = ShardMaker(artist)
    ShardMaker(artist, made_for=maker.made_for).prepare()
    with pytest.raises(EngineError, match=r"torch .*, unlike this one"):
        ShardMaker(artist, made_for={**maker.made_for, "torch": "1.0"}).prepare()
