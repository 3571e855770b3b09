"""The formats that drawings are written to and read from, and which one a path is in."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from strokes.errors import ConfigError, SourceError
from strokes.files import reason

if TYPE_CHECKING:
    from strokes.formats.recording import Recording
    from strokes.store.reader import DatasetFile

FOREIGN_ERRORS = (OSError, EOFError, zlib.error, BadZipFile, UnicodeError, MemoryError, RecursionError)
"""What the standard library raises at broken files; every reader turns the rest into a `SourceError` itself."""


@dataclass(frozen=True)
class Format:
    """One format: `module`, loaded when it is used, holds `write(dataset, path)`, `read(path)` or both.

    Attributes:
        name: as people name it.
        endings: of its files.
        module: where it is implemented.
        writes: whether datasets can be exported to it.
        reads: whether it can be imported.
        folder: what an export makes: a file (never), a folder (always), or a folder where the name has none of the
            endings (other).
    """

    name: str
    endings: tuple[str, ...]
    module: str
    writes: bool = True
    reads: bool = True
    folder: str = "never"

    def makes_folder(self, out: Path) -> bool:
        """Whether an export to `out` is a folder."""
        return self.folder == "always" or (self.folder == "other" and not out.name.lower().endswith(self.endings))

    def writer(self) -> Callable[[DatasetFile, Path], None]:
        """The function that writes an open dataset to a path.

        Raises:
            ConfigError: the format is only read.
        """
        if not self.writes:
            raise ConfigError(f"{self.name} can be imported, not exported; one of {describe_formats(writes=True)}")
        write: Callable[[DatasetFile, Path], None] = import_module(self.module).write
        return write

    def read(self, path: Path) -> Iterator[Recording]:
        """The recordings at `path`, one after the other.

        Raises:
            ConfigError: the format is only written.
            SourceError: the file is missing, broken, or of another format.
        """
        from strokes.formats.recording import checked

        if not self.reads:
            raise ConfigError(f"{self.name} can be exported, not imported; one of {describe_formats(reads=True)}")
        if not path.exists():
            raise SourceError(f"there is no file {path}")
        try:
            yield from checked(import_module(self.module).read(path), str(path))
        except FOREIGN_ERRORS as error:
            why = reason(error) if isinstance(error, Exception) else ""
            raise SourceError(f"{path} can't be read as {self.name}: {why or type(error).__name__}") from error

    def known_classes(self, path: Path) -> Sequence[str]:
        """The classes that the file itself lists, in its order; none when it doesn't."""
        find: Callable[[Path], Sequence[str]] | None = getattr(import_module(self.module), "classes_of", None)
        return () if find is None else find(path)


def _format(name: str, *endings: str, module: str | None = None, **rest: bool | str) -> Format:
    place = f"strokes.formats.{module or name.replace('-', '_')}"
    return Format(name, endings, place, **rest)  # type: ignore[arg-type]


FORMATS = {
    known.name: known
    for known in (
        _format("json", ".json", module="json_text"),
        _format("ndjson", ".ndjson", ".jsonl"),
        _format("quickdraw", ".ndjson"),
        _format("quickdraw-simplified", ".ndjson"),
        _format("quickdraw-bin", ".bin", folder="other"),
        _format("stroke-3", ".npz"),
        _format("stroke-5", ".npz"),
        _format("inkml", ".inkml", folder="other"),
        _format("de-jong", folder="always"),
        _format("lines", ".npz"),
        _format("svg", ".svg", folder="other", reads=False),
        _format("parquet", ".parquet", folder="always", reads=False),
        _format("unipen", ".unipen", ".unp", ".dat"),
        _format("omniglot", ".txt", writes=False),
        _format("pendigits", ".tra", ".tes", ".tra.gz", ".tes.gz", writes=False),
        _format("pen-npz", ".npz", writes=False),
    )
}


def describe_formats(*, writes: bool = False, reads: bool = False) -> str:
    """The formats that can be written or read, in words."""
    chosen = (f for f in FORMATS.values() if f.writes >= writes and f.reads >= reads)
    return ", ".join(f"{f.name} ({' '.join(f.endings)})" if f.endings else f.name for f in chosen)


def named_format(name: str) -> Format:
    """The format called `name`. Raises `ConfigError` when there is none."""
    if name not in FORMATS:
        raise ConfigError(f"unknown format {name!r}; one of {describe_formats()}")
    return FORMATS[name]


def choose_format(out: Path, name: str | None = None) -> Format:
    """The format called `name`, or else the first one to be written whose files end as `out` does.

    Raises:
        ConfigError: there is none.
    """
    if name is not None:
        return named_format(name)
    for candidate in FORMATS.values():
        if candidate.writes and candidate.endings and out.name.lower().endswith(candidate.endings):
            return candidate
    known = describe_formats(writes=True)
    raise ConfigError(f"no format goes with the ending of {out.name}; one of {known}, or name it with --format")
