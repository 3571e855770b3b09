"""InkML (https://www.w3.org/TR/InkML/): a file of many drawings, or a folder with a file for each.

Which traces are a drawing: all of a file that has a label of its own (`normalizedLabel`, `label` or `truth`, as
MathWriting and CROHME have), else those of each outermost group that has one, then what is left of each group of the
file, then what stands outside of groups and no labelled one shows. With the setting `groups` every innermost group with
a label is one, the symbols of CROHME. A group holds its own traces or views of others', a view with an annotation is a
group. Traces of a pen in the air are passed over; one in pieces (`continuation`) is one stroke. What Office recognised
is the metadata `recognised`. `ink_channels` says how contexts, units and signs are understood.

Ours have channels X, Y and those of T (ms), F (pressure up to 1), OTx and OTy (degrees) that the dataset knows, "?"
where a point lacks one. Annotations are MathWriting's, `canvas`, the picture's width and height in the points' unit,
and `metadata`, JSON of all else that is known. Numbers are written as text that reads back exactly.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.ink_described import LABELS, OWN
from strokes.formats.ink_reading import ReadSettings, read
from strokes.formats.json_text import to_text
from strokes.formats.xml_text import exact, exact_rows, xml_text
from strokes.ink.drawing import IDENTITY_FRAME
from strokes.store.reader import DatasetFile

__all__ = ["ReadSettings", "read", "write"]

NAMESPACE = "http://www.w3.org/2003/InkML"
CHANNELS = {
    "time_ms": '<channel name="T" type="decimal" units="ms"/>',
    "pressure": '<channel name="F" type="decimal" min="0" max="1"/>',
    "tilt_x": '<channel name="OTx" type="decimal" units="deg"/>',
    "tilt_y": '<channel name="OTy" type="decimal" units="deg"/>',
}


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` to one file, or to a file each when `path` is a folder."""
    known = [name for name in CHANNELS if name in dataset.names]
    if path.is_dir():
        width = len(str(max(len(dataset) - 1, 0)))
        for glyph in glyphs(dataset):
            text = "".join((inkml_head(known), *body(glyph, known), "</ink>\n"))
            (path / f"{glyph.stem(width)}.inkml").write_text(text, encoding="utf-8")
        return
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(inkml_head(known))
        for glyph in glyphs(dataset):
            file.writelines(("<traceGroup>\n", *body(glyph, known), "</traceGroup>\n"))
        file.write("</ink>\n")


def inkml_head(columns: list[str]) -> str:
    """What a file begins with; its points have these columns besides x and y."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ink xmlns="{NAMESPACE}">\n<traceFormat>'
        '<channel name="X" type="decimal"/><channel name="Y" type="decimal"/>'
        f"{''.join(CHANNELS[name] for name in columns)}</traceFormat>\n"
    )


def body(glyph: Glyph, columns: list[str]) -> Iterator[str]:
    """A drawing's annotations and traces, a line each."""
    for name, value in sorted(told_of(glyph).items()):
        yield f'<annotation type="{xml_text(name)}">{xml_text(value)}</annotation>\n'
    rows = exact_rows(glyph.points.astype(np.float32))
    for name in columns:
        values = glyph.columns.get(name, np.full(len(rows), np.nan)).astype(np.float32)
        rows = [f"{row} {'?' if math.isnan(v) else exact(v)}" for row, v in zip(rows, values, strict=True)]
    for a, b in itertools.pairwise(glyph.ends):
        yield f"<trace>{', '.join(rows[a:b])}</trace>\n"


def told_of(glyph: Glyph) -> dict[str, str]:
    """What is known of a drawing: text by names that other programs know, and the rest as JSON."""
    texts = {name: value for name, value in glyph.metadata.items() if isinstance(value, str) and name not in OWN}
    texts = {name: value for name, value in texts.items() if name not in LABELS and name.isidentifier()}
    rest: dict[str, Any] = {"metadata": {k: v for k, v in glyph.metadata.items() if k not in texts}}
    rest |= {"source_index": glyph.source_index, "scores": glyph.scores, "flagged": glyph.flagged}
    if glyph.frame != IDENTITY_FRAME:
        rest["frame"] = glyph.frame
    canvas = " ".join(exact(np.float32(side)) for side in glyph.size)
    about = texts | {"splitTagOriginal": glyph.split, "canvas": canvas, "metadata": to_text(rest)}
    about.setdefault("sampleId", str(glyph.source_index))
    return about if glyph.label is None else about | {"label": glyph.label}
