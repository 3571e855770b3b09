"""The commands that fetch, show, join and check what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from strokes.cli.options import DatasetAt, DatasetOut, Kind, Overwrite
from strokes.errors import StrokesError

app = typer.Typer(rich_markup_mode=None)


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="What to fetch: mnist, emnist, a-z, pendigits, unipen or omniglot.")],
    path: Annotated[Path | None, typer.Option(help="A copy that you have: a file or a folder.")] = None,
) -> None:
    """Fetch a set of pictures or pen recordings into the cache, each file checked by its sha256; say where it is.

    Example: strokes fetch mnist --path ~/Downloads/mnist
    """
    from strokes.datasets.fetch import fetch

    typer.echo(fetch(name, path))


@app.command()
def info(dataset: DatasetAt) -> None:
    """Print what is in a dataset.

    Example: strokes info out/digits.h5
    """
    from strokes.store.info import describe

    typer.echo(describe(dataset))


@app.command()
def scan(
    picture: Annotated[Path, typer.Argument(help="A picture of handwriting, or a PDF.")],
    out: Annotated[Path, typer.Option(help="The folder for a PNG of each step.")],
    ink: Annotated[str, typer.Option(help="dark, light, or auto to decide by the picture.")] = "auto",
    direction: Annotated[str, typer.Option(help="Of the writing: ltr, rtl, or ttb for columns.")] = "ltr",
    dpi: Annotated[float, typer.Option(min=0, help="Pixels an inch; a PDF is drawn at it.")] = 0.0,
    overwrite: Overwrite = False,
) -> None:
    """Show what happens to a scan before strokes are recovered: paper, rules and specks away, lines and words found.

    Example: strokes scan photo.jpg --out steps
    """
    from strokes.layout.steps import write_steps

    for line in write_steps(picture, out, ink=ink, direction=direction, dpi=dpi, overwrite=overwrite):
        typer.echo(line)


@app.command()
def merge(
    parts: Annotated[list[str], typer.Argument(metavar="PATH|URL", help="Every part of one build, in any order.")],
    out: DatasetOut,
    kind: Kind = "hdf5",
    overwrite: Overwrite = False,
) -> None:
    """Join the parts that build-dataset --shard made to the same file as one build.

    Example: strokes merge out/part-1.h5 out/part-2.h5 --out out/digits.h5
    """
    from strokes.files.places import place_of
    from strokes.store.parts import merge as join

    typer.echo(f"{out}: {join(parts, place_of(out), kind=kind, overwrite=overwrite):,} drawings")


@app.command()
def verify(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="PATH|URL",
            help="A dataset: a file (.h5), a folder of shards, here or by URL, or what strokes publish made.",
        ),
    ],
) -> None:
    """Check every byte of a dataset against the checksums in it, and every offset, range and shape.

    Example: strokes verify out/digits.h5
    """
    from strokes.files.places import Remote, place_of
    from strokes.store.manifest import has_manifest

    place = place_of(dataset)
    if not isinstance(place, Remote) and place.is_dir() and not has_manifest(place):
        from strokes.publishing.checks import verify_published

        count = verify_published(place)
    else:
        from strokes.store.verify import verify as verify_file

        count = verify_file(place)
    typer.echo(f"{dataset}: whole, {count:,} drawings")


@app.command()
def studio(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE.h5]...", help="Datasets to browse.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of this machine; 0: last time's, or a free one.")] = 0,
    data: Annotated[Path | None, typer.Option(help="Folder for samples and models; default: one of yours.")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Don't open the browser.")] = False,
) -> None:
    """Draw, be read, be imitated, recover scans, collect samples and browse datasets, in the browser; all stays here.

    Example: strokes studio out/digits.h5
    """
    try:
        from strokes.studio.server import serve
    except ModuleNotFoundError as error:
        raise StrokesError(f"the studio needs {error.name}; install it with pip install 'penstrokes[studio]'") from None
    serve(files or [], port=port, data=data, open_browser=not no_open)
