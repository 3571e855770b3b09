"""Which pictures are words, lines and characters of many strokes, and the strip networks that ship for them."""

from __future__ import annotations

from functools import cache

import numpy as np

from strokes.ink.pen_width import line_length
from strokes.recovery.words.recover import InkPage, StripRecovery, load_strip_network
from strokes.training.checkpoints import SHIPPED, read_model

WORDS, MANY_STROKES = "pen-words", "pen-characters"
"""The strip networks: of lines of writing, and of single characters of many strokes."""
WIDEST_GLYPH = 1.1
"""Ink so many times as wide as high is more than one glyph."""
LONG_LINE = 80.0
"""Ink whose lines are so many widths of the pen long is more than a frame of 28 px shows: a glyph there has forty."""


def strips_for(page: InkPage) -> str:
    """The strip network for ink: of words where it is too wide for one glyph, of characters where it is too long.

    "" where it is a glyph that the frame shows.
    """
    rows, columns = (np.flatnonzero(page.ink.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return ""
    wide = np.ptp(columns) + page.pen_px > WIDEST_GLYPH * (np.ptp(rows) + page.pen_px)
    if wide:
        return WORDS
    return MANY_STROKES if is_long(page) else ""


def is_long(page: InkPage) -> bool:
    """Whether ink's lines are longer than a frame of 28 px shows."""
    return line_length(page.skeleton) >= LONG_LINE * page.pen_px


@cache
def shipped_strips(name: str = WORDS, seed: int = 0, hypotheses: int = 0) -> StripRecovery:
    """A strip network that ships, with its recipe's walks or as many as asked for.

    Raises:
        ConfigError: it doesn't ship with this package.
    """
    network, recipe = load_strip_network(read_model(SHIPPED / f"{name}.safetensors"))
    return StripRecovery(network, hypotheses or recipe.hypotheses, recipe.temperature, seed)
