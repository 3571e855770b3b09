"""The commands of what leaves and comes in: other tools' formats, plots and films."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from strokes.cli.options import (
    Dataset,
    DatasetAt,
    Format,
    Habits,
    Hypotheses,
    MethodName,
    Model,
    Overwrite,
    Refine,
    Selected,
    Writers,
)

app = typer.Typer(rich_markup_mode=None)

Height = Annotated[float | None, typer.Option(help="Plots: height of each drawing's ink in mm.")]
Width = Annotated[float | None, typer.Option(help="Plots: width of each drawing's ink in mm.")]
XHeight = Annotated[float | None, typer.Option(help="Plots: height of each word's small letters in mm.")]
Scale = Annotated[float | None, typer.Option(help="Plots: 1 is the true size where it is known.")]
Margin = Annotated[float | None, typer.Option(help="Plots: around the ink; 1 mm, or 10 mm of paper.")]
Paper = Annotated[str | None, typer.Option(help="Plots: a4, a5 and the like, or WIDTHxHEIGHT in mm.")]
PenWidth = Annotated[float | None, typer.Option(help="Plots: of the pen.")]
Curves = Annotated[float | None, typer.Option(help="SVG: smooth curves within this of the points, in mm.")]
Optimise = Annotated[str | None, typer.Option(help="Plots: order or flip, for a shorter way of the pen; or none.")]
Layers = Annotated[str | None, typer.Option(help="SVG: one layer for all drawings, or one each.")]
Pen = Annotated[str | None, typer.Option(help="G-code: z or servo.")]
PenUp = Annotated[float | None, typer.Option(help="G-code: Z in mm, or the servo's S.")]
PenDown = Annotated[float | None, typer.Option(help="G-code: Z in mm, or the servo's S.")]
Feed = Annotated[float | None, typer.Option(help="G-code: mm a minute.")]
Units = Annotated[str | None, typer.Option(help="G-code: mm or inch.")]
Size = Annotated[int | None, typer.Option(help="PNG: pixels a side.")]
PenPx = Annotated[float | None, typer.Option(help="PNG: the pen's width in pixels.")]
Smooth = Annotated[bool | None, typer.Option("--smooth/--hard", help="PNG: grey edges, or ink and paper.")]
Thinned = Annotated[bool | None, typer.Option("--thinned", help="PNG: lines of one pixel.")]


PLOT = (
    "height_mm",
    "width_mm",
    "x_height_mm",
    "scale",
    "margin_mm",
    "paper",
    "pen_width_mm",
    "curves_mm",
    "optimise",
)
"""The settings of every format on paper; then those of single ones."""
MORE = ("layers", "pen", "pen_up", "pen_down", "feed", "units", "size", "pen_px", "smooth", "thinned")


def given(options: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Those of a command's options, by their names, that were asked for."""
    return {name: options[name] for name in names if options[name] is not None}


def tell(out: Path, lost: tuple[str, ...]) -> None:
    """Say what was written and, in a line of its own, what it has no place for."""
    typer.echo(out)
    if lost:
        typer.echo(f"strokes: {out} has no place for: {', '.join(lost)}", err=True)


@app.command()
def export(
    dataset: DatasetAt,
    out: Annotated[Path, typer.Argument(help="The file or folder to make.")],
    format: Format = None,
    height_mm: Height = None,
    width_mm: Width = None,
    x_height_mm: XHeight = None,
    scale: Scale = None,
    margin_mm: Margin = None,
    paper: Paper = None,
    pen_width_mm: PenWidth = None,
    curves_mm: Curves = None,
    optimise: Optimise = None,
    layers: Layers = None,
    pen: Pen = None,
    pen_up: PenUp = None,
    pen_down: PenDown = None,
    feed: Feed = None,
    units: Units = None,
    size: Size = None,
    pen_px: PenPx = None,
    smooth: Smooth = None,
    thinned: Thinned = None,
    selection: Selected = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a dataset in another format: for other programs, for a plotter, as pictures.

    Example: strokes export out/word.h5 out/word.svg --height-mm 12
    """
    settings = given(locals(), (*PLOT, *MORE))
    from strokes.formats import export as write
    from strokes.store.selection import read_selection

    chosen = None if selection is None else read_selection(selection)
    tell(out, write(dataset, out, format, selection=chosen, overwrite=overwrite, **settings))


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="Another tool's file, or a folder of files.")],
    out: Annotated[Path, typer.Argument(help="The dataset file to make (.h5).")],
    format: Format = None,
    flatten_mm: Annotated[
        float | None, typer.Option(help="SVG: how far a curve's polyline may be from it; 0.05.")
    ] = None,
    groups: Annotated[bool | None, typer.Option("--groups", help="InkML: each labelled symbol is a drawing.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Make a dataset of pen recordings or drawings in another format.

    Example: strokes import pendigits-orig.tra.gz out/pendigits.h5
    """
    settings = given(locals(), ("flatten_mm", "groups"))
    from strokes.formats import import_file

    typer.echo(f"{out}: {import_file(source, out, format, overwrite=overwrite, **settings):,} drawings")


@app.command()
def trace(
    picture: Annotated[Path, typer.Argument(help="A picture, or a folder of pictures: PNG or JPEG.")],
    out: Annotated[Path, typer.Argument(help="The file to make: .svg, .gcode, .inkml, .h5 and any other format.")],
    format: Format = None,
    model: Model = "",
    method: MethodName = "network",
    hypotheses: Hypotheses = 0,
    refine: Refine = 0,
    habits: Habits = None,
    writers: Writers = "",
    height_mm: Height = None,
    width_mm: Width = None,
    x_height_mm: XHeight = None,
    scale: Scale = None,
    margin_mm: Margin = None,
    paper: Paper = None,
    pen_width_mm: PenWidth = None,
    curves_mm: Curves = None,
    optimise: Optimise = None,
    overwrite: Overwrite = False,
) -> None:
    """Turn a picture of handwriting into strokes, in one step, in any format.

    Example: strokes trace word.png word.svg --height-mm 12
    """
    settings = given(locals(), PLOT)
    from strokes.build import trace_picture
    from strokes.formats.pens import load_pens
    from strokes.recovery.methods import Options

    taught = None if habits is None else load_pens(habits)
    options = Options(method, model, hypotheses, refine, habits=taught)
    tell(out, trace_picture(picture, out, format, options=options, writers=writers, overwrite=overwrite, **settings))


@app.command()
def animate(
    dataset: Dataset,
    out: Annotated[
        Path, typer.Argument(help="The film: .gif, .png, .webp, .mp4 or .svg; or a folder for one of each drawing.")
    ],
    drawings: Annotated[
        str, typer.Option(help="Which, such as 0-9,42; several make a sheet. Default: the first ten.")
    ] = "",
    format: Annotated[str, typer.Option(help="Of films in a folder: gif, apng, webp, mp4 or svg.")] = "",
    size: Annotated[int, typer.Option(help="Pixels of a drawing's longer side.")] = 0,
    pen_px: Annotated[float, typer.Option(help="The pen's width.")] = 0.0,
    colours: Annotated[str, typer.Option(help="strokes, ink, or such as #2563eb,#ea580c.")] = "strokes",
    paper: Annotated[str, typer.Option(help="The page's colour.")] = "#ffffff",
    numbers: Annotated[bool, typer.Option("--numbers", help="Number the strokes.")] = False,
    arrows: Annotated[bool, typer.Option("--arrows", help="Show each stroke's direction.")] = False,
    background: Annotated[
        Path | None, typer.Option(help="The picture of the ink, or the folder of the drawings' files.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="The whole; 0: as recorded at that pace, else 2.5.")] = 0.0,
    pace: Annotated[str, typer.Option(help="length, even (the same for each stroke) or recorded.")] = "length",
    fps: Annotated[int, typer.Option(help="Frames a second.")] = 15,
    hold_ms: Annotated[int, typer.Option(help="Milliseconds that the last frame stays.")] = 1500,
    loop: Annotated[int, typer.Option(help="How often it plays; 0: for ever.")] = 0,
    columns: Annotated[int, typer.Option(help="Of a sheet.")] = 0,
    overwrite: Overwrite = False,
) -> None:
    """Film the pen at work: one drawing, a sheet of them, or a film of each.

    Example: strokes animate out/digits.h5 out/seven.gif --drawings 0 --numbers
    """
    from strokes.formats.films import FilmSettings
    from strokes.formats.films import animate as film

    settings = FilmSettings(
        size=size,
        pen_px=pen_px,
        colours=colours,
        paper=paper,
        numbers=numbers,
        arrows=arrows,
        background=background,
        seconds=seconds,
        fps=fps,
        pace=pace,
        hold_ms=hold_ms,
        loop=loop,
        columns=columns,
    )
    count = film(dataset, out, drawings, format=format, settings=settings, overwrite=overwrite)
    typer.echo(f"{out}: {count:,} drawing{'s' * (count != 1)}")


@app.command()
def publish(
    dataset: Dataset,
    out: Annotated[Path, typer.Argument(help="The folder to make.")],
    title: Annotated[str, typer.Option(help="Of the dataset; default: the file's name.")] = "",
    licence: Annotated[str, typer.Option(help="Default: what the file says.")] = "",
    authors: Annotated[str, typer.Option(help="Who made it, for the citation.")] = "",
    url: Annotated[str, typer.Option(help="Where it will lie.")] = "",
    judged: Annotated[int, typer.Option(min=0, help="Drawings judged for the card's figures; 0: none.")] = 2000,
    overwrite: Overwrite = False,
) -> None:
    """Make a folder that can be uploaded as it is: Parquet, a card, Croissant, checksums, a sheet and a film.

    Example: strokes publish out/digits.h5 out/digits-published
    """
    from strokes.publishing import publish as make

    count = make(
        dataset, out, title=title, licence=licence, authors=authors, url=url, judged=judged, overwrite=overwrite
    )
    typer.echo(f"{out}: {count:,} drawings")
