"""How good drawings are: against their pictures, against real pens, and as something to learn from."""

from __future__ import annotations

from pathlib import Path

from strokes.errors import ConfigError
from strokes.evaluation.dataset import judge_dataset
from strokes.evaluation.page import lines_of
from strokes.evaluation.recovery import PER_WRITER, Recover, choose_pens, judge_pens
from strokes.evaluation.report import Example, Report
from strokes.evaluation.teach import judge_teaching
from strokes.files import check_outputs, write_outputs
from strokes.formats.pens import load_pens
from strokes.ink.rendering import pen_pictures
from strokes.metrics.intervals import Figure, summarise
from strokes.recovery.methods import Options, check_device, choose_method

__all__ = [
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
    dataset: Path | None = None,
    *,
    pens: Path | None = None,
    teach: Path | None = None,
    format: str | None = None,
    options: Options | None = None,
    split: str = "all",
    held_out: bool = False,
    per_writer: int = PER_WRITER,
    limit: int | None = None,
) -> Report:
    """Judge a dataset file by its pictures or, with `teach`, by what it teaches; or with `pens` a way of recovering.

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

    Raises:
        ConfigError: not one thing to judge, or one that can't be judged so.
        SourceError: the recordings can't be read.
        StoreError: the dataset can't be read.
    """
    if (dataset is None) == (pens is None):
        raise ConfigError("expected one thing to judge: a dataset file, or pen recordings with --pens")
    if dataset is not None and teach is not None:
        return judge_teaching(dataset, load_pens(teach, format), per_writer=per_writer, limit=limit)
    if dataset is not None:
        return judge_dataset(dataset, split=split, limit=limit)
    if teach is not None or pens is None:
        raise ConfigError("--teach judges what a dataset file teaches; give one")
    chosen = choose_pens(load_pens(pens, format), held_out=held_out, per_writer=per_writer, limit=limit)
    options = options or Options()
    check_device(options.device)
    way = choose_method(pen_pictures(chosen.drawings), options)
    about = {name: str(way.attributes[name]) for name in HOW if name in way.attributes}
    return judge_pens(chosen, way.draw, title=pens.name, about=about | {"held-out writers only": str(held_out)})


def write_report(report: Report, *, json_file: Path | None, page: Path | None, overwrite: bool = False) -> None:
    """Write a report as JSON, as a page, or both; each file appears only when whole.

    Raises:
        StoreError: one exists or can't be written.
    """
    write_outputs(report.as_dict(), lines_of(report), json_file=json_file, page=page, overwrite=overwrite)
