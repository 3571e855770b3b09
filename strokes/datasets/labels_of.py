"""Labels as they are found, as strings and as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.errors import SourceError
from strokes.ink.drawing import UNLABELLED, IntArray
from strokes.ink.labels import DIGITS


def number_given_labels(
    found: Sequence[str | None] | NDArray[Any] | None, count: int, place: Path | str
) -> tuple[IntArray, tuple[str, ...]]:
    """Labels as indices into classes, -1 where unknown, and the classes, sorted; digits are always all ten.

    `found` holds strings ("" or None: unknown) or integers (-1: unknown), or is None when nothing is known; `place`
    says in messages where they come from.

    Raises:
        SourceError: when there aren't `count` of them, or they are neither strings nor integers.
    """
    if found is None:
        return np.full(count, UNLABELLED, np.int64), ()
    names = label_names(found, place)
    if len(names) != count:
        raise SourceError(f"{place}: {count} pictures but {len(names)} labels; expected one label a picture")
    known = set(names) - {""}
    classes = DIGITS if known and known <= set(DIGITS) else tuple(sorted(known, key=_natural))
    numbers = {name: i for i, name in enumerate(classes)} | {"": UNLABELLED}
    return np.array([numbers[name] for name in names], np.int64), classes


def label_names(found: Sequence[str | None] | NDArray[Any], place: Path | str) -> list[str]:
    """Labels as strings, "" where unknown.

    Raises:
        SourceError: for an array that isn't (n,) or (n, 1) strings, bool, or whole numbers of -1 and above.
    """
    if not isinstance(found, np.ndarray):
        return [name or "" for name in found]
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.dtype.kind == "b" or (found.dtype.kind == "f" and (found == np.rint(found)).all()):
        found = found.astype(np.int64)
    if found.ndim == 1 and found.dtype.kind in "US":
        return [name.decode("utf-8", "replace") if isinstance(name, bytes) else name for name in found.tolist()]
    if found.ndim == 1 and found.dtype.kind in "iu" and not (found < UNLABELLED).any():
        return ["" if number == UNLABELLED else str(number) for number in found.tolist()]
    raise SourceError(
        f"labels of {place} are {found.dtype} of shape {found.shape}; expected (n,) strings, or whole numbers from 0 "
        "with -1 for unknown"
    )


def _natural(name: str) -> tuple[bool, int, str]:
    return not name.isdecimal(), int(name) if name.isdecimal() else 0, name
