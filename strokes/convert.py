"""From a picture of handwriting straight to a file of any format."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from strokes.build import build_dataset
from strokes.datasets.given import load_images
from strokes.errors import ConfigError
from strokes.files import check_free
from strokes.formats import choose_format, export
from strokes.recovery.methods import Options

DATASET = ".h5"


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
    check_free(out, overwrite=overwrite)
    build_dataset(load_images(picture), out, options=options, overwrite=overwrite)
