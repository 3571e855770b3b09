"""Who wrote each picture: told by its folder, by a pattern of its name, or by a table."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

from strokes.datasets.items import Item
from strokes.errors import ConfigError, SourceError

FOLDER, PLACE = "folder", "{writer}"
FILE_COLUMN, WRITER_COLUMN = "file", "writer"
EXPECTED = f"expected {FOLDER}, a pattern such as {PLACE}-*.png, or a CSV file with a column {WRITER_COLUMN}"


def check_writers(told: str) -> None:
    """Raise `ConfigError` for what tells no writers."""
    if told and told != FOLDER and PLACE not in told and not Path(told).is_file():
        raise ConfigError(f"{told!r} tells no writers; {EXPECTED}")


def writer_teller(told: str) -> Callable[[Item], str]:
    """What tells the writer's code of each picture of a source, asked in the source's order; "" where unknown.

    Args:
        told: "folder" for the folder below the class's, as in `7/alice/scan.png`; a pattern of the file's name, or of
            its path within the source where it has a `/`, such as `{writer}-*.png`; a CSV file with the columns `file`,
            as in the source, and `writer`, or with `writer` alone, a row a picture; "" where nobody is known.

    Raises:
        SourceError: the table can't be read; when asked, it or the folder says nothing of a picture.
    """
    if not told:
        return lambda item: ""
    if told == FOLDER:
        return writer_of_folder
    return by_pattern(told) if PLACE in told else by_table(Path(told))


def writer_of_folder(item: Item) -> str:
    """The name of the folder below the class's. Raises `SourceError` where there is none."""
    folders = item.name.split("/")[:-1]
    below = folders[folders.index(item.label) + 1 :] if item.label in folders else []
    if not below:
        raise SourceError(f"{item.name} lies in no writer's folder; expected such as 7/alice/scan.png, class, writer")
    return below[0]


def by_pattern(pattern: str) -> Callable[[Item], str]:
    """What tells writers by `{writer}` in file names, `*` standing for anything; "" where the pattern doesn't fit."""
    parts = re.split(r"(\{writer\}|\*)", pattern)
    if parts.count(PLACE) != 1:
        raise ConfigError(f"the pattern {pattern!r} has {PLACE} several times; expected it once")
    known = {PLACE: "(?P<writer>[^/]+?)", "*": "[^/]*"}
    compiled = re.compile("".join(known.get(part, re.escape(part)) for part in parts))
    whole = "/" in pattern

    def tell(item: Item) -> str:
        found = compiled.fullmatch(item.name if whole else item.name.rpartition("/")[2])
        return found["writer"] if found else ""

    return tell


def by_table(path: Path) -> Callable[[Item], str]:
    """What tells writers by a CSV file, by the pictures' files or, without these, in order. Raises `SourceError`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path} can't be read ({error}); {EXPECTED}") from None
    if not rows or WRITER_COLUMN not in rows[0]:
        raise SourceError(f"{path} has no column {WRITER_COLUMN}; {EXPECTED}")
    writers = [(row[WRITER_COLUMN] or "").strip() for row in rows]
    named = FILE_COLUMN in rows[0]
    known = dict(zip([row[FILE_COLUMN] for row in rows] if named else map(str, count()), writers, strict=False))
    places = count()

    def tell(item: Item) -> str:
        asked = item.name if named else str(next(places))
        if asked not in known:
            raise SourceError(f"{path} says nothing of {item.name}; expected a row for every picture")
        return str(known[asked])

    return tell
