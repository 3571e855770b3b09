"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Device = Annotated[str, typer.Option(help="cpu or cuda.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing output.")]
Dataset = Annotated[Path, typer.Argument(help="A dataset: a file (.h5), or a folder of shards.")]
DatasetAt = Annotated[
    str, typer.Argument(metavar="PATH|URL", help="A dataset: a file (.h5), or a folder of shards, here or by URL.")
]
DatasetOut = Annotated[
    str,
    typer.Option(metavar="PATH|URL", help="The dataset file to make (.h5), or the folder of shards, here or by URL."),
]
Kind = Annotated[str, typer.Option("--format", help="hdf5, one file; parquet or webdataset, a folder of shards.")]
Model = Annotated[str, typer.Option(help="A shipped network's name or a checkpoint; default: as the labels ask.")]
MethodName = Annotated[str, typer.Option("--method", help="network, or trace: a classical baseline without one.")]
Hypotheses = Annotated[
    int,
    typer.Option(
        min=0, help="Walks a picture, of which a pen network's best is taken; 0: as its recipe says; at most 1000."
    ),
]
Refine = Annotated[int, typer.Option(min=0, help="Gradient steps on each drawing of a pen network, at most.")]
Habits = Annotated[
    Path | None, typer.Option(help="Drawings by the hands that wrote the pictures, in any format: their habits decide.")
]
Writers = Annotated[
    str, typer.Option(help="Who wrote each picture: folder (CLASS/WRITER/), a pattern as {writer}-*.png, or a CSV.")
]
Randomness = Annotated[float, typer.Option(min=0, help="0: always the same picture; 1: as varied as was learned.")]
Format = Annotated[str | None, typer.Option(help="Such as json or inkml, see docs/formats.md; default: guessed.")]
Selected = Annotated[Path | None, typer.Option("--selection", help="Keep or leave out what the studio's marks say.")]
