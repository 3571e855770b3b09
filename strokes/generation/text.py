"""Text as handwriting: its characters drawn by a generator, set as lines, and their strokes as one drawing a sheet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strokes.files import atomic_path, check_free
from strokes.formats.sheet import write_sheet
from strokes.generation.lines import Sheet, set_lines
from strokes.generation.request import Wish, make_pictures, thinned
from strokes.ink.drawing import DrawingSet, IntArray, join
from strokes.ink.normalise import GreyImage, frame_pictures
from strokes.ink.pictures import GreySet, ImageSet, make_image_set
from strokes.metrics.style import measure_style
from strokes.recovery.methods import Options, choose_method
from strokes.recovery.pages import PageDrawing, assemble
from strokes.store.writer import DatasetWriter

TEXT_X_HEIGHT_PX = 24.0
TRIES = 8
"""Pictures of each character that one is chosen from, for a text that looks like one hand's."""
BLANK = 1e3
"""The style of a picture without ink, unlike any other."""
MOST_AT_ONCE = 1000
"""Characters whose strokes are recovered at a time."""


def tidy(text: str) -> str:
    """A text's lines, with single spaces between words."""
    return "\n".join(" ".join(line.split()) for line in text.strip().split("\n"))


def set_text(wish: Wish) -> tuple[list[Sheet], GreySet]:
    """The sheets of a text, as many as the wish counts and each written anew, and the pictures of their characters.

    Raises:
        ConfigError, SourceError: as `make_pictures`.
    """
    text, length, copies = tidy(wish.text), len(wish.characters), max(wish.count, 1)
    tries = 1 if wish.style is not None else TRIES
    made = make_pictures(replace(wish, text=text, count=copies * tries * length))
    places = np.arange(len(made)).reshape(copies, tries, length)
    made = made.select(np.concatenate([of_one_hand(made.images, own) for own in places]))
    pictures = list(made.images)
    return [set_lines(text, pictures[k * length : (k + 1) * length]) for k in range(copies)], made


def of_one_hand(images: NDArray[np.uint8], places: IntArray) -> IntArray:
    """Of several pictures of each character, (tries, characters) places, those (characters,) most like one hand.

    A hand's pen is as thick as all of them in the middle, and slants each character as its own are in the middle.
    """
    measured = np.nan_to_num(measure_style(images[places.ravel()]).reshape(*places.shape, -1), nan=BLANK)
    _, thickness, slant = np.moveaxis(measured, 2, 0)
    away = np.abs(thickness - np.median(thickness)) / max(float(thickness.std()), 1e-9)
    away += np.abs(slant - np.median(slant, axis=0)) / max(float(slant.std()), 1e-9)
    return np.asarray(places[away.argmin(axis=0), np.arange(places.shape[1])], np.int64)


def write_text_pictures(wish: Wish, out: Path, *, overwrite: bool = False) -> int:
    """Write a text's sheets to an `.npz` (`images` uint8, ink high; `labels`), or one below the other to a `.png`.

    Returns:
        how many sheets.

    Raises:
        ConfigError, SourceError: as `make_pictures`.
        StoreError: it exists, or the disk refuses it.
    """
    check_free(out, overwrite=overwrite)
    sheets, _ = set_text(wish)
    images = np.stack(alike([sheet.picture(x_height_px=TEXT_X_HEIGHT_PX) for sheet in sheets]))
    if out.suffix.lower() == ".png":
        write_sheet(images, out, columns=1, overwrite=overwrite)
        return len(sheets)
    with atomic_path(out, overwrite=overwrite) as partial, partial.open("wb") as file:
        np.savez_compressed(file, images=images, labels=np.array([tidy(wish.text)] * len(sheets)))
    return len(sheets)


def alike(pictures: list[GreyImage]) -> list[GreyImage]:
    """Pictures padded at the right and below to the largest."""
    height, width = (max(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    return [np.pad(p, ((0, height - p.shape[0]), (0, width - p.shape[1]))) for p in pictures]


def write_text_dataset(wish: Wish, out: Path, *, options: Options, overwrite: bool = False) -> int:
    """Write a text's sheets as a dataset file, one drawing a sheet: its label is the text.

    Args:
        wish: with a text.
        out: the file.
        options: how the characters' strokes are recovered.
        overwrite: replace an existing file.

    Returns:
        how many drawings.

    Raises:
        ConfigError, SourceError: as `make_pictures`.
        StoreError: `out` exists or can't be written.
    """
    check_free(out, overwrite=overwrite)
    sheets, made = set_text(wish)
    pictures = sheet_pictures(sheets, tidy(wish.text))
    drawings = assemble(list(drawn_sheets(sheets, draw_characters(made, options), pictures)), pictures)
    attributes = {"licence": made.licence, "source": made.name, "source_url": made.url, "seed": wish.seed}
    with DatasetWriter(out, attributes=attributes, classes=drawings.classes, overwrite=overwrite) as writer:
        writer.append(drawings)
    return len(drawings)


def draw_characters(made: GreySet, options: Options) -> DrawingSet:
    """The strokes of characters' pictures."""
    pictures = thinned(made)
    method = choose_method(pictures, options)
    spans = range(0, len(pictures), MOST_AT_ONCE)
    return join([method.draw(method.pictures.select(slice(start, start + MOST_AT_ONCE))) for start in spans])


def sheet_pictures(sheets: list[Sheet], text: str) -> ImageSet:
    """The sheets' pictures, in their own resolution and in the frame, labelled with the text."""
    framed = frame_pictures([sheet.picture(x_height_px=TEXT_X_HEIGHT_PX) for sheet in sheets])
    return make_image_set(
        framed.ink,
        labels=np.zeros(len(sheets), np.int64),
        classes=(" ".join(text.split()),),
        sizes=framed.sizes,
        frames=framed.frames,
        fine=framed.fine,
        metadata=(json.dumps({"text": text}, ensure_ascii=False),) * len(sheets),
    )


def drawn_sheets(sheets: list[Sheet], characters: DrawingSet, pictures: ImageSet) -> Iterator[PageDrawing]:
    """Each sheet with its characters' strokes where they lie on it."""
    first = 0
    for sheet, fine in zip(sheets, pictures.fine or (), strict=True):
        own = characters.select(range(first, first + len(sheet.placed)))
        first += len(sheet.placed)
        sure = own.scores["confidence"] if "confidence" in own.scores else np.ones(len(own))
        surety = [(1.0, float(value)) for value in sure]
        if fine is None:
            raise AssertionError("a sheet is larger than the frame")
        yield PageDrawing(fine, strokes=sheet.strokes(own), surety=surety)
