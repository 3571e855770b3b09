"""The project's own drawings, a JSON object a line (https://github.com/ndjson/ndjson-spec), for files of any size.

The first line is the head, `{"format": "strokes", "version": 1, "classes": ["0", …]}`; every other one a drawing, as
in `json_text`. Files without a head are read too: `{"label": "7", "strokes": [[[x, y], …], …]}` a line is enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from strokes.formats.json_text import check_head, head_text, recording_of_json, records, to_text
from strokes.formats.json_values import parse_object
from strokes.formats.recording import Recording
from strokes.formats.text_files import read_lines
from strokes.store.reader import DatasetFile


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` to `path`, a block at a time."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(head_text(dataset) + "\n")
        for block in dataset.blocks():
            file.writelines(to_text(record) + "\n" for record in records(block))


def read(path: Path) -> Iterator[Recording]:
    """The drawings of a line-wise JSON file, gzipped or not. Raises `SourceError` where it is broken."""
    for number, line in read_lines(path):
        place = f"{path}, line {number}"
        record = parse_object(line, place)
        if "format" in record and number == 1:
            check_head(record, path)
        else:
            yield recording_of_json(record, place)


def classes_of(path: Path) -> tuple[str, ...]:
    """The classes that the head lists; none when there is no head."""
    _, line = next(read_lines(path), (1, "{}"))
    head = parse_object(line, f"{path}, line 1")
    return check_head(head, path) if "format" in head else ()
