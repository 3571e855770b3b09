"""Pictures of strokes: a PNG a drawing in folders of classes, and one `.npz` of them all; or a sheet in a single PNG.

A drawing is `size` pixels wide and high, its picture's longer side filling it, drawn with a round pen; dark on white in
the PNGs, ink high in `images` (n, size, size) of `pictures.npz`, whose `labels`, `classes` and `split` go with them. A
single PNG is a sheet of all drawings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from strokes.errors import ConfigError
from strokes.formats.glyphs import file_stem, metadata_of
from strokes.formats.npz_files import NpzWriter
from strokes.formats.sheet import PAPER, make_sheet
from strokes.ink.drawing import DrawingSet
from strokes.ink.rendering import write_pictures
from strokes.ink.thinning import thin
from strokes.store.reader import DatasetFile

UNLABELLED_FOLDER = "unlabelled"
MOST_PIXELS = 1 << 28
"""In memory at a time, and in a sheet."""


@dataclass(frozen=True)
class WriteSettings:
    """How pictures look.

    Attributes:
        size: pixels a side.
        pen_px: the pen's width in pixels; by default what MNIST's 2.2 px are at this size.
        smooth: grey at the edges, 8 x 8 samples a pixel; else ink or paper.
        thinned: lines of one pixel, whatever the pen.
    """

    size: int = 28
    pen_px: float | None = None
    smooth: bool = True
    thinned: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.size <= 4096 or not 0 < self.width_px <= 1000:
            raise ConfigError(
                f"pictures of {self.size} px with a pen of {self.width_px:g} px; expected 1 to 4096, and above 0"
            )
        if self.thinned and self.size > 1024:
            raise ConfigError(f"thinned pictures of {self.size} px; expected 1024 at most")

    @property
    def width_px(self) -> float:
        """The pen's width."""
        return self.pen_px if self.pen_px is not None else max(2.2 * self.size / 28, 1.0)

    def draw(self, drawings: DrawingSet) -> NDArray[np.uint8]:
        """(n, size, size) pictures, ink 255."""
        grey = write_pictures(drawings, width_px=self.width_px, size=self.size)
        if self.thinned:
            return np.asarray(thin(grey), np.uint8) * np.uint8(255)
        return grey if self.smooth else np.where(grey > 127, 255, 0).astype(np.uint8)


def write(dataset: DatasetFile, path: Path, settings: WriteSettings) -> None:
    """Write every drawing of `dataset` as pictures into the folder `path`, or on a sheet."""
    step = max(min(4096, MOST_PIXELS // settings.size**2 // 4), 1)
    if not path.is_dir():
        if len(dataset) * settings.size**2 > MOST_PIXELS:
            raise ConfigError(f"a sheet of {len(dataset):,} pictures is too large; give the name of a folder")
        pictures = [settings.draw(block) for block in dataset.blocks(size=step)]
        columns = max(int(np.ceil(np.sqrt(len(dataset)))), 1)
        blank = np.zeros((0, settings.size, settings.size), np.uint8)
        Image.fromarray(make_sheet(np.concatenate([blank, *pictures]), columns=columns)).save(path, format="PNG")
        return
    folders = folder_names(dataset.classes)
    for name in folders:
        (path / name).mkdir(exist_ok=True)
    digits = len(str(max(len(dataset) - 1, 0)))
    with NpzWriter(path / "pictures.npz") as archive:
        shape = (len(dataset), settings.size, settings.size)
        saved = _saved(dataset, path, settings, folders, step=step, digits=digits)
        archive.put_rows("images", shape, np.dtype(np.uint8), saved)
        archive.put("labels", dataset.column("labels").astype(np.int64))
        archive.put("split", dataset.column("split"))
        archive.put("classes", np.array(dataset.classes, np.str_))


def _saved(
    dataset: DatasetFile, path: Path, settings: WriteSettings, folders: list[str], *, step: int, digits: int
) -> Iterator[NDArray[Any]]:
    """Blocks of pictures, each saved as PNG on the way."""
    number = 0
    for block in dataset.blocks(size=step):
        pictures = settings.draw(block)
        for i, (picture, label) in enumerate(zip(pictures, block.labels.tolist(), strict=True)):
            folder = path / (folders[label] if label >= 0 else UNLABELLED_FOLDER)
            folder.mkdir(exist_ok=True)
            name = file_stem(number, digits, metadata_of(block, i))
            Image.fromarray(PAPER - picture).save(folder / f"{name}.png")
            number += 1
        yield pictures


def folder_names(classes: tuple[str, ...]) -> list[str]:
    """A folder's name for each class, all different whatever the file system thinks of case and signs."""
    names: list[str] = []
    seen: set[str] = set()
    for i, name in enumerate(classes):
        plain = re.sub(r"[^\w.-]", "_", name)[:60]
        if plain.strip("._") == "" or plain.casefold() in seen or plain != name:
            plain = f"{i}-{plain}"
        seen.add(plain.casefold())
        names.append(plain)
    return names
