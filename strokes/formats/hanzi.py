"""Medians of Make Me a Hanzi and hanzi-writer (https://hanziwriter.org): Chinese characters, a centre line a stroke.

A file `永.json` holds `{"medians": [[[x, y], …], …], "strokes": [outlines]}`; `graphics.txt` has such an object with
`character` in each line, `all.json` one by each character's name. The box is 1024 wide, y counts up from a base of 900.
Of a folder, JSON without medians (`package.json`) is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from strokes.errors import SourceError
from strokes.formats.json_values import field, parse_object
from strokes.formats.recording import Recording, join_strokes, numbers
from strokes.formats.text_files import files_in, read_lines, read_whole

BOX, BASE = 1024.0, 900.0


def read(path: Path) -> Iterator[Recording]:
    """The characters of a file, or of a folder's `.json` files. Raises `SourceError` where one is broken."""
    for file in files_in(path, "*.json"):
        if file.name.lower().removesuffix(".gz").endswith(".txt"):
            for number, line in read_lines(file):
                yield recording_of(parse_object(line, f"{file}, line {number}"), f"{file}, line {number}")
        else:
            name = file.name.removesuffix(".gz").removesuffix(".json")
            record = parse_object(read_whole(file), str(file))
            if "medians" in record or (not path.is_dir() and not are_characters(record)):
                yield recording_of({"character": name if len(name) == 1 else ""} | record, str(file))
            elif are_characters(record):
                yield from (recording_of({"character": key} | own, str(file)) for key, own in record.items())


def are_characters(record: dict[str, Any]) -> bool:
    """Whether an object holds characters by their names."""
    return bool(record) and all(isinstance(own, dict) and "medians" in own for own in record.values())


def recording_of(record: dict[str, Any], place: str) -> Recording:
    """One character's object as a recording. Raises `SourceError` when it has no medians."""
    if "medians" not in record:
        raise SourceError(f"{place} has no medians; expected a character of hanzi-writer")
    medians = field(record, "medians", list, [], place)
    points, lengths = join_strokes(numbers(median, f"{place}: a median", ndim=2) for median in medians)
    if points.shape[1] != 2:
        raise SourceError(f"{place} has a median that is no list of x and y")
    points[:, 1] = BASE - points[:, 1]
    return Recording(points, lengths, label=field(record, "character", str, "", place) or None, canvas=(BOX, BOX))
