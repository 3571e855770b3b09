"""The table of pictures that couldn't be read or drawn: CSV beside the dataset, `digits.failed.csv` of `digits.h5`.

On object storage it lies in the dataset's folder, `failed.csv`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, fields

from strokes.files import atomic_path, reaching
from strokes.files.places import Place, Remote
from strokes.store.ledger import Failure

FAILED_FILE = "failed.csv"


def failures_path(dataset: Place) -> Place:
    """Where the table of a dataset lies."""
    if isinstance(dataset, Remote):
        return dataset / FAILED_FILE
    return dataset.with_name(f"{dataset.stem}.{FAILED_FILE}")


def write_failures(dataset: Place, failed: Sequence[Failure]) -> None:
    """Write the table of the dataset that is about to appear, or remove an earlier dataset's where nothing failed.

    Raises:
        StoreError: the disk refuses it.
    """
    path, text = failures_path(dataset), table_of(failed) if failed else ""
    if isinstance(path, Remote):
        with reaching(path):
            if text:
                path.write_bytes(text.encode())
            elif path.is_file():
                path.remove()
    elif text:
        with atomic_path(path, overwrite=True) as partial:
            partial.write_text(text, encoding="utf-8", newline="")
    else:
        path.unlink(missing_ok=True)


def table_of(failed: Sequence[Failure]) -> str:
    """The table's text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(field.name for field in fields(Failure))
    writer.writerows(astuple(failure) for failure in failed)
    return text.getvalue()
