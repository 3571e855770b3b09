"""Omniglot's stroke texts (https://github.com/brendenlake/omniglot): a file a drawing, in folders of alphabets.

A file is `START`, lines `x,y,t` (t in ms), `BREAK` where a stroke ends; y is negative downwards. In a folder
`Greek/character01/0394_05.txt` the label is "Greek/character01" and the writer "Greek-05".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from strokes.errors import SourceError
from strokes.formats.clocks import since_first
from strokes.formats.limits import MAX_POINTS
from strokes.formats.recording import Numbers, Recording
from strokes.formats.text_files import files_in, read_lines
from strokes.formats.unipen import parse_row


def read(path: Path) -> Iterator[Recording]:
    """The drawing of a file, or those of all files `*_*.txt` in a folder and below.

    Raises:
        SourceError: one is broken, or there is none.
    """
    file = None
    for file in files_in(path, "*_*.txt"):
        strokes = read_strokes(file)
        table = np.concatenate([*strokes, np.zeros((0, 3))])
        lengths = [len(stroke) for stroke in strokes]
        times, started = since_first(table[:, 2], lengths, "ms")
        yield Recording(
            table[:, :2] * (1, -1),
            lengths,
            label=_label(file),
            columns={"time_ms": times},
            metadata=started | _metadata(file),
        )
    if file is None:
        raise SourceError(f"{path} holds no file such as Greek/character01/0394_05.txt")


def read_strokes(path: Path) -> list[Numbers]:
    """Each stroke's rows x, y, t as they are written."""
    strokes: list[Numbers] = []
    stroke: list[list[float]] = []
    lines = read_lines(path)
    if next(lines, (1, ""))[1] != "START":
        raise SourceError(f"{path} doesn't begin with START; expected Omniglot's stroke text")
    for number, line in lines:
        if number > MAX_POINTS:
            raise SourceError(f"{path} has more than {MAX_POINTS} points; no drawing is so long")
        if line == "BREAK":
            strokes += [np.array(stroke)] if stroke else []
            stroke = []
        else:
            stroke.append(parse_row(line.replace(",", " "), 3, f"{path}, line {number}"))
    if stroke:
        raise SourceError(f"{path} is cut off: its last stroke lacks BREAK")
    return strokes


def _label(path: Path) -> str | None:
    character, alphabet = path.parent.name, path.parent.parent.name
    return f"{alphabet}/{character}" if character.startswith("character") and alphabet else None


def _metadata(path: Path) -> dict[str, str]:
    label, writer = _label(path), path.stem.rpartition("_")[2]
    return {"writer": f"{path.parent.parent.name}-{writer}"} if label and writer.isalnum() else {}
