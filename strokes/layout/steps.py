"""What is done to a scan, step by step, as pictures in a folder: `strokes scan`."""

from __future__ import annotations

import functools
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from strokes.datasets.decode import read_pages
from strokes.files import atomic_path, make_folder
from strokes.ink.paper.polarity import check_ink
from strokes.ink.paper.scan import take_paper_away
from strokes.layout.page import Piece, check_direction, find_pieces

Grey = NDArray[np.uint8]
LINE_COLOUR, WORD, GLYPH = (200, 30, 30), (30, 120, 220), (150, 150, 150)


def write_steps(
    path: Path, folder: Path, *, ink: str = "auto", direction: str = "ltr", dpi: float = 0.0, overwrite: bool = False
) -> list[str]:
    """Write every step from a picture to its lines, words and glyphs as PNG; say what was found on each page.

    Raises:
        SourceError: the picture can't be read.
        StoreError: a file is there already and isn't to be replaced, or the disk refuses it.
        ConfigError: there is no such ink or direction.
    """
    check_ink(ink)
    check_direction(direction)
    make_folder(folder)
    told = []
    for page in read_pages(path, dpi=dpi):
        shown: list[tuple[str, Grey]] = [("read", page.pixels)]
        inked = take_paper_away(page.pixels, ink=ink, look=functools.partial(keep, shown))
        pieces = find_pieces(inked.mask, pen_px=inked.pen_px, direction=direction)
        shown.append(("lines", show_pieces(inked.mask, pieces)))
        start = f"page-{page.number}-" if page.number else ""
        for number, (name, picture) in enumerate(shown):
            with atomic_path(folder / f"{start}{number}-{name}.png", overwrite=overwrite) as partial:
                Image.fromarray(picture).save(partial, format="PNG")
        lines = {piece.line for piece in pieces if not piece.drawing}
        words = {(piece.line, piece.word) for piece in pieces if not piece.drawing}
        told.append(
            f"{start}{'dark' if inked.dark else 'light'} ink, pen {inked.pen_px:.1f} px, {len(lines)} lines, "
            f"{len(words)} words, {len(pieces)} glyphs or letters that touch"
        )
    return told


def show_pieces(ink: NDArray[np.bool_], pieces: list[Piece]) -> Grey:
    """The ink with a box around each glyph, word and line."""
    picture = np.repeat(np.where(ink, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    for colour, key in ((GLYPH, 3), (WORD, 2), (LINE_COLOUR, 1)):
        groups: dict[tuple[int, ...], list[tuple[int, int, int, int]]] = {}
        for piece in pieces:
            groups.setdefault((piece.line, piece.word, piece.glyph)[:key], []).append(piece.box)
        for boxes in groups.values():
            left, top = np.min(boxes, axis=0)[:2].tolist()
            right, bottom = np.max(boxes, axis=0)[2:].tolist()
            pad = 4 - key
            cv2.rectangle(picture, (left - pad, top - pad), (right + pad, bottom + pad), colour, 1)
    return picture


def keep(shown: list[tuple[str, Grey]], name: str, picture: Grey) -> None:
    """Keep what a step made."""
    shown.append((name, picture))
