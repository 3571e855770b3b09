"""Kaggle's Quick, Draw! (https://www.kaggle.com/c/quickdraw-doodle-recognition): CSV with a drawing as JSON in a row.

The columns are `countrycode`, `drawing`, `key_id`, `recognized`, `timestamp` and, of labelled drawings, `word`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from strokes.errors import SourceError
from strokes.formats.csv_rows import read_rows
from strokes.formats.json_values import parse_object
from strokes.formats.quickdraw import recording_of_line
from strokes.formats.recording import Recording
from strokes.formats.text_files import files_in

TRUTH = {"true": True, "false": False}


def read(path: Path) -> Iterator[Recording]:
    """The drawings of a file, or of a folder's files. Raises `SourceError` where one is broken."""
    for file in files_in(path, "*.csv"):
        empty = True
        for number, row in read_rows(file):
            empty = False
            place = f"{file}, line {number}"
            if "drawing" not in row:
                raise SourceError(f"{file} has no column drawing; expected Kaggle's Quick, Draw!")
            record: dict[str, Any] = parse_object(f'{{"drawing":{row["drawing"]}}}', place)
            record |= {name: row[name] for name in ("countrycode", "key_id", "timestamp", "word") if row.get(name)}
            if row.get("recognized", "").lower() in TRUTH:
                record["recognized"] = TRUTH[row["recognized"].lower()]
            yield recording_of_line(record, place)
        if empty:
            raise SourceError(f"{file} holds no row")
