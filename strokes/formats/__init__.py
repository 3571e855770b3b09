"""Other tools' formats: datasets are exported to them, pen recordings and other people's sets imported from them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from strokes.errors import SourceError
from strokes.files import atomic_folder, atomic_path, check_dataset_name, check_free, check_free_folder
from strokes.files.places import Place, place_of
from strokes.formats.losses import lost
from strokes.formats.registry import FORMATS, Format, choose_format, named_format
from strokes.store.reader import DatasetFile, open_dataset
from strokes.store.schema import RESERVED
from strokes.store.selection import Selection
from strokes.store.writer import DatasetWriter

__all__ = ["FORMATS", "Format", "choose_format", "export", "import_file"]


def export(
    dataset: Place | str,
    out: Path | str,
    format: str | None = None,
    *,
    selection: Selection | None = None,
    overwrite: bool = False,
    **settings: Any,
) -> tuple[str, ...]:
    """Write the drawings of the file `dataset` to `out`; it appears only when whole.

    >>> import strokes
    >>> strokes.export("out/mnist-strokes.h5", "out/digits.ndjson", overwrite=True)
    ('pictures',)

    Args:
        dataset: a dataset file, or a folder of shards, also by URL.
        out: the file or folder to make.
        format: a name in `FORMATS`; by default guessed from the ending of `out`.
        selection: which drawings; by default all.
        overwrite: replace an existing file, or a folder that holds such an export.
        settings: those of the format, such as `height_mm` of a plot.

    Returns:
        what the dataset holds and the format can't, in words of `strokes.formats.losses`.

    Raises:
        ConfigError: the format is unknown, can't be guessed, or has not such a setting.
        StoreError: the dataset can't be read, or `out` exists or can't be written.
    """
    out = Path(out)
    chosen = choose_format(out, format)
    write, in_folder = chosen.writer(**settings), chosen.makes_folder(out)
    check, appears = (check_free_folder, atomic_folder) if in_folder else (check_free, atomic_path)
    check(out, overwrite=overwrite)
    with selected(place_of(dataset), selection) as stored, appears(out, overwrite=overwrite) as partial:
        write(stored, partial)
        return lost(stored, chosen.keeps)


@contextmanager
def selected(dataset: Place, selection: Selection | None) -> Iterator[DatasetFile]:
    """The dataset, or one for the while with the drawings that a selection keeps."""
    with open_dataset(dataset) as stored:
        if selection is None:
            yield stored
            return
        source = str(stored.attributes.get("source", ""))
        mask = selection.mask(stored.column("split"), stored.column("source_index"), source=source)
        kept = np.flatnonzero(mask)
        attributes = {name: value for name, value in stored.attributes.items() if name not in RESERVED}
        with TemporaryDirectory(prefix="strokes-") as folder:
            part = Path(folder) / dataset.name
            with DatasetWriter(part, attributes=attributes, classes=stored.classes) as writer:
                for block in stored.blocks(kept):
                    writer.append(block)
            with open_dataset(part) as chosen:
                yield chosen


def import_file(
    source: Path | str, out: Path | str, format: str | None = None, *, overwrite: bool = False, **settings: Any
) -> int:
    """Write the drawings of another tool's file to a dataset file `out`; it appears only when whole.

    >>> import strokes
    >>> strokes.export("out/mnist-strokes.h5", "out/digits.inkml", overwrite=True)
    ('pictures',)
    >>> strokes.import_file("out/digits.inkml", "out/back.h5", overwrite=True)
    100

    Args:
        source: a file, or a folder of files.
        out: the dataset file to make.
        format: a name in `FORMATS`; by default guessed from the name and content of `source`.
        overwrite: replace an existing file.
        settings: those of the format, such as `flatten_mm` of SVG.

    Returns:
        how many drawings there are.

    Raises:
        ConfigError: the format is unknown, can't be guessed, is only written, or has not such a setting.
        SourceError: `source` is missing or broken, or holds no drawing.
        StoreError: `out` exists or can't be written.
    """
    from strokes.formats.guess import guess_format
    from strokes.formats.importing import import_drawings

    source = Path(source)
    check_dataset_name(Path(out))
    chosen = named_format(format) if format is not None else guess_format(source)
    try:
        return import_drawings(source, Path(out), chosen, overwrite=overwrite, **settings)
    except SourceError as error:
        if str(source) in str(error):
            raise
        raise SourceError(f"{source}: {error}") from error
