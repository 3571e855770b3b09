"""What a person gave, in SQLite: what was acknowledged is on the disk, whatever happens next."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

from strokes.errors import StoreError


class Database:
    """A database file, made where it is missing; any thread may ask.

    Raises:
        StoreError: it can't be opened or written.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=FULL")
            self._base.executescript(schema)
        except sqlite3.Error as error:
            raise StoreError(f"{path} can't be opened ({error}); choose another --data") from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._base.close()

    def do(self, statement: str, *values: Any) -> list[Any]:
        """The rows that a statement gives; what it changes is on the disk then."""
        try:
            with self._lock:
                return self._base.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} refuses ({error})") from error
