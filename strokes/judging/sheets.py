"""Grey pictures side by side, inline in a page as PNG."""

from __future__ import annotations

import base64
import html
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PAPER = 255
GAP_PX = 2


def make_sheet(pictures: NDArray[np.uint8], *, columns: int) -> NDArray[np.uint8]:
    """Pictures (n, h, w), ink high, row by row as one (rows, columns), ink dark on white."""
    count, height, width = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + GAP_PX) - GAP_PX, columns * (width + GAP_PX) - GAP_PX), PAPER, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = (i // columns) * (height + GAP_PX), (i % columns) * (width + GAP_PX)
        sheet[top : top + height, left : left + width] = PAPER - picture
    return sheet


def draw_sheet(sheet: NDArray[np.uint8], *, scale: int = 2, about: str) -> str:
    """A grey picture (h, w), black 0, as an HTML image that needs no other file, `scale` screen pixels a pixel."""
    stream = io.BytesIO()
    Image.fromarray(sheet).save(stream, format="PNG", optimize=True)
    text = base64.b64encode(stream.getvalue()).decode("ascii")
    height, width = sheet.shape
    size = f'width="{width * scale}" height="{height * scale}"'
    return f'<img class="sheet" alt="{html.escape(about)}" {size} src="data:image/png;base64,{text}">'


def to_bytes(pictures: NDArray[Any]) -> NDArray[np.uint8]:
    """Pictures of floats in [0, 1], or 0…255 already, as 0…255."""
    if pictures.dtype == np.uint8:
        return pictures
    return np.asarray(np.rint(np.clip(pictures, 0, 1) * 255), np.uint8)
