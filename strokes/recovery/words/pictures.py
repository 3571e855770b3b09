"""Pictures larger than the frame: words and lines as strips, single glyphs as the glyph network walks over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from strokes.ink.drawing import BoolArray, Drawing, DrawingSet, FloatArray, make_drawing_set
from strokes.ink.pen_width import line_length, usual_width
from strokes.ink.pictures import FineInk, ImageSet
from strokes.metrics.pictures import score_large
from strokes.recovery.words.recover import InkPage, Recovered, StripRecovery, load_strip_network
from strokes.training.checkpoints import find_model, read_model

SHIPPED_STRIPS = "pen-words"
WIDE = 1.1
"""Ink so many times as wide as high is more than one glyph."""
LONG_LINE = 80.0
"""So is ink whose lines are so many widths of the pen long: a glyph in a frame of 28 px has about forty."""
NEAR_LINE = 0.68
"""A line and ink are near by 1.5 px of a frame in which the pen is 2.2 px wide, in widths of the pen."""
MUCH = 0.1
"""A drawing more of whose length no walk took is flagged."""


def is_glyph(page: InkPage, name: str | None) -> bool:
    """Whether a picture is one glyph: its label is one character, or its ink is neither wide nor long."""
    if name is not None and len(name) == 1:
        return True
    rows, columns = (np.flatnonzero(page.ink.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return True
    wide = np.ptp(columns) + page.pen_px > WIDE * (np.ptp(rows) + page.pen_px)
    return not wide and line_length(page.skeleton) < LONG_LINE * page.pen_px


def page_of(fine: FineInk) -> InkPage:
    """A picture's ink, and the pen's width in it, measured where nobody has."""
    ink = fine.mask
    return InkPage(ink, max(fine.pen_px or (usual_width(ink) if ink.any() else 0.0), 1.0))


@cache
def shipped_strips(seed: int = 0, hypotheses: int = 0) -> StripRecovery:
    """The strip network that ships, with its recipe's walks or as many as asked for.

    Raises:
        ConfigError: it doesn't ship with this package.
    """
    network, recipe = load_strip_network(read_model(find_model(SHIPPED_STRIPS)))
    return StripRecovery(network, hypotheses or recipe.hypotheses, recipe.temperature, seed)


def recover_ink(ink: BoolArray, *, hypotheses: int = 0, seed: int = 0) -> list[FloatArray]:
    """The strokes of a word or a line of writing, each (points, 2) in the picture's unit square, in order.

    Args:
        ink: (h, w) bool, as scanned; its pen may be of any width.
        hypotheses: walks over each strip of it; 0 for as many as the network's recipe says.
        seed: of those that are drawn at random.
    """
    return shipped_strips(seed, hypotheses).recover_pictures([ink])[0].strokes


def make_drawings(pictures: ImageSet, pages: Sequence[InkPage], found: Sequence[Recovered]) -> DrawingSet:
    """What was recovered of pictures as drawings with scores."""
    drawings = make_drawing_set([Drawing(tuple(one.strokes)) for one in found])
    fit = score_large(drawings, [page.skeleton for page in pages], near_px=[NEAR_LINE * page.pen_px for page in pages])
    confidence = np.array([one.confidence for one in found], np.float32)
    scores = {"confidence": confidence, "mse": np.full(len(found), np.nan, np.float32)} | fit
    return replace(drawings, scores=scores, **pictures.shared())
