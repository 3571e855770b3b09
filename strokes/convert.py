"""From a picture of handwriting straight to a file of any format."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from strokes.build import build_dataset
from strokes.datasets.given import load_images
from strokes.datasets.image_files import SUFFIXES, find_pictures
from strokes.errors import ConfigError
from strokes.files import check_free
from strokes.formats import choose_format, export
from strokes.formats.json_text import parse_metadata, to_text
from strokes.formats.losses import FILE
from strokes.formats.recording import SIDE
from strokes.recovery.methods import Options
from strokes.store.reader import DatasetFile, open_dataset
from strokes.store.schema import RESERVED
from strokes.store.writer import DatasetWriter

DATASET = ".h5"
INCH_MM = 25.4
LEAST_DPI = 100
"""Cameras and screens write 72 or 96 dpi whatever they show."""


def trace_picture(
    picture: Path,
    out: Path,
    format: str | None = None,
    *,
    options: Options | None = None,
    overwrite: bool = False,
    **settings: Any,
) -> tuple[str, ...]:
    """Recover the strokes of a picture, or of a folder of pictures, and write them to `out`.

    Args:
        picture: a PNG or JPEG, or a folder of them.
        out: a dataset file (.h5), or a file of any format that datasets are exported to.
        format: its name in `strokes.formats.FORMATS`; by default guessed from the ending of `out`.
        options: how strokes are recovered.
        overwrite: replace an existing file.
        settings: those of the format, such as `height_mm` of a plot.

    Returns:
        what was known and the format has no place for.

    Raises:
        ConfigError: the format is unknown, can't be guessed, or has not such a setting.
        SourceError: the picture can't be read.
        StoreError: `out` exists or can't be written.
    """
    if format is None and out.suffix.lower() == DATASET:
        if settings:
            raise ConfigError(f"a dataset file has no setting --{next(iter(settings)).replace('_', '-')}")
        trace_to_dataset(picture, out, options, overwrite=overwrite)
        return ()
    chosen = choose_format(out, format)
    if not chosen.makes_folder(out):
        check_free(out, overwrite=overwrite)
    chosen.writer(**settings)
    with tempfile.TemporaryDirectory() as folder:
        dataset = Path(folder) / "traced.h5"
        trace_to_dataset(picture, dataset, options)
        return export(dataset, out, chosen.name, overwrite=overwrite, **settings)


def trace_to_dataset(picture: Path, out: Path, options: Options | None = None, *, overwrite: bool = False) -> None:
    """Recover pictures to a dataset file whose metadata tells the file of each, and its size where its dpi is known.

    Raises:
        SourceError: a picture can't be read.
        StoreError: `out` exists or can't be written.
    """
    files = [path for path, _ in find_pictures(picture)] if picture.is_dir() else [picture]
    check_free(out, overwrite=overwrite)
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.h5"
        build_dataset(load_images(picture), bare, options=options)
        with (
            open_dataset(bare) as stored,
            DatasetWriter(out, attributes=_given(stored), classes=stored.classes, overwrite=overwrite) as writer,
        ):
            for block in stored.blocks():
                notes = block.metadata or ("",) * len(block)
                texts = tuple(
                    to_text(describe_file(files[i]) | (parse_metadata(note) if note else {}))
                    for i, note in zip(block.source_index.tolist(), notes, strict=True)
                )
                writer.append(replace(block, metadata=texts))


def _given(stored: DatasetFile) -> dict[str, Any]:
    return {name: value for name, value in stored.attributes.items() if name not in RESERVED}


def describe_file(path: Path) -> dict[str, Any]:
    """A picture's name and, where the file says how large a pixel is, the length of its longer side in mm."""
    about: dict[str, Any] = {FILE: path.name}
    if path.suffix.lower() not in SUFFIXES:
        return about
    with Image.open(path) as picture:
        dpi = max(map(float, picture.info.get("dpi", (0.0,))))
        if dpi >= LEAST_DPI:
            about[SIDE] = float(f"{max(picture.size) / dpi * INCH_MM:.6g}")
    return about
