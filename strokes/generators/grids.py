"""Pictures side by side in one PNG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from strokes.atomic import atomic_path


def write_grid(pictures: Tensor, path: Path, *, columns: int = 10, gap_px: int = 2, scale: int = 1) -> None:
    """Write pictures (n, h, w) in [0, 1], ink high, row by row as one PNG, ink dark on white.

    Raises:
        StoreError: the disk refuses it.
    """
    paper = (1 - pictures.clamp(0, 1).cpu().numpy()) * 255
    count, height, width = paper.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap_px) - gap_px, columns * (width + gap_px) - gap_px), 255, np.uint8)
    for i, picture in enumerate(paper):
        top, left = (i // columns) * (height + gap_px), (i % columns) * (width + gap_px)
        sheet[top : top + height, left : left + width] = np.rint(picture)
    with atomic_path(path, overwrite=True) as partial:
        Image.fromarray(sheet.repeat(scale, 0).repeat(scale, 1)).save(partial, format="PNG")
