"""One drawing as a foreign file holds it, its checks, and its way into the unit square."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strokes.errors import SourceError
from strokes.formats.limits import (
    MAX_COLUMN,
    MAX_COORDINATE,
    MAX_LABEL_LENGTH,
    MAX_METADATA_LENGTH,
    MAX_POINTS,
    MAX_SCORES,
)
from strokes.ink.drawing import IDENTITY_FRAME, POINT_COLUMNS, SPLITS, UNLABELLED, DrawingSet

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Recording:
    """A drawing in its source's own units, x right and y down.

    Attributes:
        points: (p, 2), all strokes joined.
        lengths: points of each stroke, 1 or more each, p together.
        label: its class, None where unknown.
        canvas: width and height of its picture, whose top left corner is (0, 0), in the points' unit; None when the
            source knows of no picture: then the points' bounding box is centred in a square one.
        columns: (p,) arrays, any of `POINT_COLUMNS`, NaN where unknown.
        split: a name in `SPLITS`.
        source_index: its place in its source; None: the place in the file.
        metadata: anything else that is known of it, as JSON values.
        scores: NaN where there is none.
        frame: scale, x and y offset of the network's picture in its own.
        flagged: whether it is doubtful; None when nobody looked.
        mm: how many mm a unit of `points` is, None where unknown.
        raw_pressure: whether the recorder didn't say what its greatest pressure is: then the greatest of all its file's
            recordings counts as 1.
    """

    points: Numbers
    lengths: Sequence[int]
    label: str | None = None
    canvas: tuple[float, float] | None = None
    columns: Mapping[str, Numbers] = field(default_factory=dict)
    split: str = "none"
    source_index: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    frame: tuple[float, float, float] = IDENTITY_FRAME
    flagged: bool | None = None
    mm: float | None = None
    raw_pressure: bool = False


def numbers(values: Any, what: str, *, ndim: int = 1, most: float = MAX_COORDINATE) -> Numbers:
    """Untrusted (JSON) values as float64.

    Raises:
        SourceError: they are not finite numbers up to `most`, or not in `ndim` dimensions.
    """
    try:
        found = np.array(values if isinstance(values, list | np.ndarray) else [values])
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise SourceError(f"{what} is ragged or no numbers") from None
    if found.size == 0 and found.ndim <= ndim:
        return np.zeros((0,) * ndim)
    if found.ndim != ndim or found.dtype.kind not in "iuf":
        raise SourceError(f"{what} is no {'list' if ndim == 1 else 'table'} of numbers")
    if not (np.abs(found.astype(np.float64)) <= most).all():
        raise SourceError(f"{what} holds numbers that aren't finite or above {most:g}")
    return found.astype(np.float64)


def to_floats(values: NDArray[Any]) -> Numbers:
    """Untrusted numbers as float64; those that are none stay NaN, and no warning says so."""
    with np.errstate(invalid="ignore"):
        return values.astype(np.float64)


def join_strokes(strokes: Iterable[ArrayLike]) -> tuple[Numbers, list[int]]:
    """Strokes (points, 2) as the points and lengths of a `Recording`; empty ones are left out.

    Raises:
        SourceError: one is not x and y columns.
    """
    kept = [np.asarray(stroke, np.float64) for stroke in strokes]
    kept = [stroke for stroke in kept if len(stroke)]
    if any(stroke.ndim != 2 or stroke.shape[1] != 2 for stroke in kept):
        raise SourceError("a stroke is no list of points of x and y")
    return np.concatenate([*kept, np.zeros((0, 2))]), [len(stroke) for stroke in kept]


def checked(recordings: Iterable[Recording], source: str) -> Iterator[Recording]:
    """The recordings, each checked when its turn comes.

    Raises:
        SourceError: one is inconsistent, too large, or holds numbers that are not finite.
    """
    for i, recording in enumerate(recordings):
        problem = find_problem(recording)
        if problem:
            raise SourceError(f"drawing {i} of {source} {problem}")
        yield with_side(recording)


SIDE = "side_mm"
"""The metadata that says how long the longer side of a drawing's picture is, in mm."""


def with_side(recording: Recording) -> Recording:
    """The recording, the size of its picture (or of its ink, where there is none) among its metadata if it is known."""
    if recording.mm is None or not len(recording.points):
        return recording
    side = max(recording.canvas) if recording.canvas else float(np.ptp(recording.points, axis=0).max())
    known = {SIDE: float(f"{side * recording.mm:.7g}")} if side > 0 else {}
    return replace(recording, metadata=known | dict(recording.metadata), mm=None)


def find_problem(recording: Recording) -> str:
    """What is wrong with a recording, "" when nothing is."""
    points = recording.points
    if len(points) > MAX_POINTS:
        return f"has {len(points)} points; expected at most {MAX_POINTS}"
    if points.ndim != 2 or points.shape[1] != 2 or sum(recording.lengths) != len(points):
        return f"has points of shape {points.shape}; expected x and y columns, and strokes that cover them"
    if not (np.abs(points) <= MAX_COORDINATE).all():
        return f"has coordinates that are not finite, or above {MAX_COORDINATE:g}"
    for name, values in recording.columns.items():
        if name not in POINT_COLUMNS or values.shape != (len(points),) or (np.abs(values) > MAX_COLUMN).any():
            return f"has a column {name} that is not one number a point, below 1e15"
    if recording.label is not None and len(recording.label) > MAX_LABEL_LENGTH:
        return f"has a label of {len(recording.label)} letters; expected at most {MAX_LABEL_LENGTH}"
    if recording.label is not None and not is_plain(recording.label):
        return f"has the label {recording.label!r}, which is no text"
    if recording.canvas is not None and not all(0 < side <= MAX_COORDINATE for side in recording.canvas):
        return f"has a picture of {recording.canvas[0]} x {recording.canvas[1]}; expected sides above 0"
    if recording.split not in SPLITS:
        return f"is in split {recording.split!r}; expected one of {', '.join(SPLITS)}"
    if len(recording.scores) > MAX_SCORES:
        return f"has {len(recording.scores)} scores; expected at most {MAX_SCORES}"
    if not -(2**63) <= (recording.source_index or 0) < 2**63:
        return "has a source index that no file can hold"
    return ""


def is_plain(text: str) -> bool:
    """Whether text can be kept: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def metadata_text(recording: Recording) -> str:
    """The recording's metadata as JSON text.

    Raises:
        SourceError: it is too long.
    """
    try:
        text = json.dumps(recording.metadata, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise SourceError(f"metadata can't be kept as JSON: {error}") from None
    if len(text) > MAX_METADATA_LENGTH:
        raise SourceError(f"metadata of {len(text)} letters; expected at most {MAX_METADATA_LENGTH}")
    return text


def to_unit_square(points: Numbers, offsets: NDArray[np.int64], canvases: Numbers) -> tuple[Numbers, Numbers]:
    """Points of many drawings in their unit squares, and the drawings' (n, 2) sizes there.

    Args:
        points: (p, 2) in each drawing's own unit.
        offsets: (n+1,) the first point of each drawing.
        canvases: (n, 2) width and height of its picture, NaN where there is none. Then the bounding box of the points
            is centred in a square, its longer side filling it.
    """
    counts = np.diff(offsets)
    unknown = np.isnan(canvases[:, 0])
    low, extent = bounding_boxes(points, offsets)
    sides = np.where(unknown, extent.max(axis=1, initial=0), canvases.max(axis=1, initial=0))
    sides[~(sides > 0)] = 1
    origin = np.where(unknown[:, None], low - (sides[:, None] - extent) / 2, 0)
    sizes = np.where(unknown[:, None], 1, canvases / sides[:, None])
    return (points - np.repeat(origin, counts, axis=0)) / np.repeat(sides, counts)[:, None], sizes


def bounding_boxes(points: Numbers, offsets: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """(n, 2) the top left corner and (n, 2) the extent of each drawing's points; zeros where it has none."""
    low, extent = np.zeros((len(offsets) - 1, 2)), np.zeros((len(offsets) - 1, 2))
    filled = np.diff(offsets) > 0
    if filled.any():
        starts = offsets[:-1][filled]
        low[filled] = np.minimum.reduceat(points, starts)
        extent[filled] = np.maximum.reduceat(points, starts) - low[filled]
    return low, extent


def make_block(
    recordings: Sequence[Recording],
    *,
    classes: Sequence[str],
    first: int,
    columns: Sequence[str],
    scores: Sequence[str],
    metadata: bool,
    full_pressure: float = 1.0,
) -> DrawingSet:
    """Recordings as drawings in the unit square.

    Args:
        recordings: checked ones.
        classes: what labels mean; every label is one.
        first: the place in the file of the first, for those without a source index.
        columns: the point columns to keep; NaN where a recording lacks one.
        scores: the scores to keep; NaN where a recording lacks one.
        metadata: whether to keep metadata.
        full_pressure: what raw pressures are divided by.
    """
    place = {name: i for i, name in enumerate(classes)}
    offsets = np.cumsum([0, *(len(r.points) for r in recordings)], dtype=np.int64)
    canvases = np.array([r.canvas or (np.nan, np.nan) for r in recordings], np.float64).reshape(-1, 2)
    joined = np.concatenate([*(r.points for r in recordings), np.zeros((0, 2))])
    points, sizes = to_unit_square(joined, offsets, canvases)
    strokes = [length for r in recordings for length in r.lengths]
    flagged = [not r.lengths if r.flagged is None else r.flagged for r in recordings]
    return DrawingSet(
        points=points.astype(np.float32),
        stroke_offsets=np.cumsum([0, *strokes], dtype=np.int64),
        drawing_offsets=np.cumsum([0, *(len(r.lengths) for r in recordings)], dtype=np.int64),
        classes=tuple(classes),
        labels=np.array([UNLABELLED if r.label is None else place[r.label] for r in recordings], np.int64),
        sizes=sizes.astype(np.float32),
        frames=np.array([r.frame for r in recordings], np.float32).reshape(-1, 3),
        split=np.array([SPLITS.index(r.split) for r in recordings], np.uint8),
        source_index=np.array(
            [first + i if r.source_index is None else r.source_index for i, r in enumerate(recordings)], np.int64
        ),
        scores={name: np.array([r.scores.get(name, np.nan) for r in recordings], np.float32) for name in scores},
        point_columns={
            name: np.concatenate([*(_column(r, name, full_pressure) for r in recordings), np.zeros(0)]).astype(
                np.float32
            )
            for name in columns
        },
        metadata=tuple(map(metadata_text, recordings)) if metadata else None,
        flagged=np.array(flagged, bool),
    )


def _column(recording: Recording, name: str, full_pressure: float) -> Numbers:
    """(p,) a column of a recording, NaN where it has none, pressure in 0…1."""
    values = recording.columns.get(name)
    if values is None:
        return np.full(len(recording.points), np.nan)
    return values / full_pressure if name == "pressure" and recording.raw_pressure else values
