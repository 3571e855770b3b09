"""sketch-rnn's stroke-5 as `.npz`: padded arrays `train`, `valid` and `test` of (n, rows, 5) float32.

A row is Δx, Δy and the pen's state after it, one of down, up, end. The first row is the start token (0, 0, 1, 0, 0);
rows past a drawing's last are (0, 0, 0, 0, 1). There are `ROWS_A_DRAWING` rows, or more where a drawing needs them.
Units, labels and splits are as in `stroke_3`, deltas whole numbers too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.npz_arrays import names_of, open_npz
from strokes.errors import SourceError
from strokes.formats.npz_files import NpzWriter, RowReader
from strokes.formats.recording import Recording, to_floats
from strokes.formats.stroke_3 import (
    SPLIT_NAMES,
    Labels,
    chosen_glyphs,
    from_stroke3,
    put_about,
    read_units,
    split_indices,
    to_stroke3,
)
from strokes.store.reader import DatasetFile

ROWS_A_DRAWING = 250


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset`. Raises `StoreError` when one reaches too far for the format."""
    parts, rows = split_indices(dataset), rows_needed(dataset)
    with NpzWriter(path) as archive:
        for name, chosen in parts.items():
            blocks = (to_stroke5(to_stroke3(glyph), rows=rows)[None] for glyph in chosen_glyphs(dataset, chosen))
            archive.put_rows(name, (len(chosen), rows, 5), np.dtype(np.float32), blocks)
        put_about(archive, dataset, parts)


def rows_needed(dataset: DatasetFile) -> int:
    """`ROWS_A_DRAWING`, or enough for the start, the longest drawing, and an end."""
    ends = dataset.column("stroke_offsets")[dataset.column("drawing_offsets")]
    return max(ROWS_A_DRAWING, int(np.diff(ends).max(initial=0)) + 2)


def to_stroke5(rows3: NDArray[Any], *, rows: int) -> NDArray[np.float32]:
    """Stroke-3 rows (p, 3) as (rows, 5); `rows` is p + 1 at least."""
    result = np.zeros((rows, 5), np.float32)
    result[0, 2] = 1
    count = len(rows3)
    drawn = result[1 : count + 1]
    drawn[:, :2] = rows3[:, :2]
    drawn[:, 2] = rows3[:, 2] == 0
    drawn[:, 3] = rows3[:, 2] != 0
    result[count + 1 :, 4] = 1
    return result


def read(path: Path) -> Iterator[Recording]:
    """The drawings of a file, one split after the other. Raises `SourceError` where it is broken."""
    with open_npz(path) as archive:
        names = names_of(archive)
        present: Sequence[str] = [name for name in SPLIT_NAMES if name in names]
        if not present:
            raise SourceError(f"{path} holds {', '.join(sorted(names)[:20])}; expected {', '.join(SPLIT_NAMES)}")
        units = read_units(archive)
        for name in present:
            reader = RowReader(archive, name)
            if len(reader.shape) != 3 or reader.shape[2] != 5 or reader.dtype.kind not in "biuf":
                raise SourceError(f"`{name}` in {path} has shape {reader.shape}; expected (n, rows, 5)")
            about = Labels(archive, name, reader.shape[0])
            for i, (rows,) in enumerate(reader.blocks(1)):
                place = f"drawing {i} of `{name}` in {path}"
                yield from_stroke3(from_stroke5(rows), place, name, units, about.take())


def from_stroke5(rows: NDArray[Any]) -> NDArray[np.float64]:
    """The stroke-3 rows of one drawing, with or without the start token."""
    values = to_floats(rows)
    if len(values) and values[0].tolist() == [0, 0, 1, 0, 0]:
        values = values[1:]
    ended = np.flatnonzero(values[:, 4] > 0.5)
    values = values[: ended[0]] if len(ended) else values
    return np.concatenate([values[:, :2], values[:, 3:4]], axis=1)
