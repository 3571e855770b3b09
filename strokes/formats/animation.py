"""Animated GIFs of the pen at work: the picture, the pen drawing it stroke by stroke, and the pixels it has drawn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from raster.hard import draw_strokes
from strokes.errors import ConfigError, ShapeError
from strokes.files import atomic_path, check_free
from strokes.ink.drawing import DrawingSet, FloatArray, IntArray
from strokes.store.reader import open_dataset

Picture = NDArray[np.uint8]


STROKE_COLOURS = ((37, 99, 235), (234, 88, 12), (5, 150, 105), (192, 38, 211), (202, 138, 4), (8, 145, 178))


BACKGROUND, PAPER, INK, GHOST = (241, 239, 234), (255, 255, 255), (31, 35, 43), (226, 226, 228)


PLAIN_COLOURS = (BACKGROUND, PAPER, INK, GHOST, *STROKE_COLOURS)


FRAME_PX = 28


GRID_SCALE, SINGLE_SCALE = 4, 10


MOST_DRAWINGS = 40


MOVING_FRAMES = 34


COLOURS = 128


FINER = 3


SUBPIXEL_BITS = 6


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
    check_free(out, overwrite=overwrite)
    chosen = np.arange(len(drawings)) if indices is None else np.asarray(indices, np.int64)
    check_settings(chosen, len(drawings), frame_ms=frame_ms, scale=scale)
    pictures = drawings.images if truth_images is None else truth_images
    if pictures is not None and len(pictures) != len(drawings):
        raise ShapeError(f"{len(pictures)} pictures for {len(drawings)} drawings; expected one each")
    shown = None if pictures is None else [grey(pictures[i]) for i in chosen]
    frames = list(make_frames(frame_strokes(drawings, chosen), shown, scale=scale))
    with atomic_path(out, overwrite=overwrite) as partial:
        save_gif(frames, partial, frame_ms=frame_ms, hold_ms=hold_ms)


def animate_dataset(
    dataset: Path, out: Path, drawings: str = "", *, frame_ms: int = 70, hold_ms: int = 1500, overwrite: bool = False
) -> None:
    """Animate some drawings of a dataset file, as `write_animation` does.

    Args:
        dataset: the file.
        out: the GIF.
        drawings: which, such as "0-9,42"; "" for the first unflagged one of each class.
        frame_ms: how long a frame stays.
        hold_ms: how long the last frame stays.
        overwrite: replace an existing file.

    Raises:
        ConfigError: the drawings are no numbers, or beyond the file's end.
        StoreError: the dataset can't be read, or the GIF can't be written.
    """
    with open_dataset(dataset) as stored:
        indices = parse_numbers(drawings) or one_of_each(stored.column("labels"), flagged=stored.column("flagged"))
        beyond = [i for i in indices if i >= len(stored)]
        if beyond:
            raise ConfigError(f"there is no drawing {beyond[0]}; {dataset} holds 0 to {len(stored) - 1}")
        chosen = stored.read(indices)
    write_animation(chosen, out, frame_ms=frame_ms, hold_ms=hold_ms, overwrite=overwrite)


def parse_numbers(text: str) -> list[int]:
    """Whole numbers from text such as "0-9,42". Raises `ConfigError` for anything else."""
    numbers: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        if not first.isdecimal() or not (last or first).isdecimal() or len(part) > 20:
            raise ConfigError(f"{part!r} names no drawings; expected something like 0-9,42")
        numbers += range(int(first), min(int(last or first), int(first) + MOST_DRAWINGS) + 1)
    return numbers


def check_settings(chosen: IntArray, n: int, *, frame_ms: int, scale: int | None) -> None:
    """Raise `ConfigError` for what can't be animated."""
    if not 1 <= len(chosen) <= MOST_DRAWINGS:
        raise ConfigError(f"{len(chosen)} drawings are chosen; an animation shows 1 to {MOST_DRAWINGS}")
    if chosen.min() < 0 or chosen.max() >= n:
        raise ConfigError(f"drawing {chosen.max()} is chosen; expected 0 to {n - 1}")
    if frame_ms < 20:
        raise ConfigError(f"a frame of {frame_ms} ms is too short for viewers; expected 20 or more")
    if scale is not None and not 1 <= scale <= 40:
        raise ConfigError(f"the scale is {scale}; expected 1 to 40 screen pixels a pixel")


def one_of_each(labels: NDArray[np.integer[Any]], *, flagged: NDArray[Any] | None = None) -> list[int]:
    """The first drawing of each label that is not flagged, in the order of the labels: a good choice to show."""
    usable = labels >= 0 if flagged is None else (labels >= 0) & ~flagged.astype(bool)
    return [int(np.flatnonzero(usable & (labels == label))[0]) for label in np.unique(labels[usable])]


def frame_strokes(drawings: DrawingSet, chosen: IntArray) -> list[tuple[FloatArray, ...]]:
    """Each chosen drawing's strokes in the unit square of the frame that `images` show, not its own picture's."""
    scale, offset = drawings.frames[chosen, :1], drawings.frames[chosen, 1:]
    return [tuple((stroke - offset[k]) / scale[k] for stroke in drawings[int(i)].strokes) for k, i in enumerate(chosen)]


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
    paths = [PenPath(strokes) for strokes in drawings]
    step = max(path.length for path in paths) / moving_frames
    cell = FRAME_PX * scale
    shown: Sequence[Picture | None] = [None] * len(drawings) if pictures is None else pictures
    papers = [ghost_card(picture, cell) for picture in shown]
    tops = [] if alone or pictures is None else [[picture_card(picture, cell) for picture in pictures]]
    for frame in range(moving_frames + 2):
        moments = [path.at(frame * step if frame <= moving_frames else np.inf) for path in paths]
        pens = [pen_card(paper, moment, cell) for paper, moment in zip(papers, moments, strict=True)]
        pixels = [picture_card(draw_strokes(moment.strokes, size=FRAME_PX), cell) for moment in moments]
        yield lay_out([*tops, pens] if alone else [*tops, pens, pixels], gap=max(scale * 3, 4))


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
    return np.asarray((1 - amount) * np.array(PAPER) + amount * np.array(colour)).round().astype(np.uint8)


def pen_card(paper: Picture, moment: Moment, cell: int) -> Picture:
    """(cell, cell, 3) the strokes of a moment in their colours, their starts dotted, and the pen's tip."""
    page, unit = paper.copy(), len(paper)
    pixel = unit / FRAME_PX
    colours = list(itertools.islice(itertools.cycle(STROKE_COLOURS), len(moment.strokes) + 1))
    for stroke, colour in zip(moment.strokes, colours, strict=False):
        path = [fixed_point(stroke, unit)]
        cv2.polylines(page, path, False, colour, round(PEN_WIDTH_PX * pixel), cv2.LINE_AA, SUBPIXEL_BITS)
    for stroke in moment.strokes:
        dot(page, stroke[0], START_RADIUS_PX * pixel, PAPER)
    if moment.tip is not None:
        colour = colours[len(moment.strokes) - 1] if moment.is_down else colours[len(moment.strokes)]
        dot(page, moment.tip, TIP_RADIUS_PX * pixel, INK if moment.is_down else colour)
        dot(page, moment.tip, (TIP_RADIUS_PX - 0.55) * pixel, colour if moment.is_down else PAPER)
    return np.asarray(cv2.resize(page, (cell, cell), interpolation=cv2.INTER_AREA), np.uint8)


def dot(page: Picture, centre: FloatArray, radius_px: float, colour: tuple[int, int, int]) -> None:
    """Draw a filled circle at `centre`, x and y in the unit square."""
    x, y = fixed_point(centre, len(page)).tolist()
    cv2.circle(page, (x, y), round(radius_px * (1 << SUBPIXEL_BITS)), colour, -1, cv2.LINE_AA, SUBPIXEL_BITS)


def fixed_point(points: FloatArray, size: int) -> NDArray[np.int32]:
    """Unit coordinates as OpenCV's fixed-point pixels, whose origin is a pixel's centre."""
    return np.rint((points.astype(np.float64) * size - 0.5) * (1 << SUBPIXEL_BITS)).astype(np.int32)


def lay_out(rows: Sequence[Sequence[Picture]], *, gap: int) -> Picture:
    """The cards of a grid on the background, `gap` pixels apart and from the edge, corners rounded."""
    cell, columns = len(rows[0][0]), len(rows[0])
    size = (gap + len(rows) * (cell + gap), gap + columns * (cell + gap), 3)
    page = np.broadcast_to(np.array(BACKGROUND, np.uint8), size).copy()
    mask = rounded(cell, radius=gap * 2 // 3)
    for (r, row), c in itertools.product(enumerate(rows), range(columns)):
        y, x = gap + r * (cell + gap), gap + c * (cell + gap)
        page[y : y + cell, x : x + cell] = (mask * row[c] + (1 - mask) * np.array(BACKGROUND)).round()
    return page


def rounded(cell: int, *, radius: int) -> NDArray[np.float64]:
    """(cell, cell, 1) in [0, 1]: a square with rounded corners, smooth at the edge."""
    inside = np.abs(np.arange(cell) + 0.5 - cell / 2) - (cell / 2 - radius)
    reach = np.hypot(*np.meshgrid(np.maximum(inside, 0), np.maximum(inside, 0)))
    return np.asarray(np.clip(radius + 0.5 - reach, 0, 1)[..., None])


def save_gif(frames: Sequence[Picture], path: Path, *, frame_ms: int, hold_ms: int) -> None:
    """Save frames (height, width, 3) as a looping GIF with one palette, the last frame held for `hold_ms`."""
    sample = Image.fromarray(np.concatenate([frames[len(frames) // 3], frames[len(frames) * 2 // 3], frames[-1]]))
    learned = sample.quantize(COLOURS - len(PLAIN_COLOURS), method=Image.Quantize.MEDIANCUT).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*itertools.chain(*PLAIN_COLOURS), *learned])
    images = [Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    times = [frame_ms] * (len(images) - 1) + [hold_ms]
    images[0].save(path, "GIF", save_all=True, append_images=images[1:], duration=times, loop=0, disposal=1)


AIR_PACE = 2.0


@dataclass(frozen=True)
class Moment:
    """What can be seen at one moment.

    Attributes:
        strokes: what is drawn so far, each (points, 2); the last may be unfinished.
        tip: (2,) where the pen is; None when the drawing is empty or finished.
        is_down: whether the pen touches the paper.
    """

    strokes: tuple[FloatArray, ...]
    tip: FloatArray | None
    is_down: bool


class PenPath:
    """The pen's whole way through `strokes`, each (points, 2): along them and, `AIR_PACE` times as fast, between them.

    Attributes:
        length: the way's length in the strokes' own unit, ways through the air counting less.
    """

    def __init__(self, strokes: Sequence[FloatArray]) -> None:
        self._nodes = np.concatenate([*strokes, np.zeros((0, 2), np.float32)])
        self._bounds = np.cumsum([0, *map(len, strokes)])
        self._owners = np.repeat(np.arange(len(strokes)), [len(stroke) for stroke in strokes])
        steps = np.linalg.norm(np.diff(self._nodes, axis=0), axis=1)
        in_air = np.diff(self._owners) > 0
        self._reached = np.concatenate([[0.0], np.cumsum(np.where(in_air, steps / AIR_PACE, steps))])
        self.length = float(self._reached[-1])

    def at(self, way: float) -> Moment:
        """The drawing after `way` (0…`length`) of the path."""
        last = len(self._nodes) - 1
        if way >= self.length or last < 1:
            return Moment(self._drawn(last), None, False)
        node = int(np.searchsorted(self._reached, max(way, 0.0), side="right")) - 1
        share = (max(way, 0.0) - self._reached[node]) / (self._reached[node + 1] - self._reached[node])
        tip = ((1 - share) * self._nodes[node] + share * self._nodes[node + 1]).astype(np.float32)
        drawn, is_down = self._drawn(node), bool(self._owners[node] == self._owners[node + 1])
        if is_down:
            drawn = (*drawn[:-1], np.concatenate([drawn[-1], tip[None]]))
        return Moment(drawn, tip, is_down)

    def _drawn(self, node: int) -> tuple[FloatArray, ...]:
        ends = np.minimum(self._bounds[1:], node + 1)
        return tuple(self._nodes[a:b] for a, b in zip(self._bounds[:-1], ends, strict=True) if b > a)
