"""Grzego's `lines`: drawings of `POINTS_A_LINE` points each, as arrays of an `.npz` (published as a pickle).

`lines` (n, 20, 3) float32 holds x and y in the unit square and 1 where the pen is lifted after the point; `labels`
(n,) the classes' numbers, -1 where unknown, and `classes` their names. A drawing of fewer points is filled up with its
last one, lifted; one of more is resampled along its path, each stroke (the first ten) keeping two points at least.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.npz_arrays import names_of, open_npz
from strokes.errors import SourceError
from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.limits import MAX_CLASSES, MAX_LABEL_LENGTH
from strokes.formats.npz_files import NpzWriter, RowReader
from strokes.formats.recording import Recording, is_plain
from strokes.formats.stroke_3 import lengths_of
from strokes.store.reader import DatasetFile

POINTS_A_LINE = 20
LINES_AT_ONCE = 4096


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset`; one without a stroke becomes rows of zeros."""
    with NpzWriter(path) as archive:
        rows = (to_lines(glyph)[None] for glyph in glyphs(dataset))
        archive.put_rows("lines", (len(dataset), POINTS_A_LINE, 3), np.dtype(np.float32), rows)
        archive.put("labels", dataset.column("labels").astype(np.int64))
        archive.put("classes", np.array(dataset.classes, np.str_))


def to_lines(glyph: Glyph) -> NDArray[np.float32]:
    """A drawing's rows (20, 3)."""
    count = len(glyph.points)
    if count > POINTS_A_LINE:
        from strokes.ink.resampling import resample_path

        rows = resample_path([stroke.astype(np.float32) for stroke in glyph.strokes], POINTS_A_LINE)
        rows[:, 2] = 1 - rows[:, 2]
        return rows
    rows = np.zeros((POINTS_A_LINE, 3), np.float32)
    rows[:count, :2] = glyph.points
    rows[np.array(glyph.ends[1:], np.int64) - 1, 2] = 1
    rows[count:] = rows[count - 1] if count else 0
    return rows


def read(path: Path) -> Iterator[Recording]:
    """The drawings of a file, of any number of points each. Raises `SourceError` where it is broken."""
    with open_npz(path) as archive:
        reader = RowReader(archive, "lines")
        if len(reader.shape) != 3 or reader.shape[2] != 3 or reader.dtype.kind != "f":
            raise SourceError(
                f"`lines` in {path} is {reader.dtype} of shape {reader.shape}; expected floats (n, 20, 3)"
            )
        held = names_of(archive)
        labels = RowReader(archive, "labels") if "labels" in held else None
        if labels is not None and (labels.shape != reader.shape[:1] or labels.dtype.kind not in "iu"):
            raise SourceError(f"`labels` in {path} is {labels.dtype} of shape {labels.shape}; expected integers (n,)")
        classes = classes_of(path)
        for (rows,) in reader.blocks(1):
            label = -1 if labels is None else int(labels.take(1)[0])
            if label >= len(classes) > 0:
                raise SourceError(f"{path} has label {label} and {len(classes)} classes")
            yield from_lines(rows, (classes[label] if classes else str(label)) if label >= 0 else None)


def classes_of(path: Path) -> tuple[str, ...]:
    """The names that the file has for its labels; none when it has none."""
    with open_npz(path) as archive:
        if "classes" not in names_of(archive):
            return ()
        reader = RowReader(archive, "classes")
        if len(reader.shape) != 1 or reader.dtype.kind != "U" or reader.shape[0] > MAX_CLASSES:
            raise SourceError(f"`classes` in {path} is no list of names")
        names = tuple(reader.take(reader.shape[0]).tolist())
    if len(set(names)) < len(names) or not all(is_plain(name) and len(name) <= MAX_LABEL_LENGTH for name in names):
        raise SourceError(f"`classes` in {path} are no names, or one is there twice")
    return names


def from_lines(rows: NDArray[np.float32], label: str | None) -> Recording:
    """Rows (t, 3) as a recording, without the copies of the last point that fill them up."""
    if not np.isfinite(rows).all():
        raise SourceError("`lines` holds NaN or infinite numbers")
    lifted = rows[:, 2] > 0.5
    count = len(rows)
    while count > 1 and lifted[count - 2] and (rows[count - 1] == rows[count - 2]).all():
        count -= 1
    if not rows.any():
        count = 0
    points = rows[:count, :2].astype(np.float64)
    return Recording(points, lengths_of(lifted[:count]), label=label, canvas=(1.0, 1.0))
