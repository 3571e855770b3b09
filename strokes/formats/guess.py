"""Which format a file or folder to be imported is in: its name says, or, where several share an ending, its content."""

from __future__ import annotations

import itertools
from pathlib import Path

from strokes.datasets.npz_arrays import open_array, open_npz
from strokes.errors import ConfigError, SourceError
from strokes.formats.json_values import parse_object
from strokes.formats.pen_npz import is_pen_set
from strokes.formats.registry import FORMATS, Format, describe_formats
from strokes.formats.text_files import read_lines

ENDINGS = {
    ".json": "json",
    ".bin": "quickdraw-bin",
    ".inkml": "inkml",
    ".unipen": "unipen",
    ".unp": "unipen",
    ".dat": "unipen",
    ".tra": "pendigits",
    ".tes": "pendigits",
    "-inputdata.txt": "de-jong",
    ".txt": "omniglot",
}
FILES_LOOKED_AT = 10_000


def guess_format(path: Path) -> Format:
    """The format of what lies at `path`.

    Raises:
        ConfigError: it can't be told.
        SourceError: there is nothing, or it can't be opened.
    """
    if not path.exists():
        raise SourceError(f"there is no file {path}")
    found = _in_folder(path) if path.is_dir() else _of_file(path)
    if found is None:
        known = describe_formats(reads=True)
        raise ConfigError(f"{path.name} is nothing that can be told by its name; one of {known}: name it with --format")
    return FORMATS[found]


def _in_folder(path: Path) -> str | None:
    names = [file.name for file in itertools.islice(path.rglob("*"), FILES_LOOKED_AT)]
    folders = "-inputdata.txt", ".inkml", ".bin", ".dat", ".tra", ".txt"
    return next((ENDINGS[ending] for ending in folders if any(name.endswith(ending) for name in names)), None)


def _of_file(path: Path) -> str | None:
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".ndjson", ".jsonl")):
        return _of_lines(path)
    if name.endswith(".npz"):
        return _of_npz(path)
    return next((known for ending, known in ENDINGS.items() if name.endswith(ending)), None)


def _of_lines(path: Path) -> str:
    _, line = next(read_lines(path), (1, "{}"))
    return "quickdraw" if "drawing" in parse_object(line, f"{path}, line 1") else "ndjson"


def _of_npz(path: Path) -> str | None:
    with open_npz(path) as archive:
        names = {name.removesuffix(".npy") for name in archive.namelist()}
        if is_pen_set(archive):
            return "pen-npz"
        if "lines" in names:
            return "lines"
        split = next((name for name in ("train", "valid", "test") if name in names), None)
        if split is None:
            return None
        return "stroke-3" if open_array(archive, split)[3].hasobject else "stroke-5"
