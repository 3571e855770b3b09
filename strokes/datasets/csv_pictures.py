"""Pictures as lines of CSV: with or without a line of column names, with or without a column of labels.

So lie Kaggle's MNIST ("label", 784 pixels), its test file (784 pixels), EMNIST (label, pixels, stored transposed) and
its A-Z (letters 0 to 25 without a header; `strokes.datasets.az_csv`).
"""

from __future__ import annotations

import gzip
import io
import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.idx import GZIP_MAGIC, MAX_BYTES
from strokes.datasets.npz import to_grey
from strokes.errors import SourceError

NUMBER_NAMES = ("", "id", "index", "imageid", "image_id", "unnamed: 0")
"""Columns that number the pictures."""
LABEL_NAMES = ("label", "labels", "class", "target", "digit", "letter", "character", "y")
HIGHEST_LABEL = 61
"""Of digits, capitals and small letters."""
EXPECTED = "expected lines of a picture's grey values, a square number of them, and perhaps a label before them"


@dataclass(frozen=True)
class Table:
    """Pictures (n, h, w) uint8, their labels (n,) or None, and whether column names came first."""

    images: NDArray[np.uint8]
    labels: NDArray[Any] | None
    named: bool


def read_csv(path: Path, content: bytes | None = None) -> Table:
    """The pictures of a CSV file, its columns apart by commas, semicolons or tabs, or of `content` unpacked from it.

    Raises:
        SourceError: it is missing, too large, empty, or its lines aren't of grey values.
    """
    text = (read_whole(path) if content is None else content).removeprefix(b"\xef\xbb\xbf")
    first, _, rest = text.partition(b"\n")
    mark = max(b",;\t", key=first.count).to_bytes()
    if mark != b",":
        first, rest, text = (part.replace(mark, b",") for part in (first, rest, text))
    cells = [cell.strip().strip(b"\"'").decode("utf-8", "replace") for cell in first.split(b",")]
    named = are_names(cells)
    body = rest if named else text
    lines = [line for line in body.replace(b"\r", b"\n").split(b"\n") if line.strip(b", \t")]
    if not lines:
        raise SourceError(f"{path} holds no pictures; {EXPECTED}")
    label, pixels = columns_of(cells, lines, named=named, path=path)
    values, labels = parse(lines, len(cells), label, pixels, path)
    return Table(to_grey(values, path), labels, named)


def read_whole(path: Path) -> bytes:
    """A file's bytes, unpacked where it is gzipped. Raises `SourceError`."""
    try:
        with gzip.open(path) if is_gzipped(path) else path.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{path} can't be read ({getattr(error, 'strerror', None) or error})") from None
    if len(text) > MAX_BYTES:
        raise SourceError(f"{path} is larger than 4 GiB; split the file")
    return text


def is_gzipped(path: Path) -> bool:
    """Whether a file starts as gzip's do."""
    with path.open("rb") as stream:
        return stream.read(2) == GZIP_MAGIC


def are_names(cells: list[str]) -> bool:
    """Whether the first line's cells name columns: most are no numbers, or all differ, as pandas' 0, 0.1, 0.2 do."""
    if sum(is_number(cell) for cell in cells) < len(cells) / 2:
        return True
    return len(set(cells)) == len(cells) and (
        cells == [str(i) for i in range(len(cells))] or sum(map(str.isdecimal, cells)) < len(cells) / 2
    )


def is_number(cell: str) -> bool:
    """Whether a cell holds a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def columns_of(cells: list[str], lines: list[bytes], *, named: bool, path: Path) -> tuple[int | None, list[int]]:
    """Which column holds the label, None without one, and which hold the pixels.

    Without names the label comes first, unless only the last column tells pictures apart or is no number.

    Raises:
        SourceError: neither all columns nor all but one are a square number of pixels.
    """
    own = [i for i, cell in enumerate(cells) if not (named and cell.lower() in NUMBER_NAMES)]
    called = [i for i in own if named and cells[i].lower() in LABEL_NAMES]
    if called:
        label: int | None = called[0]
    elif is_square(len(own)):
        label = None
    elif named or not ends_in_label(lines):
        label = own[0]
    else:
        label = own[-1]
    pixels = [i for i in own if i != label]
    if not is_square(len(pixels)):
        raise SourceError(f"{path} has {len(cells)} columns; {EXPECTED}")
    return label, pixels


def ends_in_label(lines: list[bytes]) -> bool:
    """Whether the last column is of labels: no numbers, or small ones where the first column holds only zeros."""
    last = {line.rpartition(b",")[2].strip() for line in lines}
    if not all(is_number(cell.strip(b"\"'").decode("utf-8", "replace")) for cell in last):
        return True
    small = all(cell.isdigit() and int(cell) <= HIGHEST_LABEL for cell in last)
    return small and last != {b"0"} and {line.partition(b",")[0].strip() for line in lines} == {b"0"}


def is_square(count: int) -> bool:
    """Whether so many pixels make a square picture."""
    return count > 1 and math.isqrt(count) ** 2 == count


def parse(
    lines: list[bytes], columns: int, label: int | None, pixels: list[int], path: Path
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The grey values (n, pixels) and the labels of lines of CSV."""
    wrong = next((i for i, line in enumerate(lines) if line.count(b",") != columns - 1), None)
    if wrong is not None:
        count = lines[wrong].count(b",") + 1
        raise SourceError(f"picture {wrong} of {path} has {count} columns, others {columns}; {EXPECTED}")
    labels = None if label is None else [line.split(b",", label + 1)[label] for line in lines]
    try:
        values = np.loadtxt(
            io.BytesIO(b"\n".join(lines)), np.float32, delimiter=",", usecols=pixels, ndmin=2, comments=None
        )
    except ValueError as error:
        raise SourceError(f"{path} holds what is no number ({error}); {EXPECTED}") from None
    return values, None if labels is None else named_labels(labels)


def named_labels(cells: list[bytes]) -> NDArray[Any]:
    """Labels as whole numbers where all are, else as text."""
    names = [cell.strip().strip(b"\"'").decode("utf-8", "replace") for cell in cells]
    whole = [name.removesuffix(".0") for name in names]
    if all(name.isdecimal() and len(name) < 10 for name in whole):
        return np.array([int(name) for name in whole], np.int64)
    return np.array(names)
