"""The ledger tells what is finished: by the bytes of shards and of all that they depend on, not by names."""

import dataclasses
import json

import numpy as np
import pytest

from strokes import build as building
from strokes.build.making import ShardMaker
from strokes.files import file_sha256
from strokes.recovery.methods import Options

TRACE = Options(method="trace")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Forty pictures are four shards."""
    monkeypatch.setattr(building, "BLOCK", 10)


@pytest.fixture
def some(digits):
    return digits.select(slice(40))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "d.h5"


@pytest.fixture
def unbroken(some, tmp_path_factory):
    """The sha256 of what a whole build makes of pictures."""

    def sha256(pictures=some):
        path = tmp_path_factory.mktemp("unbroken") / "d.h5"
        building.build_dataset(pictures, path, options=TRACE)
        return file_sha256(path)

    return sha256


def stop(pictures, out, monkeypatch, *, at):
    """A build that is interrupted at its shard `at`."""
    made, make = [], ShardMaker.__call__

    def stopping(self, piece):
        if len(made) == at:
            raise KeyboardInterrupt
        made.append(piece)
        return make(self, piece)

    with monkeypatch.context() as patch:
        patch.setattr(ShardMaker, "__call__", stopping)
        with pytest.raises(KeyboardInterrupt):
            building.build_dataset(pictures, out, options=TRACE, batch_size=1)


def resume(pictures, out, monkeypatch):
    """Go on; how many shards were made."""
    made, make = [], ShardMaker.__call__
    with monkeypatch.context() as patch:
        patch.setattr(ShardMaker, "__call__", lambda self, piece: made.append(piece) or make(self, piece))
        building.build_dataset(pictures, out, options=TRACE, batch_size=1)
    return len(made)


def folder_of(out):
    return out.with_name(f".{out.name}.build")


def entries(out):
    return (folder_of(out) / "ledger.jsonl").read_text().splitlines()


def test_a_line_tells_the_sha256_of_a_shards_bytes(some, out, monkeypatch):
    stop(some, out, monkeypatch, at=3)
    told = [json.loads(line) for line in entries(out)]
    assert [line["shard"] for line in told] == [0, 1, 2]
    for line in told:
        (path,) = folder_of(out).glob(f"shard-{line['shard']:06}-*.h5")
        assert line["sha256"] == file_sha256(path)
        assert line["drawings"] == 10


def test_what_is_entered_and_whole_is_not_made_again(some, out, monkeypatch, unbroken):
    stop(some, out, monkeypatch, at=3)
    assert resume(some, out, monkeypatch) == 1
    assert file_sha256(out) == unbroken()


@pytest.mark.parametrize("place", [0, 70_000, -1])
def test_a_shard_with_other_bytes_is_made_again(some, out, monkeypatch, unbroken, place, capsys):
    stop(some, out, monkeypatch, at=3)
    path = sorted(folder_of(out).glob("shard-*"))[1]
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    assert resume(some, out, monkeypatch) == 2
    assert "1 finished shards are drawn again" in capsys.readouterr().err
    assert file_sha256(out) == unbroken()


def test_a_shard_that_is_cut_short_or_gone_is_made_again(some, out, monkeypatch, unbroken):
    stop(some, out, monkeypatch, at=3)
    first, second, _ = sorted(folder_of(out).glob("shard-*"))
    first.write_bytes(first.read_bytes()[:-100])
    second.unlink()
    assert resume(some, out, monkeypatch) == 3
    assert file_sha256(out) == unbroken()


def test_a_changed_picture_is_noticed_and_its_shard_alone_made_again(some, out, monkeypatch, unbroken):
    stop(some, out, monkeypatch, at=3)
    images = some.images.copy()
    images[15] = images[16]
    changed = dataclasses.replace(some, images=images)
    assert resume(changed, out, monkeypatch) == 2
    assert file_sha256(out) == unbroken(changed) != unbroken()


def test_a_changed_label_is_noticed(some, out, monkeypatch, unbroken):
    stop(some, out, monkeypatch, at=3)
    labels = np.where(np.arange(40) == 25, 3, some.labels)
    changed = dataclasses.replace(some, labels=labels)
    assert resume(changed, out, monkeypatch) == 2
    assert file_sha256(out) == unbroken(changed)


def test_a_shard_that_was_written_and_not_entered_is_kept(some, out, monkeypatch, unbroken):
    stop(some, out, monkeypatch, at=3)
    ledger = folder_of(out) / "ledger.jsonl"
    ledger.write_text("\n".join(entries(out)[:2]) + "\n")
    assert resume(some, out, monkeypatch) == 1
    assert file_sha256(out) == unbroken()


@pytest.mark.parametrize("torn", ["{", '{"shard": 9}', "null", "\x00\x00", '{"shard": 1, "key": "'])
def test_a_line_that_is_torn_spoils_no_other(some, out, monkeypatch, unbroken, torn):
    stop(some, out, monkeypatch, at=2)
    ledger = folder_of(out) / "ledger.jsonl"
    ledger.write_text("\n".join([*entries(out), torn]))
    stop(some, out, monkeypatch, at=1)
    assert json.loads(entries(out)[-1])["shard"] == 2
    assert resume(some, out, monkeypatch) == 1
    assert file_sha256(out) == unbroken()


def test_half_written_shards_are_cleared_away(some, out, monkeypatch, unbroken):
    stop(some, out, monkeypatch, at=2)
    (folder_of(out) / "shard-000003-0123456789abcdef.h5.partial").write_bytes(b"half")
    assert resume(some, out, monkeypatch) == 2
    assert file_sha256(out) == unbroken()
    assert [path.name for path in out.parent.iterdir()] == ["d.h5"]
