"""The formats that drawings are written to and read from, and which one a path is in."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
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
        keeps: which facts of `strokes.formats.losses` an export holds.
    """

    name: str
    endings: tuple[str, ...]
    module: str
    writes: bool = True
    reads: bool = True
    folder: str = "never"
    keeps: frozenset[str] = frozenset()

    def makes_folder(self, out: Path) -> bool:
        """Whether an export to `out` is a folder."""
        return self.folder == "always" or (self.folder == "other" and not out.name.lower().endswith(self.endings))

    def writer(self, **settings: Any) -> Callable[[DatasetFile, Path], None]:
        """The function that writes an open dataset to a path, with the format's own `settings`.

        Raises:
            ConfigError: the format is only read, or has not such a setting.
        """
        if not self.writes:
            raise ConfigError(f"{self.name} can be imported, not exported; one of {describe_formats(writes=True)}")
        module = import_module(self.module)
        return partial(module.write, **self._settings(module, "WriteSettings", settings))

    def read(self, path: Path, **settings: Any) -> Iterator[Recording]:
        """The recordings at `path`, one after the other, read with the format's own `settings`.

        Raises:
            ConfigError: the format is only written, or has not such a setting.
            SourceError: the file is missing, broken, or of another format.
        """
        from strokes.formats.recording import checked

        if not self.reads:
            raise ConfigError(f"{self.name} can be exported, not imported; one of {describe_formats(reads=True)}")
        if not path.exists():
            raise SourceError(f"there is no file {path}")
        module = import_module(self.module)
        given = self._settings(module, "ReadSettings", settings)
        try:
            yield from checked(module.read(path, **given), str(path))
        except FOREIGN_ERRORS as error:
            why = reason(error) if isinstance(error, Exception) else ""
            raise SourceError(f"{path} can't be read as {self.name}: {why or type(error).__name__}") from error

    def _settings(self, module: ModuleType, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The keyword that hands settings to a module's function: none where neither it nor the caller has any."""
        chosen = getattr(module, kind, None)
        known = () if chosen is None else tuple(field.name for field in fields(chosen))
        for name in given:
            if name not in known:
                raise ConfigError(f"{self.name} has no setting --{name.replace('_', '-')}")
        return {} if chosen is None else {"settings": chosen(**given)}

    def known_classes(self, path: Path) -> Sequence[str]:
        """The classes that the file itself lists, in its order; none when it doesn't."""
        find: Callable[[Path], Sequence[str]] | None = getattr(import_module(self.module), "classes_of", None)
        return () if find is None else find(path)


def _format(name: str, *endings: str, module: str | None = None, keeps: str = "", **rest: Any) -> Format:
    """A format; `keeps` lists facts, with a comma between them."""
    place = f"strokes.formats.{module or name.replace('-', '_')}"
    return Format(name, endings, place, keeps=frozenset(filter(None, keeps.split(", "))), **rest)


ALL = "labels, splits, times, pressure, tilt, size in mm, file names, writers, other metadata, scores"


FORMATS = {
    known.name: known
    for known in (
        _format("json", ".json", module="json_text", keeps=f"{ALL}, softness"),
        _format("ndjson", ".ndjson", ".jsonl", keeps=f"{ALL}, softness"),
        _format("quickdraw", ".ndjson", keeps="labels, splits, times, writers"),
        _format("quickdraw-simplified", ".ndjson", keeps="labels"),
        _format("quickdraw-bin", ".bin", folder="other", keeps="labels"),
        _format("stroke-3", ".npz", keeps="labels, splits"),
        _format("stroke-5", ".npz", keeps="labels, splits"),
        _format("inkml", ".inkml", folder="other", keeps=ALL),
        _format("csv", ".csv", module="csv_long", keeps=ALL),
        _format("de-jong", folder="always", keeps="labels, splits"),
        _format("lines", ".npz", keeps="labels"),
        _format("svg", ".svg", folder="other", keeps=f"{ALL}, softness"),
        _format("gcode", ".gcode", ".nc", folder="other", reads=False, keeps="size in mm"),
        _format("hpgl", ".hpgl", ".plt", folder="other", reads=False, keeps="size in mm"),
        _format("png", ".png", module="bitmaps", folder="other", reads=False, keeps="labels"),
        _format("parquet", ".parquet", folder="always", reads=False, keeps=f"{ALL}, softness, pictures"),
        _format("unipen", ".unipen", ".unp", ".dat", keeps="labels, splits, times, pressure, size in mm, writers"),
        _format("omniglot", ".txt", writes=False),
        _format("pendigits", ".tra", ".tes", ".tra.gz", ".tes.gz", writes=False),
        _format("pen-npz", ".npz", writes=False),
        _format("iam", ".xml", writes=False),
        _format("hanzi", ".json", ".txt", writes=False),
        _format("quickdraw-csv", ".csv", writes=False),
        _format("olhwdb", ".pot", ".ptts", ".wptt", writes=False),
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
