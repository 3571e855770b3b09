"""The tab "Draw": read what was drawn, recover it from its picture, compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strokes.ink.rendering import PEN_PX
from strokes.studio.messages import MessageError, drawing_of, flag_of, number_of, text_of
from strokes.studio.reading import READINGS, Framed, frame, read
from strokes.studio.studio import Studio
from strokes.studio.worker import Tell

Guesses = list[tuple[str, float]]
WIDTHS_PX = (1.2, 4.0)


async def draw(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The reading of a drawing, told at once; then, unless `strokes_too` is false, its recovery and comparison."""
    drawn = drawing_of(message)
    width_px = pen_width(message)
    characters = characters_of(message)

    def see() -> tuple[Framed, Guesses]:
        framed = frame(drawn.drawing, width_px=width_px)
        return framed, read(framed.grey, characters)

    framed, answers = await studio.read(see)
    if not flag_of(message, "strokes_too", default=True):
        return {"reading": answers}
    tell({"reading": answers})
    return await studio.recover(framed, characters)


def pen_width(message: Mapping[str, Any]) -> float:
    """The pen's width in pixels of the network's frame."""
    least, most = WIDTHS_PX
    return number_of(message, "width_px", least=least, most=most, default=PEN_PX)


def characters_of(message: Mapping[str, Any]) -> str:
    """Which characters are expected. Raises `MessageError` for unknown ones."""
    characters = text_of(message, "characters", default="digits")
    if characters not in READINGS:
        raise MessageError(f"`characters` is none of {', '.join(READINGS)}")
    return characters


ACTIONS = {"draw": draw}
