"""Animated GIFs of 28-px drawings: the picture, the pen drawing it, and its pixels, as experiments show them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from raster.hard import SUBPIXEL_BITS, draw_strokes, to_pixels
from strokes.errors import ConfigError, ShapeError
from strokes.files import atomic_path, check_ending, check_free
from strokes.formats.films.pen_time import Moment, PenTime
from strokes.ink.drawing import DrawingSet, FloatArray, IntArray, to_frames

Picture = NDArray[np.uint8]


STROKE_COLOURS = ((37, 99, 235), (234, 88, 12), (5, 150, 105), (192, 38, 211), (202, 138, 4), (8, 145, 178))


BACKGROUND, PAPER_COLOUR, INK, GHOST = (241, 239, 234), (255, 255, 255), (31, 35, 43), (226, 226, 228)


PLAIN_COLOURS = (BACKGROUND, PAPER_COLOUR, INK, GHOST, *STROKE_COLOURS)


FRAME_PX = 28


GRID_SCALE, SINGLE_SCALE = 4, 10


MOST_DRAWINGS = 40


LEAST_MS, MOST_MS = 20, 655_350
"""What viewers show, and what a GIF can say: 16 bits of hundredths of a second."""


MOVING_FRAMES = 34


GIF_COLOURS = 128


FINER = 3


PEN_WIDTH_PX, TIP_RADIUS_PX, START_RADIUS_PX = 1.5, 1.7, 0.42


def write_animation(
    drawings: DrawingSet,
    out: Path,
    *,
    frame_ms: int = 70,
    hold_ms: int = 1500,
    scale: int | None = None,
    indices: Sequence[int] | None = None,
    truth_images: NDArray[Any] | None = None,
    overwrite: bool = False,
) -> None:
    """Write a looping GIF of the pen drawing the chosen `drawings`, the last frame held.

    One drawing is shown alone, over a faint copy of its picture. Several make a grid with a column each: the picture,
    the pen (strokes in different colours, a dot where each begins), and the drawing in the picture's own pixels.

    Args:
        drawings: where to choose from.
        out: the GIF.
        frame_ms: how long a frame stays.
        hold_ms: how long the last frame stays.
        scale: screen pixels a picture's pixel takes; by default 4 in a grid, 10 alone.
        indices: the chosen drawings; by default all.
        truth_images: (n, h, w) pictures to show in place of the set's own, bool, uint8 or float in [0, 1], ink high.
        overwrite: replace an existing file.

    Raises:
        ConfigError: nothing or too much is chosen, or a setting is out of range.
        ShapeError: `truth_images` are not one a drawing.
        StoreError: the file exists or can't be written.
    """
    check_ending(out, (".gif",), "an animation is a GIF")
    check_free(out, overwrite=overwrite)
    chosen = np.arange(len(drawings)) if indices is None else np.asarray(indices, np.int64)
    check_settings(chosen, len(drawings), frame_ms=frame_ms, hold_ms=hold_ms, scale=scale)
    pictures = drawings.images if truth_images is None else truth_images
    if pictures is not None and len(pictures) != len(drawings):
        raise ShapeError(f"{len(pictures)} pictures for {len(drawings)} drawings; expected one each")
    shown = None if pictures is None else [grey(pictures[i]) for i in chosen]
    strokes = [drawing.strokes for drawing in to_frames(drawings.select(chosen))]
    frames = list(make_frames(strokes, shown, scale=scale))
    with atomic_path(out, overwrite=overwrite) as partial:
        save_gif(frames, partial, frame_ms=frame_ms, hold_ms=hold_ms)


def check_settings(chosen: IntArray, n: int, *, frame_ms: int, hold_ms: int, scale: int | None) -> None:
    """Raise `ConfigError` for what can't be animated."""
    if not 1 <= len(chosen) <= MOST_DRAWINGS:
        raise ConfigError(f"{len(chosen)} drawings are chosen; an animation shows 1 to {MOST_DRAWINGS}")
    if chosen.min() < 0 or chosen.max() >= n:
        raise ConfigError(f"drawing {chosen.max()} is chosen; expected 0 to {n - 1}")
    for shown_ms in (frame_ms, hold_ms):
        if not LEAST_MS <= shown_ms <= MOST_MS:
            raise ConfigError(f"a frame of {shown_ms} ms can't be shown; expected {LEAST_MS} to {MOST_MS}")
    if scale is not None and not 1 <= scale <= 40:
        raise ConfigError(f"the scale is {scale}; expected 1 to 40 screen pixels a pixel")


def make_frames(
    drawings: Sequence[tuple[FloatArray, ...]],
    pictures: Sequence[Picture] | None = None,
    *,
    scale: int | None = None,
    moving_frames: int = MOVING_FRAMES,
) -> Iterator[Picture]:
    """The frames, (height, width, 3) uint8 RGB: an empty page, `moving_frames` of drawing at one pace, the whole."""
    alone = len(drawings) == 1
    scale = scale or (SINGLE_SCALE if alone else GRID_SCALE)
    paths = [PenTime([stroke.astype(np.float64) for stroke in strokes]) for strokes in drawings]
    step = max(path.total for path in paths) / moving_frames
    cell = FRAME_PX * scale
    shown: Sequence[Picture | None] = [None] * len(drawings) if pictures is None else pictures
    papers = [ghost_card(picture, cell) for picture in shown]
    tops = [] if alone or pictures is None else [[picture_card(picture, cell) for picture in pictures]]
    for frame in range(moving_frames + 2):
        moments = [path.at(frame * step if frame <= moving_frames else np.inf) for path in paths]
        pens = [pen_card(paper, moment, cell) for paper, moment in zip(papers, moments, strict=True)]
        pixels = [picture_card(draw_strokes(moment.strokes, size=FRAME_PX), cell) for moment in moments]
        yield lay_out_cards([*tops, pens] if alone else [*tops, pens, pixels], gap=max(scale * 3, 4))


def grey(picture: NDArray[Any]) -> Picture:
    """A picture of bool, uint8, or float in [0, 1] as uint8, squared by adding paper at the right or the bottom."""
    values = picture if picture.dtype == np.uint8 else np.clip(picture.astype(np.float32), 0, 1) * 255
    height, width = values.shape
    side = max(height, width)
    return np.pad(values, ((0, side - height), (0, side - width))).astype(np.uint8)


def picture_card(picture: Picture, cell: int) -> Picture:
    """(cell, cell, 3) `picture` (uint8, ink high) as dark ink on paper, its pixels visible."""
    return blend(picture, cell, INK)


def ghost_card(picture: Picture | None, cell: int) -> Picture:
    """(cell·FINER, cell·FINER, 3) paper to draw on, with `picture` showing faintly."""
    blank = np.zeros((1, 1), np.uint8)
    return blend(blank if picture is None else picture, cell * FINER, GHOST)


def blend(picture: Picture, cell: int, colour: tuple[int, int, int]) -> Picture:
    """(cell, cell, 3) paper turned towards `colour` where `picture` is high."""
    amount = cv2.resize(picture, (cell, cell), interpolation=cv2.INTER_NEAREST)[..., None] / 255
    return np.asarray((1 - amount) * np.array(PAPER_COLOUR) + amount * np.array(colour)).round().astype(np.uint8)


def pen_card(paper: Picture, moment: Moment, cell: int) -> Picture:
    """(cell, cell, 3) the strokes of a moment in their colours, their starts dotted, and the pen's tip."""
    page, unit = paper.copy(), len(paper)
    pixel = unit / FRAME_PX
    colours = list(itertools.islice(itertools.cycle(STROKE_COLOURS), len(moment.strokes) + 1))
    for stroke, colour in zip(moment.strokes, colours, strict=False):
        path = [to_pixels(stroke, unit)]
        cv2.polylines(page, path, False, colour, round(PEN_WIDTH_PX * pixel), cv2.LINE_AA, SUBPIXEL_BITS)
    for stroke in moment.strokes:
        dot(page, stroke[0], START_RADIUS_PX * pixel, PAPER_COLOUR)
    if moment.tip is not None:
        colour = colours[len(moment.strokes) - 1] if moment.is_down else colours[len(moment.strokes)]
        dot(page, moment.tip, TIP_RADIUS_PX * pixel, INK if moment.is_down else colour)
        dot(page, moment.tip, (TIP_RADIUS_PX - 0.55) * pixel, colour if moment.is_down else PAPER_COLOUR)
    return np.asarray(cv2.resize(page, (cell, cell), interpolation=cv2.INTER_AREA), np.uint8)


def dot(page: Picture, centre: NDArray[Any], radius_px: float, colour: tuple[int, int, int]) -> None:
    """Draw a filled circle at `centre`, x and y in the unit square."""
    x, y = to_pixels(centre, len(page)).tolist()
    cv2.circle(page, (x, y), round(radius_px * (1 << SUBPIXEL_BITS)), colour, -1, cv2.LINE_AA, SUBPIXEL_BITS)


def lay_out_cards(rows: Sequence[Sequence[Picture]], *, gap: int) -> Picture:
    """The cards of a grid on the background, `gap` pixels apart and from the edge, corners rounded_mask."""
    cell, columns = len(rows[0][0]), len(rows[0])
    size = (gap + len(rows) * (cell + gap), gap + columns * (cell + gap), 3)
    page = np.broadcast_to(np.array(BACKGROUND, np.uint8), size).copy()
    mask = rounded_mask(cell, radius=gap * 2 // 3)
    for (r, row), c in itertools.product(enumerate(rows), range(columns)):
        y, x = gap + r * (cell + gap), gap + c * (cell + gap)
        page[y : y + cell, x : x + cell] = (mask * row[c] + (1 - mask) * np.array(BACKGROUND)).round()
    return page


def rounded_mask(cell: int, *, radius: int) -> NDArray[np.float64]:
    """(cell, cell, 1) in [0, 1]: a square with rounded_mask corners, smooth at the edge."""
    inside = np.abs(np.arange(cell) + 0.5 - cell / 2) - (cell / 2 - radius)
    reach = np.hypot(*np.meshgrid(np.maximum(inside, 0), np.maximum(inside, 0)))
    return np.asarray(np.clip(radius + 0.5 - reach, 0, 1)[..., None])


def save_gif(frames: Sequence[Picture], path: Path, *, frame_ms: int, hold_ms: int) -> None:
    """Save frames (height, width, 3) as a looping GIF with one palette, the last frame held for `hold_ms`."""
    sample = Image.fromarray(np.concatenate([frames[len(frames) // 3], frames[len(frames) * 2 // 3], frames[-1]]))
    learned = sample.quantize(GIF_COLOURS - len(PLAIN_COLOURS), method=Image.Quantize.MEDIANCUT).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*itertools.chain(*PLAIN_COLOURS), *learned])
    images = [Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    times = [frame_ms] * (len(images) - 1) + [hold_ms]
    images[0].save(path, "GIF", save_all=True, append_images=images[1:], duration=times, loop=0, disposal=1)
