"""The tab "Recover": a picture's strokes, to be looked at, put right by hand, and taken along in any format."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from strokes.datasets.decode import SUFFIXES, Page, count_pages
from strokes.datasets.given import Reading, find_given
from strokes.datasets.given_pictures import frame_given
from strokes.errors import SourceError
from strokes.ink.drawing import FloatArray
from strokes.ink.paper.polarity import INKS
from strokes.ink.paper.scan import dark_on_light
from strokes.layout.page import DIRECTIONS
from strokes.recovery.methods import Options, choose_method
from strokes.studio import limits
from strokes.studio.exports import downloads, find_download, keep_drawing, side_mm_of, write_drawing
from strokes.studio.messages import MessageError, number_of, page_of, text_of, whole_of
from strokes.studio.studio import Studio
from strokes.studio.worker import Tell

SHOWN_PX = 2000
PICTURE = "picture.png"
"""What a picture is called here, whatever it is; its bytes tell what it is."""
DOUBTS = {"unsure": "less than half sure", "traced": "traced, as no walk went there"}
"""What a drawing's metadata says of strokes, in words."""
FLAGGED = "the whole drawing is doubtful"


async def formats(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Every way to download a drawing, and what the names of pictures end in."""
    return {"formats": [download.name for download in downloads(films=True)], "pictures": SUFFIXES}


async def recover(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Recover a page of a picture that was sent.

    A copy of it, as it was read, can then be fetched, and `export drawing` can be asked of what was recovered.
    """
    kept = studio.shelf.find(text_of(message, "picture"))
    if kept is None:
        raise MessageError("that picture is gone; choose it again")
    how = {
        "page": whole_of(message, "page", least=1, most=limits.PAGES, default=1),
        "direction": text_of(message, "direction", default="ltr"),
        "ink": text_of(message, "ink", default="auto"),
        "name": text_of(message, "name", most=limits.FILE_LETTERS),
    }
    for name, known in (("direction", DIRECTIONS), ("ink", INKS)):
        if how[name] not in known:
            raise MessageError(f"`{name}` is none of {', '.join(known)}")
    shown, picture = studio.shelf.place("shown.png")
    recovered, drawing = studio.shelf.place("drawing.h5")
    paths = [str(path) for path in (kept.path, picture, drawing)]
    found: dict[str, Any] = await studio.worker.run(recover_job, paths, how, studio.networks.own, tell=tell)
    return {"shown": shown, "recovered": recovered, **found}


async def export(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Write what was recovered in a format, with `strokes` as they were edited; the file can then be fetched."""
    chosen = find_download(text_of(message, "format"), films=True)
    recovered = studio.shelf.find(text_of(message, "recovered"))
    if recovered is None:
        raise MessageError("that drawing is gone; recover the picture again")
    height_mm = number_of(message, "height_mm", least=0, most=limits.PLOT_MM, default=0)
    strokes = await studio.store(page_of, message) if "strokes" in message else None
    if strokes is not None and not strokes:
        raise MessageError("there is no stroke to download")
    identifier, path = studio.shelf.place(f"strokes{chosen.ending}")
    await studio.worker.run(export_job, str(recovered.path), strokes, str(path), chosen.name, height_mm, tell=tell)
    return {"file": identifier, "name": path.name}


def recover_job(tell: Tell, paths: Sequence[str], how: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Recover a page of a picture's file, in the worker's process; the copy and the drawing go to the other paths."""
    tell({"stage": "reading the picture"})
    picture, shown, kept = map(Path, paths)
    try:
        pages = count_pages(picture)
        if how["page"] > pages:
            raise SourceError(f"{picture} has {pages} pages")
        given = find_given(picture, reading=Reading(ink=how["ink"]))
        own = replace(next(itertools.islice(given, how["page"] - 1, None)), file=how["name"])
    except SourceError as error:
        raise SourceError(str(error).replace(str(picture), "the picture")) from None
    save_shown(own.page, shown, ink=how["ink"])
    tell({"stage": "recovering the strokes"})
    pictures = frame_given([own], picture)
    found = choose_method(pictures, Options(model=model, direction=how["direction"])).draw(pictures)
    keep_drawing(found, kept)
    drawing = found[0]
    known = json.loads(found.metadata[0]) if found.metadata is not None else {}
    return {
        "strokes": [np.round(stroke, 5).tolist() for stroke in drawing.strokes],
        "width": drawing.width,
        "height": drawing.height,
        "pages": pages,
        "doubts": doubts_of(len(drawing.strokes), known, flagged=drawing.flagged),
        "words": words_of(len(drawing.strokes), known),
        "flagged": drawing.flagged,
        "confidence": drawing.confidence,
        "side_mm": side_mm_of(known),
        "model": Path(model).name,
    }


def doubts_of(count: int, known: Mapping[str, Any], *, flagged: bool) -> list[str]:
    """Why each stroke is doubtful, "" where it isn't; a flag that points at none of them is on all."""
    doubts = [""] * count
    for name, why in DOUBTS.items():
        for place in known.get(name, ()):
            doubts[place] = why
    return doubts if any(doubts) or not flagged else [FLAGGED] * count


def words_of(count: int, known: Mapping[str, Any]) -> list[list[int]]:
    """Line and word of each stroke, from 0."""
    glyphs = known.get("glyphs") or [[0, 0, 0, count]]
    return [[line, word] for line, word, _, members in glyphs for _ in range(members)]


def save_shown(page: Page, out: Path, *, ink: str) -> None:
    """Write a page as it was read, dark on light, no larger than a screen needs."""
    grey, _ = dark_on_light(page.pixels, ink=ink)
    shrink = SHOWN_PX / max(grey.shape)
    if shrink < 1:
        height, width = (max(round(side * shrink), 1) for side in grey.shape)
        grey = np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    Image.fromarray(grey).save(out)


def export_job(
    tell: Tell, recovered: str, strokes: Sequence[FloatArray] | None, out: str, form: str, height_mm: float
) -> None:
    """Write a drawing, in the worker's process."""
    write_drawing(Path(recovered), strokes, Path(out), form, height_mm=height_mm)


ACTIONS = {"formats": formats, "recover": recover, "export drawing": export}
