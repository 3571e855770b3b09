"""The letters of Kaggle's "A-Z Handwritten Alphabets in .csv format": a line a picture, as CSV or zipped CSV.

A line holds the letter, 0 to 25, then the 784 grey values of a 28×28 picture row by row, 0 to 255, ink high. A line of
column names may come first. See https://www.kaggle.com/datasets/sachinpatel21/az-handwritten-alphabets-in-csv-format.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.idx import MAX_BYTES
from strokes.datasets.zips import is_zip, open_zip
from strokes.errors import SourceError

FILE = "A_Z Handwritten Data.csv"
LETTER_COUNT = 26
PICTURE_PX = 28
LINE_COLUMNS = 1 + PICTURE_PX * PICTURE_PX
READ_BYTES = 1 << 20
COMMA, NEWLINE, ZERO = b",\n0"
EXPECTED_LINES = f"expected lines of a letter, 0 to {LETTER_COUNT - 1}, and {LINE_COLUMNS - 1} grey values, 0 to 255"


def read_az(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pictures (n, 28, 28), ink high, and letters (n,), 0 for A to 25 for Z, of a CSV file or a zip that holds it.

    Raises:
        SourceError: when the file is missing, truncated, broken or empty, or a line has another number of columns, a
            value that is no whole number from 0 to 255, or a letter beyond 25.
    """
    if is_zip(path):
        with open_zip(path) as archive:
            member = csv_member(archive, path)
            check_size(member.file_size, path)
            with archive.open(member) as stream:
                return _read(stream, path)
    try:
        with path.open("rb") as stream:
            check_size(path.stat().st_size, path)
            return _read(stream, path)
    except FileNotFoundError:
        raise SourceError(f"{path} doesn't exist; expected {FILE} or a zip of it there") from None
    except OSError as error:
        raise SourceError(f"{path} can't be read ({error.strerror or error})") from None


def csv_member(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    """The CSV file in a zip: the one called as the publisher's, else the only one. Raises `SourceError` for no such."""
    names = [member for member in archive.infolist() if member.filename.lower().endswith(".csv")]
    own = [member for member in names if not member.filename.startswith("__MACOSX/")]
    known = [member for member in own if PurePosixPath(member.filename).name == FILE]
    if not known and len(own) != 1:
        raise SourceError(f"{path} holds {len(own)} CSV files; expected {FILE}, or one alone")
    return (known or own)[0]


def check_size(size: int, path: Path) -> None:
    """Raise `SourceError` for CSV larger than 4 GiB."""
    if size > MAX_BYTES:
        raise SourceError(f"{path} holds {size:,} bytes of CSV, more than 4 GiB; split the file")


def _read(stream: IO[bytes], path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    letters, pixels = bytearray(), bytearray()
    for line, text in _numbered_lines(stream, path):
        table = _parse(text, line, path)
        wrong = np.flatnonzero(table[:, 0] >= LETTER_COUNT)
        if len(wrong):
            raise SourceError(f"line {line + wrong[0]} of {path} has the letter {table[wrong[0], 0]}; {EXPECTED_LINES}")
        letters += table[:, 0].tobytes()
        pixels += table[:, 1:].tobytes()
    if not letters:
        raise SourceError(f"{path} holds no pictures; {EXPECTED_LINES}")
    return np.frombuffer(pixels, np.uint8).reshape(-1, PICTURE_PX, PICTURE_PX), np.frombuffer(letters, np.uint8)


def _numbered_lines(stream: IO[bytes], path: Path) -> Iterator[tuple[int, bytes]]:
    """The text in pieces of whole lines, without a line of column names, and the number of each piece's first line."""
    line, rest = 1, b""
    while block := stream.read(READ_BYTES):
        text, newline, rest = (rest + block).rpartition(b"\n")
        if len(rest) > READ_BYTES:
            raise SourceError(f"line {line} of {path} has more than {READ_BYTES} bytes; {EXPECTED_LINES}")
        if newline:
            yield from _without_names(line, text + newline)
            line += text.count(b"\n") + 1
    if rest:
        if rest.count(b",") < LINE_COLUMNS - 1:
            raise SourceError(f"{path} ends within line {line}; it is truncated, fetch or copy it again")
        yield from _without_names(line, rest + b"\n")


def _without_names(line: int, text: bytes) -> Iterator[tuple[int, bytes]]:
    """The piece, less its first line where that is the file's first and holds names: most are no grey values."""
    text = text.replace(b"\r\n", b"\n")
    if line == 1:
        first, _, others = text.partition(b"\n")
        names = first.split(b",")
        values = sum(name.isdigit() and len(name) <= 3 and int(name) <= 255 for name in names)
        if len(names) == LINE_COLUMNS and values < LINE_COLUMNS / 2:
            line, text = 2, others
    if text:
        yield line, text


def _parse(text: bytes, line: int, path: Path) -> NDArray[np.uint8]:
    """Whole lines, the first of them number `line`, as (lines, 785)."""
    signs = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero((signs == COMMA) | (signs == NEWLINE))
    columns = np.diff(np.flatnonzero(signs[ends] == NEWLINE), prepend=-1)
    wrong = np.flatnonzero(columns != LINE_COLUMNS)
    if len(wrong):
        raise SourceError(f"line {line + wrong[0]} of {path} has {columns[wrong[0]]} columns; {EXPECTED_LINES}")
    digits = np.diff(ends, prepend=-1) - 1
    whole = (digits >= 1) & (digits <= 3)
    values = np.zeros(len(ends), np.uint16)
    for place in range(3):
        reaches = digits > place
        digit = signs[np.maximum(ends - 1 - place, 0)] - np.uint8(ZERO)  # any other sign wraps to 10 or more
        whole &= ~reaches | (digit < 10)
        values += np.where(reaches, digit, 0) * np.uint16(10**place)
    wrong = np.flatnonzero(~whole | (values > 255))
    if len(wrong):
        row, column = divmod(int(wrong[0]), LINE_COLUMNS)
        found = text[ends[wrong[0]] - digits[wrong[0]] : ends[wrong[0]]][:20].decode("utf-8", "replace")
        raise SourceError(f"line {line + row} of {path} has {found!r} in column {column + 1}; {EXPECTED_LINES}")
    return values.astype(np.uint8).reshape(-1, LINE_COLUMNS)
