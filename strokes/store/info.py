"""What is in a dataset file, in words for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from strokes.files.places import Place
from strokes.ink.drawing import SPLITS
from strokes.metrics.scans import LEAST_AGREEMENT, SCAN_SCORES
from strokes.store.reader import DatasetFile, open_dataset
from strokes.store.schema import Array

SHOWN_CHARACTERS = 100


def describe(path: Place | str) -> str:
    """A summary of the dataset at `path`, several lines: drawings, classes, splits, sizes, scores and attributes.

    Raises:
        StoreError: the file can't be read.
    """
    with open_dataset(path) as stored:
        scores = [f"scores/{name}" for name in stored.score_names]
        columns = stored.columns(["labels", "split", "flagged", "drawing_offsets", "stroke_offsets", *scores])
        rows = [*counts(stored, columns), *measures(stored, columns), *attributes(stored)]
    width = max(len(name) for name, _ in rows)
    return "\n".join([str(path), *(f"  {name:<{width}}  {text}" for name, text in rows)])


def counts(stored: DatasetFile, columns: Mapping[str, Array]) -> Iterator[tuple[str, str]]:
    """How many drawings there are, in all and of each kind."""
    yield "drawings", f"{len(stored):,}"
    labels, split = columns["labels"], columns["split"]
    of_class = [(name, int((labels == i).sum())) for i, name in enumerate(stored.classes)]
    yield "classes", tally([*of_class, ("unknown", int((labels < 0).sum()))]) or "none"
    yield "splits", tally([(name, int((split == i).sum())) for i, name in enumerate(SPLITS)]) or "none"


def measures(stored: DatasetFile, columns: Mapping[str, Array]) -> Iterator[tuple[str, str]]:
    """Means and standard deviations over the drawings."""
    flagged, strokes, points = int(columns["flagged"].sum()), columns["drawing_offsets"], columns["stroke_offsets"]
    yield "flagged", f"{flagged:,} ({flagged / max(len(stored), 1):.2%})"
    yield "strokes a drawing", range_of(np.diff(strokes))
    yield "points a drawing", range_of(np.diff(points[strokes]))
    for name in stored.score_names:
        values = columns[f"scores/{name}"]
        yield f"{name} (score)", range_of(values) + (least_of(values) if name in SCAN_SCORES else "")
    yield "holds", ", ".join(name for name in stored.names if not name.startswith("scores/"))


def attributes(stored: DatasetFile) -> Iterator[tuple[str, str]]:
    """What is known of the whole, long texts cut."""
    for name, value in stored.attributes.items():
        text = " ".join(str(value).split())
        yield name, text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"
    yield "file size", f"{stored.size_bytes / 1e6:.2f} MB"


def least_of(values: Array) -> str:
    """How low scores of agreement with a scan go, and how many of them are doubtful; nothing where all are high."""
    low = int((values < LEAST_AGREEMENT).sum())
    return f", least {np.nanmin(values):.4g}, {low:,} below {LEAST_AGREEMENT:g}" if low else ""


def tally(numbers: list[tuple[str, int]]) -> str:
    """Names with their numbers, those with none left out."""
    return ", ".join(f"{name}: {number:,}" for name, number in numbers if number)


def range_of(values: Array) -> str:
    """Mean ± standard deviation of the finite values."""
    finite = values[np.isfinite(values)]
    return f"{finite.mean():.4g} ± {finite.std():.2g}" if len(finite) else "none"
