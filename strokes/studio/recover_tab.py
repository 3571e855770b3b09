"""The tab "Recover": a picture's strokes, to be looked at, put right by hand, and taken along in any format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from strokes.datasets.decode import read_pages
from strokes.datasets.given import load_images
from strokes.ink.drawing import Drawing
from strokes.ink.paper.scan import dark_on_light
from strokes.recovery.methods import Options, choose_method
from strokes.studio.exports import downloads, find_download, write_drawing
from strokes.studio.messages import MessageError, page_of, text_of
from strokes.studio.studio import Studio
from strokes.studio.worker import Tell

SHOWN_PX = 2000
PICTURE = "picture.png"
"""What a picture is called here, whatever it is; its bytes tell what it is."""


async def formats(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Every way to download a drawing."""
    return {"formats": [download.name for download in downloads(films=True)]}


async def recover(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Recover a picture that was sent; a copy of it, as it was read, can then be fetched."""
    kept = studio.shelf.find(text_of(message, "picture"))
    if kept is None:
        raise MessageError("that picture is gone; choose it again")
    shown, path = studio.shelf.place("shown.png")
    trained = studio.recoverer.trained
    model = "" if trained is None else str(trained)
    found: dict[str, Any] = await studio.worker.run(recover_job, str(kept.path), str(path), model, tell=tell)
    return {"shown": shown, **found}


async def export(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Write a drawing, as it was edited, in a format; the file can then be fetched."""
    chosen = find_download(text_of(message, "format"), films=True)
    drawing = page_of(message)
    if not drawing.strokes:
        raise MessageError("there is no stroke to download")
    identifier, path = studio.shelf.place(f"strokes{chosen.ending}")
    await studio.worker.run(export_job, drawing, str(path), chosen.name, tell=tell)
    return {"file": identifier, "name": path.name}


def recover_job(tell: Tell, picture: str, shown: str, model: str) -> dict[str, Any]:
    """Recover the picture of a file, in the worker's process."""
    tell({"stage": "reading the picture"})
    path = Path(picture)
    pictures = load_images(path)
    save_shown(path, Path(shown))
    tell({"stage": "recovering the strokes"})
    found = choose_method(pictures, Options(model=model)).draw(pictures)
    drawing = found[0]
    flagged = bool(found.flagged[0]) if found.flagged is not None else False
    return {
        "strokes": [np.round(stroke, 5).tolist() for stroke in drawing.strokes],
        "width": drawing.width,
        "height": drawing.height,
        "doubtful": list(range(len(drawing.strokes))) if flagged else [],
        "confidence": float(found.scores["confidence"][0]) if "confidence" in found.scores else None,
    }


def save_shown(path: Path, out: Path) -> None:
    """Write the picture as it was read, dark on light, no larger than a screen needs."""
    grey, _ = dark_on_light(next(read_pages(path)).pixels)
    shrink = SHOWN_PX / max(grey.shape)
    if shrink < 1:
        height, width = (max(round(side * shrink), 1) for side in grey.shape)
        grey = np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    Image.fromarray(grey).save(out)


def export_job(tell: Tell, drawing: Drawing, out: str, form: str) -> None:
    """Write a drawing, in the worker's process."""
    write_drawing(drawing, Path(out), form)


ACTIONS = {"formats": formats, "recover": recover, "export drawing": export}
