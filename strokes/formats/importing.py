"""Makes a dataset file of a foreign one: a first pass learns the classes and columns, a second writes in blocks."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from strokes.errors import SourceError
from strokes.files import check_free
from strokes.formats.limits import MAX_CLASSES, MAX_SCORES
from strokes.formats.recording import Recording, make_block, metadata_text
from strokes.formats.registry import Format
from strokes.ink.drawing import POINT_COLUMNS
from strokes.store.writer import DRAWINGS_A_BLOCK, DatasetWriter

DIGITS = tuple("0123456789")
BLOCK_POINTS = 1_000_000


@dataclass
class Survey:
    """What a first pass over all recordings finds.

    Attributes:
        count: how many there are.
        labels: all that occur.
        columns: the point columns that any drawing has.
        full_pressure: the greatest raw pressure, 1 at least.
        texts: whether there are more different labels than classes can be: then they are texts, kept as metadata.
        scores: the scores that occur.
        metadata: whether any drawing has some.
    """

    count: int = 0
    labels: dict[str, None] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    full_pressure: float = 1.0
    texts: bool = False
    scores: dict[str, None] = field(default_factory=dict)
    metadata: bool = False

    def add(self, recording: Recording) -> None:
        """Take one more recording into account. Raises `SourceError` when there are too many scores."""
        self.count += 1
        if recording.label is not None and not self.texts:
            self.labels[recording.label] = None
        if len(recording.points):
            self.columns |= set(recording.columns)
        if recording.raw_pressure and "pressure" in recording.columns:
            self.full_pressure = max(self.full_pressure, float(np.nanmax(recording.columns["pressure"], initial=1.0)))
        self.scores |= dict.fromkeys(recording.scores)
        self.metadata = self.metadata or bool(recording.metadata)
        if recording.metadata:
            metadata_text(recording)
        if len(self.labels) > MAX_CLASSES:
            self.labels, self.texts, self.metadata = {}, True, True
        if len(self.scores) > MAX_SCORES:
            raise SourceError(f"it has more than {MAX_SCORES} scores")


def import_drawings(source: Path, out: Path, form: Format, *, overwrite: bool = False, **settings: Any) -> int:
    """Write the drawings of the file or folder `source`, which is of the format `form`, to a dataset file `out`.

    Labels of which there are more than a dataset can have classes (transcriptions of lines, say) become the metadata
    `text`. `settings` are those of the format.

    Returns:
        how many there are.

    Raises:
        SourceError: `source` is missing, broken, or holds no drawing.
        StoreError: `out` exists or can't be written.
    """
    check_free(out, overwrite=overwrite)
    survey = take_survey(progress(form.read(source, **settings), "reading"))
    if survey.count == 0:
        raise SourceError(f"{source} holds no drawing of the format {form.name}")
    classes = form.known_classes(source) or class_names(survey.labels)
    unknown = sorted(set(survey.labels) - set(classes))
    if unknown:
        raise SourceError(f"{source} has drawings labelled {unknown[0]!r}, which is not among its own classes")
    kept: dict[str, Any] = {
        "columns": [name for name in POINT_COLUMNS if name in survey.columns],
        "scores": sorted(survey.scores),
        "metadata": survey.metadata,
        "full_pressure": survey.full_pressure,
    }
    with DatasetWriter(
        out,
        attributes={"source": source.name, "imported_from": form.name},
        classes=classes,
        overwrite=overwrite,
        expected_drawings=survey.count,
    ) as writer:
        first = 0
        for block in drawings_in_blocks(progress(form.read(source, **settings), "writing", survey.count)):
            if survey.texts:
                block = [with_text(recording) for recording in block]
            writer.append(make_block(block, classes=classes, first=first, **kept))
            first += len(block)
    return first


def with_text(recording: Recording) -> Recording:
    """The same, its label moved to its metadata."""
    known = {} if recording.label is None else {"text": recording.label}
    return replace(recording, label=None, metadata=known | dict(recording.metadata))


def take_survey(recordings: Iterable[Recording]) -> Survey:
    """What there is in `recordings`."""
    survey = Survey()
    for recording in recordings:
        survey.add(recording)
    return survey


def drawings_in_blocks(recordings: Iterable[Recording]) -> Iterable[list[Recording]]:
    """The recordings in lists, none of more than a block's drawings or, but for its last, a million points."""
    block: list[Recording] = []
    points = 0
    for recording in recordings:
        block.append(recording)
        points += len(recording.points)
        if len(block) >= DRAWINGS_A_BLOCK or points >= BLOCK_POINTS:
            yield block
            block, points = [], 0
    if block:
        yield block


def progress(recordings: Iterable[Recording], doing: str, total: int | None = None) -> Iterable[Recording]:
    """The same, with a progress bar on a terminal."""
    bar: Iterable[Recording] = tqdm(recordings, desc=doing, total=total, unit="", disable=None)
    return bar


def class_names(labels: Iterable[str]) -> Sequence[str]:
    """Classes for the labels that occur, in natural order ("2" before "10"); digits are always all ten."""
    known = set(labels)
    return DIGITS if known and known <= set(DIGITS) else sorted(known, key=natural)


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sorting key by which runs of digits count as numbers."""
    runs = ("".join(run) for _, run in itertools.groupby(name, lambda c: c in "0123456789"))
    return tuple((0, int(run), "") if run[0] in "0123456789" and len(run) < 100 else (1, 0, run) for run in runs)
