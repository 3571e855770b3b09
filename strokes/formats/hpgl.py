"""HPGL for pen plotters (Hewlett-Packard 7470A and later): one page of all drawings, or a folder with a file for each.

A unit is 0.025 mm, y counts up from the page's lower edge; `PU` moves the pen through the air, `PD` draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from strokes.formats.glyphs import glyphs
from strokes.formats.plot_layout import lay_out, lay_out_one
from strokes.formats.plot_order import in_order
from strokes.formats.plot_settings import PlotSettings as WriteSettings
from strokes.formats.recording import Numbers
from strokes.store.reader import DatasetFile

__all__ = ["WriteSettings", "write"]

UNITS_A_MM = 40


def write(dataset: DatasetFile, path: Path, settings: WriteSettings) -> None:
    """Write every drawing of `dataset` to one page, or to a file each when `path` is a folder."""
    if path.is_dir():
        width = len(str(max(len(dataset) - 1, 0)))
        for glyph in glyphs(dataset):
            page, placed = lay_out_one(glyph, settings)
            text = "".join(instructions(in_order(placed.strokes, settings.optimise), page.height_mm))
            (path / f"{glyph.stem(width)}.hpgl").write_text(text, encoding="ascii")
        return
    page = lay_out(dataset, settings)
    strokes = [stroke for placed in page.drawings(dataset) for stroke in placed.strokes]
    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.writelines(instructions(in_order(strokes, settings.optimise), page.height_mm))


def instructions(strokes: Sequence[Numbers], height_mm: float) -> Iterator[str]:
    """The lines that draw strokes in mm, y down, on a page so high."""
    yield "IN;SP1;\n"
    for stroke in strokes:
        units = np.rint(stroke * (1, -1) * UNITS_A_MM + (0, height_mm * UNITS_A_MM)).astype(int)
        places = [f"{x},{y}" for x, y in units.tolist()]
        yield f"PU{places[0]};PD{','.join(places[1:] or places)};\n"
    yield "PU0,0;SP0;\n"
