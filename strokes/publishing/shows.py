"""What a published dataset shows of itself: a sheet of drawings and a film of one of each class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from strokes.formats.films import FilmSettings, animate
from strokes.formats.sheet import write_sheet
from strokes.ink.drawing import IntArray
from strokes.ink.rendering import write_pictures
from strokes.store.reader import DatasetFile

SHEET, FILM = "sheet.png", "film.gif"
EACH, MOST_CLASSES, MOST_FILMED = 10, 30, 20
SHEET_PX, SHEET_PEN_PX = 48, 3.0


def write_pictures_of(stored: DatasetFile, dataset: Path, folder: Path) -> None:
    """Write `SHEET` and `FILM` into a folder; nothing of a dataset without drawings."""
    rows = examples(stored, EACH)
    if not rows:
        return
    chosen = np.concatenate(rows)
    grey = write_pictures(stored.read(chosen), width_px=SHEET_PEN_PX, size=SHEET_PX)
    write_sheet(grey, folder / SHEET, columns=max(len(rows[0]), 1))
    firsts = [int(row[0]) for row in rows][:MOST_FILMED]
    animate(dataset, folder / FILM, ",".join(map(str, firsts)), settings=FilmSettings(size=112, seconds=2.5))


def examples(stored: DatasetFile, each: int) -> list[IntArray]:
    """The first drawings of each class that are not doubtful, a row a class; of unlabelled sets the first of all."""
    labels, flagged = stored.column("labels"), stored.column("flagged").astype(bool)
    classes = [int(label) for label in np.unique(labels[labels >= 0])][:MOST_CLASSES]
    rows = [np.flatnonzero((labels == label) & ~flagged)[:each] for label in classes]
    rows = [row for row in rows if len(row)]
    if rows:
        return rows
    rest = np.flatnonzero(~flagged)[: each * each]
    return [rest[i : i + each] for i in range(0, len(rest), each)]
