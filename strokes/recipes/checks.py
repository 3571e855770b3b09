"""Checks of a recipe's settings."""

from __future__ import annotations

import math

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
