"""SVG for plotters, in mm: one sheet of all drawings, or a folder with a file for each.

Each stroke is one `<path>`, in the order and direction of the pen. A drawing's unit square is `GLYPH_MM` wide in a cell
of `CELL_MM`; a sheet is as square as whole cells allow, filled row by row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.recording import Numbers
from strokes.formats.xml_text import xml_text
from strokes.store.reader import DatasetFile

CELL_MM = 20.0
GLYPH_MM = 16.0
PEN_MM = 0.5
DIGITS = 3


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` to one sheet, or to a file each when `path` is a folder."""
    if path.is_dir():
        width = len(str(max(len(dataset) - 1, 0)))
        for glyph in glyphs(dataset):
            text = "".join((head(CELL_MM, CELL_MM), *group(glyph, x_mm=0, y_mm=0), "</svg>\n"))
            (path / f"{glyph.number:0{width}}.svg").write_text(text, encoding="utf-8")
        return
    columns = max(math.ceil(math.sqrt(len(dataset))), 1)
    rows = max(math.ceil(len(dataset) / columns), 1)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(head(columns * CELL_MM, rows * CELL_MM))
        for glyph in glyphs(dataset):
            row, column = divmod(glyph.number, columns)
            file.writelines(group(glyph, x_mm=column * CELL_MM, y_mm=row * CELL_MM))
        file.write("</svg>\n")


def head(width_mm: float, height_mm: float) -> str:
    """What a sheet begins with; its user unit is the mm."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_mm:g}mm" height="{height_mm:g}mm" '
        f'viewBox="0 0 {width_mm:g} {height_mm:g}" fill="none" stroke="black" stroke-width="{PEN_MM:g}" '
        'stroke-linecap="round" stroke-linejoin="round">\n'
    )


def group(glyph: Glyph, *, x_mm: float, y_mm: float) -> Iterator[str]:
    """A drawing as a group of paths, in the cell whose corner is at (x_mm, y_mm)."""
    margin = (CELL_MM - GLYPH_MM) / 2
    yield f'<g id="drawing-{glyph.number}">\n'
    if glyph.label is not None:
        yield f"<title>{xml_text(glyph.label)}</title>\n"
    for stroke in glyph.strokes:
        yield f'<path d="{path_data(stroke * GLYPH_MM + (x_mm + margin, y_mm + margin))}"/>\n'
    yield "</g>\n"


def path_data(stroke: Numbers) -> str:
    """A stroke's path: a dot is a line to where it is."""
    corners = [f"{x:.{DIGITS}f} {y:.{DIGITS}f}" for x, y in stroke.tolist()]
    return f"M{corners[0]}L{' '.join(corners[1:] or corners)}"
