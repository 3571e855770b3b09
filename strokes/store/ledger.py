"""The ledger of a build: which shards are finished, each with the sha256 of its bytes and of all that they depend on.

A shard is written beside its place, flushed to the disk and renamed, and only then entered: a line of JSON, flushed
too. So a line that is whole tells of a file that was whole, and its sha256 tells whether it still is. A shard's file
carries what its line says, for the case that the power went between the two.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from strokes.errors import StoreError
from strokes.files import file_sha256
from strokes.ink.drawing import DrawingSet
from strokes.store.checksums import is_whole
from strokes.store.reader import open_dataset
from strokes.store.sink import write_whole
from strokes.store.writer import encode

LEDGER_FILE = "ledger.jsonl"
KEY, FAILED = "key", "failed"
"""Attributes of a shard's file."""
MOST_REASON, SHORT_REASON = 300, 40
"""Characters of a reason; of many in one shard."""
MOST_FAILED_TEXT = 50_000


@dataclass(frozen=True)
class Shard:
    """A piece of a build.

    Attributes:
        number: its place in the whole selection.
        pictures: which of the selection it draws.
        key: the sha256 of all that its bytes depend on: its pictures, the settings, its number.
    """

    number: int
    pictures: range
    key: str

    @property
    def name(self) -> str:
        """Its file's name."""
        return f"shard-{self.number:06}-{self.key[:16]}.h5"


@dataclass(frozen=True)
class Failure:
    """A picture that couldn't be drawn.

    Attributes:
        split: its split's name.
        source_index: its place in the source, -1 where it couldn't be read.
        file: that it is, or is in; "" where unknown.
        reason: what went wrong.
    """

    split: str
    source_index: int
    file: str
    reason: str


@dataclass(frozen=True)
class MadeShard:
    """What drawing a shard gave.

    Attributes:
        data: the bytes of its file.
        drawings: how many it holds.
        failed: the pictures that are not among them.
    """

    data: bytes
    drawings: int
    failed: tuple[Failure, ...] = ()

    @classmethod
    def of(cls, drawings: DrawingSet, key: str, failed: Sequence[Failure] = ()) -> MadeShard:
        """A shard's file of these drawings."""
        text = json.dumps([asdict(failure) for failure in shortened(failed)])
        return cls(encode(drawings, attributes={KEY: key, FAILED: text}), len(drawings), tuple(failed))


@dataclass(frozen=True)
class Entry:
    """A finished shard, as the ledger tells of it."""

    shard: int
    key: str
    sha256: str
    drawings: int
    failed: tuple[Failure, ...] = ()

    @classmethod
    def parse(cls, line: str) -> Entry:
        """An entry from its line. Raises `ValueError`, `TypeError` or `KeyError` for one that isn't whole."""
        known: dict[str, Any] = json.loads(line)
        return cls(**known | {FAILED: tuple(Failure(**one) for one in known[FAILED])})


@dataclass
class Ledger:
    """The ledger and the shards of the build in `folder`.

    Attributes:
        folder: where they lie.
        entries: by their shards' numbers.
    """

    folder: Path
    entries: dict[int, Entry] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Ledger:
        """The ledger in `folder`; lines that aren't whole are left out."""
        found = cls(folder)
        if found.path.is_file():
            for line in found.path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    entry = Entry.parse(line)
                except (ValueError, TypeError, KeyError):
                    continue
                found.entries[entry.shard] = entry
        return found

    @property
    def path(self) -> Path:
        """Its file."""
        return self.folder / LEDGER_FILE

    def knows(self, shard: Shard) -> bool:
        """Whether a shard is entered, or lies there without an entry; its bytes aren't read."""
        entry = self.entries.get(shard.number)
        return (entry is not None and entry.key == shard.key) or (self.folder / shard.name).exists()

    def holds(self, shard: Shard) -> bool:
        """Whether a shard is there and whole, byte for byte; one that was written and not entered is entered."""
        path, entry = self.folder / shard.name, self.entries.get(shard.number)
        if not path.is_file():
            return False
        if entry is not None and entry.key == shard.key:
            return file_sha256(path) == entry.sha256
        found = entry_of(path, shard)
        if found is not None:
            self._enter(found)
        return found is not None

    def commit(self, shard: Shard, made: MadeShard) -> None:
        """Write a shard's file, and then its entry. Raises `OSError` where the disk refuses."""
        write_whole(self.folder / shard.name, made.data)
        digest = hashlib.sha256(made.data).hexdigest()
        self._enter(Entry(shard.number, shard.key, digest, made.drawings, made.failed))

    def _enter(self, entry: Entry) -> None:
        with self.path.open("a+b") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(end - 1, 0))
            torn = file.read() not in (b"", b"\n")
            file.write(b"\n" * torn + json.dumps(asdict(entry)).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.entries[entry.shard] = entry


def entry_of(path: Path, shard: Shard) -> Entry | None:
    """What a shard's own file says, where it is whole and that shard; else None."""
    if not is_whole(path):
        return None
    try:
        with open_dataset(path) as stored:
            if stored.attributes.get(KEY) != shard.key:
                return None
            told: list[Mapping[str, Any]] = json.loads(stored.attributes[FAILED])
            failed = tuple(Failure(**one) for one in told)
            return Entry(shard.number, shard.key, file_sha256(path), len(stored), failed)
    except (StoreError, ValueError, TypeError, KeyError):
        return None


def shortened(failed: Sequence[Failure]) -> list[Failure]:
    """Failures whose reasons fit a file's attribute."""
    most = MOST_REASON if len(failed) * (MOST_REASON + 150) < MOST_FAILED_TEXT else SHORT_REASON
    return [
        Failure(one.split, one.source_index, one.file[-most:], " ".join(one.reason.split())[:most]) for one in failed
    ]
