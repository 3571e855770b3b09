"""A build that is broken off goes on: killed, refused by the disk, interrupted, or met by a second one."""

import errno
import os
import signal
import socket

import pytest

from strokes.errors import StoreError
from strokes.files import atomic_path, file_sha256, hold
from strokes.recovery.published.recover import Recovery
from strokes.store import sink

OLD = b"an earlier output"


@pytest.fixture(scope="module")
def pictures(digits):
    return digits.select(slice(2300))


@pytest.fixture
def build(pictures, tiny_model, build_with):
    """Builds in three shards, without scores."""

    def run(out, **settings):
        settings = {"model": str(tiny_model), "scores": False, "pictures": pictures} | settings
        return build_with(settings.pop("pictures"), out, **settings)

    return run


@pytest.fixture
def unbroken(build, tmp_path_factory):
    path = tmp_path_factory.mktemp("unbroken") / "d.h5"
    build(path)
    return file_sha256(path)


@pytest.fixture
def out(tmp_path):
    path = tmp_path / "d.h5"
    path.write_bytes(OLD)
    return path


def left(out):
    """What lies beside an output."""
    return sorted(path.name for path in out.parent.iterdir() if path != out)


def shards_of(out):
    return sorted(path.name for path in out.parent.glob(f".{out.name}.build/shard-*"))


def count_blocks(monkeypatch, *, stop_at=None, error=KeyboardInterrupt):
    """Note each block that is drawn, and fail at one of them."""
    drawn, block = [], Recovery.block

    def noted(self, pictures):
        if len(drawn) + 1 == stop_at:
            raise error
        drawn.append(int(pictures.source_index[0]))
        return block(self, pictures)

    monkeypatch.setattr(Recovery, "block", noted)
    return drawn


def kill_at_rename(turn, *, after):
    rename, seen = os.replace, []

    def replace(*places):
        seen.append(places)
        if len(seen) == turn and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        rename(*places)
        if len(seen) == turn:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = replace


@pytest.mark.parametrize("after", [False, True])
def test_a_build_killed_at_any_rename_is_resumed_to_the_same_bytes(build, out, unbroken, after):
    killed = 0
    for turn in range(1, 20):
        out.write_bytes(OLD)
        child = os.fork()
        if not child:
            kill_at_rename(turn, after=after)
            build(out, overwrite=True)
            os._exit(0)
        if not os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            break
        killed += 1
        assert out.read_bytes() == OLD or file_sha256(out) == unbroken
        build(out, overwrite=True)
        assert file_sha256(out) == unbroken
        assert left(out) == []
    assert killed == 5  # the note on the job, three shards, the output


def test_a_build_killed_after_its_output_appeared_only_clears_up(build, tmp_path, unbroken, monkeypatch):
    out = tmp_path / "d.h5"
    child = os.fork()
    if not child:
        kill_at_rename(5, after=True)
        build(out)
        os._exit(0)
    os.waitpid(child, 0)
    assert left(out) != []
    drawn = count_blocks(monkeypatch)
    assert build(out) == 2300
    assert drawn == []
    assert left(out) == []
    with pytest.raises(StoreError, match="--overwrite"):
        build(out)


def test_an_interrupted_build_keeps_its_shards_and_says_so(build, out, unbroken, monkeypatch):
    with monkeypatch.context() as patch:
        count_blocks(patch, stop_at=3)
        with pytest.raises(KeyboardInterrupt, match=r"of 2,300 drawings are kept in .* the same command goes on"):
            build(out, overwrite=True, batch_size=1)
    assert out.read_bytes() == OLD
    kept = len(shards_of(out))
    assert kept == 2
    drawn = count_blocks(monkeypatch)
    build(out, overwrite=True)
    assert len(drawn) == 3 - kept
    assert file_sha256(out) == unbroken


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("turn", [1, 40, 100, 150])
def test_a_refused_write_gives_one_line_and_leaves_what_can_go_on(build, out, unbroken, monkeypatch, code, turn):
    class Faulty:
        writes = 0

        def __init__(self, file):
            self.file = file

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            Faulty.writes += 1
            if turn <= Faulty.writes:
                raise OSError(code, os.strerror(code))
            return self.file.write(data)

    make = sink.Sink.__init__

    def init(self, path):
        make(self, path)
        self._file = Faulty(self._file)

    with monkeypatch.context() as patch:
        patch.setattr(sink.Sink, "__init__", init)
        with pytest.raises(StoreError, match=os.strerror(code)) as caught:
            build(out, overwrite=True)
    assert "\n" not in str(caught.value)
    assert bool(shards_of(out)) == ("the same command goes on" in str(caught.value))
    assert out.read_bytes() == OLD
    build(out, overwrite=True)
    assert file_sha256(out) == unbroken
    assert left(out) == []


def stop_after_one_shard(build, out, monkeypatch):
    with monkeypatch.context() as patch:
        count_blocks(patch, stop_at=3)
        with pytest.raises(KeyboardInterrupt):
            build(out, overwrite=True, batch_size=1)


def test_another_job_does_not_take_over_what_is_left(build, out, unbroken, monkeypatch):
    stop_after_one_shard(build, out, monkeypatch)
    with pytest.raises(StoreError, match=r"\.d\.h5\.build holds an unfinished build .*--fresh"):
        build(out, overwrite=True, seed=1)
    assert shards_of(out)
    build(out, overwrite=True, seed=1, fresh=True)
    assert file_sha256(out) != unbroken
    assert left(out) == []


def test_a_finished_output_does_not_cost_another_job_its_shards(build, out, monkeypatch):
    build(out, overwrite=True, seed=1)
    stop_after_one_shard(build, out, monkeypatch)
    kept = shards_of(out)
    with pytest.raises(StoreError, match="--overwrite"):
        build(out, seed=1)
    assert shards_of(out) == kept != []


def test_a_damaged_shard_is_built_again(build, out, unbroken, monkeypatch):
    stop_after_one_shard(build, out, monkeypatch)
    (shard,) = out.parent.glob(".d.h5.build/shard-000000-*")
    data = bytearray(shard.read_bytes())
    data[-50] ^= 1
    shard.write_bytes(data)
    build(out, overwrite=True)
    assert file_sha256(out) == unbroken


def test_a_second_builder_is_told_who_builds(build, out):
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        with hold(out.with_name(".d.h5.lock"), out):
            os.write(ready[1], b"!")
            os.read(go[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    with pytest.raises(StoreError, match=f"being built by process {child} on {socket.gethostname()}"):
        build(out, overwrite=True)
    os.write(go[1], b"!")
    os.waitpid(child, 0)
    build(out, overwrite=True)


def test_a_lock_dies_with_its_process(build, out):
    child = os.fork()
    if not child:
        with hold(out.with_name(".d.h5.lock"), out):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert left(out) == [".d.h5.lock"]
    build(out, overwrite=True)
    assert left(out) == []


def test_half_written_files_of_dead_processes_go_and_others_stay(tmp_path):
    dead = os.fork()
    if not dead:
        os._exit(0)
    os.waitpid(dead, 0)
    names = [f".d.h5.{dead}.partial", f".e.h5.{dead}.partial", f".d.h5.{os.getppid()}.partial", ".d.h5.x.partial"]
    for name in names:
        (tmp_path / name).touch()
    with atomic_path(tmp_path / "d.h5") as partial:
        partial.touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names[1:], "d.h5"])


def test_too_little_space_is_said_before_anything_is_written(build, out, monkeypatch):
    monkeypatch.setattr("strokes.store.writer.BYTES_PER_DRAWING", 10**12)
    with pytest.raises(StoreError, match="MB free"):
        build(out, overwrite=True)
    assert left(out) == []
