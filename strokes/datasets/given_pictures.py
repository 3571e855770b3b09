"""Pictures as they were read, of files or of a program: their ink, and all of them as a set."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.decode import Page
from strokes.datasets.labels_of import number_given_labels
from strokes.ink.drawing import SPLITS
from strokes.ink.fine import TextShelf
from strokes.ink.normalise import Framer
from strokes.ink.paper.scan import Inked, dark_on_light, take_paper_away
from strokes.ink.pictures import FRAME_PX, GreySet, ImageSet, make_image_set

INCH_MM = 25.4


@dataclass(frozen=True)
class GivenPicture:
    """One picture as it was read, and what is known of it.

    Attributes:
        page: its pixels, its number in its file, its dpi.
        ink: "dark", "light" or "auto".
        file: its file's name, "" where it has none of its own.
        label: its class, "" where unknown.
        split: "train", "test" or "none".
    """

    page: Page
    ink: str = "auto"
    file: str = ""
    label: str = ""
    split: str = "none"

    def inked(self) -> Inked:
        """Its ink; a 28×28 picture is taken as it is, and only turned so that ink is high."""
        if self.page.pixels.shape[:2] != (FRAME_PX, FRAME_PX):
            return take_paper_away(self.page.pixels, ink=self.ink)
        grey, dark = dark_on_light(self.page.pixels, ink=self.ink)
        return Inked(grey < 145, 255 - grey, 0.0, dark)

    def about(self, inked: Inked) -> str:
        """What is known of it as a JSON object; "{}" for a picture of an array."""
        height, width = self.page.pixels.shape[:2]
        known: dict[str, Any] = {"file": self.file} if self.file else {}
        known |= {"page": self.page.number} if self.page.number else {}
        known |= {"size_px": [width, height], "pen_px": round(inked.pen_px, 2)} if known else {}
        if self.page.dpi:
            side_mm = float(f"{max(width, height) / self.page.dpi * INCH_MM:.6g}")
            known |= {"dpi": round(self.page.dpi, 2), "side_mm": side_mm}
        return json.dumps(known, ensure_ascii=False)


def frame_given(
    pictures: Iterable[GivenPicture],
    place: Path | str,
    *,
    labels: Sequence[str | None] | NDArray[Any] | None = None,
    name: str = "",
) -> ImageSet:
    """Pictures without their paper, thinned in the network's frame; see `strokes.datasets.given.load_images`.

    Args:
        pictures: read one by one.
        place: says in messages where they come from.
        labels: as `number_given_labels` takes them, instead of what each picture says.
        name: what the set is called.

    Raises:
        SourceError: a picture can't be read, or the labels aren't as many, or are neither strings nor integers.
    """
    framer, told, splits, about = Framer(), list[str](), bytearray(), TextShelf()
    noted = False
    for picture in pictures:
        inked = picture.inked()
        framer.add(inked.grey, pen_px=inked.pen_px)
        told.append(sys.intern(picture.label))
        splits.append(SPLITS.index(picture.split))
        about.append(picture.about(inked))
        noted = noted or about[-1] != "{}"
    found = labels if labels is not None else told if any(told) else None
    numbers, classes = number_given_labels(found, len(told), place)
    framed = framer.framed()
    return make_image_set(
        framed.ink,
        labels=numbers,
        classes=classes,
        split=np.frombuffer(splits, np.uint8),
        sizes=framed.sizes,
        frames=framed.frames,
        fine=framed.fine if any(fine is not None for fine in framed.fine) else None,
        metadata=about if noted else None,
        name=name,
    )


def grey_given(pictures: Iterable[GivenPicture], place: Path | str, *, name: str = "") -> tuple[GreySet, list[str]]:
    """Pictures without their paper, grey in the network's frame, and each one's split or "none"; see `frame_given`."""
    framer, told, splits = Framer(), [], []
    for picture in pictures:
        framer.add(picture.inked().grey)
        told.append(picture.label)
        splits.append(picture.split)
    labels, classes = number_given_labels(told if any(told) else None, len(told), place)
    return GreySet(framer.framed().grey, labels, classes, name), splits
