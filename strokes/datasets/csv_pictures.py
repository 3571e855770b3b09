"""Pictures as lines of CSV: with or without a line of column names, with or without a column of labels.

So lie Kaggle's MNIST ("label", 784 pixels), its test file (784 pixels), EMNIST (label, pixels, stored transposed) and
its A-Z (letters 0 to 25 without a header; `strokes.datasets.az_csv`).
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.idx import MAX_BYTES
from strokes.datasets.npz import to_grey
from strokes.errors import SourceError

LABEL_NAMES = ("label", "labels", "class", "target", "digit", "letter", "character", "y")
EXPECTED = "expected lines of a picture's grey values, a square number of them, and perhaps a label before them"


@dataclass(frozen=True)
class Table:
    """Pictures (n, h, w) uint8, their labels (n,) or None, and whether column names came first."""

    images: NDArray[np.uint8]
    labels: NDArray[Any] | None
    named: bool


def read_csv(path: Path) -> Table:
    """The pictures of a CSV file.

    Raises:
        SourceError: it is missing, too large, empty, or its lines aren't of grey values.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceError(f"{path} is larger than 4 GiB; split the file")
        text = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} can't be read ({error.strerror or error})") from None
    first, _, rest = text.lstrip(b"\xef\xbb\xbf").partition(b"\n")
    cells = [cell.strip().strip(b"\"'").decode("utf-8", "replace") for cell in first.split(b",")]
    named = sum(is_number(cell) for cell in cells) < len(cells) / 2 or cells == [str(i) for i in range(len(cells))]
    column = label_column(cells, named=named, path=path)
    body = rest if named else text.lstrip(b"\xef\xbb\xbf")
    values, labels = parse(body, len(cells), column, path)
    return Table(to_grey(values, path), labels, named)


def is_number(cell: str) -> bool:
    """Whether a cell holds a plain number; pandas' repeated names, such as 0.1, count as none beside whole ones."""
    return cell.isdecimal()


def label_column(cells: list[str], *, named: bool, path: Path) -> int | None:
    """Which column holds the label, None without one.

    Raises:
        SourceError: neither all columns nor all but one are a square number of pixels.
    """
    if named:
        called = [i for i, cell in enumerate(cells) if cell.lower() in LABEL_NAMES]
        if called:
            return called[0]
    if is_square(len(cells)):
        return None
    if is_square(len(cells) - 1):
        return 0
    raise SourceError(f"{path} has {len(cells)} columns; {EXPECTED}")


def is_square(count: int) -> bool:
    """Whether so many pixels make a square picture."""
    return count > 1 and math.isqrt(count) ** 2 == count


def parse(body: bytes, columns: int, label: int | None, path: Path) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The grey values (n, pixels) and the labels of lines of CSV."""
    lines = [line for line in body.replace(b"\r", b"\n").split(b"\n") if line.strip(b", \t")]
    if not lines:
        raise SourceError(f"{path} holds no pictures; {EXPECTED}")
    wrong = next((i for i, line in enumerate(lines) if line.count(b",") != columns - 1), None)
    if wrong is not None:
        count = lines[wrong].count(b",") + 1
        raise SourceError(f"picture {wrong} of {path} has {count} columns, others {columns}; {EXPECTED}")
    labels = None if label is None else [line.split(b",", label + 1)[label] for line in lines]
    pixels = [i for i in range(columns) if i != label]
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
