"""Pictures in Parquet files: a column of pictures and perhaps one of labels, as Hugging Face's datasets have them.

A picture is a file's bytes, a struct of `bytes` and `path`, or numbers: a list (side·side), or rows of a list. Whole
numbers in a label column are named by the class names that `datasets` keeps in the file, where it does. Rows are read
some at a time. Needs pyarrow, the extra `parquet`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.items import Item
from strokes.datasets.scale import full_scale, to_bytes
from strokes.datasets.stacks import LOOKED_AT, ink_of_most
from strokes.errors import ConfigError, SourceError
from strokes.files.places import Place, opened
from strokes.ink.drawing import UNLABELLED

PICTURES = ("image", "images", "img", "picture", "pixels", "png", "jpg")
LABELS = ("label", "labels", "class", "cls", "character", "y")
ROWS = 256
"""Read at a time."""


def load_pyarrow() -> Any:
    """The modules of pyarrow. Raises `ConfigError` when it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ConfigError("Parquet needs pyarrow; install it with: pip install 'penstrokes[parquet]'") from None
    return pyarrow


@dataclass(frozen=True)
class ParquetPictures:
    """The pictures of a Parquet file in its order.

    Attributes:
        place: where it lies.
        name: within what was asked for.
        split: "train", "test" or "none", as its own name tells.
    """

    place: Place
    name: str
    split: str = "none"

    def __iter__(self) -> Iterator[Item]:
        pyarrow = load_pyarrow()
        with opened(self.place) as stream:
            try:
                file = pyarrow.parquet.ParquetFile(stream)
                yield from self._items(file, *self._columns(file))
            except (pyarrow.ArrowException, OSError) as error:
                told = " ".join(str(error).split())[:200]
                raise SourceError(f"{self.place} is no whole Parquet file ({told}); fetch or copy it again") from None

    def _columns(self, file: Any) -> tuple[str, str | None]:
        """The names of the columns of pictures and of labels."""
        names = {name.lower(): name for name in file.schema_arrow.names}
        picture = next((names[name] for name in PICTURES if name in names), None)
        if picture is None:
            told = ", ".join(file.schema_arrow.names) or "no column"
            raise SourceError(f"{self.place} holds {told}; expected a column `image` and perhaps `label`")
        return picture, next((names[name] for name in LABELS if name in names), None)

    def _items(self, file: Any, picture: str, label: str | None) -> Iterator[Item]:
        classes = class_names(file, label)
        numbers = Numbers(self.place, file, picture) if holds_numbers(file.schema_arrow.field(picture).type) else None
        row = 0
        for batch in file.iter_batches(ROWS, columns=[picture, *([label] if label else [])]):
            labels = batch.column(label).to_pylist() if label else [None] * len(batch)
            for held, told in zip(batch.column(picture).to_pylist(), labels, strict=True):
                known = named(told, classes)
                if numbers:
                    yield numbers.item(held, f"{self.name}[{row}]", known, self.split)
                else:
                    yield file_item(held, self.name, row, known, self.split)
                row += 1


def named(label: Any, classes: list[str]) -> str:
    """A label as a string, "" where unknown."""
    if classes and isinstance(label, int):
        return classes[label] if 0 <= label < len(classes) else ""
    return "" if label is None or label == UNLABELLED else str(label)


def file_item(held: Any, shard: str, row: int, label: str, split: str) -> Item:
    """A picture that is a file's bytes, or a struct of them and the file's path."""
    content, path = (held.get("bytes"), held.get("path")) if isinstance(held, dict) else (held, None)
    name = f"{shard}/{path or row}"
    if isinstance(content, bytes) and content:
        return Item(name, content, label, split)
    return Item(name, b"", label, split, fault=f"{name} has no bytes in the file; expected a picture file's")


def holds_numbers(kind: Any) -> bool:
    """Whether a column's values are lists, and not bytes."""
    pyarrow = load_pyarrow()
    lists = (pyarrow.types.is_list, pyarrow.types.is_large_list, pyarrow.types.is_fixed_size_list)
    return any(is_list(kind) for is_list in lists)


def class_names(file: Any, label: str | None) -> list[str]:
    """What the whole numbers of the label column stand for, as `datasets` notes it; [] where nobody says."""
    try:
        known = json.loads((file.schema_arrow.metadata or {})[b"huggingface"])["info"]["features"][label]["names"]
    except (KeyError, TypeError, ValueError):
        return []
    return [str(name) for name in known] if isinstance(known, list) else []


class Numbers:
    """A column of pictures that are numbers: their one scale and whether their ink is dark, told by all of them.

    Raises:
        SourceError: their scale can't be told.
    """

    def __init__(self, place: Place, file: Any, column: str) -> None:
        every = max(file.metadata.num_rows // LOOKED_AT, 1)
        some: list[NDArray[Any]] = []
        highest, lowest, row = 0.0, 0.0, 0
        for batch in file.iter_batches(ROWS, columns=[column]):
            for held in batch.column(column).to_pylist():
                values = as_rows(held)
                if values is not None:
                    highest, lowest = max(highest, float(values.max())), min(lowest, float(values.min()))
                    some += [values] if row % every == 0 else []
                row += 1
        self.full = full_scale(np.array([lowest, highest]), f"`{column}` in {place}")
        self.ink = ink_of_most([to_bytes(values, full=self.full) for values in some])

    def item(self, held: Any, name: str, label: str, split: str) -> Item:
        """One of the pictures."""
        values = as_rows(held)
        if values is None:
            fault = f"{name} is no picture; expected side·side finite numbers, or rows of them"
            return Item(name, b"", label, split, fault=fault)
        return Item(name, to_bytes(values, full=self.full), label, split, self.ink)


def as_rows(held: Any) -> NDArray[Any] | None:
    """A picture's numbers (h, w), of (side·side), (h, w), (1, h, w) or (h, w, 1); None where they are none."""
    try:
        values = np.asarray(held, np.float32)
    except (TypeError, ValueError):
        return None
    if values.ndim == 3 and 1 in (values.shape[0], values.shape[2]):
        values = values[0] if values.shape[0] == 1 else values[..., 0]
    side = math.isqrt(values.size)
    if values.ndim == 1 and side * side == values.size:
        values = values.reshape(side, side)
    return values if values.ndim == 2 and values.size and np.isfinite(values).all() else None
