"""Drawings that a person marked as right or wrong, in SQLite, by what their dataset holds and not where it lies."""

from __future__ import annotations

from pathlib import Path

from strokes.studio.database import Database
from strokes.studio.shelf import within

FILE = "marks.sqlite"
SCHEMA = """
CREATE TABLE IF NOT EXISTS marks (
    dataset TEXT NOT NULL,
    number INTEGER NOT NULL,
    is_right INTEGER NOT NULL,
    PRIMARY KEY (dataset, number)
) WITHOUT ROWID;
"""


class Marks:
    """The marks under a data folder. Raises `StoreError` when the database can't be opened or written."""

    def __init__(self, data: Path) -> None:
        self._base = Database(within(data, FILE), SCHEMA)

    def close(self) -> None:
        """Let go of the database."""
        self._base.close()

    def set(self, dataset: str, number: int, *, is_right: bool) -> None:
        """Mark a drawing."""
        self._base.do("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", dataset, number, int(is_right))

    def unset(self, dataset: str, number: int) -> None:
        """Take a drawing's mark away."""
        self._base.do("DELETE FROM marks WHERE dataset = ? AND number = ?", dataset, number)

    def of(self, dataset: str, *, is_right: bool) -> list[int]:
        """The drawings of a dataset that are marked so, in order."""
        rows = self._base.do(
            "SELECT number FROM marks WHERE dataset = ? AND is_right = ? ORDER BY number", dataset, int(is_right)
        )
        return [number for (number,) in rows]
