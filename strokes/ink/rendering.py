"""Pen recordings as pictures: normalised as MNIST was, written with a round pen, box-filtered to grey, thinned.

The truth that a drawing is judged against, and what networks learn from. Everything works on whole `DrawingSet`s and is
compiled: some ten thousand pictures a second.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.ink.drawing import DrawingSet, FloatArray, IntArray
from strokes.ink.pictures import FRAME_PX, ImageSet, make_image_set
from strokes.ink.thinning import thin

PEN_PX = 2.2


SAMPLES = 8
"""Samples a pixel, in both directions: a row of them is a byte."""


FINEST_STEP_PX = 0.02
"""Points nearer than this to the one before are left out of a picture."""


GreyImages = NDArray[np.uint8]
GLYPH_PX = 18.0
"""Longest side of a glyph's path in the frame, before the pen's width."""


def pen_pictures(drawings: DrawingSet, *, width_px: float | FloatArray = PEN_PX) -> ImageSet:
    """The thinned pictures that a system sees of drawings in the frame, with their labels, classes and split."""
    return make_image_set(
        thin(write_pictures(drawings, width_px=width_px)),
        labels=drawings.labels,
        classes=drawings.classes,
        split=drawings.split,
        source_index=drawings.source_index,
    )


def centre_in_frame(drawings: DrawingSet, *, width_px: float = PEN_PX) -> DrawingSet:
    """Drawings in any unit, y down, moved into the frame as MNIST was.

    The longest side of the path becomes 18 px, and the centre of mass of the ink, written `width_px` wide, goes to the
    frame's centre. Sizes and frames become those of a picture that is taken as it is.
    """
    points = np.array(drawings.points, np.float32)
    _fit(points, drawings.stroke_offsets, drawings.drawing_offsets)
    ones = np.ones((len(drawings), 2), np.float32)
    frames = np.tile(np.array([1, 0, 0], np.float32), (len(drawings), 1))
    fitted = replace(drawings, points=points, sizes=ones, frames=frames)
    grey = write_pictures(fitted, width_px=width_px)
    _centre(points, fitted.stroke_offsets, fitted.drawing_offsets, grey)
    return fitted


@compiled()
def _fit(points: FloatArray, stroke_offsets: IntArray, drawing_offsets: IntArray) -> None:
    """Scale every drawing's longest side to `GLYPH_PX`, the mean of its path's length at the frame's centre."""
    for i in range(len(drawing_offsets) - 1):
        first, last = stroke_offsets[drawing_offsets[i]], stroke_offsets[drawing_offsets[i + 1]]
        if first == last:
            continue
        own = points[first:last]
        side = max(own[:, 0].max() - own[:, 0].min(), own[:, 1].max() - own[:, 1].min())
        scale = GLYPH_PX / FRAME_PX / side if side > 0 else 0.0
        x, y, total = 0.0, 0.0, 0.0
        for j in range(drawing_offsets[i], drawing_offsets[i + 1]):
            for p in range(stroke_offsets[j] + 1, stroke_offsets[j + 1]):
                step = np.hypot(points[p, 0] - points[p - 1, 0], points[p, 1] - points[p - 1, 1])
                x += step * (points[p, 0] + points[p - 1, 0]) / 2
                y += step * (points[p, 1] + points[p - 1, 1]) / 2
                total += step
        if total == 0:
            x, y, total = own[0, 0], own[0, 1], 1.0
        for p in range(first, last):
            points[p, 0] = (points[p, 0] - x / total) * scale + 0.5
            points[p, 1] = (points[p, 1] - y / total) * scale + 0.5


@compiled()
def _centre(points: FloatArray, stroke_offsets: IntArray, drawing_offsets: IntArray, grey: GreyImages) -> None:
    """Move every drawing so that the centre of mass of its picture comes to the frame's centre."""
    size = grey.shape[1]
    for i in range(len(grey)):
        mass, x, y = 0.0, 0.0, 0.0
        for row in range(size):
            for column in range(size):
                ink = float(grey[i, row, column])
                mass += ink
                x += ink * (column + 0.5)
                y += ink * (row + 0.5)
        if mass == 0:
            continue
        for p in range(stroke_offsets[drawing_offsets[i]], stroke_offsets[drawing_offsets[i + 1]]):
            points[p, 0] += 0.5 - x / mass / size
            points[p, 1] += 0.5 - y / mass / size


def write_pictures(
    drawings: DrawingSet, *, width_px: float | NDArray[Any] = PEN_PX, size: int = FRAME_PX
) -> GreyImages:
    """Drawings in the unit square written with a round pen, 8×8 samples a pixel, as (n, size, size) grey, ink 255.

    Args:
        drawings: points beyond the square leave no ink.
        width_px: of the pen, in pixels of the picture; one number, or one a drawing (n,).
        size: the picture's side in pixels.
    """
    widths = np.broadcast_to(np.asarray(width_px, np.float64), (len(drawings),))
    grey = np.zeros((len(drawings), size, size), np.uint8)
    points = np.ascontiguousarray(drawings.points, np.float32)
    _write(points, drawings.stroke_offsets, drawings.drawing_offsets, np.ascontiguousarray(widths), grey)
    return grey


@compiled()
def _write(
    points: FloatArray,
    stroke_offsets: IntArray,
    drawing_offsets: IntArray,
    widths: NDArray[np.float64],
    grey: GreyImages,
) -> None:
    """Fill `grey` (n, size, size), all 0."""
    size = grey.shape[1]
    bits = np.zeros((size * SAMPLES, size), np.uint8)
    ones = np.array([_ones(byte) for byte in range(256)])
    for i in range(len(grey)):
        bits[:] = 0
        radius = widths[i] / 2
        for j in range(drawing_offsets[i], drawing_offsets[i + 1]):
            first, last = stroke_offsets[j], stroke_offsets[j + 1]
            x, y = points[first, 0] * size, points[first, 1] * size
            if last - first == 1:
                _ink(bits, x, y, x, y, radius)
            for p in range(first + 1, last):
                to_x, to_y = points[p, 0] * size, points[p, 1] * size
                if p + 1 < last and abs(to_x - x) + abs(to_y - y) < FINEST_STEP_PX:
                    continue
                _ink(bits, x, y, to_x, to_y, radius)
                x, y = to_x, to_y
        for row in range(size * SAMPLES):
            for column in range(size):
                if bits[row, column]:
                    ink = ones[bits[row, column]]
                    bits[row, column] = ink
        for row in range(size):
            for column in range(size):
                total = 0
                for k in range(SAMPLES):
                    total += bits[row * SAMPLES + k, column]
                grey[i, row, column] = (total * 255 + SAMPLES * SAMPLES // 2) // (SAMPLES * SAMPLES)


@compiled()
def _ones(byte: int) -> int:
    """How many bits are set."""
    count = 0
    for k in range(SAMPLES):
        count += byte >> k & 1
    return count


@compiled()
def _ink(bits: GreyImages, x1: float, y1: float, x2: float, y2: float, radius: float) -> None:
    """Set the samples within `radius` of a segment, all in pixels; a row's are those between two places.

    The stadium is convex: a row meets it between the outermost of what it meets of both discs and of the rectangle
    between them.
    """
    rows, size = bits.shape
    length = np.hypot(x2 - x1, y2 - y1)
    across_x, across_y = (0.0, 0.0) if length == 0 else (-(y2 - y1) / length, (x2 - x1) / length)
    top = max(int(np.ceil((min(y1, y2) - radius) * SAMPLES - 0.5)), 0)
    bottom = min(int(np.floor((max(y1, y2) + radius) * SAMPLES - 0.5)), rows - 1)
    for row in range(top, bottom + 1):
        y = (row + 0.5) / SAMPLES
        left, right = np.inf, -np.inf
        for end in range(2):
            x, off = (x1, y - y1) if end == 0 else (x2, y - y2)
            if abs(off) <= radius:
                reach = np.sqrt(radius * radius - off * off)
                left, right = min(left, x - reach), max(right, x + reach)
        if length > 0:
            left, right = _meet_rectangle(y, x1, y1, x2, y2, across_x * radius, across_y * radius, left, right)
        start = max(int(np.ceil(left * SAMPLES - 0.5)), 0) if left < np.inf else 1
        stop = min(int(np.floor(right * SAMPLES - 0.5)), size * SAMPLES - 1) if right > -np.inf else 0
        if start <= stop:
            _set_bits(bits[row], start, stop)


@compiled()
def _meet_rectangle(
    y: float, x1: float, y1: float, x2: float, y2: float, off_x: float, off_y: float, left: float, right: float
) -> tuple[float, float]:
    """The interval `left`…`right` widened by where the line at height `y` meets the edges of a segment's rectangle."""
    corners_x = (x1 + off_x, x2 + off_x, x2 - off_x, x1 - off_x)
    corners_y = (y1 + off_y, y2 + off_y, y2 - off_y, y1 - off_y)
    for k in range(4):
        from_x, from_y = corners_x[k], corners_y[k]
        to_x, to_y = corners_x[(k + 1) % 4], corners_y[(k + 1) % 4]
        if from_y != to_y and min(from_y, to_y) <= y <= max(from_y, to_y):
            x = from_x + (y - from_y) / (to_y - from_y) * (to_x - from_x)
            left, right = min(left, x), max(right, x)
    return left, right


@compiled()
def _set_bits(row: NDArray[np.uint8], start: int, stop: int) -> None:
    """Set the bits `start`…`stop` of a row of bytes."""
    first, last = start // SAMPLES, stop // SAMPLES
    from_first = 0xFF >> (start - first * SAMPLES)
    to_last = 0xFF << (SAMPLES - 1 - (stop - last * SAMPLES)) & 0xFF
    if first == last:
        row[first] |= from_first & to_last
        return
    row[first] |= from_first
    row[last] |= to_last
    for column in range(first + 1, last):
        row[column] = 0xFF
