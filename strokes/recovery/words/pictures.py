"""Which pictures are words and lines, and the strip network that ships for them."""

from __future__ import annotations

from functools import cache

import numpy as np

from strokes.ink.pen_width import line_length
from strokes.recovery.words.recover import InkPage, StripRecovery, load_strip_network
from strokes.training.checkpoints import SHIPPED, read_model

SHIPPED_STRIPS = "pen-words"
WIDEST_GLYPH = 1.1
"""Ink so many times as wide as high is more than one glyph."""
LONG_LINE = 80.0
"""So is ink whose lines are so many widths of the pen long: a glyph in a frame of 28 px has about forty."""


def is_glyph(page: InkPage) -> bool:
    """Whether ink is neither too wide nor too long for one glyph."""
    rows, columns = (np.flatnonzero(page.ink.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return True
    wide = np.ptp(columns) + page.pen_px > WIDEST_GLYPH * (np.ptp(rows) + page.pen_px)
    return not wide and line_length(page.skeleton) < LONG_LINE * page.pen_px


@cache
def shipped_strips(seed: int = 0, hypotheses: int = 0) -> StripRecovery:
    """The strip network that ships, with its recipe's walks or as many as asked for.

    Raises:
        ConfigError: it doesn't ship with this package.
    """
    network, recipe = load_strip_network(read_model(SHIPPED / f"{SHIPPED_STRIPS}.safetensors"))
    return StripRecovery(network, hypotheses or recipe.hypotheses, recipe.temperature, seed)
