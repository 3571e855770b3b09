"""Rows of CSV files: comma, semicolon or tab, gzipped or not, of any size, with a header that names the columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from strokes.errors import SourceError
from strokes.formats.limits import MAX_LINE_BYTES
from strokes.formats.text_files import open_binary

MOST_COLUMNS = 1000


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with the number of its line, by the names in the header, which are lower-cased.

    Raises:
        SourceError: it is no text, has no header, or a row is of another width or absurdly long.
    """
    csv.field_size_limit(MAX_LINE_BYTES)
    with closing(io.TextIOWrapper(open_binary(path), "utf-8-sig", newline="")) as stream:
        lines = _bounded(stream, path)
        try:
            first = next(lines, "")
            rows = csv.reader(_chain(first, lines), delimiter=max(",;\t", key=first.count))
            header = [name.strip().lower() for name in next(rows, [])]
            if not 1 < len(header) <= MOST_COLUMNS or len(set(header)) < len(header):
                raise SourceError(f"{path} has no header that names its columns, each once")
            for row in rows:
                if len(row) == len(header):
                    yield rows.line_num, dict(zip(header, row, strict=True))
                elif row:
                    raise SourceError(f"{path}, line {rows.line_num}: {len(row)} values; expected {len(header)}")
        except csv.Error as error:
            raise SourceError(f"{path} is no whole CSV: {error}") from None
        except UnicodeDecodeError:
            raise SourceError(f"{path} is not UTF-8 text") from None


def _bounded(stream: io.TextIOWrapper, path: Path) -> Iterator[str]:
    while line := stream.readline(MAX_LINE_BYTES + 1):
        if len(line) > MAX_LINE_BYTES:
            raise SourceError(f"{path} has a line of more than {MAX_LINE_BYTES} letters; no drawing is so long")
        yield line


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest
