"""Grey pictures side by side, ink dark on white."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from strokes.files import atomic_path

PAPER = 255
GAP_PX = 2
SCALE = 2


def make_sheet(pictures: NDArray[np.uint8], *, columns: int) -> NDArray[np.uint8]:
    """Pictures (n, h, w), ink high, row by row as one (rows, columns), ink dark on white."""
    count, height, width = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + GAP_PX) - GAP_PX, columns * (width + GAP_PX) - GAP_PX), PAPER, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = (i // columns) * (height + GAP_PX), (i % columns) * (width + GAP_PX)
        sheet[top : top + height, left : left + width] = PAPER - picture
    return sheet


def write_sheet(pictures: NDArray[np.uint8], path: Path, *, columns: int, overwrite: bool = False) -> None:
    """Write pictures (n, h, w), ink high, row by row as one PNG, each pixel two wide.

    Raises:
        StoreError: the file exists and isn't to be replaced, or the disk refuses it.
    """
    sheet = make_sheet(pictures, columns=columns)
    with atomic_path(path, overwrite=overwrite) as partial:
        Image.fromarray(sheet.repeat(SCALE, 0).repeat(SCALE, 1)).save(partial, format="PNG")
