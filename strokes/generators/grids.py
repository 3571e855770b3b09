"""Pictures side by side in one PNG, ink dark on white."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from strokes.atomic import atomic_path

GAP_PX = 2
SCALE = 2


def write_grid(images: NDArray[np.uint8], path: Path, *, columns: int = 10, overwrite: bool = True) -> None:
    """Write pictures (n, h, w), ink high, row by row as one PNG, each pixel two wide.

    Raises:
        StoreError: the file exists and isn't to be replaced, or the disk refuses it.
    """
    count, height, width = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + GAP_PX) - GAP_PX, columns * (width + GAP_PX) - GAP_PX), 255, np.uint8)
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + GAP_PX), (i % columns) * (width + GAP_PX)
        sheet[top : top + height, left : left + width] = 255 - image
    with atomic_path(path, overwrite=overwrite) as partial:
        Image.fromarray(sheet.repeat(SCALE, 0).repeat(SCALE, 1)).save(partial, format="PNG")
