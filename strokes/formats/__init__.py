"""Other tools' formats: datasets are exported to them, pen recordings and other people's sets imported from them."""

from __future__ import annotations

from pathlib import Path

from strokes.errors import SourceError
from strokes.files import atomic_folder, atomic_path, check_free
from strokes.formats.registry import FORMATS, Format, choose_format, named_format
from strokes.store.reader import open_dataset

__all__ = ["FORMATS", "Format", "choose_format", "export", "import_file"]


def export(dataset: Path | str, out: Path | str, format: str | None = None, *, overwrite: bool = False) -> None:
    """Write the drawings of the file `dataset` to `out`; it appears only when whole.

    Args:
        dataset: a dataset file.
        out: the file or folder to make.
        format: a name in `FORMATS`; by default guessed from the ending of `out`.
        overwrite: replace an existing file, or a folder that holds such an export.

    Raises:
        ConfigError: the format is unknown, or can't be guessed.
        StoreError: the dataset can't be read, or `out` exists or can't be written.
    """
    out = Path(out)
    chosen = choose_format(out, format)
    write, in_folder = chosen.writer(), chosen.makes_folder(out)
    if not in_folder:
        check_free(out, overwrite=overwrite)
    appears = atomic_folder if in_folder else atomic_path
    with open_dataset(dataset) as stored, appears(out, overwrite=overwrite) as partial:
        write(stored, partial)


def import_file(source: Path | str, out: Path | str, format: str | None = None, *, overwrite: bool = False) -> int:
    """Write the drawings of another tool's file to a dataset file `out`; it appears only when whole.

    Args:
        source: a file, or a folder of files.
        out: the dataset file to make.
        format: a name in `FORMATS`; by default guessed from the name and content of `source`.
        overwrite: replace an existing file.

    Returns:
        how many drawings there are.

    Raises:
        ConfigError: the format is unknown, can't be guessed, or is only written.
        SourceError: `source` is missing or broken, or holds no drawing.
        StoreError: `out` exists or can't be written.
    """
    from strokes.formats.guess import guess_format
    from strokes.formats.importing import import_drawings

    source = Path(source)
    chosen = named_format(format) if format is not None else guess_format(source)
    try:
        return import_drawings(source, Path(out), chosen, overwrite=overwrite)
    except SourceError as error:
        if str(source) in str(error):
            raise
        raise SourceError(f"{source}: {error}") from error
