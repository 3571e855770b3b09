"""Pictures that can't be drawn are tried again, then listed with their reason; who skips them is never stopped."""

import csv
import errno
import os
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from strokes import build as building
from strokes.build.artist import Artist
from strokes.datasets.given import Reading, load_images
from strokes.engines import Lost
from strokes.errors import EngineError, SourceError
from strokes.recovery.methods import Options
from strokes.store.failures import failures_path
from strokes.store.reader import open_dataset

TRACE = Options(method="trace")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Forty pictures are two shards."""
    monkeypatch.setattr(building, "BLOCK", 20)


@pytest.fixture
def some(digits):
    return digits.select(slice(100, 140))


@pytest.fixture
def spoil(monkeypatch):
    """Makes the drawing of some pictures, by their places in the source, fail, each so many times."""
    draw = Artist.block

    def make(places, times=10**9, code=None):
        left = dict.fromkeys(places, times)

        def block(self, pictures):
            for place in pictures.source_index.tolist():
                if left.get(place, 0) > 0:
                    left[place] -= 1
                    if code:
                        raise OSError(code, os.strerror(code))
                    raise ZeroDivisionError(f"no pen\nat {place}")
            return draw(self, pictures)

        monkeypatch.setattr(Artist, "block", block)

    return make


def rows(out):
    with failures_path(out).open(newline="") as file:
        return list(csv.DictReader(file))


def test_bad_pictures_are_listed_and_the_others_drawn(some, spoil, tmp_path, capsys):
    spoil([103, 104, 125])
    out = tmp_path / "d.h5"
    assert building.build_dataset(some, out, options=TRACE, skip_bad=True) == 37
    assert rows(out) == [
        {"split": "train", "source_index": str(i), "file": "", "reason": f"ZeroDivisionError: no pen at {i}"}
        for i in (103, 104, 125)
    ]
    with open_dataset(out) as stored:
        assert stored.column("source_index").tolist() == np.setdiff1d(np.arange(100, 140), [103, 104, 125]).tolist()
    assert f"3 pictures were left out; {failures_path(out)} lists them" in capsys.readouterr().err


def test_a_picture_that_fails_once_is_drawn_all_the_same(some, spoil, tmp_path):
    spoil([103], times=1)
    assert building.build_dataset(some, tmp_path / "d.h5", options=TRACE) == 40
    assert os.listdir(tmp_path) == ["d.h5"]


def test_without_skip_bad_the_first_one_stops_the_build_and_is_named(some, spoil, tmp_path):
    spoil([125, 131])
    with pytest.raises(SourceError, match=r"picture 125 can't be drawn .*--skip-bad.* 20 of 40 drawings are kept"):
        building.build_dataset(some, tmp_path / "d.h5", options=TRACE, batch_size=1)


def test_a_shard_without_any_good_picture_is_empty(some, spoil, tmp_path):
    spoil(range(100, 120))
    assert building.build_dataset(some, tmp_path / "d.h5", options=TRACE, skip_bad=True) == 20
    assert len(rows(tmp_path / "d.h5")) == 20


def test_a_full_disk_where_a_worker_runs_is_no_fault_of_a_picture(some, spoil, tmp_path):
    spoil([125], times=1, code=errno.ENOSPC)
    out = tmp_path / "d.h5"
    told = (
        r"^the machine \S+ refused a worker's write \(No space left on device\); make room there; .*20 of 40 drawings"
    )
    with pytest.raises(EngineError, match=told):
        building.build_dataset(some, out, options=TRACE, skip_bad=True, batch_size=1)
    assert building.build_dataset(some, out, options=TRACE, skip_bad=True) == 40
    assert os.listdir(tmp_path) == ["d.h5"]


def test_a_later_dataset_without_failures_has_no_table(some, spoil, tmp_path):
    spoil([103])
    out = tmp_path / "d.h5"
    building.build_dataset(some, out, options=TRACE, skip_bad=True)
    spoil([])
    building.build_dataset(some, out, options=TRACE, skip_bad=True, overwrite=True)
    assert os.listdir(tmp_path) == ["d.h5"]


def test_failures_outlive_an_interrupt(some, spoil, tmp_path, monkeypatch):
    spoil([103])
    block = Artist.block

    def interrupted(self, pictures):
        if pictures.source_index[0] == 120:
            raise KeyboardInterrupt
        return block(self, pictures)

    out = tmp_path / "d.h5"
    with monkeypatch.context() as patch:
        patch.setattr(Artist, "block", interrupted)
        with pytest.raises(KeyboardInterrupt):
            building.build_dataset(some, out, options=TRACE, skip_bad=True, batch_size=1)
    building.build_dataset(some, out, options=TRACE, skip_bad=True)
    assert [row["source_index"] for row in rows(out)] == ["103"]


def test_what_could_not_be_read_is_listed_too(tmp_path):
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "good.png"), 255 * (1 - np.eye(28, dtype=np.uint8)))
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    pictures = load_images(tmp_path / "in", reading=Reading(skip_bad=True))
    assert building.build_dataset(pictures, tmp_path / "d.h5", options=TRACE, skip_bad=True) == 1
    (row,) = rows(tmp_path / "d.h5")
    assert row["source_index"] == "-1"
    assert "bad.png is no picture" in row["reason"]


@dataclass
class Deadly:
    """An engine whose workers die of some pictures."""

    places: set[int]
    tries: list[int] = field(default_factory=list)

    def run(self, work, items):
        """Each result, or `Lost`."""
        for key, piece in items:
            chosen = range(len(piece.pictures)) if piece.only is None else piece.only
            asked = {int(piece.pictures.source_index[i]) for i in chosen if i not in piece.deadly}
            self.tries.append(len(asked))
            yield key, Lost("it died") if asked & self.places else work(piece)


def test_pictures_that_workers_die_of_are_found_and_listed(some, tmp_path):
    out = tmp_path / "d.h5"
    assert building.build_dataset(some, out, options=TRACE, skip_bad=True, engine=Deadly({107, 108})) == 38
    assert [(row["source_index"], row["reason"]) for row in rows(out)] == [("107", "it died"), ("108", "it died")]


def test_a_shard_that_workers_die_of_and_of_none_of_its_pictures_alone_is_named(some, tmp_path):
    class Small(Deadly):
        def run(self, work, items):
            for key, piece in items:
                yield (
                    key,
                    Lost("it died") if piece.only is None and piece.pictures.source_index[0] == 120 else work(piece),
                )

    with pytest.raises(EngineError, match=r"pictures 20 to 39: it died; though of none .* 20 of 40 drawings are kept"):
        building.build_dataset(some, tmp_path / "d.h5", options=TRACE, skip_bad=True, engine=Small(set()))


def test_a_worker_that_dies_stops_the_build_unless_bad_pictures_are_skipped(some, tmp_path):
    with pytest.raises(EngineError, match=r"pictures 0 to 19: it died; .*--skip-bad"):
        building.build_dataset(some, tmp_path / "d.h5", options=TRACE, engine=Deadly({107}))
