"""Selections: which pictures of a source are to be kept or left out, as a person marked them; a small JSON file.

`{"format": "strokes-selection", "version": 1, "source": "thinned MNIST", "drop": {"train": [17, 4711], "test": [8]}}`,
or "keep" instead of "drop". The numbers are places in the source, a dataset's `source_index`, by split, so that a
selection made by looking at a dataset holds for the pictures that it was built of, and for any other dataset of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.errors import SourceError
from strokes.files import atomic_path, reason
from strokes.ink.drawing import SPLITS, BoolArray, IntArray

FORMAT = "strokes-selection"
VERSION = 1
MOST_BYTES = 1 << 28
KINDS = ("keep", "drop")


@dataclass(frozen=True)
class Selection:
    """Pictures of a source.

    Attributes:
        places: in the source, by split.
        kind: "keep" for these alone, "drop" for all but these.
        source: what the source is called, "" where unknown.
    """

    places: Mapping[str, tuple[int, ...]]
    kind: str = "drop"
    source: str = ""

    def mask(self, split: NDArray[np.uint8], source_index: IntArray, *, source: str = "") -> BoolArray:
        """Which drawings or pictures (n,) to keep, by their splits and places in the source.

        Raises:
            SourceError: the selection is of another source than `source`, where both have a name.
        """
        if self.source and source and self.source != source:
            raise SourceError(f"the selection is of {self.source!r}, and its numbers mean other pictures in {source!r}")
        named = np.zeros(len(source_index), np.bool_)
        for number, name in enumerate(SPLITS):
            places = np.array(self.places.get(name, ()), np.int64)
            named |= (split == number) & np.isin(source_index, places)
        return named if self.kind == "keep" else ~named


def write_selection(selection: Selection, path: Path, *, overwrite: bool = False) -> None:
    """Write a selection to a file. Raises `StoreError` when it exists or can't be written."""
    head = {"format": FORMAT, "version": VERSION, "source": selection.source}
    text = json.dumps(
        head | {selection.kind: {name: sorted(set(places)) for name, places in selection.places.items()}},
        ensure_ascii=False,
    )
    with atomic_path(path, overwrite=overwrite) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def read_selection(path: Path) -> Selection:
    """The selection in a file.

    Raises:
        SourceError: it is missing, broken, or no selection.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SourceError(f"{path} is too long for a selection")
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(f"{path} can't be read: {reason(error)}") from None
    except (ValueError, RecursionError):
        raise SourceError(f"{path} is no JSON; expected a selection that the studio exported") from None
    known = found if isinstance(found, dict) and found.get("format") == FORMAT else {}
    kinds = [kind for kind in KINDS if kind in known]
    if known.get("version") != VERSION or len(kinds) != 1 or not are_places(known[kinds[0]]):
        raise SourceError(
            f'{path} is no selection of version {VERSION}; expected whole numbers by split under "keep" or "drop"'
        )
    places = {name: tuple(numbers) for name, numbers in known[kinds[0]].items()}
    return Selection(places, kinds[0], str(known.get("source", "")))


def are_places(values: Any) -> bool:
    """Whether untrusted values are lists of whole numbers that count from 0, by split."""
    return isinstance(values, dict) and all(
        name in SPLITS and isinstance(numbers, list) and all(type(n) is int and 0 <= n < 2**63 for n in numbers)
        for name, numbers in values.items()
    )
