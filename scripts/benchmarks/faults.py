"""Disks that refuse to write, for scripts that break builds."""

from __future__ import annotations

import os
from pathlib import Path

from strokes.store import sink


class FaultyFile:
    """A file whose write number `turn`, and all that follow, are refused."""

    writes = 0

    def __init__(self, file: object, turn: int, code: int) -> None:
        self._file, self._turn, self._code = file, turn, code

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def write(self, data: memoryview) -> int:
        """Write, or fail."""
        FaultyFile.writes += 1
        if FaultyFile.writes >= self._turn:
            raise OSError(self._code, os.strerror(self._code))
        return self._file.write(data)


def refuse_writes(turn: int, code: int) -> None:
    """From now on, this process' write number `turn` to a dataset file fails, and so do the later ones."""
    make = sink.Sink.__init__

    def init(self: sink.Sink, path: Path) -> None:
        make(self, path)
        self._file = FaultyFile(self._file, turn, code)

    sink.Sink.__init__ = init
