"""The values everything else passes around: one glyph, and a ragged set of them."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from strokes.errors import ConfigError, ShapeError
from strokes.ink.display import describe_drawing, describe_set, html_of, plot_strokes
from strokes.ink.svg import draw_strokes, plotter_svg

if TYPE_CHECKING:
    from strokes.ink.fine import FineInk

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

SPLITS = ("train", "test", "none")
UNLABELLED = -1
POINT_COLUMNS = ("softness", "time_ms", "pressure", "tilt_x", "tilt_y")
IDENTITY_FRAME = (1.0, 0.0, 0.0)
GRID = 65536
"""Recovered coordinates are rounded to 1/65536 of the frame, or of a larger picture's longer side."""


@dataclass(frozen=True, eq=False, repr=False)
class Drawing:
    """One glyph as the pen wrote it: strokes of (points, 2) xy in the unit square, y down.

    The unit is the picture's longer side; `width` and `height` are the picture's sides in that unit. Drawings of the
    same values are equal, and a notebook shows one as a picture: strokes in colours, numbered where each starts.

    >>> import numpy as np, strokes
    >>> seven = strokes.Drawing((np.array([[0.2, 0.2], [0.8, 0.2], [0.4, 0.9]], np.float32),), label="7")
    >>> seven
    Drawing('7', 1 stroke, 3 points)
    >>> seven == strokes.Drawing(seven.strokes, "7")
    True
    >>> print(seven.to_svg(height_mm=10).splitlines()[2])
    <path d="M2.000 2.000L8.000 2.000 4.000 9.000"/>

    Attributes:
        strokes: in the pen's order, each (points, 2) float32.
        label: the character, None where unknown.
        width: of the picture.
        height: of the picture.
        confidence: 0 to 1, how likely the way is right; None where nobody told.
        flagged: whether it is doubtful.
    """

    strokes: tuple[FloatArray, ...]
    label: str | None = None
    width: float = 1.0
    height: float = 1.0
    confidence: float | None = None
    flagged: bool = False

    def __post_init__(self) -> None:
        for i, stroke in enumerate(self.strokes):
            if stroke.ndim != 2 or stroke.shape[1] != 2 or len(stroke) == 0:
                raise ShapeError(f"stroke {i} has shape {stroke.shape}; expected (points, 2): x and y columns")
            if not np.isfinite(stroke).all():
                raise ShapeError(f"stroke {i} holds NaN or infinite coordinates; expected finite x and y")

    @classmethod
    def checked(
        cls,
        strokes: tuple[FloatArray, ...],
        label: str | None,
        size: tuple[float, float],
        confidence: float | None,
        flagged: bool,
    ) -> Drawing:
        """A drawing of strokes that were checked together with many others, without checking them again."""
        drawing = object.__new__(cls)
        drawing.__dict__.update(
            strokes=strokes, label=label, width=size[0], height=size[1], confidence=confidence, flagged=flagged
        )
        return drawing

    def _value(self) -> tuple[object, ...]:
        strokes = tuple((np.asarray(stroke, np.float32) + 0.0).tobytes() for stroke in self.strokes)
        return strokes, self.label, self.width, self.height, self.confidence, self.flagged

    def __eq__(self, other: object) -> bool:
        return self._value() == other._value() if isinstance(other, Drawing) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value())

    def __repr__(self) -> str:
        return describe_drawing(self)

    def _repr_svg_(self) -> str:
        return draw_strokes(self.strokes, size=(self.width, self.height))

    def to_svg(self, *, height_mm: float = 12.0) -> str:
        """An SVG file's text for a plotter: a path a stroke, in the pen's order, the picture `height_mm` high.

        Raises:
            ConfigError: the height is no length.
        """
        if not 0 < height_mm < np.inf:
            raise ConfigError(f"the height is {height_mm} mm; expected more than 0")
        return plotter_svg(self.strokes, width=self.width, height=self.height, height_mm=height_mm)

    def plot(self, ax: Any | None = None) -> Any:
        """Plot the strokes, a dot where each starts, on matplotlib's `ax` (by default its current one); returns that.

        Raises:
            ConfigError: `ax` isn't given, and matplotlib isn't installed.
        """
        return plot_strokes(self.strokes, ax, width=self.width, height=self.height)


def _no_points() -> dict[str, FloatArray]:
    return {}


@dataclass(frozen=True, eq=False, repr=False)
class DrawingSet:
    """Many drawings as ragged (CSR) arrays, with what is known of each; a sequence of `Drawing`.

    Drawing i owns strokes `drawing_offsets[i]:drawing_offsets[i+1]`; stroke j owns the rows
    `stroke_offsets[j]:stroke_offsets[j+1]` of `points` and of every array in `point_columns`.

    >>> import strokes
    >>> with strokes.open_dataset("out/mnist-strokes.h5") as stored:
    ...     drawings = stored.read(range(3))
    >>> len(drawings), [drawing.label for drawing in drawings], drawings.points.dtype
    (3, ['5', '0', '4'], dtype('float32'))
    >>> drawings.select([2, 0])[0] == drawings[2]
    True

    Attributes:
        points: (p, 2) float32, x and y in each drawing's own picture, longer side = 1, y down.
        stroke_offsets: (s+1,) int64, first 0, last p.
        drawing_offsets: (n+1,) int64, first 0, last s.
        classes: what the integers in `labels` mean.
        labels: (n,) int64, an index into `classes`, or -1 where unknown.
        sizes: (n, 2) float32, the picture's width and height in units of its longer side.
        frames: (n, 3) float32, scale, x and y offset: picture xy = scale · frame xy + offset, where the frame is the
            28×28 picture in `images` (identity when the picture was taken as it is).
        split: (n,) uint8, an index into `SPLITS`.
        source_index: (n,) int64, the picture's place in its source.
        images: (n, h, w) bool, the thinned pictures, or None.
        scores: one (n,) float32 array a score.
        point_columns: optional (p,) float32 arrays: softness, time_ms since the first point, pressure in 0…1, and the
            pen's tilt_x and tilt_y in degrees from upright (-90…90, right and down are positive); NaN where unknown.
        metadata: one JSON object (text) a drawing, or None.
        fine: the ink of pictures larger than the frame in their own resolution, None for each other; or None.
        flagged: (n,) bool, true where the drawing is doubtful (its picture held no ink, for one), or None when
            nobody looked.
    """

    points: FloatArray
    stroke_offsets: IntArray
    drawing_offsets: IntArray
    classes: tuple[str, ...]
    labels: IntArray
    sizes: FloatArray
    frames: FloatArray
    split: NDArray[np.uint8]
    source_index: IntArray
    images: BoolArray | None = None
    scores: Mapping[str, FloatArray] = field(default_factory=dict)
    point_columns: Mapping[str, FloatArray] = field(default_factory=_no_points)
    metadata: tuple[str, ...] | None = None
    flagged: BoolArray | None = None
    fine: tuple[FineInk | None, ...] | None = None

    def __post_init__(self) -> None:
        check_offsets("stroke_offsets", self.stroke_offsets, len(self.points), least=1)
        check_offsets("drawing_offsets", self.drawing_offsets, len(self.stroke_offsets) - 1)
        if self.points.ndim != 2 or self.points.shape[1] != 2:
            raise ShapeError(f"points have shape {self.points.shape}; expected (points, 2): x and y columns")
        if not np.isfinite(self.points).all():
            raise ShapeError("points hold NaN or infinite coordinates; expected finite x and y")
        self._check_drawing_columns()
        for name, column in self.point_columns.items():
            if name not in POINT_COLUMNS or len(column) != len(self.points):
                raise ShapeError(
                    f"point column {name!r} has {len(column)} rows for {len(self.points)} points; "
                    f"expected one of {', '.join(POINT_COLUMNS)} with one row a point"
                )

    def _check_drawing_columns(self) -> None:
        n = len(self)
        columns: dict[str, Any] = {name: getattr(self, name) for name in (*PER_DRAWING, *OPTIONAL_PER_DRAWING)}
        columns |= {f"scores/{name}": values for name, values in self.scores.items()}
        for name, column in columns.items():
            if column is not None and len(column) != n:
                raise ShapeError(f"{name} has {len(column)} rows for {n} drawings; expected one each")
        if n and not (self.labels.min() >= UNLABELLED and self.labels.max() < len(self.classes)):
            raise ShapeError(f"labels reach outside the {len(self.classes)} classes; expected -1 (unknown) or an index")
        if n and self.split.max() >= len(SPLITS):
            raise ShapeError(f"split holds {self.split.max()}; expected an index into {', '.join(SPLITS)}")

    def __len__(self) -> int:
        return len(self.drawing_offsets) - 1

    def __getitem__(self, index: int) -> Drawing:
        """Drawing `index` (negative counts from the end), as strokes of its own."""
        place = range(len(self))[operator.index(index)]
        return next(self._drawings(range(place, place + 1)))

    def __iter__(self) -> Iterator[Drawing]:
        return self._drawings(range(len(self)))

    def _drawings(self, rows: range) -> Iterator[Drawing]:
        """The drawings at consecutive rows."""
        first, end = rows.start, rows.stop
        ends = self.stroke_offsets[self.drawing_offsets[first] : self.drawing_offsets[end] + 1].tolist()
        bounds = (self.drawing_offsets[first : end + 1] - self.drawing_offsets[first]).tolist()
        told = self.scores.get("confidence")
        sure = [None] * len(rows) if told is None else [None if c != c else c for c in told[first:end].tolist()]
        flagged = [False] * len(rows) if self.flagged is None else self.flagged[first:end].tolist()
        names = (*self.classes, None)
        labels, sizes = self.labels[first:end].tolist(), self.sizes[first:end].tolist()
        known = zip(itertools.pairwise(bounds), labels, sizes, sure, flagged, strict=True)
        points = self.points
        for (a, b), label, size, confidence, is_flagged in known:
            strokes = tuple([points[ends[j] : ends[j + 1]] for j in range(a, b)])
            yield Drawing.checked(strokes, names[label], size, confidence, is_flagged)

    def __repr__(self) -> str:
        return describe_set(self)

    def _repr_html_(self) -> str:
        return html_of(self)

    def select(self, indices: Sequence[int] | IntArray) -> DrawingSet:
        """The drawings at `indices` (each in 0…n-1), in that order."""
        chosen = np.asarray(indices, np.int64)
        strokes, drawing_offsets = gather_ranges(self.drawing_offsets, chosen)
        rows, stroke_offsets = gather_ranges(self.stroke_offsets, strokes)
        columns: dict[str, Any] = {name: getattr(self, name)[chosen] for name in PER_DRAWING}
        return replace(
            self,
            points=self.points[rows],
            stroke_offsets=stroke_offsets,
            drawing_offsets=drawing_offsets,
            images=None if self.images is None else self.images[chosen],
            scores={name: values[chosen] for name, values in self.scores.items()},
            point_columns={name: values[rows] for name, values in self.point_columns.items()},
            metadata=None if self.metadata is None else tuple(self.metadata[i] for i in chosen),
            fine=None if self.fine is None else tuple(self.fine[i] for i in chosen),
            flagged=None if self.flagged is None else self.flagged[chosen],
            **columns,
        )


PER_DRAWING = ("labels", "sizes", "frames", "split", "source_index")
OPTIONAL_PER_DRAWING = ("images", "metadata", "flagged", "fine")
LISTED = ("metadata", "fine")
"""Columns that are tuples, not arrays."""


def check_offsets(name: str, offsets: IntArray, total: int, *, least: int = 0) -> None:
    """Raise `ShapeError` unless `offsets` climb from 0 to `total` in steps of at least `least`."""
    if (
        offsets.ndim != 1
        or len(offsets) == 0
        or offsets[0] != 0
        or offsets[-1] != total
        or (np.diff(offsets) < least).any()
    ):
        raise ShapeError(
            f"{name} must climb from 0 to {total} in steps of {least} or more; got shape {offsets.shape} with ends "
            f"{offsets[:1].tolist()} and {offsets[-1:].tolist()}"
        )


def gather_ranges(offsets: IntArray, chosen: IntArray) -> tuple[IntArray, IntArray]:
    """Rows of the ranges `offsets[i]:offsets[i+1]` for i in `chosen`, and the offsets of the gathered ranges."""
    lengths = offsets[chosen + 1] - offsets[chosen]
    gathered = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = np.arange(gathered[-1]) + np.repeat(offsets[chosen] - gathered[:-1], lengths)
    return rows.astype(np.int64), gathered


def make_drawing_set(drawings: Sequence[Drawing], *, classes: Sequence[str] = (), **known: Any) -> DrawingSet:
    """A set from single drawings; `known` overrides any `DrawingSet` field (split, source_index, scores, …).

    Classes not given are the labels in order of first appearance. Raises `ShapeError` when a label is no class.
    """
    names = tuple(classes) or tuple(dict.fromkeys(d.label for d in drawings if d.label is not None))
    place = {name: i for i, name in enumerate(names)}
    unknown = sorted({d.label for d in drawings if d.label is not None} - set(place))
    if unknown:
        raise ShapeError(f"labels {', '.join(map(repr, unknown))} are not among the classes {', '.join(names)}")
    strokes = [stroke for drawing in drawings for stroke in drawing.strokes]
    n = len(drawings)
    base: dict[str, Any] = {
        "points": np.concatenate(strokes).astype(np.float32) if strokes else np.zeros((0, 2), np.float32),
        "stroke_offsets": np.cumsum([0, *map(len, strokes)], dtype=np.int64),
        "drawing_offsets": np.cumsum([0, *(len(d.strokes) for d in drawings)], dtype=np.int64),
        "classes": names,
        "labels": np.array([UNLABELLED if d.label is None else place[d.label] for d in drawings], np.int64),
        "sizes": np.array([(d.width, d.height) for d in drawings], np.float32).reshape(n, 2),
    }
    return DrawingSet(**(plain_columns(n) | base | known))


def plain_columns(n: int) -> dict[str, Any]:
    """The columns of n drawings of which nothing is known: no labels, square pictures in no split, in a row."""
    return {
        "labels": np.full(n, UNLABELLED, np.int64),
        "sizes": np.ones((n, 2), np.float32),
        "frames": np.tile(np.array(IDENTITY_FRAME, np.float32), (n, 1)),
        "split": np.full(n, SPLITS.index("none"), np.uint8),
        "source_index": np.arange(n, dtype=np.int64),
    }


def join(sets: Sequence[DrawingSet]) -> DrawingSet:
    """Sets of the same classes and columns, one after the other. Raises `ShapeError` when they don't agree."""
    if not sets:
        raise ShapeError("nothing to join; expected one set at least")
    first = sets[0]
    if any(_columns(s) != _columns(first) for s in sets):
        raise ShapeError("sets with different classes, scores or columns can't be joined; build them alike")
    parts: dict[str, Any] = {
        name: np.concatenate([getattr(s, name) for s in sets])
        for name in ("points", *PER_DRAWING, *OPTIONAL_PER_DRAWING)
        if name not in LISTED and getattr(first, name) is not None
    }
    for name in (name for name in LISTED if getattr(first, name) is not None):
        parts[name] = tuple(value for s in sets for value in getattr(s, name))
    return DrawingSet(
        **parts,
        stroke_offsets=chain_offsets([s.stroke_offsets for s in sets]),
        drawing_offsets=chain_offsets([s.drawing_offsets for s in sets]),
        classes=first.classes,
        scores={name: np.concatenate([s.scores[name] for s in sets]) for name in first.scores},
        point_columns={k: np.concatenate([s.point_columns[k] for s in sets]) for k in first.point_columns},
    )


def _columns(drawings: DrawingSet) -> tuple[object, ...]:
    shape = None if drawings.images is None else drawings.images.shape[1:]
    known = tuple(getattr(drawings, name) is not None for name in OPTIONAL_PER_DRAWING)
    return drawings.classes, set(drawings.scores), set(drawings.point_columns), shape, known


def chain_offsets(parts: Sequence[IntArray]) -> IntArray:
    """Offsets of ragged arrays laid end to end."""
    return np.concatenate([[0], np.cumsum(np.concatenate([np.diff(p) for p in parts]))]).astype(np.int64)


def to_pictures(drawings: DrawingSet) -> DrawingSet:
    """Drawings in the frame's unit square, moved to their own pictures' by their `frames`."""
    owner = np.repeat(np.arange(len(drawings)), np.diff(drawings.stroke_offsets[drawings.drawing_offsets]))
    scale, offset = drawings.frames[owner, :1], drawings.frames[owner, 1:]
    return replace(drawings, points=(drawings.points * scale + offset).astype(np.float32))


def to_frames(drawings: DrawingSet) -> DrawingSet:
    """What `to_pictures` moved, back in the frame's unit square."""
    owner = np.repeat(np.arange(len(drawings)), np.diff(drawings.stroke_offsets[drawings.drawing_offsets]))
    scale, offset = drawings.frames[owner, :1], drawings.frames[owner, 1:]
    return replace(drawings, points=((drawings.points - offset) / scale).astype(np.float32))
