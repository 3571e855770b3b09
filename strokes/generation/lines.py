"""Characters set as lines of text: on a baseline, x-heights and capitals in proportion, spaces where they were.

A generator draws every character as large as its frame allows, an "x" as high as an "X". Here each is scaled so that
its ink reaches as far above and below the line as such a character does. The unit is the x-height.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from strokes.ink.drawing import Drawing, FloatArray
from strokes.ink.normalise import GreyImage
from strokes.ink.pictures import FRAME_PX
from strokes.ink.thinning import INK_THRESHOLD

Extent = tuple[float, float]

CAPITAL: Extent = (1.5, 0.0)
EXTENTS: dict[str, Extent] = {
    **dict.fromkeys("acemnorsuvwxz", (1.0, 0.0)),
    **dict.fromkeys("bdfhkl", (1.6, 0.0)),
    **dict.fromkeys("gpqy", (1.0, 0.55)),
    "t": (1.35, 0.0),
    "i": (1.4, 0.0),
    "j": (1.4, 0.55),
    "Q": (1.5, 0.15),
}
"""How far a character's ink reaches above and below the line; others are as high as capitals."""
WIDEST = 2.2
"""No character is wider, whatever its height asks."""
GAP = 0.28
SPACE = 0.75
LINE = 2.7
MARGIN = 0.5
WRAP = 34.0


@dataclass(frozen=True)
class PlacedCharacter:
    """A character on the sheet.

    Attributes:
        character: which.
        picture: (28, 28) uint8, ink high.
        scale: x-heights that the frame's side measures here.
        x, y: where the frame's top left corner comes, in x-heights from the sheet's.
    """

    character: str
    picture: GreyImage
    scale: float
    x: float
    y: float

    def strokes(self, drawing: Drawing) -> list[FloatArray]:
        """A drawing in the frame's unit square where it lies on the sheet, in x-heights."""
        return [(stroke * self.scale + (self.x, self.y)).astype(np.float32) for stroke in drawing.strokes]


@dataclass(frozen=True)
class Sheet:
    """Lines of text.

    Attributes:
        placed: the characters, in writing order; white space takes room but is none of them.
        width, height: in x-heights.
    """

    placed: tuple[PlacedCharacter, ...]
    width: float
    height: float

    def strokes(self, drawings: Iterable[Drawing]) -> list[FloatArray]:
        """The strokes of the characters' drawings on the sheet, in units of its longer side."""
        longer = max(self.width, self.height)
        placed = zip(self.placed, drawings, strict=True)
        return [(stroke / longer).astype(np.float32) for one, drawing in placed for stroke in one.strokes(drawing)]

    def picture(self, *, x_height_px: float) -> GreyImage:
        """The characters' pictures on one, (h, w) uint8, ink high."""
        size = (max(round(self.width * x_height_px), 1), max(round(self.height * x_height_px), 1))
        page = np.zeros((size[1], size[0]), np.uint8)
        for one in self.placed:
            zoom = one.scale * x_height_px / FRAME_PX
            left, top = (value * x_height_px + (zoom - 1) / 2 for value in (one.x, one.y))
            matrix = np.array([[zoom, 0, left], [0, zoom, top]])
            page = np.maximum(page, cv2.warpAffine(one.picture, matrix, size, flags=cv2.INTER_CUBIC))
        return page


def set_lines(text: str, pictures: Sequence[GreyImage], *, wrap: float = WRAP) -> Sheet:
    """A text's characters on a sheet.

    Args:
        text: with spaces and line breaks; lines longer than `wrap` are broken between words.
        pictures: (28, 28) uint8, ink high: one for each character that is no white space, in their order.
        wrap: in x-heights.
    """
    glyphs = iter(zip(filter(lambda c: not c.isspace(), text), pictures, strict=True))
    placed: list[PlacedCharacter] = []
    widest, line = 0.0, 0
    for paragraph in text.split("\n"):
        x = MARGIN
        for word in paragraph.split(" "):
            letters = [fit(*glyph) for glyph in itertools.islice(glyphs, sum(not c.isspace() for c in word))]
            length = sum(width + GAP for _, _, width in letters)
            if x > MARGIN and x + length > wrap:
                x, line = MARGIN, line + 1
            for one, left, width in letters:
                baseline = MARGIN + CAPITAL[0] + line * LINE
                placed.append(PlacedCharacter(one.character, one.picture, one.scale, x - left, one.y + baseline))
                x += width + GAP
            widest = max(widest, x)
            x += SPACE
        line += 1
    return Sheet(tuple(placed), widest + MARGIN, 2 * MARGIN + CAPITAL[0] + 0.55 + (line - 1) * LINE)


def fit(character: str, picture: GreyImage) -> tuple[PlacedCharacter, float, float]:
    """A character over a baseline at 0 with its frame's left side at 0, and its ink's left side and width."""
    rows = np.flatnonzero((picture > INK_THRESHOLD).any(1))
    columns = np.flatnonzero((picture > INK_THRESHOLD).any(0))
    if not len(rows):
        return PlacedCharacter(character, picture, 1.0, 0.0, 0.0), 0.0, SPACE
    above, below = EXTENTS.get(character, CAPITAL)
    high, wide = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    pixel = min((above + below) / high, WIDEST / wide)
    bottom = below if pixel == (above + below) / high else min(below, 0.0)
    y = bottom - (int(rows[-1]) + 1) * pixel
    return PlacedCharacter(character, picture, pixel * FRAME_PX, 0.0, y), int(columns[0]) * pixel, wide * pixel
