"""The commands of image generators: making pictures, scoring them, reading them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from strokes.cli.options import Hypotheses, Model, Overwrite, Randomness, Refine

app = typer.Typer(rich_markup_mode=None)


@app.command()
def generate(
    out: Annotated[Path, typer.Option(help="The dataset file to make (.h5); pictures alone: .npz or .png.")],
    generator: Annotated[
        str, typer.Option(help="A shipped generator's name or a checkpoint; default: as the characters and style ask.")
    ] = "",
    classes: Annotated[str, typer.Option(help="Such as 0-9A-Z; default: all that the generator knows.")] = "",
    text: Annotated[str, typer.Option(help=r"Write this text as a line, or as several at \n, one drawing.")] = "",
    count: Annotated[
        int, typer.Option(min=0, help="How many, at most 100000 characters; 0: the text, or each class, once.")
    ] = 0,
    style: Annotated[Path | None, typer.Option(help="Pictures, or a folder of them, whose style to take.")] = None,
    average: Annotated[bool, typer.Option(help="One style, the mean of the pictures', or each in turn.")] = True,
    randomness: Randomness = 0.8,
    images_only: Annotated[bool, typer.Option("--images-only", help="Write the pictures, without strokes.")] = False,
    seed: Annotated[int, typer.Option(help="Of the pictures, and of the hypotheses of strokes.")] = 0,
    model: Model = "",
    hypotheses: Hypotheses = 0,
    refine: Refine = 0,
    overwrite: Overwrite = False,
) -> None:
    """Make new handwriting: pictures by a generator, thinned, and turned into a dataset of pen strokes.

    Example: strokes generate --classes 0-9A-Z --count 1000 --out out/new.h5
    """
    from strokes.build import build_dataset as build
    from strokes.files import DATASET_ENDINGS, check_ending
    from strokes.generation.request import PICTURE_ENDINGS, Wish, make_pictures, thinned, write_picture_file
    from strokes.generation.text import write_text_dataset, write_text_pictures
    from strokes.recovery.methods import Options

    endings = PICTURE_ENDINGS if images_only else DATASET_ENDINGS
    check_ending(out, endings, f"pictures alone, with --images-only, go to {' or '.join(PICTURE_ENDINGS)}")
    wish = Wish(generator, classes, text.replace("\\n", "\n"), count, style, average, randomness, seed)
    if images_only and text:
        typer.echo(f"{out}: {write_text_pictures(wish, out, overwrite=overwrite):,} pictures")
        return
    if images_only:
        made = make_pictures(wish)
        write_picture_file(made, out, overwrite=overwrite)
        typer.echo(f"{out}: {len(made):,} pictures")
        return
    options = Options(model=model, hypotheses=hypotheses, refine=refine, seed=seed)
    if text:
        written = write_text_dataset(wish, out, options=options, overwrite=overwrite)
    else:
        written = build(thinned(make_pictures(wish)), out, options=options, overwrite=overwrite)
    typer.echo(f"{out}: {written:,} drawings")


@app.command()
def styles(
    out: Annotated[Path, typer.Option(help="The picture to make (.png).")],
    generator: Annotated[str, typer.Option(help="A shipped cvae's name or a checkpoint.")] = "cvae",
    images: Annotated[str, typer.Option(help="A set of pictures, or the path of some.")] = "mnist",
    prompts: Annotated[int, typer.Option(min=1, help="How many of the first test pictures give their style.")] = 6,
    seed: Annotated[int, typer.Option(help="Of the styles' latents.")] = 0,
    overwrite: Overwrite = False,
) -> None:
    """Draw every class that a generator knows, a row each, in the styles of some test pictures, a column each.

    Example: strokes styles --images out/new.npz --out out/styles.png
    """
    from strokes.files import check_ending
    from strokes.generation.request import PICTURE_ENDINGS, make_style_grid, write_picture_file

    check_ending(out, PICTURE_ENDINGS, "pictures can be written as these")
    grid = make_style_grid(generator, images, prompts=prompts, seed=seed)
    write_picture_file(grid, out, columns=prompts, overwrite=overwrite)
    typer.echo(out)


@app.command()
def score(
    pictures: Annotated[
        str, typer.Argument(help="A generator's name or checkpoint, or an .npz with images and perhaps labels.")
    ],
    real: Annotated[
        str, typer.Option(help="Real test pictures, a folder of MNIST's files, or a set's name, fetched.")
    ] = "mnist",
    train: Annotated[Path | None, typer.Option(help="Training pictures, beside test pictures of a file.")] = None,
    count: Annotated[int, typer.Option(min=100, help="How many pictures a generator makes.")] = 10_000,
    randomness: Randomness = 0.8,
    standard: Annotated[
        bool, typer.Option("--standard", help="Latents from a standard normal, not from where real pictures' lie.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of what is drawn at random.")] = 0,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file, too.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots and pictures to this file.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Judge generated pictures beside real ones: Inception Score, Frechet distance, precision, recall, memorised?

    Example: strokes score out/generated.npz --html out/generated.html
    """
    from strokes.evaluation.generated import score_generated
    from strokes.evaluation.inputs import read_made, read_real
    from strokes.evaluation.report import write_report
    from strokes.files import check_outputs

    check_outputs(json, html, overwrite=overwrite)
    generated = read_made(pictures, count=count, seed=seed, randomness=randomness, standard=standard)
    real_test, real_train = read_real(real, train)
    report = score_generated(generated, real_test=real_test, real_train=real_train, seed=seed)
    typer.echo(report.as_text())
    write_report(report, json_file=json, page=html, overwrite=overwrite)


@app.command()
def classify(
    pictures: Annotated[list[Path], typer.Argument(help="PNG, JPEG, IDX or .npz files, or folders of pictures.")],
    classes: Annotated[
        str, typer.Option(help="What the reader must know, such as 0-9,A-Z; default: as the labels ask.")
    ] = "",
    generator: Annotated[
        str, typer.Option(help="Read with the encoder of this cvae, which draws again what it has read.")
    ] = "",
    top: Annotated[int, typer.Option(min=1, help="How many classes to tell of a picture.")] = 3,
    report: Annotated[Path | None, typer.Option(help="Write how well labelled pictures are read to this page.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the same figures to this file.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Name the character in each picture, with probabilities. Pictures in a subfolder a class can be judged, too.

    Example: strokes classify scans/seven.png scans/digits --report out/reading.html
    """
    from strokes.evaluation.inputs import read_pictures
    from strokes.evaluation.reading import find_reader, judge_reader, name_pictures
    from strokes.evaluation.report import write_report
    from strokes.files import check_outputs
    from strokes.ink.labels import expand_ranges

    check_outputs(report, json, overwrite=overwrite)
    names, found = read_pictures(pictures)
    reader = find_reader(found, expand_ranges(classes), generator)
    judged = judge_reader(reader, found) if report or json else None
    for named in name_pictures(names, found, reader, top=top):
        typer.echo(named)
    if judged is not None:
        typer.echo(judged.as_text())
        write_report(judged, json_file=json, page=report, overwrite=overwrite)
