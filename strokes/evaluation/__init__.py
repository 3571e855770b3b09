"""How good drawings are: against their pictures, against real pens, and as something to learn from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from strokes.errors import ConfigError
from strokes.evaluation.dataset import judge_dataset
from strokes.evaluation.drawings_report import DrawingsReport, Example
from strokes.evaluation.recovery import PER_WRITER, Recover, choose_pens, judge_pens
from strokes.evaluation.report import Report, write_report
from strokes.evaluation.teach import judge_teaching
from strokes.files import check_outputs
from strokes.formats.pens import load_pens
from strokes.ink.rendering import pen_pictures
from strokes.metrics.intervals import Figure, summarise
from strokes.recovery.methods import Options, check_device, choose_method

__all__ = [
    "DrawingsReport",
    "Example",
    "Figure",
    "Recover",
    "Report",
    "check_outputs",
    "choose_pens",
    "evaluate",
    "judge_dataset",
    "judge_pens",
    "judge_teaching",
    "summarise",
    "write_report",
]


HOW = ("method", "model", "hypotheses", "refine")


def evaluate(
    dataset: Path | str | None = None,
    *,
    pens: Path | str | None = None,
    teach: Path | str | None = None,
    format: str | None = None,
    options: Options | None = None,
    split: str = "all",
    held_out: bool = False,
    per_writer: int = PER_WRITER,
    limit: int | None = None,
    teach_per_class: int = 0,
) -> DrawingsReport:
    """Judge a dataset file by its pictures or, with `teach`, by what it teaches; or with `pens` a way of recovering.

    >>> import strokes
    >>> report = strokes.evaluate("out/mnist-strokes.h5", limit=20)
    >>> report.overall["f1"].mean > 0.9  # the share of the ink that is drawn, and of the drawing that is ink
    True

    Args:
        dataset: a dataset file.
        pens: pen recordings in any format that `strokes import` reads.
        teach: labelled pen recordings to read with what `dataset` teaches.
        format: of the pen recordings; guessed by default.
        options: how pictures are recovered; by default as scores best.
        split: of the dataset.
        held_out: only pens of writers who are kept out of training.
        per_writer: at most so many recordings of a writer, 0 for all.
        limit: at most so many drawings in all; with `teach`, to learn from.
        teach_per_class: with `pens`, so many recordings of every writer and class show the writer's habits, and the
            others are judged.

    Raises:
        ConfigError: not one thing to judge, or one that can't be judged so.
        SourceError: the recordings can't be read.
        StoreError: the dataset can't be read.
    """
    if (dataset is None) == (pens is None):
        raise ConfigError("expected one thing to judge: a dataset file, or pen recordings with --pens")
    if dataset is not None and teach is not None:
        return judge_teaching(Path(dataset), load_pens(Path(teach), format), per_writer=per_writer, limit=limit)
    if dataset is not None:
        return judge_dataset(Path(dataset), split=split, limit=limit)
    if teach is not None or pens is None:
        raise ConfigError("--teach judges what a dataset file teaches; give one")
    chosen = choose_pens(load_pens(Path(pens), format), held_out=held_out, per_writer=per_writer, limit=limit)
    options = options or Options()
    if teach_per_class:
        taught, chosen = chosen.taught_apart(teach_per_class)
        if not len(chosen):
            raise ConfigError(f"with {teach_per_class} taught of each class no recording is left to judge by")
        options = replace(options, habits=taught)
    check_device(options.device)
    way = choose_method(replace(pen_pictures(chosen.drawings), writers=chosen.writers), options)
    about = {name: str(way.attributes[name]) for name in HOW if name in way.attributes}
    about |= {"taught of each class": str(teach_per_class)} if teach_per_class else {}
    return judge_pens(chosen, way.draw, title=Path(pens).name, about=about | {"held-out writers only": str(held_out)})
