"""Files that wait to be used: pictures that were sent, and downloads that were made; the oldest goes first."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from strokes.errors import StoreError
from strokes.studio.limits import KEPT_FILES


def within(data: Path, name: str) -> Path:
    """The path of a name in the data folder. Raises `StoreError` when a link or dots lead out of it."""
    path = data / name
    if not path.resolve().is_relative_to(data.resolve()):
        raise StoreError(f"{path} leads out of the data folder; remove it, or choose another --data")
    return path


@dataclass(frozen=True)
class Kept:
    """A file on the shelf, and the name that it is downloaded by."""

    path: Path
    name: str


class Shelf:
    """A temporary folder whose files are known by names that nobody can guess."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="strokes-studio-"))
        self._kept: dict[str, Kept] = {}

    def place(self, name: str) -> tuple[str, Path]:
        """An identifier, and a path in an empty folder of its own, for a file that is downloaded as `name`."""
        while len(self._kept) >= KEPT_FILES:
            oldest = next(iter(self._kept))
            shutil.rmtree(self._kept.pop(oldest).path.parent, ignore_errors=True)
        identifier = secrets.token_urlsafe(16)
        folder = self.folder / identifier
        folder.mkdir()
        self._kept[identifier] = Kept(folder / name, name)
        return identifier, folder / name

    def find(self, identifier: str) -> Kept | None:
        """The file of an identifier, where it is still there."""
        kept = self._kept.get(identifier)
        return kept if kept is not None and kept.path.is_file() else None

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
