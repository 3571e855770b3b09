"""SVG in mm, for plotters and to look at: one page of all drawings, or a folder with a file for each.

Each stroke is one `<path>`, in the order and direction of the pen, a polyline or cubic Béziers. A dot is a path of
0.1 mm, of the class `dot`: programs drop lines without length. The drawings of a page are groups of one layer, or
layers of their own. A group says what is known of its drawing: its label as `<title>`, the rest as `data-` attributes;
`data-picture` is where the drawing's picture lies: x, y, width and height in mm; `data-known` is JSON of scores, doubt
and frame. A path says what is known of its points: `data-time_ms` and the like have a value for each corner of a
polyline, or for each end of a curve. So a page can be read again.

Any other SVG is read, too; see `svg_reading`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from strokes.formats.glyphs import glyphs
from strokes.formats.json_text import to_text
from strokes.formats.plot_layout import Page, Placed, lay_out, lay_out_one
from strokes.formats.plot_order import in_order
from strokes.formats.plot_settings import PlotSettings as WriteSettings
from strokes.formats.svg_reading import ReadSettings, read
from strokes.formats.xml_text import xml_text
from strokes.ink.drawing import IDENTITY_FRAME
from strokes.ink.svg import plotter_head, plotter_path
from strokes.store.reader import DatasetFile

__all__ = ["ReadSettings", "WriteSettings", "read", "write"]


def write(dataset: DatasetFile, path: Path, settings: WriteSettings) -> None:
    """Write every drawing of `dataset` to one page, or to a file each when `path` is a folder."""
    if path.is_dir():
        width = len(str(max(len(dataset) - 1, 0)))
        for glyph in glyphs(dataset):
            page, placed = lay_out_one(glyph, settings)
            with open(path / f"{glyph.stem(width)}.svg", "w", encoding="utf-8", newline="\n") as file:
                _write_page(file, page, iter([placed]), settings)
        return
    page = lay_out(dataset, settings)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        _write_page(file, page, page.drawings(dataset), settings)


def _write_page(file: IO[str], page: Page, drawings: Iterator[Placed], settings: WriteSettings) -> None:
    file.write(plotter_head(page.width_mm, page.height_mm, pen_mm=settings.pen_width_mm))
    if settings.optimise != "none":
        strokes = in_order([stroke for placed in drawings for stroke in placed.strokes], settings.optimise)
        file.writelines(
            (layer(1, "strokes"), *(plotter_path(stroke, curves_mm=settings.curves_mm) for stroke in strokes), "</g>\n")
        )
    else:
        one = settings.layers == "one"
        file.write(layer(1, "strokes") if one else "")
        for placed in drawings:
            label = placed.glyph.label or f"drawing {placed.glyph.number}"
            file.write("" if one else layer(placed.glyph.number + 1, label))
            file.writelines(group(placed, settings.curves_mm))
            file.write("" if one else "</g>\n")
        file.write("</g>\n" if one else "")
    file.write("</svg>\n")


def layer(number: int, label: str) -> str:
    """What a layer begins with, as Inkscape and vpype understand it."""
    return f'<g id="layer{number}" inkscape:groupmode="layer" inkscape:label="{xml_text(label)}">\n'


def group(placed: Placed, curves_mm: float) -> Iterator[str]:
    """A drawing as a group of paths."""
    glyph = placed.glyph
    corner = (placed.x_mm, placed.y_mm, *(side * placed.unit_mm for side in glyph.size))
    about = {"picture": " ".join(f"{value:.6g}" for value in corner), "split": glyph.split}
    about["index"] = str(glyph.source_index)
    about |= {"confidence": f"{glyph.scores['confidence']:.6g}"} if "confidence" in glyph.scores else {}
    about |= {"file": str(glyph.metadata["file"])} if "file" in glyph.metadata else {}
    about |= {"metadata": to_text(glyph.metadata)} if glyph.metadata else {}
    known: dict[str, Any] = {"scores": glyph.scores} if glyph.scores else {}
    known |= {"flagged": True} if glyph.flagged else {}
    known |= {} if glyph.frame == IDENTITY_FRAME else {"frame": glyph.frame}
    about |= {"known": to_text(known)} if known else {}
    said = "".join(f' data-{name}="{xml_text(value)}"' for name, value in about.items())
    yield f'<g id="drawing-{glyph.number}"{said}>\n'
    if glyph.label is not None:
        yield f"<title>{xml_text(glyph.label)}</title>\n"
    for stroke, (a, b) in zip(placed.strokes, itertools.pairwise(glyph.ends), strict=True):
        columns = {name: values[a:b] for name, values in glyph.columns.items() if not np.isnan(values[a:b]).all()}
        yield plotter_path(stroke, curves_mm=curves_mm, columns=columns)
    yield "</g>\n"
