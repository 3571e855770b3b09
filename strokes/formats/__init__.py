"""The formats that a dataset is exported to, one module each, and the one place where they are listed.

A format is a name, the endings of its files, and a function that writes the drawings of an open dataset to a path.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from strokes.atomic import atomic_path, check_free
from strokes.errors import ConfigError
from strokes.store import DatasetFile, open_dataset

Write = Callable[[DatasetFile, Path], None]


@dataclass(frozen=True)
class Format:
    """One format: `module` (loaded when it is used) holds `write(dataset, path)`."""

    name: str
    endings: tuple[str, ...]
    module: str

    def writer(self) -> Write:
        """The function that writes an open dataset to a path."""
        write: Write = import_module(self.module).write
        return write


FORMATS = {known.name: known for known in (Format("json", (".json",), "strokes.formats.json_text"),)}


def export(dataset: Path | str, out: Path | str, format: str | None = None, *, overwrite: bool = False) -> None:
    """Write the drawings of the file `dataset` to `out`; it appears only when whole.

    Args:
        dataset: a dataset file.
        out: the file to make.
        format: a name in `FORMATS`; by default guessed from the ending of `out`.
        overwrite: replace an existing file.

    Raises:
        ConfigError: the format is unknown, or can't be guessed.
        StoreError: the dataset can't be read, or `out` exists or can't be written.
    """
    out = Path(out)
    write = choose_format(out, format).writer()
    check_free(out, overwrite=overwrite)
    with open_dataset(dataset) as stored, atomic_path(out, overwrite=overwrite) as partial:
        write(stored, partial)


def choose_format(out: Path, name: str | None = None) -> Format:
    """The format called `name`, or else the one whose files end as `out` does.

    Raises:
        ConfigError: there is none.
    """
    known = ", ".join(f"{f.name} ({' '.join(f.endings)})" for f in FORMATS.values())
    if name is not None:
        if name not in FORMATS:
            raise ConfigError(f"unknown format {name!r}; one of {known}")
        return FORMATS[name]
    for candidate in FORMATS.values():
        if out.name.lower().endswith(candidate.endings):
            return candidate
    raise ConfigError(f"no format goes with the ending of {out.name}; one of {known}, or name it with --format")
