"""The text of InkML's traces: numbers, plain or hexadecimal, as they are or as differences, some of them left out."""

from __future__ import annotations

import re

import numpy as np

from strokes.errors import SourceError
from strokes.formats.limits import MAX_CLOCK
from strokes.formats.recording import Numbers

PLAIN = re.compile(r"[-+0-9.eE\s]*")
VALUE = re.compile(r"""\s*([!'"]?)\s*([-+]?\#[0-9a-fA-F]{1,15}|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\*|\?|[TF])""")


def parse_trace(text: str, width: int, place: str, *, optional: int = 0, needed: int = 0) -> Numbers:
    """A trace's points (p, width), NaN where a value is missing.

    Args:
        text: points separated by commas.
        width: numbers a point has at most.
        place: where it stands, for messages.
        optional: how many of them may be left out at the end.
        needed: a bit a channel that must have a value; where it is not reported, it stays as it was.

    Raises:
        SourceError: a point has another number of values, or what is none.
    """
    rows = [row for row in text.split(",") if row.strip()]
    values = _plain(rows) if PLAIN.fullmatch(text.replace(",", " ")) else None
    if values is None:
        values = _coded(rows, needed, place)
    if any(not width - optional <= len(row) <= width for row in values):
        expected = f"{width - optional} to {width}" if optional else f"{width}"
        raise SourceError(f"{place} has a trace whose points are not of {expected} numbers: {text[:40]!r}")
    table = np.array([row + [np.nan] * (width - len(row)) for row in values], np.float64).reshape(-1, width)
    if (np.abs(table) > MAX_CLOCK).any():
        raise SourceError(f"{place} has a trace with numbers that aren't finite or above {MAX_CLOCK:g}")
    return table


def _plain(rows: list[str]) -> list[list[float]] | None:
    """Points whose numbers stand apart; None where they don't ("3-5")."""
    try:
        return [[float(value) for value in row.split()] for row in rows]
    except ValueError:
        return None


def _coded(rows: list[str], needed: int, place: str) -> list[list[float]]:
    """Points of which some are given as differences ('), differences of differences ("), or as before (*)."""
    modes: dict[int, str] = {}
    last: dict[int, float] = {}
    speed: dict[int, float] = {}
    result = []
    for row in rows:
        at = 0
        values: list[float] = []
        while row[at:].strip():
            found = VALUE.match(row, at)
            if found is None:
                raise SourceError(f"{place} has a trace that can't be read: {row[:40]!r}")
            channel, (prefix, text) = len(values), found.groups()
            at = found.end()
            if text == "?" and not needed >> channel & 1:
                values.append(np.nan)
                continue
            modes[channel] = prefix or modes.get(channel, "!")
            value = _next_value(text, modes[channel], last.get(channel, 0.0), speed.get(channel, 0.0))
            speed[channel], last[channel] = value - last.get(channel, 0.0), value
            values.append(value)
        result.append(values)
    return result


def _next_value(text: str, mode: str, last: float, speed: float) -> float:
    if text in ("*", "?"):
        return last + (speed if mode == '"' else 0.0) if text == "*" else last
    if text in ("T", "F"):
        return float(text == "T")
    number = _hexadecimal(text) if "#" in text else float(text)
    if mode == "'":
        return last + number
    return last + speed + number if mode == '"' else number


def _hexadecimal(text: str) -> float:
    value = float(int(text.lstrip("+-#"), 16))
    return -value if text.startswith("-") else value
