"""One page in a call: a scan to lines, words and glyphs in reading order, each with the strokes of the pen."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from strokes.datasets.decode import Page, read_pages
from strokes.datasets.image_values import read_page
from strokes.errors import SourceError
from strokes.ink.drawing import FloatArray
from strokes.ink.normalise import Framer
from strokes.ink.paper.polarity import check_ink
from strokes.ink.paper.scan import take_paper_away
from strokes.ink.pictures import make_image_set
from strokes.layout.units import INCH_MM
from strokes.recovery.methods import Options, choose_method

PageBox = tuple[float, float, float, float]


@dataclass(frozen=True)
class PageGlyph:
    """A glyph, or letters that touch.

    Attributes:
        strokes: in order, each (points, 2), in the page's unit.
        traced: for each stroke, whether it was traced where the network didn't walk.
        unsure: for each stroke, whether the network is less than half sure of its way.
    """

    strokes: tuple[FloatArray, ...]
    traced: tuple[bool, ...]
    unsure: tuple[bool, ...]

    @property
    def box(self) -> PageBox:
        """Left, top, right and bottom of the strokes."""
        return box_of(self.strokes)


@dataclass(frozen=True)
class PageWord:
    """A word's glyphs, in reading order."""

    glyphs: tuple[PageGlyph, ...]

    @property
    def strokes(self) -> tuple[FloatArray, ...]:
        """All strokes, in order."""
        return tuple(stroke for glyph in self.glyphs for stroke in glyph.strokes)

    @property
    def box(self) -> PageBox:
        """Left, top, right and bottom of the strokes."""
        return box_of(self.strokes)


@dataclass(frozen=True)
class PageLine:
    """A line's words, in reading order."""

    words: tuple[PageWord, ...]

    @property
    def strokes(self) -> tuple[FloatArray, ...]:
        """All strokes, in order."""
        return tuple(stroke for word in self.words for stroke in word.strokes)

    @property
    def box(self) -> PageBox:
        """Left, top, right and bottom of the strokes."""
        return box_of(self.strokes)


@dataclass(frozen=True)
class ReadPage:
    """A page as the pen wrote it.

    Attributes:
        lines: in reading order.
        unit: "mm" where the scan's dpi is known, else "px".
        width: of the page, in that unit.
        height: likewise.
        covered: the share of the ink that the strokes cover, 0 to 1.
        on: the share of the strokes that runs on ink, 0 to 1.
        confidence: the chance that direction and order are right; NaN for a method that can't tell.
        flagged: whether the page is doubtful.
    """

    lines: tuple[PageLine, ...]
    unit: str
    width: float
    height: float
    covered: float
    on: float
    confidence: float
    flagged: bool

    @property
    def strokes(self) -> tuple[FloatArray, ...]:
        """All strokes, in order."""
        return tuple(stroke for line in self.lines for stroke in line.strokes)


def recover_page(
    source: str | Path | Image.Image | NDArray[np.uint8],
    *,
    page: int = 1,
    ink: str = "auto",
    dpi: float = 0.0,
    options: Options | None = None,
) -> ReadPage:
    """The strokes of a scan or photo of handwriting, line by line, word by word, glyph by glyph.

    >>> import numpy as np, strokes
    >>> picture = np.full((120, 200), 255, np.uint8)
    >>> picture[20:50, 30:34] = picture[20:50, 60:64] = 0  # two strokes
    >>> page = strokes.recover_page(picture)
    >>> len(page.lines), len(page.lines[0].words), page.unit
    (1, 1, 'px')

    Args:
        source: a picture or PDF file, a picture of pillow's, or an array (h, w) or (h, w, 3) uint8.
        page: which page of a file, from 1.
        ink: "dark", "light", or "auto" to decide by the picture.
        dpi: pixels an inch, instead of what the file says; 0 to believe it.
        options: how strokes are recovered, and in which direction the writing runs.

    Raises:
        SourceError: the file can't be read, or has no such page.
        ShapeError: the array is no picture.
        ConfigError: there is no such ink, method or model.
    """
    check_ink(ink)
    scan = open_page(source, page, dpi)
    inked = take_paper_away(scan.pixels, ink=ink)
    framer = Framer()
    framer.add(np.pad(inked.grey, ((0, 0), (0, int(inked.grey.shape == (28, 28))))), pen_px=inked.pen_px)
    framed = framer.framed()
    pictures = make_image_set(framed.ink, sizes=framed.sizes, frames=framed.frames, fine=framed.fine)
    drawn = choose_method(pictures, options or Options()).draw(pictures)
    height, width = scan.pixels.shape[:2]
    scale = INCH_MM / scan.dpi if scan.dpi else 1.0
    strokes = [(stroke * (max(height, width) * scale)).astype(np.float32) for stroke in drawn[0].strokes]
    known = json.loads(drawn.metadata[0]) if drawn.metadata is not None else {}
    scores = {name: float(values[0]) for name, values in drawn.scores.items()}
    return ReadPage(
        lines=in_lines(strokes, known),
        unit="mm" if scan.dpi else "px",
        width=width * scale,
        height=height * scale,
        covered=scores.get("covered", float("nan")),
        on=scores.get("on", float("nan")),
        confidence=scores.get("confidence", float("nan")),
        flagged=bool(drawn.flagged is not None and drawn.flagged[0]),
    )


def open_page(source: str | Path | Image.Image | NDArray[np.uint8], number: int, dpi: float) -> Page:
    """The pixels of one page."""
    if not isinstance(source, str | Path):
        page = read_page(source)
        return replace(page, dpi=dpi or page.dpi)
    for place, page in enumerate(read_pages(Path(source), dpi=dpi), 1):
        if place == number:
            return page
    raise SourceError(f"{source} has no page {number}")


def in_lines(strokes: list[FloatArray], known: dict[str, object]) -> tuple[PageLine, ...]:
    """Strokes as lines of words of glyphs, by a drawing's metadata."""
    told = known.get("glyphs")
    glyphs = told if isinstance(told, list) else [[0, 0, 0, len(strokes)]]
    traced, unsure = (places_of(known.get(name)) for name in ("traced", "unsure"))
    lines: dict[int, dict[int, list[PageGlyph]]] = {}
    first = 0
    for line, word, _, count in glyphs:
        own = range(first, first + count)
        glyph = PageGlyph(
            tuple(strokes[i] for i in own), tuple(i in traced for i in own), tuple(i in unsure for i in own)
        )
        lines.setdefault(line, {}).setdefault(word, []).append(glyph)
        first += count
    return tuple(PageLine(tuple(PageWord(tuple(own)) for own in words.values())) for words in lines.values() if strokes)


def places_of(listed: object) -> set[int]:
    """The strokes that a drawing's metadata lists."""
    return set(listed) if isinstance(listed, list) else set()


def box_of(strokes: tuple[FloatArray, ...]) -> PageBox:
    """Left, top, right and bottom of strokes; zeros without any."""
    if not strokes:
        return 0.0, 0.0, 0.0, 0.0
    points = np.concatenate(strokes)
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return left, top, right, bottom
