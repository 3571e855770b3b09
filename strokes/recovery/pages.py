"""From drawn pieces to the drawings of whole pictures, with their scores, flags and notes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from strokes.ink.drawing import Drawing, DrawingSet, FloatArray, make_drawing_set
from strokes.ink.fine import FineInk
from strokes.ink.pictures import ImageSet
from strokes.ink.resampling import path_length
from strokes.metrics.pictures import score_large
from strokes.metrics.scans import LEAST_AGREEMENT, SCAN_SCORES, near_line, score_scan
from strokes.recovery.large_ink import Drawn, PieceInk, note

DOUBTFUL = 0.5
"""A drawing below this confidence is flagged."""
MUCH = 0.1
"""A drawing more of whose length no walk took is flagged."""


@dataclass
class PageDrawing:
    """A large picture while it is drawn.

    Attributes:
        fine: its ink.
        strokes: in its unit square, in order.
        traced: the places of those that were traced where a network was to walk.
        unsure: the places of those whose piece was drawn with less confidence than `DOUBTFUL`.
        surety: each piece's ink in pixels, and how sure its drawing is.
        glyphs: line, word and glyph of the strokes, and how many in a row belong there.
    """

    fine: FineInk
    strokes: list[FloatArray] = field(default_factory=list)
    traced: list[int] = field(default_factory=list)
    unsure: list[int] = field(default_factory=list)
    surety: list[tuple[float, float]] = field(default_factory=list)
    glyphs: list[tuple[int, int, int, int]] = field(default_factory=list)

    def add(self, piece: PieceInk, drawn: Drawn, sure: float) -> None:
        """The next piece's drawing, and how sure it is, 0 to 1."""
        first = len(self.strokes)
        self.traced += [first + i for i, traced in enumerate(drawn.traced) if traced]
        self.strokes += piece.to_page(drawn.strokes, max(self.fine.height, self.fine.width))
        self.unsure += range(first, len(self.strokes)) if sure < DOUBTFUL else ()
        self.surety.append((float(piece.ink.sum()), sure))
        self.glyphs += stand(piece, self.strokes[first:], max(self.fine.height, self.fine.width))

    @property
    def share_traced(self) -> float:
        """The share of the strokes' length that was traced where a network was to walk."""
        lengths = np.array([path_length(stroke) for stroke in self.strokes])
        return float(lengths[self.traced].sum() / lengths.sum()) if self.traced else 0.0

    @property
    def confidence(self) -> float:
        """How sure the pieces are, each as heavy as its ink; 0 without any."""
        ink = sum(ink for ink, _ in self.surety)
        return sum(ink * sure for ink, sure in self.surety) / ink if ink else 0.0


def stand(piece: PieceInk, strokes: Sequence[FloatArray], longer_px: int) -> list[tuple[int, int, int, int]]:
    """Line, word and glyph of a piece's strokes on the page, and how many there belong to one; of lines, by place."""
    own = piece.piece
    if not own.spans:
        return [(own.line, own.word, own.glyph, len(strokes))]
    lefts, rights = np.array([span[2:] for span in own.spans], np.float64).T
    places = []
    for stroke in strokes:
        middle = float(stroke[:, 0].min() + stroke[:, 0].max()) / 2 * longer_px
        places.append(own.spans[int(np.maximum(lefts - middle, middle - rights).argmin())][:2])
    return [(own.line, *place, len(list(members))) for place, members in itertools.groupby(places)]


def assemble(pages: list[PageDrawing], pictures: ImageSet) -> DrawingSet:
    """The drawings of pictures larger than the frame: a page each, scored in their own pixels."""
    drawings = make_drawing_set([Drawing(tuple(page.strokes)) for page in pages])
    told = [score_scan(page.strokes, page.fine.mask, pen_px=page.fine.pen_px) for page in pages]
    covered, on = np.array(told, np.float32).reshape(-1, 2).T
    confidence = np.array([page.confidence for page in pages], np.float32)
    near_px = [near_line(page.fine.pen_px) for page in pages]
    fit = score_large(drawings, (page.fine.ink for page in pages), near_px=near_px)
    scores = {"confidence": confidence, "mse": np.full(len(pages), np.nan, np.float32)} | fit
    scores |= {"covered": covered, "on": on}
    blank = np.array([not page.surety for page in pages], bool)
    shared = pictures.shared() | {"metadata": tuple(map(noted, pictures.metadata or (), pages))}
    much = np.array([page.share_traced > MUCH for page in pages], bool)
    flagged = blank | much | (confidence < DOUBTFUL) | (covered < LEAST_AGREEMENT) | (on < LEAST_AGREEMENT)
    return replace(drawings, scores=scores, flagged=flagged, **shared)


def noted(text: str, page: PageDrawing) -> str:
    """A picture's metadata, with what was found on it."""
    return note(text, traced=page.traced, unsure=page.unsure, glyphs=page.glyphs)


def with_scans(drawings: DrawingSet) -> DrawingSet:
    """Drawings of small pictures among large ones: `covered` and `on` say nothing of them."""
    unknown = np.full(len(drawings), np.nan, np.float32)
    return replace(drawings, scores={**drawings.scores, **dict.fromkeys(SCAN_SCORES, unknown)})
