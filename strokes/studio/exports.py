"""Drawings of the studio as files: every format that drawings are written to, animations, and the dataset itself."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from strokes.errors import ConfigError
from strokes.formats import FORMATS, export
from strokes.formats.animation import write_animation
from strokes.formats.importing import class_names
from strokes.formats.recording import make_block
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.store.writer import DatasetWriter
from strokes.studio.samples import Sample, recordings

HDF5 = "hdf5"
ANIMATIONS = {"gif": ".gif"}
"""Films of the pen, by name, and what their files end in."""


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
    moving = [Download(name, ending) for name, ending in ANIMATIONS.items()] if films else []
    return kept + written + moving


def find_download(name: str, *, films: bool) -> Download:
    """The way of that name. Raises `ConfigError` when there is none."""
    for download in downloads(films=films):
        if download.name == name:
            return download
    raise ConfigError(f"there is no download {name!r}; one of {', '.join(d.name for d in downloads(films=films))}")


def write_drawing(drawing: Drawing, out: Path, form: str) -> None:
    """Write one drawing to `out`. Raises what the format raises."""
    dataset = out.with_name("drawing.h5") if form != HDF5 else out
    drawings = make_drawing_set([drawing], flagged=np.zeros(1, np.bool_))
    with DatasetWriter(dataset, attributes={"source": "studio"}, classes=()) as writer:
        writer.append(drawings)
    if form in ANIMATIONS:
        write_animation(drawings, out)
    elif form != HDF5:
        write_format(dataset, out, form)


def write_samples(samples: Sequence[Sample], out: Path, form: str) -> None:
    """Write samples to `out`, with their times, pressure and writers where the format holds them.

    Raises:
        ConfigError: there is no sample.
    """
    if not samples:
        raise ConfigError("there is no sample yet; keep some first")
    dataset = out.with_name("samples.h5") if form != HDF5 else out
    classes = class_names(sample.label for sample in samples)
    block = make_block(
        list(recordings(samples)),
        classes=classes,
        first=0,
        columns=("time_ms", "pressure"),
        scores=(),
        metadata=True,
    )
    with DatasetWriter(dataset, attributes={"source": "studio"}, classes=classes) as writer:
        writer.append(block)
    if form != HDF5:
        write_format(dataset, out, form)


def write_format(dataset: Path, out: Path, form: str) -> None:
    """Export a dataset file to `out`; a folder's files as one .zip."""
    if FORMATS[form].folder != "always":
        export(dataset, out, form)
        return
    folder = out.with_name("folder")
    export(dataset, folder, form)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                archive.write(path, path.relative_to(folder))
    shutil.rmtree(folder)
