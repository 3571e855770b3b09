"""The commands that make datasets and networks, and that judge them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from strokes.cli.options import (
    DatasetOut,
    Device,
    Format,
    Habits,
    Hypotheses,
    Kind,
    MethodName,
    Model,
    Overwrite,
    Refine,
    Selected,
    Writers,
)

app = typer.Typer(rich_markup_mode=None)


@app.command("build-dataset")
def build_dataset(
    out: DatasetOut,
    images: Annotated[
        str | None,
        typer.Option(
            metavar="PATH|URL",
            help="A picture, PDF, folder of them, array, CSV, IDX, Parquet or tar shards; default: thinned MNIST.",
        ),
    ] = None,
    labels: Annotated[str | None, typer.Option(metavar="PATH|URL", help="The labels of an IDX file or array.")] = None,
    ink: Annotated[str, typer.Option(help="dark, light, or auto to decide by the pictures.")] = "auto",
    orientation: Annotated[
        str, typer.Option(help="upright, transposed, or auto, which turns EMNIST's own files.")
    ] = "auto",
    dpi: Annotated[float, typer.Option(min=0, help="Pixels an inch, instead of what the files say.")] = 0.0,
    test_share: Annotated[float, typer.Option(min=0, max=1, help="Put so many, by their names, in split test.")] = 0.0,
    unit: Annotated[str, typer.Option(help="One drawing a page, line, word or glyph.")] = "page",
    direction: Annotated[str, typer.Option(help="Of the writing: ltr, rtl, or ttb for columns.")] = "ltr",
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out what can't be read or drawn; NAME.failed.csv lists it.")
    ] = False,
    split: Annotated[str, typer.Option(help="train, test or all.")] = "all",
    classes: Annotated[str, typer.Option(help="Only these classes, such as 0-3,7.")] = "",
    limit: Annotated[int | None, typer.Option(min=0, help="At most this many pictures.")] = None,
    selection: Selected = None,
    model: Model = "",
    method: MethodName = "network",
    hypotheses: Hypotheses = 0,
    refine: Refine = 0,
    min_confidence: Annotated[float, typer.Option(min=0, max=1, help="Leave out drawings less sure than this.")] = 0.0,
    habits: Habits = None,
    writers: Writers = "",
    device: Device = "cpu",
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures in work at a time; never changes the file.")] = 4000,
    seed: Annotated[int, typer.Option(help="Of the hypotheses.")] = 0,
    scores: Annotated[bool, typer.Option(help="Score each drawing against its picture.")] = True,
    engine: Annotated[str, typer.Option(help="Where it is drawn: local, or ray for a cluster.")] = "local",
    address: Annotated[str, typer.Option(help="Of the Ray cluster; default: RAY_ADDRESS, or this machine.")] = "",
    workers: Annotated[int, typer.Option(min=0, help="A core each; 0: all cores. Never changes the file.")] = 0,
    kind: Kind = "hdf5",
    shard: Annotated[str, typer.Option(help="Build part i of n alone, such as 2/4, for strokes merge.")] = "",
    work: Annotated[
        Path | None,
        typer.Option(help="Folder for unfinished work; default: the output's, or this one for a URL."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw away another build's unfinished work.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Turn pictures into a dataset of pen strokes. After an interruption the same command goes on.

    Example: strokes build-dataset --split test --classes 0-4 --limit 1000 --out out/digits.h5
    """
    from strokes.build import build_dataset as build
    from strokes.datasets.choose import choose_pictures
    from strokes.datasets.given import Reading
    from strokes.engines import choose_engine
    from strokes.files.places import place_of
    from strokes.formats.pens import load_pens
    from strokes.layout.units import split_units
    from strokes.recovery.methods import Options
    from strokes.store.parts import parse_part
    from strokes.store.selection import read_selection

    reading = Reading(ink, orientation, dpi, test_share, skip_bad, writers)
    pictures = choose_pictures(images, labels, split=split, classes=classes, limit=limit, reading=reading)
    for note in pictures.notes:
        typer.echo(note, err=True)
    if selection is not None:
        chosen = read_selection(selection)
        pictures = pictures.select(chosen.mask(pictures.split, pictures.source_index, source=pictures.name))
    part = parse_part(shard) if shard else None
    taught = None if habits is None else load_pens(habits)
    options = Options(method, model, hypotheses, refine, scores, seed, device, taught, direction)
    count = build(
        split_units(pictures, unit, direction=direction),
        place_of(out),
        options=options,
        min_confidence=min_confidence,
        batch_size=batch_size,
        overwrite=overwrite,
        part=part,
        fresh=fresh,
        skip_bad=skip_bad,
        engine=None if (engine, workers, address) == ("local", 0, "") else choose_engine(engine, workers, address),
        kind=kind,
        work=work,
    )
    typer.echo(f"{out}: {count:,} drawings")


@app.command()
def train(
    recipe: Annotated[
        str, typer.Argument(help="A recipe's name, or the path of a .toml file; default: pen-digits, on fetched pens.")
    ] = "",
    pens: Annotated[
        list[Path] | None, typer.Option(help="Pen recordings for a pen recipe, in any format; may be repeated.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for checkpoints and logs; default runs/RECIPE.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in the folder.")] = False,
    images: Annotated[
        list[str] | None,
        typer.Option(help="Labelled pictures; default: MNIST's training digits. Generators take names and several."),
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="The labels of an IDX file.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many pictures of each set.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads; default: all cores.")] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes that make examples ahead, for pen-words.")] = 0,
    device: Device = "cpu",
) -> None:
    """Train a stroke network or an image generator by a recipe, with a checkpoint an epoch.

    Several processes share a pen recipe's batches: torchrun --nproc_per_node 2 -m strokes train pen-digits …

    Example: strokes train per-digit --epochs 2 --out runs/short
    """
    from strokes.api import train as run
    from strokes.train_recipe import describe_epoch, set_threads, use_of
    from strokes.training.processes import speaks

    set_threads(threads)
    checkpoint = run(
        recipe,
        out,
        pens=pens or (),
        images=images or (),
        labels=labels,
        limit=limit,
        epochs=epochs,
        seed=seed,
        device=device,
        workers=workers,
        resume=resume,
        on_epoch=describe_epoch(typer.echo),
    )
    if speaks():
        typer.echo(f"{checkpoint.parent}: {use_of(recipe).format(folder=checkpoint.parent)}")


@app.command()
def adapt(
    model: Annotated[str, typer.Argument(help="A shipped pen network's name or a checkpoint.")],
    pens: Annotated[Path, typer.Option(help="Drawings by the hand, in any format, with their classes.")],
    out: Annotated[Path, typer.Option(help="Folder for the adapted weights.")],
    others: Annotated[
        list[Path] | None, typer.Option(help="Drawings by other hands, to forget nothing; default: the bundled ones.")
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Of gradient descent.")] = 60,
    change: Annotated[str, typer.Option(help="What may change: all weights, biases, or low-rank for rank 4.")] = "all",
) -> None:
    """Take a pen network to one hand by some of its drawings; use it with --model, and --habits beside it.

    Example: strokes adapt pen-digits --pens mine.ndjson --out runs/mine
    """
    from strokes.formats.pens import load_pen_sets, load_pens
    from strokes.recovery.pointer.adapt import adapt_model

    known = load_pen_sets(others) if others else None
    typer.echo(adapt_model(model, load_pens(pens), out, others=known, steps=steps, change=change))


@app.command()
def evaluate(
    dataset: Annotated[Path | None, typer.Argument(help="A dataset file (.h5) to judge by its pictures.")] = None,
    pens: Annotated[
        Path | None,
        typer.Option(help="Pen recordings to recover from their pictures and compare, instead of a dataset file."),
    ] = None,
    teach: Annotated[
        Path | None, typer.Option(help="Labelled pen recordings, to be read by what the dataset file teaches.")
    ] = None,
    format: Format = None,
    model: Model = "",
    method: MethodName = "network",
    hypotheses: Hypotheses = 0,
    refine: Refine = 0,
    habits: Habits = None,
    teach_per_class: Annotated[
        int, typer.Option(min=0, help="With --pens: so many drawings of each writer and class show habits; 0: none.")
    ] = 0,
    device: Device = "cpu",
    split: Annotated[str, typer.Option(help="Of a dataset file: train, test, none or all.")] = "all",
    held_out: Annotated[bool, typer.Option("--held-out", help="Only pens of writers kept out of training.")] = False,
    per_writer: Annotated[int, typer.Option(min=0, help="At most so many drawings of a writer; 0: all.")] = 20,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many; with --teach, to learn from.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file, too.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots and drawings to this file.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Judge a dataset file by its pictures or what it teaches, or with --pens a way of recovering by real pens.

    Example: strokes evaluate --pens pendigits-orig.tes --method trace --html out/trace.html
    """
    from strokes.evaluation import evaluate as judge
    from strokes.evaluation import write_report
    from strokes.files import check_outputs
    from strokes.formats.pens import load_pens
    from strokes.recovery.methods import Options

    check_outputs(json, html, overwrite=overwrite)
    taught = None if habits is None else load_pens(habits)
    report = judge(
        dataset,
        pens=pens,
        teach=teach,
        format=format,
        options=Options(method, model, hypotheses, refine, device=device, habits=taught),
        split=split,
        held_out=held_out,
        per_writer=per_writer,
        limit=limit,
        teach_per_class=teach_per_class,
    )
    typer.echo(report.as_text())
    write_report(report, json_file=json, page=html, overwrite=overwrite)
