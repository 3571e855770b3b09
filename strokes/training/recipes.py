"""Recipes: TOML read into frozen dataclasses that check themselves."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, get_type_hints

from strokes.errors import ConfigError


def check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    """Raise `ConfigError` unless `value` is one of `known`."""
    if value not in known:
        raise ConfigError(f"{name} is {value!r}; one of {', '.join(known)}")


def check_range(name: str, value: float, *, beyond_zero: bool = False, below: float = math.inf) -> None:
    """Raise `ConfigError` unless `value` is finite, at least (`beyond_zero`: more than) 0, and less than `below`."""
    if not (math.isfinite(value) and (value > 0 if beyond_zero else value >= 0) and value < below):
        limit = "finite" if below == math.inf else f"less than {below:g}"
        raise ConfigError(f"{name} is {value}; expected {'more than' if beyond_zero else 'at least'} 0, and {limit}")


def parse_recipe(kind: Any, settings: Any) -> Any:
    """A recipe of the dataclass `kind` from nested dictionaries.

    Raises:
        ConfigError: for unknown or ill-typed settings.
    """
    if not isinstance(settings, dict) or "name" not in settings:
        raise ConfigError("a recipe needs a name")
    return build(kind, settings, "recipe")


def build(kind: Any, settings: Any, where: str) -> Any:
    """An instance of the dataclass `kind` from a dictionary, its own dataclass fields likewise."""
    if not isinstance(settings, dict):
        raise ConfigError(f"{where} is {settings!r}; expected a table of settings")
    kinds = get_type_hints(kind)
    unknown = sorted(set(settings) - set(kinds))
    if unknown:
        raise ConfigError(f"{where} has no setting {unknown[0]!r}; it has {', '.join(kinds)}")
    values = {}
    for name, value in settings.items():
        here = f"{where}.{name}"
        nested = dataclasses.is_dataclass(kinds[name])
        values[name] = build(kinds[name], value, here) if nested else checked(value, kinds[name], here)
    return kind(**values)


def checked(value: Any, kind: type, where: str) -> Any:
    """`value` if it is of `kind` (a whole number will do for a float). Raises `ConfigError` otherwise."""
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ConfigError(f"{where} is {value!r}; expected {kind.__name__}")
    return value
