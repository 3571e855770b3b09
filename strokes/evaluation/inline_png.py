"""Pictures inline in a page, as PNG."""

from __future__ import annotations

import base64
import html
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def draw_sheet(sheet: NDArray[np.uint8], *, scale: int = 2, about: str) -> str:
    """A grey picture (h, w), black 0, as an HTML image that needs no other file, `scale` screen pixels a pixel."""
    stream = io.BytesIO()
    Image.fromarray(sheet).save(stream, format="PNG", optimize=True)
    text = base64.b64encode(stream.getvalue()).decode("ascii")
    height, width = sheet.shape
    size = f'width="{width * scale}" height="{height * scale}"'
    return f'<img class="sheet" alt="{html.escape(about)}" {size} src="data:image/png;base64,{text}">'
