"""IAM-OnDB (https://fki.tic.heia-fr.ch/databases/iam-on-line-handwriting-database): a line of a whiteboard a file.

`StrokeSet/Stroke/Point` with x, y (y down) and time in seconds. The transcription of `…/a01-000u-03.xml` is the third
line under "CSR:" in `a01-000u.txt`, looked for beside it, and in a folder `ascii` of the same places as `lineStrokes`;
a line without one is imported unlabelled. A whole form has its transcription inside: the `text` of each `TextLine`. The
form ("a01-000u") is kept as metadata, and the writer's number where the file tells it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from strokes.errors import SourceError
from strokes.formats.clocks import since_first
from strokes.formats.ink_channels import parse_number, tag_of
from strokes.formats.ink_reading import Metered
from strokes.formats.limits import MAX_CLOCK, MAX_LABEL_LENGTH, MAX_POINTS
from strokes.formats.recording import Recording
from strokes.formats.text_files import files_in, open_binary, read_whole

ROOT = "WhiteboardCaptureSession"


@dataclass
class Session:
    """What a file holds: of each stroke the points x, y, time (NaN where it isn't said), its lines' texts, its form."""

    strokes: list[list[tuple[float, float, float]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    form: str = ""
    writer: str = ""
    points: int = 0


def read(path: Path) -> Iterator[Recording]:
    """The line of a file, or those of all files in a folder and below. Raises `SourceError` where one is broken."""
    for file in files_in(path, "*.xml"):
        try:
            session = read_session(file)
        except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
            raise SourceError(f"{file} is no whole XML: {str(error)[:200]}") from None
        strokes = [stroke for stroke in session.strokes if stroke]
        table = np.array([point for stroke in strokes for point in stroke], np.float64).reshape(-1, 3)
        lengths = [len(stroke) for stroke in strokes]
        times, started = since_first(table[:, 2], lengths, "s")
        form, _, line = file.name.removesuffix(".gz").removesuffix(".xml").rpartition("-")
        known = {"form": session.form or form, "writer": session.writer}
        yield Recording(
            table[:, :2],
            lengths,
            label="\n".join(session.texts) or transcription(file, form, line) or None,
            columns={} if np.isnan(times).all() and len(times) else {"time_ms": times},
            metadata=started | {name: value for name, value in known.items() if value},
        )


def read_session(path: Path) -> Session:
    """A file's strokes and what it says of them. Raises `SourceError` where a point is none."""
    session = Session()
    depth = 0
    with closing(open_binary(path)) as opened:
        stream = Metered(opened, path)
        for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=False):
            name = tag_of(element)
            if event == "start":
                if not depth and name != ROOT:
                    raise SourceError(f"{path} is XML, but its first element is {name[:40]!r}; expected {ROOT}")
                depth += 1
                if depth > 100:
                    raise SourceError(f"{path} is nested more than 100 deep")
                if name == "Stroke":
                    session.strokes.append([])
                continue
            depth -= 1
            stream.reset()
            if name == "Point":
                _add_point(session, element, path)
            elif name == "TextLine" and element.get("text"):
                session.texts.append(element.get("text", "")[:MAX_LABEL_LENGTH])
            elif name == "Form":
                session.form, session.writer = (element.get(key, "")[:100] for key in ("id", "writerID"))
            if name in ("Point", "Stroke", "StrokeSet", "TextLine"):
                element.clear()
    return session


def _add_point(session: Session, element: Element, path: Path) -> None:
    session.points += 1
    x, y, time = (parse_number(element.get(key)) for key in ("x", "y", "time"))
    if not session.strokes or not (abs(x) <= MAX_CLOCK and abs(y) <= MAX_CLOCK) or abs(time) > MAX_CLOCK:
        raise SourceError(f"{path} has a point outside of a stroke, or without x and y")
    if session.points > MAX_POINTS:
        raise SourceError(f"{path} has more than {MAX_POINTS} points; no line is so long")
    session.strokes[-1].append((x, y, time))


def transcription(path: Path, form: str, line: str) -> str:
    """What the line says, "" where no text is found."""
    if not form or not line.isdecimal() or len(line) > 4:
        return ""
    for text in _texts(path, form):
        if text.is_file() and not text.is_symlink():
            said = read_whole(text).partition("CSR:")[2]
            lines = [row.strip() for row in said.splitlines() if row.strip()]
            return lines[int(line) - 1] if 0 < int(line) <= len(lines) else ""
    return ""


def _texts(path: Path, form: str) -> Iterator[Path]:
    """Where the transcription of a form may be."""
    yield path.parent / f"{form}.txt"
    parts = path.absolute().parts
    for i, part in enumerate(parts):
        if part.startswith("lineStrokes"):
            yield Path(*parts[:i], part.replace("lineStrokes", "ascii"), *parts[i + 1 : -1], f"{form}.txt")
            yield Path(*parts[:i], part.replace("lineStrokes", "ascii"), "ascii", *parts[i + 2 : -1], f"{form}.txt")
