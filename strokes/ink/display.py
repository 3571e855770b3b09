"""How drawings show themselves: in one line, in a notebook, on a plot's axes."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from strokes.errors import ConfigError
from strokes.ink.svg import COLOURS, draw_strokes

if TYPE_CHECKING:
    from strokes.ink.drawing import Drawing, DrawingSet, FloatArray

SHOWN_CLASSES = 20
SHOWN_DRAWINGS = 24
SMALL_PX = 84


def counted(number: int, noun: str) -> str:
    """Such as "1 stroke" and "1,200 strokes"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def list_classes(classes: Sequence[str]) -> str:
    """The names of classes, many of them cut short."""
    shown = " ".join(classes[:SHOWN_CLASSES])
    return (f"classes {shown}" + (" …" if len(classes) > SHOWN_CLASSES else "")) if classes else "no classes"


def describe_drawing(drawing: Drawing) -> str:
    """A drawing in one line."""
    label = "" if drawing.label is None else f"{drawing.label!r}, "
    points = counted(sum(map(len, drawing.strokes)), "point")
    sure = "" if drawing.confidence is None else f", confidence {drawing.confidence:.2f}"
    flagged = ", flagged" if drawing.flagged else ""
    return f"Drawing({label}{counted(len(drawing.strokes), 'stroke')}, {points}{sure}{flagged})"


def describe_set(drawings: DrawingSet) -> str:
    """A set in one line."""
    parts = [
        counted(len(drawings), "drawing"),
        counted(len(drawings.stroke_offsets) - 1, "stroke"),
        counted(len(drawings.points), "point"),
        list_classes(drawings.classes),
        *([f"scores {' '.join(drawings.scores)}"] if drawings.scores else []),
        *(["with pictures"] if drawings.images is not None else []),
        *([f"{int(drawings.flagged.sum()):,} flagged"] if drawings.flagged is not None else []),
    ]
    return f"DrawingSet({', '.join(parts)})"


def html_of(drawings: DrawingSet) -> str:
    """What a set is, and its first drawings side by side, each under its label."""
    shown = range(min(len(drawings), SHOWN_DRAWINGS))
    figures = "".join(figure_of(drawings[i]) for i in shown)
    return f"<p>{html.escape(describe_set(drawings))}</p><div>{figures}</div>"


def figure_of(drawing: Drawing) -> str:
    """A drawing with its label and how sure it is."""
    sure = [] if drawing.confidence is None else [f"{drawing.confidence:.2f}"]
    text = " ".join([*([] if drawing.label is None else [drawing.label]), *sure])
    picture = draw_strokes(drawing.strokes, size=(drawing.width, drawing.height), side_px=SMALL_PX)
    return f'<span style="display:inline-block;margin:4px;text-align:center">{picture}<br>{html.escape(text)}</span>'


def plot_strokes(strokes: Sequence[FloatArray], ax: Any | None, *, width: float, height: float) -> Any:
    """Plot strokes on matplotlib's `ax`, or on its current one; see `Drawing.plot`."""
    axes = current_axes() if ax is None else ax
    for number, stroke in enumerate(strokes):
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(stroke[:, 0], stroke[:, 1], color=colour, linewidth=2, solid_capstyle="round")
        axes.plot(*stroke[0], marker="o", color=colour)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_aspect("equal")
    return axes


def current_axes() -> Any:
    """Those that matplotlib would draw on. Raises `ConfigError` when it isn't installed."""
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError:
        raise ConfigError("a plot needs matplotlib, which isn't installed; pip install matplotlib") from None
    return pyplot.gca()
