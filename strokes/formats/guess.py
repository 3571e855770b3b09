"""Which format a file or folder to be imported is in: its name says, or, where several share an ending, its content."""

from __future__ import annotations

import itertools
import re
from contextlib import closing
from pathlib import Path

from strokes.datasets.npz_arrays import open_array, open_npz
from strokes.errors import ConfigError, SourceError
from strokes.formats.csv_rows import read_rows
from strokes.formats.json_values import parse_object
from strokes.formats.limits import MAX_LINE_BYTES
from strokes.formats.pen_npz import is_pen_set
from strokes.formats.registry import FORMATS, Format, describe_formats
from strokes.formats.text_files import files_in, open_binary, read_lines

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
    ".svg": "svg",
    ".xml": "iam",
    ".pot": "olhwdb",
    ".ptts": "olhwdb",
    ".wptt": "olhwdb",
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
    if any(name.endswith(".csv") for name in names):
        return _of_csv(next(file for file in files_in(path, "*.csv")))
    if any(len(name) == len("永.json") and name.endswith(".json") for name in names):
        return "hanzi"
    folders = "-inputdata.txt", ".inkml", ".bin", ".dat", ".tra", ".svg", ".xml", ".pot", ".ptts", ".wptt", ".txt"
    return next((ENDINGS[ending] for ending in folders if any(name.endswith(ending) for name in names)), None)


def _of_file(path: Path) -> str | None:
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".ndjson", ".jsonl")):
        return _of_lines(path)
    if name.endswith(".npz"):
        return _of_npz(path)
    if name.endswith(".csv"):
        return _of_csv(path)
    if name.endswith((".json", ".txt")) and not name.endswith("-inputdata.txt") and _has_medians(path):
        return "hanzi"
    if name.endswith(".xml") and _first_tag(path) == "kanjivg":
        return "svg"
    return next((known for ending, known in ENDINGS.items() if name.endswith(ending)), None)


def _of_lines(path: Path) -> str:
    _, line = next(read_lines(path), (1, "{}"))
    return "quickdraw" if "drawing" in parse_object(line, f"{path}, line 1") else "ndjson"


def _of_csv(path: Path) -> str:
    _, row = next(read_rows(path), (1, {}))
    return "quickdraw-csv" if row.get("drawing", "").startswith("[") else "csv"


def _has_medians(path: Path) -> bool:
    """Whether the first bytes name what characters of hanzi-writer have."""
    with closing(open_binary(path)) as stream:
        start = stream.read(MAX_LINE_BYTES)
    return start.lstrip()[:1] == b"{" and b'"medians"' in start and b'"format"' not in start[:100]


def _first_tag(path: Path) -> str:
    """The name of an XML file's first element."""
    with closing(open_binary(path)) as stream:
        start = stream.read(65536).decode("utf-8", "replace")
    found = re.search(r"<(?:\w+:)?([A-Za-z]\w*)", start)
    return found[1] if found else ""


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
