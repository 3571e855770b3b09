"""De Jong's MNIST stroke sequences (https://edwin-de-jong.github.io/blog/mnist-sequence-data): a folder of text files.

Each drawing has three, `{train,test}img-{i}-{points,inputdata,targetdata}.txt`. inputdata: a row `dx dy eos eod` a
point, from (0, 0), so the first is the absolute start; a stroke's end is a row of its own, `0 0 1 0`, the last
`0 0 1 1`. targetdata: the one-hot of ten digits before the same row. points: CSV with a header, `-1,-1` a lift, `-2,-2`
the end. Coordinates are whole pixels of a picture whose longer side has `GRID_PX`, counted from 1; split "none" goes to
train.
"""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strokes.errors import SourceError, StoreError
from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.limits import MAX_POINTS
from strokes.formats.recording import Numbers, Recording, join_strokes
from strokes.formats.text_files import read_lines
from strokes.store.reader import DatasetFile

GRID_PX = 28
DIGIT_NAMES = "0123456789"
NAME = re.compile(r"(train|test)img-(0|[1-9]\d{0,17})-inputdata\.txt")
NUMBER = r"[-+]?\d{1,9}(?:\.0*)?"
ROW_PATTERNS = {width: re.compile(rf"{NUMBER}(?:\s+{NUMBER}){{{width - 1}}}") for width in (4, 14)}


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` into the folder `path`, numbered by its place in its source.

    Raises:
        StoreError: a class is no digit.
    """
    places = dataset.column("source_index")
    test = np.isin(np.arange(len(dataset)), dataset.indices("test"))
    unique = all(len(np.unique(part)) == len(part) for part in (places[test], places[~test]))
    for glyph in glyphs(dataset):
        if glyph.label is not None and (len(glyph.label) != 1 or glyph.label not in DIGIT_NAMES):
            raise StoreError(f"drawing {glyph.number} is labelled {glyph.label!r}; this format holds digits only")
        number = glyph.source_index if unique and places.min() >= 0 else glyph.number
        start = path / f"{'test' if glyph.split == 'test' else 'train'}img-{number}"
        for kind, text in texts_of(glyph).items():
            start.with_name(f"{start.name}-{kind}.txt").write_text(text, encoding="ascii")


def texts_of(glyph: Glyph) -> dict[str, str]:
    """The three files of a drawing."""
    strokes = [np.rint(stroke * GRID_PX - 0.5).astype(int) + 1 for stroke in glyph.strokes]
    rows = input_rows(strokes)
    one_hot = [int(digit == glyph.label) for digit in DIGIT_NAMES]
    points = ["x,y"]
    for stroke in strokes:
        points += [f"{x},{y}" for x, y in stroke.tolist()] + ["-1,-1"]
    points = [*(points[:-1] if strokes else points), "-2,-2"]
    return {
        "points": "\n".join(points) + "\n",
        "inputdata": _table(rows),
        "targetdata": _table([[*one_hot, *row] for row in rows]),
    }


def input_rows(strokes: list[NDArray[np.int64]]) -> list[list[int]]:
    """Rows dx, dy, end of stroke, end of drawing."""
    rows: list[list[int]] = []
    last = np.zeros((1, 2), int)
    for stroke in strokes:
        steps = np.diff(stroke, axis=0, prepend=last)
        rows += [[dx, dy, 0, 0] for dx, dy in steps.tolist()] + [[0, 0, 1, 0]]
        last = stroke[-1:]
    return [*rows[:-1], [0, 0, 1, 1]]


def _table(rows: list[list[int]]) -> str:
    return "".join(" ".join(map(str, row)) + "\n" for row in rows)


def read(path: Path) -> Iterator[Recording]:
    """The drawings of a folder, or the one of an inputdata file, labelled where its targetdata lies beside it.

    Raises:
        SourceError: a file is broken, or there is none.
    """
    file = None
    for file in [path] if path.is_file() else _input_files(path):
        yield _read_file(file)
    if file is None:
        raise SourceError(f"{path} holds no file such as trainimg-0-inputdata.txt")


def _input_files(folder: Path) -> Iterator[Path]:
    """The inputdata files of a folder, those of each split by their numbers, of which alone so many fit in memory."""
    numbers = {"test": array("q"), "train": array("q")}
    with os.scandir(folder) as entries:
        for found in (NAME.fullmatch(entry.name) for entry in entries):
            if found:
                numbers[found[1]].append(int(found[2]))
    for split, unordered in numbers.items():
        ordered = np.sort(np.array(unordered))
        yield from (folder / f"{split}img-{number}-inputdata.txt" for number in ordered)


def _read_file(file: Path) -> Recording:
    found = NAME.fullmatch(file.name)
    target = file.with_name(file.name.replace("-inputdata", "-targetdata"))
    points, lengths = join_strokes(_strokes(_rows(file, 4), file))
    return Recording(
        (points - 0.5) / GRID_PX,
        lengths,
        label=_label(target) if target != file and target.is_file() else None,
        canvas=(1.0, 1.0),
        split=found[1] if found else "none",
        source_index=int(found[2]) if found else None,
    )


def classes_of(path: Path) -> tuple[str, ...]:
    """The ten digits."""
    return tuple(DIGIT_NAMES)


def _rows(path: Path, width: int) -> Iterator[list[int]]:
    for number, line in read_lines(path):
        if not ROW_PATTERNS[width].fullmatch(line):
            raise SourceError(f"{path}, line {number}: {line[:60]!r}; expected {width} whole numbers")
        yield [int(float(part)) for part in line.split()]


def _strokes(rows: Iterator[list[int]], path: Path) -> Iterator[Numbers]:
    """Each stroke's pixels, counted from 1."""
    x = y = 0
    stroke: list[tuple[int, int]] = []
    ended = False
    for count, (dx, dy, end_of_stroke, end_of_drawing) in enumerate(rows):
        if ended or count > MAX_POINTS:
            raise SourceError(f"{path} goes on after the end of its drawing, or is too long")
        x, y = x + dx, y + dy
        if end_of_stroke:
            yield np.array(stroke, np.float64).reshape(-1, 2)
            stroke = []
        else:
            stroke.append((x, y))
        ended = bool(end_of_drawing)
    if not ended:
        raise SourceError(f"{path} is cut off: it lacks its last row, 0 0 1 1")


def _label(path: Path) -> str | None:
    """The digit of a targetdata file's first row; None when all ten are 0."""
    row = next(_rows(path, 14), None)
    if row is None or sorted(row[:10])[:9] != [0] * 9 or max(row[:10]) > 1:
        raise SourceError(f"{path} has no row that begins with the one-hot of ten digits")
    return DIGIT_NAMES[row.index(1)] if 1 in row[:10] else None
