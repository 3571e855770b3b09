"""Bring pictures of any size into the network's 28×28 frame, the way MNIST was normalised.

The ink's longest side becomes 20 px, its aspect kept, its centre of mass goes to the frame's centre. Lines finer than
MNIST's pen are first thickened to it, or they would vanish when a large picture shrinks. All of it happens on a canvas
8 times as fine as the frame, which is then averaged.
"""

from __future__ import annotations

import math
import os
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.files.temporary import array_in_file, unnamed_file, write_at
from strokes.ink.drawing import IDENTITY_FRAME, BoolArray, FloatArray
from strokes.ink.fine import FineInk, InkShelf
from strokes.ink.pen_width import to_pen
from strokes.ink.pictures import FRAME_PX, let_go
from strokes.ink.thinning import INK_THRESHOLD, thin

GreyImage = NDArray[np.uint8]

INK_PX = 20
PEN_PX = 2.2
FINENESS = 8
CANVAS_PX = FRAME_PX * FINENESS
WORK_PX = 256
IN_MEMORY, PIECE = 1 << 16, 1 << 12
"""So many pictures at most are held in memory; so many are thinned at a time."""


@dataclass(frozen=True)
class Framed:
    """Pictures in the frame: grey (n, 28, 28) uint8, where each came from, and its own ink (see `ImageSet`)."""

    grey: GreyImage
    sizes: FloatArray
    frames: FloatArray
    fine: Sequence[FineInk | None]

    @property
    def ink(self) -> BoolArray:
        """The thinned pictures (n, 28, 28), in a file where they are many."""
        thinned = blank(len(self.grey))
        for start in range(0, len(self.grey), PIECE):
            thinned[start : start + PIECE] = thin(self.grey[start : start + PIECE])
            let_go(self.grey)
            let_go(thinned)
        return thinned


class Framer:
    """Puts pictures into the frame one by one; they, and the ink of those larger than the frame, are kept in files."""

    def __init__(self) -> None:
        self._grey = unnamed_file()
        self._sizes, self._frames = array("f"), array("f")
        self._fine = InkShelf()

    def add(self, picture: GreyImage, *, pen_px: float = 0.0) -> None:
        """One more picture (h, w), ink high: a 28×28 one as it is, others by `to_frame`; its pen's width if known.

        Raises:
            StoreError: the disk has no room for it.
        """
        height, width = picture.shape
        longer = max(height, width)
        as_it_is = picture.shape == (FRAME_PX, FRAME_PX)
        grey, frame = (picture, IDENTITY_FRAME) if as_it_is else to_frame(picture)
        write_at(self._grey, len(self._fine) * FRAME_PX**2, grey.tobytes())
        self._frames.extend(frame)
        self._sizes.extend((width / longer, height / longer))
        self._fine.append(fine_ink(picture, pen_px) if longer > FRAME_PX else None)

    def framed(self) -> Framed:
        """All that were added."""
        return Framed(
            mapped(self._grey, np.dtype(np.uint8)),
            np.array(self._sizes, np.float32).reshape(-1, 2),
            np.array(self._frames, np.float32).reshape(-1, 3),
            self._fine,
        )


def blank(count: int) -> BoolArray:
    """Blank pictures (count, 28, 28): in memory where they are few, otherwise in an unnamed file."""
    shape = (count, FRAME_PX, FRAME_PX)
    return np.zeros(shape, np.bool_) if count <= IN_MEMORY else array_in_file(shape, np.bool_)


def mapped(file: IO[bytes], dtype: np.dtype[Any]) -> NDArray[Any]:
    """The pictures (n, 28, 28) in an unnamed file: read into memory where they are few, otherwise left there."""
    count = file.seek(0, os.SEEK_END) // FRAME_PX**2
    if count > IN_MEMORY:
        return np.memmap(file, dtype, mode="c", shape=(count, FRAME_PX, FRAME_PX))
    file.seek(0)
    return np.fromfile(file, dtype).reshape(-1, FRAME_PX, FRAME_PX)


def fine_ink(picture: GreyImage, pen_px: float) -> FineInk:
    """A picture's ink: as it is where the pen's width in px is known, otherwise at the size that asks for."""
    return FineInk.of(picture > INK_THRESHOLD, pen_px) if pen_px else FineInk.of(*to_pen(picture))


def frame_pictures(pictures: Iterable[GreyImage]) -> Framed:
    """Grey pictures, each (h, w) uint8 with ink high, in the frame; 28×28 ones as they are, others by `to_frame`."""
    framer = Framer()
    for picture in pictures:
        framer.add(picture)
    return framer.framed()


def to_frame(picture: GreyImage) -> tuple[GreyImage, tuple[float, float, float]]:
    """The 28×28 picture of one (h, w), and scale, x0, y0 with picture xy = scale · frame xy + (x0, y0).

    Without ink (nothing above 110 of 255) the frame is blank and shows the whole picture.
    """
    longer = max(picture.shape)
    rows = np.flatnonzero((picture > INK_THRESHOLD).any(1))
    columns = np.flatnonzero((picture > INK_THRESHOLD).any(0))
    if not len(rows):
        return np.zeros((FRAME_PX, FRAME_PX), np.uint8), IDENTITY_FRAME
    top, left = int(rows[0]), int(columns[0])
    crop, coarse = shrink(picture[top : rows[-1] + 1, left : columns[-1] + 1], WORK_PX)
    scale, thicken_px = fit_pen(crop)
    canvas, shift = draw_centred(crop, scale=scale, thicken_px=thicken_px)
    grey = canvas.reshape(FRAME_PX, FINENESS, FRAME_PX, FINENESS).mean((1, 3))
    per_picture = scale / coarse
    x0, y0 = left - shift[0] / per_picture, top - shift[1] / per_picture
    return np.rint(grey).astype(np.uint8), (CANVAS_PX / per_picture / longer, x0 / longer, y0 / longer)


def shrink(picture: GreyImage, most_px: int) -> tuple[GreyImage, int]:
    """A picture larger than `most_px` as the maxima of its squares, so that fine lines stay, and the squares' side."""
    side = max(1, math.ceil(max(picture.shape) / most_px))
    if side == 1:
        return picture, 1
    height, width = (-(-n // side) for n in picture.shape)
    padded = np.zeros((height * side, width * side), np.uint8)
    padded[: picture.shape[0], : picture.shape[1]] = picture
    return padded.reshape(height, side, width, side).max((1, 3)), side


def fit_pen(crop: GreyImage) -> tuple[float, float]:
    """Canvas pixels per pixel of `crop`, and by how many canvas pixels its lines need thickening to MNIST's pen."""
    ink = np.pad(crop > INK_THRESHOLD, 1)
    line_px = float(ink.sum() / thin(ink).sum())
    box_px, pen_px, longest_px = max(crop.shape), PEN_PX * FINENESS, INK_PX * FINENESS
    scale = longest_px / box_px
    if line_px * scale >= pen_px:
        return scale, 0.0
    scale = (longest_px - pen_px) / (box_px - line_px)
    return scale, pen_px - line_px * scale


def draw_centred(crop: GreyImage, *, scale: float, thicken_px: float) -> tuple[FloatArray, tuple[float, float]]:
    """The crop on the canvas, its centre of mass in the middle, and the canvas xy of the crop's top left corner."""
    height, width = (n * scale for n in crop.shape)
    first = np.array([(CANVAS_PX - width) / 2, (CANVAS_PX - height) / 2])
    canvas = paste(crop, scale, first, thicken_px)
    ys, xs = np.mgrid[:CANVAS_PX, :CANVAS_PX] + 0.5
    mass = canvas.sum()
    centre = np.array([(canvas * xs).sum(), (canvas * ys).sum()]) / mass
    room = np.maximum(first - thicken_px / 2, 0)
    shift = first + np.clip(CANVAS_PX / 2 - centre, -room, room)
    return paste(crop, scale, shift, thicken_px), (float(shift[0]), float(shift[1]))


def paste(crop: GreyImage, scale: float, corner: NDArray[Any], thicken_px: float) -> FloatArray:
    """The crop enlarged by `scale` with its top left corner at canvas xy `corner`, its lines thickened; float32."""
    if scale < 1 and thicken_px > 2 * scale:  # or a line one pixel wide could fall between the samples
        crop = np.asarray(cv2.dilate(np.pad(crop, 1), np.ones((3, 3), np.uint8)), np.uint8)
        corner, thicken_px = corner - scale, thicken_px - 2 * scale
    x, y = corner + (scale - 1) / 2
    matrix = np.array([[scale, 0, x], [0, scale, y]])
    canvas = cv2.warpAffine(crop, matrix, (CANVAS_PX, CANVAS_PX), flags=cv2.INTER_LINEAR)
    side = 2 * round(thicken_px / 2) + 1
    if side > 1:
        canvas = cv2.dilate(canvas, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return np.asarray(canvas, np.float32)
