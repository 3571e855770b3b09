"""A drawing as SVG, the one place for it: paths for plotters in mm, and a picture for people, coloured and numbered."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from strokes.ink.curves import fit_curves

Points = NDArray[Any]

COLOURS = ("#1f5fbf", "#d1495b", "#2a9d57", "#b7791f", "#7b4fb5", "#00839b", "#a3456e", "#5f6b2d")
"""Of the first stroke, the second and so on, again from the start."""
PEN_MM = 0.5
DOT_MM = 0.1
INKSCAPE = "http://www.inkscape.org/namespaces/inkscape"
DIGITS = 3
SIDE_UNITS = 28.0
"""A coloured drawing is this many units wide or high, whichever is more, where nothing else is said."""
MOST_SQUARES = 1000
"""A picture of more pixels of ink is embedded instead of drawn square by square."""
PAPER, FAINT_INK = "#fff", "#d8d8d2"


def plotter_head(width_mm: float, height_mm: float, *, pen_mm: float = PEN_MM) -> str:
    """What a sheet for a plotter begins with; its user unit is the mm, and groups may be layers of Inkscape's."""
    width, height = (f"{round(side, DIGITS):.10g}" for side in (width_mm, height_mm))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="{INKSCAPE}" width="{width}mm" height="{height}mm" '
        f'viewBox="0 0 {width} {height}" fill="none" stroke="black" stroke-width="{pen_mm:g}" '
        'stroke-linecap="round" stroke-linejoin="round">\n'
    )


def plotter_path(stroke_mm: Points, *, curves_mm: float = 0.0, columns: Mapping[str, Points] | None = None) -> str:
    """A line with one stroke (points, 2) as a path, in the pen's direction.

    A polyline, or Béziers within `curves_mm` of it. A dot is `DOT_MM` long: programs drop lines without a length.
    `columns` (points,) become `data-` attributes, a value for each corner of the polyline or end of a curve, "?" where
    it isn't known.
    """
    if not np.ptp(stroke_mm, axis=0).any():
        half = np.array([DOT_MM / 2, 0])
        line = path_data(np.stack([stroke_mm[0] - half, stroke_mm[0] + half]))
        return f'<path class="dot"{_told(columns, [0])} d="{line}"/>\n'
    curves = fit_curves(stroke_mm, curves_mm) if curves_mm else []
    if not curves:
        return f'<path{_told(columns, range(len(stroke_mm)))} d="{path_data(stroke_mm)}"/>\n'
    start, *rest = [_pair(x, y) for x, y in np.concatenate([curves[0][:1], *(curve[1:] for curve in curves)]).tolist()]
    told = _told(columns, _places([curves[0][0], *(curve[-1] for curve in curves)], stroke_mm)) if columns else ""
    return f'<path{told} d="M{start}C{" ".join(rest)}"/>\n'


def _told(columns: Mapping[str, Points] | None, places: Sequence[int]) -> str:
    """What is known at these of a stroke's points, as attributes."""
    rows = ((name, [f"{values[i]:.7g}" for i in places]) for name, values in (columns or {}).items())
    return "".join(f' data-{name}="{" ".join(row).replace("nan", "?")}"' for name, row in rows)


def _places(ends: Sequence[Points], stroke: Points) -> list[int]:
    """Which of a stroke's points the ends of its curves are, in order."""
    places: list[int] = []
    for end in ends:
        first = places[-1] + 1 if places else 0
        places.append(first + int((stroke[first:] == end).all(axis=1).argmax()))
    return places


def _pair(x: float, y: float, digits: int = DIGITS) -> str:
    return f"{x:.{digits}f} {y:.{digits}f}"


def path_data(stroke: Points, *, digits: int = DIGITS) -> str:
    """A stroke (points, 2) as the data of a path: a dot is a line to where it is."""
    corners = [_pair(x, y, digits) for x, y in stroke.tolist()]
    return f"M{corners[0]}L{' '.join(corners[1:] or corners)}"


def plotter_svg(strokes: Sequence[Points], *, width: float, height: float, height_mm: float) -> str:
    """A file for a plotter: a path a stroke, in the pen's order; the picture (width, height) is `height_mm` high."""
    unit_mm = height_mm / height
    paths = (plotter_path(stroke.astype(np.float64) * unit_mm) for stroke in strokes)
    return "".join((plotter_head(width * unit_mm, height_mm), *paths, "</svg>\n"))


def draw_strokes(
    strokes: Sequence[Points],
    ink: NDArray[np.bool_] | None = None,
    *,
    size: tuple[float, float] = (1.0, 1.0),
    side_px: int = 112,
    side_units: float = SIDE_UNITS,
) -> str:
    """Strokes (points, 2) over their picture: coloured by order, numbered where each starts, an arrow for direction.

    Args:
        strokes: in units of the picture's longer side, y down.
        ink: (h, w) the picture, shown faintly.
        size: the picture's width and height in that unit.
        side_px: pixels of its longer side on the screen.
        side_units: how many units it is long: lines are 0.7 wide, numbers stand on dots of 2.3.
    """
    parts = [] if ink is None else [draw_ink(ink, side_units)]
    for number, stroke in enumerate(strokes, 1):
        colour = COLOURS[(number - 1) % len(COLOURS)]
        points = stroke.astype(np.float64) * side_units
        parts += [draw_line(points, colour), draw_arrow(points, colour), draw_number(points[0], number, colour)]
    width, height = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width * side_units:g} {height * side_units:g}" '
        f'width="{width * side_px:g}" height="{height * side_px:g}" class="drawing">{"".join(parts)}</svg>'
    )


def draw_ink(ink: NDArray[np.bool_], side_units: float = SIDE_UNITS) -> str:
    """Pixels of a picture (h, w) as one path, or very many as an embedded picture."""
    pixel = side_units / max(ink.shape)
    if np.count_nonzero(ink) > MOST_SQUARES:
        return embed_ink(ink, pixel)
    squares = "".join(
        f"M{x * pixel:.4g} {y * pixel:.4g}h{pixel:.4g}v{pixel:.4g}h-{pixel:.4g}z" for y, x in np.argwhere(ink)
    )
    return f'<path d="{squares}" fill="{FAINT_INK}" class="ink"/>'


def embed_ink(ink: NDArray[np.bool_], pixel: float) -> str:
    """A picture (h, w) inline, each of its pixels so many units wide."""
    shade = np.where(ink, np.uint8(int(FAINT_INK[1:3], 16)), np.uint8(255))
    stream = io.BytesIO()
    Image.fromarray(shade).save(stream, format="PNG")
    text = base64.b64encode(stream.getvalue()).decode("ascii")
    height, width = ink.shape
    size = f'width="{width * pixel:.6g}" height="{height * pixel:.6g}"'
    return f'<image class="ink" {size} href="data:image/png;base64,{text}"/>'


def draw_line(points: Points, colour: str) -> str:
    """A polyline; a dot becomes a line of no length, which its round ends show."""
    return (
        f'<path d="{path_data(points, digits=2)}" fill="none" stroke="{colour}" stroke-width="0.7" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def draw_number(start: Points, number: int, colour: str) -> str:
    """A stroke's number on a dot where it starts."""
    x, y = start
    return (
        f'<circle cx="{x:.2f}" cy="{y:.2f}" r="1.15" fill="{colour}"/>'
        f'<text x="{x:.2f}" y="{y + 0.6:.2f}" font-family="sans-serif" font-size="1.7" font-weight="bold" '
        f'text-anchor="middle" fill="{PAPER}">{number}</text>'
    )


def draw_arrow(points: Points, colour: str) -> str:
    """An arrowhead half-way along a stroke; none on a dot."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    if len(points) < 2 or steps.sum() < 2:
        return ""
    at = int(np.clip(np.searchsorted(np.cumsum(steps), steps.sum() / 2), 0, len(points) - 2))
    ahead = points[min(at + 2, len(points) - 1)] - points[max(at - 1, 0)]
    forward = ahead / max(np.hypot(*ahead), 1e-9)
    aside = np.array([-forward[1], forward[0]])
    tip = points[at + 1] + forward
    corners = (tip, tip - 2 * forward + aside, tip - 2 * forward - aside)
    return f'<path d="M{" ".join(f"{x:.2f} {y:.2f}" for x, y in corners)}z" fill="{colour}"/>'
