"""The table of pictures that couldn't be read or drawn: CSV beside the dataset, `digits.failed.csv` of `digits.h5`."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path

from strokes.files import atomic_path
from strokes.store.ledger import Failure


def failures_path(dataset: Path) -> Path:
    """Where the table of a dataset lies."""
    return dataset.with_name(f"{dataset.stem}.failed.csv")


def write_failures(dataset: Path, failed: Sequence[Failure]) -> None:
    """Write the table of the dataset that is about to appear, or remove an earlier dataset's where nothing failed.

    Raises:
        StoreError: the disk refuses it.
    """
    path = failures_path(dataset)
    if not failed:
        path.unlink(missing_ok=True)
        return
    with atomic_path(path, overwrite=True) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(field.name for field in fields(Failure))
        writer.writerows(astuple(failure) for failure in failed)
