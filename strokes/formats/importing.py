"""Makes a dataset file of a foreign one: a first pass learns the classes and columns, a second writes in blocks."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from strokes.errors import SourceError
from strokes.files import check_free
from strokes.formats.limits import MAX_CLASSES, MAX_SCORES
from strokes.formats.recording import Recording, make_block, metadata_text
from strokes.formats.registry import Format
from strokes.ink.drawing import POINT_COLUMNS
from strokes.store.writer import BLOCK, DatasetWriter

DIGITS = tuple("0123456789")
BLOCK_POINTS = 1_000_000


@dataclass
class Survey:
    """What a first pass over all recordings finds.

    Attributes:
        count: how many there are.
        labels: all that occur.
        columns: the point columns that every drawing with points has.
        scores: the scores that occur.
        metadata: whether any drawing has some.
    """

    count: int = 0
    labels: dict[str, None] = field(default_factory=dict)
    columns: set[str] | None = None
    scores: dict[str, None] = field(default_factory=dict)
    metadata: bool = False

    def add(self, recording: Recording) -> None:
        """Take one more recording into account. Raises `SourceError` when there are too many classes or scores."""
        self.count += 1
        if recording.label is not None:
            self.labels[recording.label] = None
        if len(recording.points):
            own = set(recording.columns)
            self.columns = own if self.columns is None else self.columns & own
        self.scores |= dict.fromkeys(recording.scores)
        self.metadata = self.metadata or bool(recording.metadata)
        if recording.metadata:
            metadata_text(recording)
        if len(self.labels) > MAX_CLASSES or len(self.scores) > MAX_SCORES:
            raise SourceError(f"it has more than {MAX_CLASSES} classes or {MAX_SCORES} scores")


def import_drawings(source: Path, out: Path, form: Format, *, overwrite: bool = False) -> int:
    """Write the drawings of the file or folder `source`, which is of the format `form`, to a dataset file `out`.

    Returns:
        how many there are.

    Raises:
        SourceError: `source` is missing, broken, or holds no drawing.
        StoreError: `out` exists or can't be written.
    """
    check_free(out, overwrite=overwrite)
    survey = take_survey(progress(form.read(source), "reading"))
    if survey.count == 0:
        raise SourceError(f"{source} holds no drawing of the format {form.name}")
    classes = form.known_classes(source) or class_names(survey.labels)
    unknown = sorted(set(survey.labels) - set(classes))
    if unknown:
        raise SourceError(f"{source} has drawings labelled {unknown[0]!r}, which is not among its own classes")
    columns = [name for name in POINT_COLUMNS if name in (survey.columns or ())]
    scores, metadata = sorted(survey.scores), survey.metadata
    with DatasetWriter(
        out,
        attributes={"source": source.name, "imported_from": form.name},
        classes=classes,
        overwrite=overwrite,
        expected_drawings=survey.count,
    ) as writer:
        first = 0
        for block in in_blocks(progress(form.read(source), "writing", survey.count)):
            writer.append(
                make_block(block, classes=classes, first=first, columns=columns, scores=scores, metadata=metadata)
            )
            first += len(block)
    return first


def take_survey(recordings: Iterable[Recording]) -> Survey:
    """What there is in `recordings`."""
    survey = Survey()
    for recording in recordings:
        survey.add(recording)
    return survey


def in_blocks(recordings: Iterable[Recording]) -> Iterable[list[Recording]]:
    """The recordings in lists, none of more than a block's drawings or, but for its last, a million points."""
    block: list[Recording] = []
    points = 0
    for recording in recordings:
        block.append(recording)
        points += len(recording.points)
        if len(block) >= BLOCK or points >= BLOCK_POINTS:
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
