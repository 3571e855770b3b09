"""Drawings of the studio as files: every format that drawings are written to, films of the pen, the dataset itself."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from strokes.errors import ConfigError
from strokes.formats import FORMATS, export
from strokes.formats.films import animate
from strokes.formats.importing import class_names
from strokes.formats.recording import SIDE, make_block
from strokes.ink.drawing import POINT_COLUMNS, Drawing, DrawingSet, make_drawing_set
from strokes.recovery.large_ink import OF_STROKES
from strokes.store.reader import open_dataset
from strokes.store.writer import DatasetWriter
from strokes.studio.samples import Sample, recordings

HDF5 = "hdf5"
FILMS = {"gif": ".gif", "mp4": ".mp4", "apng": ".apng", "webp": ".webp", "vector film": ".svg"}
"""Films of the pen, by name, and what their files end in."""
PLOTS = ("svg", "gcode", "hpgl")
"""Formats in mm, which a height can be asked of."""


@dataclass(frozen=True)
class Download:
    """A way to download drawings: its name, and what its file ends in."""

    name: str
    ending: str


def downloads(*, films: bool) -> list[Download]:
    """Every way to download drawings, films of the pen among them or not; a folder comes as a .zip."""
    kept = [Download(HDF5, ".h5")]
    written = [
        Download(form.name, ".zip" if form.folder == "always" else form.endings[0])
        for form in FORMATS.values()
        if form.writes
    ]
    moving = [Download(name, ending) for name, ending in FILMS.items()] if films else []
    return kept + written + moving


def find_download(name: str, *, films: bool) -> Download:
    """The way of that name. Raises `ConfigError` when there is none."""
    for download in downloads(films=films):
        if download.name == name:
            return download
    raise ConfigError(f"there is no download {name!r}; one of {', '.join(d.name for d in downloads(films=films))}")


def keep_drawing(drawings: DrawingSet, out: Path) -> None:
    """Keep what was recovered of a picture, with all that is known of it, as a dataset file."""
    with DatasetWriter(out, attributes={"source": "studio"}, classes=drawings.classes) as writer:
        writer.append(drawings)


def write_drawing(
    recovered: Path, strokes: Sequence[np.ndarray] | None, out: Path, form: str, *, height_mm: float = 0.0
) -> None:
    """Write a drawing to `out`.

    Args:
        recovered: the dataset file with what was recovered.
        strokes: as a person put them right; None for as they were recovered.
        out: the file to make.
        form: a download's name.
        height_mm: of the ink, for plots; 0 for its true size, where that is known.

    Raises:
        ConfigError: a package is missing.
    """
    dataset = recovered
    if strokes is not None:
        dataset = out.with_name("edited.h5")
        with open_dataset(recovered) as stored:
            keep_drawing(edited(stored.read([0]), strokes), dataset)
    if form == HDF5:
        shutil.copyfile(dataset, out)
    elif form in FILMS:
        animate(dataset, out)
    else:
        write_format(dataset, out, form, height_mm=height_mm)


def edited(found: DrawingSet, strokes: Sequence[np.ndarray]) -> DrawingSet:
    """A drawing with other strokes; what was said of its own ones, such as scores, is left out."""
    drawn = make_drawing_set([Drawing(tuple(strokes))])
    known = json.loads(found.metadata[0]) if found.metadata is not None and found.metadata[0] else {}
    kept = {name: value for name, value in known.items() if name not in OF_STROKES}
    return replace(
        found,
        points=drawn.points,
        stroke_offsets=drawn.stroke_offsets,
        drawing_offsets=drawn.drawing_offsets,
        scores={},
        flagged=np.zeros(1, np.bool_),
        metadata=None if found.metadata is None else (json.dumps(kept, ensure_ascii=False),),
    )


def side_mm_of(known: dict[str, object]) -> float | None:
    """How long the longer side of a drawing's picture is in mm, None where nobody knows."""
    side = known.get(SIDE)
    return float(side) if isinstance(side, int | float) else None


def write_samples(samples: Sequence[Sample], out: Path, form: str) -> None:
    """Write samples to `out`, with their times, pressure, tilt and writers where the format holds them.

    Raises:
        ConfigError: there is no sample.
    """
    if not samples:
        raise ConfigError("there is no sample yet; keep some first")
    dataset = out.with_name("samples.h5") if form != HDF5 else out
    classes = class_names(sample.label for sample in samples)
    kept = list(recordings(samples))
    columns = [name for name in POINT_COLUMNS if any(name in recording.columns for recording in kept)]
    block = make_block(kept, classes=classes, first=0, columns=columns, scores=(), metadata=True)
    with DatasetWriter(dataset, attributes={"source": "studio"}, classes=classes) as writer:
        writer.append(block)
    if form != HDF5:
        write_format(dataset, out, form)


def write_format(dataset: Path, out: Path, form: str, *, height_mm: float = 0.0) -> None:
    """Export a dataset file to `out`, plots with that height of their ink; a folder's files as one .zip."""
    settings: dict[str, Any] = {"height_mm": height_mm} if height_mm and form in PLOTS else {}
    if FORMATS[form].folder != "always":
        export(dataset, out, form, **settings)
        return
    folder = out.with_name("folder")
    export(dataset, folder, form)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                archive.write(path, path.relative_to(folder))
    shutil.rmtree(folder)
