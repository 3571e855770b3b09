"""`vpype strokes PICTURE …`: a picture of handwriting as lines for vpype (https://vpype.readthedocs.io)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click
import vpype
import vpype_cli

from strokes.errors import StrokesError

PX_A_MM = 96 / 25.4


@click.command()
@click.argument("picture", type=click.Path(exists=True, path_type=Path))
@click.option("--method", default="network", help="network, or trace: a classical baseline without one.")
@click.option("--model", default="", help="A shipped network's name or a checkpoint.")
@click.option("--height-mm", type=float, default=None, help="Height of each drawing's ink.")
@click.option("--width-mm", type=float, default=None, help="Width of each drawing's ink.")
@click.option("--x-height-mm", type=float, default=None, help="Height of each word's small letters.")
@click.option("--scale", type=float, default=None, help="1 is the true size where the picture's dpi is known.")
@vpype_cli.generator  # type: ignore[untyped-decorator]
def strokes(picture: Path, method: str, model: str, **sizes: float | None) -> vpype.LineCollection:
    """Draw what the pen did to make PICTURE (PNG or JPEG, or a folder of them), stroke by stroke, in its order.

    Example: vpype strokes --height-mm 12 scan.png write out.svg
    """
    try:
        return to_lines(picture, method, model, {name: size for name, size in sizes.items() if size is not None})
    except StrokesError as error:
        raise click.ClickException(" ".join(str(error).split())) from None


strokes.help_group = "Plugins"  # type: ignore[attr-defined]


def to_lines(picture: Path, method: str, model: str, sizes: dict[str, Any]) -> vpype.LineCollection:
    """A picture's strokes as vpype's lines, in its unit, a CSS pixel."""
    from strokes.build import trace_to_dataset
    from strokes.formats.plot_layout import lay_out
    from strokes.formats.plot_settings import PlotSettings
    from strokes.ink.svg import DOT_MM
    from strokes.recovery.methods import Options
    from strokes.store.reader import open_dataset

    settings = PlotSettings(**sizes)
    lines = vpype.LineCollection()
    with tempfile.TemporaryDirectory() as folder:
        trace_to_dataset(picture, Path(folder) / "traced.h5", Options(method=method, model=model))
        with open_dataset(Path(folder) / "traced.h5") as stored:
            page = lay_out(stored, settings)
            for placed in page.drawings(stored):
                for stroke in placed.strokes:
                    places = (stroke[:, 0] + 1j * stroke[:, 1]) * PX_A_MM
                    dot = [places[0], places[0] + DOT_MM * PX_A_MM] if len(places) == 1 else places
                    lines.append(dot)
    return lines
