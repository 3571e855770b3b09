"""Zip files that a person gives: opened, and whatever is wrong with them said in one line."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strokes.errors import SourceError

BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)
"""What `zipfile` raises for a damaged, truncated or encrypted archive, or one packed in an unknown way."""


def is_zip(path: Path) -> bool:
    """Whether a file is a zip, by its name, since a truncated one has lost its directory, or by its bytes."""
    return path.is_file() and (path.suffix.lower() == ".zip" or zipfile.is_zipfile(path))


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip to read from. Raises `SourceError` when it, or what is read of it within the block, is broken."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError:
        raise SourceError(f"{path} doesn't exist; expected a zip file there") from None
    except BROKEN_ZIP as error:
        raise SourceError(f"{path} can't be unpacked ({error}); fetch or copy it again") from None
