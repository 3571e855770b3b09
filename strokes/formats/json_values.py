"""Untrusted JSON: parsed with every trap turned into one clear error, and fields taken out with their types checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from strokes.errors import SourceError

T = TypeVar("T")


def parse_object(text: str, place: str) -> dict[str, Any]:
    """A JSON object. Raises `SourceError` (absurd depth, NaN, huge integers, not JSON, not an object)."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise SourceError(f"{place} is not JSON: {problem}") from None
    if not isinstance(value, dict):
        raise SourceError(f"{place} is a JSON {type(value).__name__}; expected an object")
    return value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def field(record: Mapping[str, Any], name: str, kind: type[T], default: T, place: str) -> T:
    """The value called `name`, or the default where there is none. Raises `SourceError` for another type."""
    value = record.get(name, default)
    if type(value) is not kind:
        raise SourceError(f"{place}: {name} is {shorten(value)}; expected a {kind.__name__}")
    return value


def label_of(record: Mapping[str, Any], name: str, place: str) -> str | None:
    """A label: text, or None where it is absent, null or "". Raises `SourceError` for anything else."""
    value = record.get(name)
    if value is not None and not isinstance(value, str):
        raise SourceError(f"{place}: {name} is {shorten(value)}; expected text")
    return value or None


def shorten(value: object) -> str:
    """A value as it is shown in an error."""
    if isinstance(value, dict | list):
        return f"a {type(value).__name__}"
    if isinstance(value, int) and abs(value) > 1 << 64:
        return "a huge integer"
    return repr(value)[:60]
