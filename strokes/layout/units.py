"""One drawing a page, a line, a word or a glyph: pictures cut into the units that a dataset is asked to hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from strokes.errors import ConfigError
from strokes.ink.fine import FineInk
from strokes.ink.normalise import Framer
from strokes.ink.pictures import ImageSet, make_image_set
from strokes.layout.page import Piece, find_pieces

UNITS = ("page", "line", "word", "glyph")
UNIT_MARGIN_PX = 2
INCH_MM = 25.4


def split_units(pictures: ImageSet, unit: str, *, direction: str = "ltr") -> ImageSet:
    """The units of pictures, in reading order, each a picture of its own with its box in the page's metadata.

    Args:
        pictures: pages; those no larger than the frame stay as they are.
        unit: one of `UNITS`; "page" leaves the pictures whole.
        direction: of the writing: "ltr", "rtl" or "ttb".

    Every unit keeps its page's label, split, writer and place in the source. Units of another size than the frame's are
    kept in a file, as their pages are: memory doesn't grow with their pixels.

    Raises:
        ConfigError: there is no such unit, or direction.
    """
    if unit not in UNITS:
        raise ConfigError(f"unknown unit {unit!r}; one of {', '.join(UNITS)}")
    if unit == "page" or pictures.fine is None:
        return pictures
    framer, owner, about = Framer(), [], []
    for i, fine in enumerate(pictures.fine):
        known = json.loads(pictures.metadata[i]) if pictures.metadata is not None else {}
        if fine is None:
            framer.add(pictures.images[i].astype(np.uint8) * np.uint8(255))
            owner.append(i)
            about.append(json.dumps(known, ensure_ascii=False))
            continue
        for cut in units_of(fine, unit, direction):
            picture = cut_out(cut)
            framer.add(picture, pen_px=fine.pen_px)
            owner.append(i)
            about.append(json.dumps(known | described(cut, unit, known), ensure_ascii=False))
    framed = framer.framed()
    rows = np.array(owner, np.int64)
    found = make_image_set(framed.ink, sizes=framed.sizes, frames=framed.frames, fine=framed.fine)
    columns = {name: getattr(pictures, name)[rows] for name in ("labels", "split", "source_index")}
    return replace(
        found,
        **columns,
        classes=pictures.classes,
        metadata=tuple(about),
        notes=pictures.notes,
        writers=None if pictures.writers is None else tuple(pictures.writers[i] for i in owner),
        name=pictures.name,
        licence=pictures.licence,
        url=pictures.url,
    )


def units_of(fine: FineInk, unit: str, direction: str) -> Iterator[list[Piece]]:
    """The pieces of each unit of a page, in reading order."""
    waiting: list[Piece] = []
    for piece in find_pieces(fine.mask, pen_px=fine.pen_px, direction=direction):
        if waiting and key_of(piece, unit) != key_of(waiting[-1], unit):
            yield waiting
            waiting = []
        waiting.append(piece)
    if waiting:
        yield waiting


def key_of(piece: Piece, unit: str) -> tuple[int, ...]:
    """What tells a unit from the next."""
    return (piece.line, piece.word, piece.glyph)[: UNITS.index(unit)]


def box_of(pieces: list[Piece]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of pieces in the page's pixels."""
    boxes = np.array([piece.box for piece in pieces])
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def cut_out(pieces: list[Piece]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The ink of pieces alone, grey (h, w), ink high, with a margin; never 28×28, which would be taken as framed."""
    left, top, right, bottom = box_of(pieces)
    height, width = bottom - top + 2 * UNIT_MARGIN_PX, right - left + 2 * UNIT_MARGIN_PX
    picture = np.zeros((height, width + int(height == width == 28)), np.uint8)
    for piece in pieces:
        y, x = piece.top - top + UNIT_MARGIN_PX, piece.left - left + UNIT_MARGIN_PX
        window = picture[y : y + piece.ink.shape[0], x : x + piece.ink.shape[1]]
        window[piece.ink] = 255
    return picture


def described(pieces: list[Piece], unit: str, known: dict[str, object]) -> dict[str, object]:
    """What a unit's metadata adds to its page's: which it is and where, in pixels and, where dpi is known, in mm."""
    left, top, right, bottom = box_of(pieces)
    box = [left - UNIT_MARGIN_PX, top - UNIT_MARGIN_PX, right + UNIT_MARGIN_PX, bottom + UNIT_MARGIN_PX]
    first = pieces[0]
    told: dict[str, object] = {"unit": unit, "box_px": box, "line": first.line}
    told |= {"word": first.word} if unit in ("word", "glyph") else {}
    told |= {"glyph": first.glyph} if unit == "glyph" else {}
    told |= {"drawing": True} if first.drawing else {}
    dpi = known.get("dpi")
    if isinstance(dpi, int | float) and dpi > 0:
        told["box_mm"] = [round(side * INCH_MM / dpi, 3) for side in box]
    return told
