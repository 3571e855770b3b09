"""Text files line by line, gzipped or not, of any size; and folders of many small ones."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO, cast

from strokes.errors import SourceError
from strokes.formats.limits import MAX_FILE_BYTES, MAX_LINE_BYTES, MAX_WHOLE_BYTES

GZIP_MAGIC = b"\x1f\x8b"


def open_binary(path: Path) -> BinaryIO:
    """A file's bytes, unzipped when its first two say gzip. Raises `SourceError` for a folder."""
    if path.is_dir():
        raise SourceError(f"{path} is a folder; expected a file")
    with path.open("rb") as stream:
        zipped = stream.read(2) == GZIP_MAGIC
    return cast(BinaryIO, gzip.open(path)) if zipped else path.open("rb")


def read_lines(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """Each line that isn't blank with its number from 1, stripped.

    Raises:
        SourceError: a line is too long or not text.
    """
    total = 0
    with closing(open_binary(path)) as stream:
        for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE_BYTES + 1), b""), 1):
            total += len(line)
            if len(line) > MAX_LINE_BYTES or total > MAX_FILE_BYTES:
                raise SourceError(f"{path}, line {number}: more than {MAX_LINE_BYTES} bytes; no drawing is so long")
            try:
                text = line.decode(encoding).strip()
            except UnicodeDecodeError:
                raise SourceError(f"{path}, line {number}: not {encoding} text") from None
            if text:
                yield number, text


def read_whole(path: Path) -> str:
    """A small text file. Raises `SourceError` when it isn't small or no UTF-8."""
    with closing(open_binary(path)) as stream:
        content = stream.read(MAX_WHOLE_BYTES + 1)
    if len(content) > MAX_WHOLE_BYTES:
        raise SourceError(f"{path} is longer than {MAX_WHOLE_BYTES} bytes; no such file is so long")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise SourceError(f"{path} is not UTF-8 text") from None


def files_in(path: Path, pattern: str) -> Iterator[Path]:
    """The file at `path`, or those in a folder and below whose names match, in order; links are left out."""
    if not path.is_dir():
        yield path
        return
    for name in sorted(os.listdir(path)):
        inner = path / name
        if inner.is_symlink():
            continue
        if inner.is_dir():
            yield from files_in(inner, pattern)
        elif fnmatchcase(name, pattern) and inner.is_file():
            yield inner
