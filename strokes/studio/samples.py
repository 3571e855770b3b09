"""Samples that a person writes, in SQLite: what was acknowledged is on the disk, whatever happens next."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from strokes.formats.recording import Recording, join_strokes
from strokes.studio.database import Database
from strokes.studio.messages import PenDrawing
from strokes.studio.shelf import within

FILE = "samples.sqlite"
LAST = 2**63 - 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS samples (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    writer TEXT NOT NULL,
    label TEXT NOT NULL,
    strokes TEXT NOT NULL,
    kept_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
CREATE INDEX IF NOT EXISTS by_writer ON samples (writer, label);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Sample:
    """One kept drawing: strokes of [x, y, time_ms, pressure, tilt_x, tilt_y] in the canvas' unit square."""

    id: int
    writer: str
    label: str
    strokes: list[list[list[float]]]


class Samples:
    """The samples under a data folder; any thread may ask.

    Raises:
        StoreError: the database can't be opened or written.
    """

    def __init__(self, data: Path) -> None:
        self._base = Database(within(data, FILE), SCHEMA)

    def close(self) -> None:
        """Let go of the database."""
        self._base.close()

    def keep(self, key: str, writer: str, label: str, drawn: PenDrawing) -> int:
        """Keep a sample, and return its number once it is on the disk.

        `key` is the page's own name for it: one that is sent again, since its answer was lost, is kept once.
        """
        strokes = json.dumps(rows_of(drawn), separators=(",", ":"))
        self._base.do(
            "INSERT INTO samples (key, writer, label, strokes) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
            key,
            writer,
            label,
            strokes,
        )
        return int(self._base.do("SELECT id FROM samples WHERE key = ?", key)[0][0])

    def delete(self, number: int) -> bool:
        """Delete a sample; false when there is none of that number."""
        return bool(self._base.do("DELETE FROM samples WHERE id = ? RETURNING id", number))

    def last(self, writer: str) -> int | None:
        """The number of the sample that a writer kept last."""
        found = self._base.do("SELECT max(id) FROM samples WHERE writer = ?", writer)
        return None if found[0][0] is None else int(found[0][0])

    def counts(self, writer: str) -> dict[str, int]:
        """How many samples of each label a writer has."""
        return dict(self._base.do("SELECT label, count(*) FROM samples WHERE writer = ? GROUP BY label", writer))

    def writers(self) -> list[str]:
        """All who have kept a sample, in order."""
        return [name for (name,) in self._base.do("SELECT DISTINCT writer FROM samples ORDER BY writer")]

    def count(self) -> int:
        """How many samples there are."""
        return int(self._base.do("SELECT count(*) FROM samples")[0][0])

    def labels(self, writer: str | None = None) -> list[str]:
        """The labels that there are samples of, of all writers or one."""
        chosen = ("", ()) if writer is None else ("WHERE writer = ?", (writer,))
        return [label for (label,) in self._base.do(f"SELECT DISTINCT label FROM samples {chosen[0]}", *chosen[1])]

    def newest(self, writer: str, most: int, before: int = LAST) -> list[Sample]:
        """A writer's samples below a number, the newest first."""
        return self._samples("WHERE writer = ? AND id < ? ORDER BY id DESC LIMIT ?", (writer, before, most))

    def all(self, writer: str | None = None) -> list[Sample]:
        """Every sample, or every one of a writer, in the order they were kept."""
        if writer is None:
            return self._samples("ORDER BY id", ())
        return self._samples("WHERE writer = ? ORDER BY id", (writer,))

    def setting(self, name: str, default: str) -> str:
        """What was last set under a name."""
        found = self._base.do("SELECT value FROM settings WHERE name = ?", name)
        return str(found[0][0]) if found else default

    def set(self, name: str, value: str) -> None:
        """Remember a setting."""
        self._base.do(
            "INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value
        )

    def _samples(self, rest: str, values: Sequence[Any]) -> list[Sample]:
        rows = self._base.do(f"SELECT id, writer, label, strokes FROM samples {rest}", *values)
        return [Sample(number, writer, label, json.loads(strokes)) for number, writer, label, strokes in rows]


def rows_of(drawn: PenDrawing) -> list[list[list[float]]]:
    """A drawing's strokes as rows of numbers, rounded to a 100,000th of the canvas, ms, a 1,000th and a degree."""
    joined = np.concatenate(drawn.strokes)
    columns = (drawn.columns["time_ms"], drawn.columns["pressure"], *drawn.tilt.T)
    rows = np.column_stack([joined, *columns]).astype(np.float64)
    for column, digits in enumerate((5, 5, 3, 4, 1, 1)):
        rows[:, column] = np.round(rows[:, column], digits)
    bounds = np.cumsum([0, *map(len, drawn.strokes)]).tolist()
    return [rows[a:b].tolist() for a, b in itertools.pairwise(bounds)]


def recordings(samples: Sequence[Sample]) -> Iterator[Recording]:
    """Samples as recordings of pens, for any format."""
    for place, sample in enumerate(samples):
        points, lengths = join_strokes([[row[:2] for row in stroke] for stroke in sample.strokes])
        rows = np.array([row for stroke in sample.strokes for row in stroke])
        yield Recording(
            points,
            lengths,
            sample.label,
            canvas=(1.0, 1.0),
            columns=dict(zip(("time_ms", "pressure", "tilt_x", "tilt_y"), rows[:, 2:6].T, strict=True)),
            source_index=place,
            metadata={"writer": sample.writer},
        )
