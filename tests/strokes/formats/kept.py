"""What each format keeps: a dataset with all that can be known is written and read, and compared.

Used by test_kept.py and by scripts/benchmarks/show_kept, which puts the table into docs/formats.md.
"""

import json
from pathlib import Path

import numpy as np

from strokes.formats import FORMATS, export, import_file
from strokes.ink.drawing import Drawing, DrawingSet, make_drawing_set
from strokes.store.reader import open_dataset
from strokes.store.writer import DatasetWriter

HEAD = [
    "format",
    "strokes",
    "order",
    "labels",
    "splits",
    "time",
    "pressure",
    "tilt",
    "size in mm",
    "file name",
    "metadata",
    "scores",
]
KEPT, LOST = "kept", "–"
SAME_PLACE = 0.05
"""A drawing that is read farther than this from where it was, of its picture's longer side, has lost its place."""
NOTE = {"note": {"a": [1, None, "é"]}}


def everything() -> DrawingSet:
    """Three drawings with all that can be known of them."""
    chance = np.random.default_rng(7)
    drawings = [
        Drawing(tuple(chance.uniform(0.1, 0.9, (count, 2)).astype(np.float32) for count in counts), label)
        for counts, label in (((5, 3), "7"), ((4,), "1"), ((6, 1, 2), "7"))
    ]
    lengths = [8, 4, 9]
    known = {"side_mm": 40.0, "file": "scan.png", "writer": "w-1"} | NOTE
    return make_drawing_set(
        drawings,
        classes=tuple("0123456789"),
        split=np.array([0, 1, 0], np.uint8),
        point_columns={
            "time_ms": np.concatenate([np.arange(n) * 12.375 for n in lengths]).astype(np.float32),
            "pressure": chance.uniform(0, 1, sum(lengths)).astype(np.float32),
            "tilt_x": chance.uniform(-60, 60, sum(lengths)).astype(np.float32),
            "tilt_y": chance.uniform(-60, 60, sum(lengths)).astype(np.float32),
        },
        metadata=(json.dumps(known),) * 3,
        scores={"f1": np.float32([0.5, 0.25, 1])},
    )


def rows(folder: Path) -> list[list[str]]:
    """The table, a row a format that is written."""
    written = everything()
    with DatasetWriter(folder / "all.h5", attributes={"licence": "MIT"}, classes=written.classes) as writer:
        writer.append(written)
    return [row_of(name, folder, written) for name, form in FORMATS.items() if form.writes]


def row_of(name: str, folder: Path, written: DrawingSet) -> list[str]:
    """What comes back of a dataset written in one format."""
    form = FORMATS[name]
    in_folder = not form.endings or name == "quickdraw-bin"
    out = folder / name / f"out{'' if in_folder else form.endings[0]}"
    out.parent.mkdir()
    lost = export(folder / "all.h5", out, name)
    if not form.reads:
        facts = (
            "labels",
            "splits",
            "times",
            "pressure",
            "tilt",
            "size in mm",
            "file names",
            "other metadata",
            "scores",
        )
        return [f"`{name}`", "written", "kept", *(LOST if fact in lost else "written" for fact in facts)]
    import_file(out, folder / name / "back.h5", name)
    with open_dataset(folder / name / "back.h5") as stored:
        read = stored.read()
    return [f"`{name}`", *compare(written, in_order_of(written, read))]


def in_order_of(written: DrawingSet, read: DrawingSet) -> DrawingSet:
    """The drawings that were read in the order they were written: by split, where a format sorts them so."""
    counts = [len(drawing.strokes) for drawing in written]
    order = [next((i for i, d in enumerate(read) if len(d.strokes) == count), 0) for count in counts]
    return read.select(order)


def compare(written: DrawingSet, read: DrawingSet) -> list[str]:
    """The cells of a row but the first."""
    same = written.stroke_offsets.tolist() == read.stroke_offsets.tolist()
    labels = [d.label for d in written] == [d.label for d in read]
    about = [json.loads(text) if text else {} for text in read.metadata or ("",) * len(read)]
    known = json.loads(written.metadata[0])
    return [
        strokes_cell(written, read, same=same),
        KEPT if np.array_equal(written.drawing_offsets, read.drawing_offsets) else LOST,
        KEPT if labels else LOST,
        KEPT if written.split.tolist() == read.split.tolist() else LOST,
        column_cell(written, read, "time_ms", same=same, unit=" ms"),
        column_cell(written, read, "pressure", same=same),
        column_cell(written, read, "tilt_x", same=same, unit="°"),
        *(KEPT if all(known[key] == own.get(key) for own in about) else LOST for key in ("side_mm", "file", "note")),
        KEPT if "f1" in read.scores and np.allclose(read.scores["f1"], written.scores["f1"]) else LOST,
    ]


def strokes_cell(written: DrawingSet, read: DrawingSet, *, same: bool) -> str:
    """How near the points come back: in their places, or as shapes."""
    if not same:
        return "shape, other points"
    error = float(np.abs(written.points - read.points).max())
    if error <= SAME_PLACE:
        return rounded(error)
    return f"shape, {rounded(max(shape_error(a, b) for a, b in zip(written, read, strict=True)))}"


def shape_error(a: Drawing, b: Drawing) -> float:
    """How far two drawings are apart once both fill a square."""
    fitted = []
    for drawing in (a, b):
        points = np.concatenate(drawing.strokes).astype(np.float64)
        fitted.append((points - points.min(axis=0)) / np.ptp(points, axis=0).max())
    return float(np.abs(fitted[0] - fitted[1]).max())


def column_cell(written: DrawingSet, read: DrawingSet, name: str, *, same: bool, unit: str = "") -> str:
    """How near a column comes back."""
    if not same or name not in read.point_columns:
        return LOST
    return rounded(float(np.abs(written.point_columns[name] - read.point_columns[name]).max()), unit)


def rounded(error: float, unit: str = "") -> str:
    """An error in words, its first digit rounded up."""
    if error < 2e-7:
        return "exact"
    step = 10.0 ** np.floor(np.log10(error))
    return f"± {round(np.ceil(error / step - 1e-3) * step, 12):g}{unit}"
