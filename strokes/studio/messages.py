"""What a page may ask, as checked values: nothing of a message reaches the library before it has passed here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from strokes.errors import ConfigError, ShapeError, StrokesError
from strokes.ink.drawing import Drawing, FloatArray
from strokes.studio import limits


class MessageError(StrokesError):
    """A message is not what the studio understands."""


@dataclass(frozen=True)
class PenDrawing:
    """What a hand drew on a canvas.

    Attributes:
        strokes: (points, 2) each, x and y in the canvas' unit square.
        columns: (points,) of all strokes joined: time_ms since the first point, and pressure 0 to 1.
        tilt: (points, 2) degrees.
    """

    strokes: tuple[FloatArray, ...]
    columns: Mapping[str, FloatArray]
    tilt: FloatArray

    @property
    def drawing(self) -> Drawing:
        """The strokes alone."""
        return Drawing(self.strokes)


def parse_message(text: str) -> dict[str, Any]:
    """A message's fields. Raises `MessageError` unless it is an object with a whole number `id` and a name `do`."""
    if len(text) > limits.MESSAGE_BYTES:
        raise MessageError(f"a message may be {limits.MESSAGE_BYTES} letters long")
    try:
        found = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        raise MessageError("the message is no JSON") from None
    if not isinstance(found, dict) or not isinstance(found.get("do"), str):
        raise MessageError("the message is no object with a name `do`")
    if type(found.get("id")) is not int or not 0 <= found["id"] < 2**53:
        raise MessageError("the message has no number `id`")
    return found


def refuse_constant(name: str) -> None:
    """Called for NaN and infinities, which are no JSON."""
    raise ValueError(name)


def text_of(message: Mapping[str, Any], name: str, *, most: int = limits.NAME_LETTERS, default: str = "") -> str:
    """A text field without control characters. Raises `MessageError` for anything else."""
    value = message.get(name, default)
    if not isinstance(value, str) or len(value) > most:
        raise MessageError(f"`{name}` is no text of at most {most} letters")
    if any((ord(c) < 32 and c != "\n") or 0xD800 <= ord(c) <= 0xDFFF for c in value):
        raise MessageError(f"`{name}` holds letters that are no text")
    return value


def number_of(message: Mapping[str, Any], name: str, *, least: float, most: float, default: float) -> float:
    """A number field in a range. Raises `MessageError` for anything else."""
    value = message.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise MessageError(f"`{name}` is no number from {least:g} to {most:g}")
    return float(value)


def whole_of(message: Mapping[str, Any], name: str, *, least: int, most: int, default: int = 0) -> int:
    """A whole number field in a range. Raises `MessageError` for anything else."""
    value = message.get(name, default)
    if type(value) is not int or not least <= value <= most:
        raise MessageError(f"`{name}` is no whole number from {least} to {most}")
    return value


def flag_of(message: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    """A field that is true or false. Raises `MessageError` for anything else."""
    value = message.get(name, default)
    if not isinstance(value, bool):
        raise MessageError(f"`{name}` is neither true nor false")
    return value


def wholes_of(message: Mapping[str, Any], name: str, *, most: int) -> list[int]:
    """A list of at most so many whole numbers from 0. Raises `MessageError` for anything else."""
    values = message.get(name, [])
    if not isinstance(values, list) or len(values) > most:
        raise MessageError(f"`{name}` is no list of at most {most} numbers")
    if not all(type(value) is int and 0 <= value < 2**53 for value in values):
        raise MessageError(f"`{name}` holds something that is no whole number")
    return values


def drawing_of(message: Mapping[str, Any], name: str = "strokes") -> PenDrawing:
    """A drawing by hand: strokes of points [x, y, time_ms, pressure, tilt_x, tilt_y], the last four optional.

    Raises:
        MessageError: there is no stroke, or too much, or something that is no number in its range.
    """
    strokes = stroke_rows(message.get(name), name, most_strokes=limits.STROKES, most_points=limits.POINTS)
    if not strokes:
        raise MessageError("nothing is drawn")
    rows = np.concatenate(strokes)
    known = {"time_ms": rows[:, 2], "pressure": rows[:, 3]}
    return PenDrawing(
        tuple(np.ascontiguousarray(stroke[:, :2], np.float32) for stroke in strokes),
        {name: np.ascontiguousarray(values, np.float32) for name, values in known.items()},
        np.ascontiguousarray(rows[:, 4:6], np.float32),
    )


def page_of(message: Mapping[str, Any]) -> tuple[FloatArray, ...]:
    """Strokes (points, 2) of a recovered drawing as a person edited it.

    Raises:
        MessageError: they are no such thing, or too much.
    """
    strokes = stroke_rows(
        message.get("strokes"), "strokes", most_strokes=limits.PAGE_STROKES, most_points=limits.PAGE_POINTS
    )
    return tuple(np.ascontiguousarray(stroke[:, :2], np.float32) for stroke in strokes)


def stroke_rows(value: Any, name: str, *, most_strokes: int, most_points: int) -> list[Any]:
    """Untrusted strokes as (points, 6) float64 arrays, what isn't told 0.

    Raises:
        MessageError: they are no strokes, too many, or hold something that is no number in its range.
    """
    if not isinstance(value, list) or len(value) > most_strokes:
        raise MessageError(f"`{name}` is no list of at most {most_strokes} strokes")
    if not all(isinstance(stroke, list) and stroke for stroke in value):
        raise MessageError(f"`{name}` holds something that is no stroke")
    if sum(map(len, value)) > most_points:
        raise MessageError(f"`{name}` holds more than {most_points} points")
    return [_rows_of(stroke, name) for stroke in value]


LOW = np.array([-4, -4, 0, 0, -90, -90], np.float64)
HIGH = np.array([5, 5, 1e9, 1, 90, 90], np.float64)


def _rows_of(stroke: Sequence[Any], name: str) -> Any:
    width = len(stroke[0]) if isinstance(stroke[0], list) else 0
    alike = 2 <= width <= len(LOW) and all(isinstance(point, list) and len(point) == width for point in stroke)
    if not alike or not {type(number) for point in stroke for number in point} <= {int, float}:
        raise MessageError(f"a point of `{name}` is no list of 2 to {len(LOW)} numbers")
    rows = np.zeros((len(stroke), len(LOW)))
    try:
        rows[:, :width] = stroke
    except OverflowError:
        raise MessageError(f"a point of `{name}` is out of range") from None
    if not ((rows >= LOW) & (rows <= HIGH)).all():
        raise MessageError(f"a point of `{name}` is out of range")
    return rows


def explain(error: Exception) -> str:
    """What to tell the page of an error that a person can act on."""
    if isinstance(error, StrokesError | ConfigError | ShapeError):
        return " ".join(str(error).split())
    return "the studio failed at this; its terminal says how"
