"""The frames of a film: cards with a drawing each, on its faint background, in a grid."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.datasets.decode import read_pages
from strokes.datasets.given_pictures import GivenPicture
from strokes.errors import ConfigError
from strokes.formats.films.pen_time import Moment, PenTime
from strokes.formats.films.settings import FilmSettings, parse_colour
from strokes.formats.glyphs import Glyph
from strokes.formats.losses import FILE
from strokes.formats.recording import Numbers
from strokes.ink.drawing import IDENTITY_FRAME, BoolArray

Picture = NDArray[np.uint8]

ALONE_PX, SHEET_PX, LEAST_PX = 480, 1440, 48
LARGEST_PX = 1600
"""Of a background's longer side that is shown at its own resolution."""
MOST_PIXELS = 1 << 24
"""Of a frame."""
FAINT = 0.16
FINER = 2
BITS = 6
PEN_SHARE = 60
DEFAULT_SECONDS = 2.5
MARGIN_SHARE = 24


class Scene:
    """What a film shows.

    Attributes:
        settings: as they were given.
        glyphs: the drawings.
        backgrounds: (h, w) each, ink high, or None.
        cell: (width, height) of a card in pixels.
        margin: around a drawing in its card.
        unit: pixels that a drawing's unit is.
        columns: of the grid.
        courses: when each pen is where, in one clock.
        seconds: of the whole without the hold.
    """

    def __init__(self, glyphs: Sequence[Glyph], thinned: Sequence[BoolArray | None], settings: FilmSettings) -> None:
        self.settings, self.glyphs = settings, glyphs
        self.backgrounds = [
            _background(glyph, picture, settings) for glyph, picture in zip(glyphs, thinned, strict=True)
        ]
        count = len(glyphs)
        widest, highest = (max(glyph.size[k] for glyph in glyphs) for k in (0, 1))
        self.columns = settings.columns or min(max(round(math.sqrt(count * highest / widest * 1.5)), 1), count)
        self.unit = settings.size or self._usual_size(count)
        self.margin = max(self.unit // MARGIN_SHARE, 4)
        self.cell = round(widest * self.unit) + 2 * self.margin, round(highest * self.unit) + 2 * self.margin
        width, height = self.sides
        if width * height > MOST_PIXELS:
            raise ConfigError(
                f"frames of {width} x {height} pixels are too large; give a smaller --size or fewer drawings"
            )
        self.pen_px = settings.pen_px or max(self.unit / PEN_SHARE, 1.0)
        self.courses = [PenTime(glyph.strokes, glyph.times_ms, pace=settings.pace) for glyph in glyphs]
        self._longest = max(course.total for course in self.courses)
        timed = [course.total / 1000 for course in self.courses if course.timed]
        self.seconds = settings.seconds or (max(max(timed), 0.1) if timed else DEFAULT_SECONDS)

    def _usual_size(self, count: int) -> int:
        known = [picture.shape for picture in self.backgrounds if picture is not None]
        if count == 1:
            own = max(known[0]) if known and self.settings.background else ALONE_PX
            return min(own, LARGEST_PX)
        return max(min(SHEET_PX // self.columns, ALONE_PX // 2), LEAST_PX)

    @property
    def sides(self) -> tuple[int, int]:
        """A frame's width and height, both even."""
        rows = -(-len(self.glyphs) // self.columns)
        return -(-self.columns * self.cell[0] // 2) * 2, -(-rows * self.cell[1] // 2) * 2

    @property
    def count(self) -> int:
        """How many frames move, from the empty page to the one before the last."""
        return max(round(self.seconds * self.settings.fps), 2)

    def corner(self, number: int) -> tuple[int, int]:
        """Where the picture of a drawing has its corner, x and y in the frame."""
        row, column = divmod(number, self.columns)
        glyph = self.glyphs[number]
        x = column * self.cell[0] + (self.cell[0] - round(glyph.size[0] * self.unit)) // 2
        return x, row * self.cell[1] + (self.cell[1] - round(glyph.size[1] * self.unit)) // 2

    def span(self, course: PenTime, moment: float) -> float:
        """A moment of a drawing's own clock in seconds of the film: all end together unless their times are known."""
        whole = self._longest if course.timed else course.total
        return moment / whole * self.seconds if whole > 0 else 0.0

    def frames(self) -> Iterator[Picture]:
        """The moving frames (height, width, 3) uint8 RGB, then the whole."""
        pages = [self._paper(i) for i in range(len(self.glyphs))]
        for step in range(self.count):
            yield self._frame(pages, step / (self.count - 1) if step < self.count - 1 else 1 - 1e-9)
        yield self.last(pages)

    def last(self, pages: Sequence[Picture] | None = None) -> Picture:
        """The frame with all that is drawn."""
        return self._frame(pages or [self._paper(i) for i in range(len(self.glyphs))], 2.0)

    def _frame(self, pages: Sequence[Picture], share: float) -> Picture:
        width, height = self.sides
        frame = np.empty((height, width, 3), np.uint8)
        frame[:] = parse_colour(self.settings.paper)
        for i, course in enumerate(self.courses):
            whole = self._longest if course.timed else course.total
            moment = course.at(share * whole) if share <= 1 else course.at(math.inf)
            row, column = divmod(i, self.columns)
            top, left = row * self.cell[1], column * self.cell[0]
            frame[top : top + self.cell[1], left : left + self.cell[0]] = self._card(i, pages[i], moment)
        return frame

    def _paper(self, number: int) -> Picture:
        """A card, `FINER` times as large, with the faint background."""
        page = np.empty((self.cell[1] * FINER, self.cell[0] * FINER, 3), np.float32)
        page[:] = parse_colour(self.settings.paper)
        picture, glyph = self.backgrounds[number], self.glyphs[number]
        if picture is not None:
            scale = glyph.frame[0] if self.settings.background is None else max(glyph.size)
            each = scale * self.unit * FINER / max(picture.shape)
            x, y = self._shift(number)
            turn = np.array([[each, 0, x * FINER + each / 2 - 0.5], [0, each, y * FINER + each / 2 - 0.5]])
            flags = cv2.INTER_NEAREST if each > 4 else cv2.INTER_AREA if each < 1 else cv2.INTER_LINEAR
            ink = cv2.warpAffine(picture, turn, (page.shape[1], page.shape[0]), flags=flags).astype(np.float32)
            page *= 1 - FAINT * 1.5 * ink[..., None] / 255
        return np.asarray(page, np.uint8)

    def _shift(self, number: int) -> tuple[int, int]:
        """Where a drawing's corner lies in its card."""
        x, y = self.corner(number)
        row, column = divmod(number, self.columns)
        return x - column * self.cell[0], y - row * self.cell[1]

    def _card(self, number: int, page: Picture, moment: Moment) -> Picture:
        """A card with what is drawn at a moment."""
        canvas = page.copy()
        shift, unit = np.array(self._shift(number)) * FINER, self.unit * FINER
        width = max(round(self.pen_px * FINER), 1)
        for j, stroke in enumerate(moment.strokes):
            colour = self.settings.stroke_colour(j)
            points = stroke * unit + shift
            cv2.polylines(canvas, [_fixed(points)], False, colour, width, cv2.LINE_AA, BITS)
            if not np.ptp(points, axis=0).any():
                _dot(canvas, points[0], width / 2 * 1.2, colour)
        for j, stroke in enumerate(moment.strokes):
            self._mark(canvas, j, stroke * unit + shift, self.settings.stroke_colour(j))
        if moment.tip is not None:
            tip = moment.tip * unit + shift
            _dot(canvas, tip, width * 1.1, (31, 35, 43))
            colour = self.settings.stroke_colour(max(len(moment.strokes) - 1, 0))
            _dot(canvas, tip, width * 0.75, colour if moment.is_down else (255, 255, 255))
        return np.asarray(cv2.resize(canvas, self.cell, interpolation=cv2.INTER_AREA), np.uint8)

    def _mark(self, canvas: Picture, number: int, points: Numbers, colour: tuple[int, int, int]) -> None:
        """A stroke's arrow and number, as asked for."""
        size = max(self.unit * FINER / 26, 7.0)
        if self.settings.arrows and (arrow := arrow_of(points, size)) is not None:
            cv2.fillPoly(canvas, [_fixed(arrow)], colour, cv2.LINE_AA, BITS)
        if self.settings.numbers:
            text, scale = str(number + 1), size / 22
            x, y = number_place(points, size)
            thick = max(round(scale * 2), 1)
            (wide, high), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
            at = round(x - wide / 2), round(y + high / 2)
            cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), thick * 3, cv2.LINE_AA)
            cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thick, cv2.LINE_AA)


def arrow_of(points: Numbers, size: float) -> Numbers | None:
    """A triangle (3, 2) in the middle of a stroke, that points along it; None for one too short to have one."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    if steps.sum() < 2 * size:
        return None
    reached = np.concatenate([[0.0], np.cumsum(steps)])
    around = np.clip(reached[-1] / 2 + np.array([-size / 2, size / 2]), 0, reached[-1])
    ends = np.column_stack([np.interp(around, reached, points[:, k]) for k in (0, 1)])
    way = ends[1] - ends[0]
    length = float(np.linalg.norm(way))
    if length == 0:
        return None
    along, across = way / length * size, np.array([-way[1], way[0]]) / length * size
    middle = ends.mean(axis=0)
    return np.stack([middle + along * 0.7, middle - along * 0.5 + across * 0.6, middle - along * 0.5 - across * 0.6])


def number_place(points: Numbers, size: float) -> tuple[float, float]:
    """Where a stroke's number stands: beside its start, against its first way."""
    far = points[np.linalg.norm(points - points[0], axis=1).argmax()] - points[0]
    length = float(np.linalg.norm(far))
    away = np.array([-1.0, -1.0]) if length == 0 else -far / length
    x, y = points[0] + away * size * 0.9
    return float(x), float(y)


def _background(glyph: Glyph, thinned: BoolArray | None, settings: FilmSettings) -> Picture | None:
    """What is shown behind a drawing: its own picture, or the small one that it was read from."""
    where = settings.background
    if where is None:
        small = thinned is not None and glyph.frame == IDENTITY_FRAME
        return np.asarray(thinned, np.uint8) * np.uint8(255) if small else None
    path = where / str(glyph.metadata.get(FILE, "")) if where.is_dir() else where
    if where.is_dir() and FILE not in glyph.metadata:
        raise ConfigError(f"drawing {glyph.number} names no file; give one picture as --background")
    return GivenPicture(next(read_pages(path))).inked().grey


def _fixed(points: Numbers) -> NDArray[np.int32]:
    """Places as OpenCV's fixed-point pixels, whose origin is a pixel's centre."""
    return np.rint((points - 0.5) * (1 << BITS)).astype(np.int32)


def _dot(canvas: Picture, centre: Numbers, radius_px: float, colour: tuple[int, int, int]) -> None:
    x, y = _fixed(centre).tolist()
    cv2.circle(canvas, (x, y), max(round(radius_px * (1 << BITS)), 1), colour, -1, cv2.LINE_AA, BITS)


def times_of(scene: Scene) -> list[int]:
    """How long each frame stays, in ms, the last one held."""
    each = round(1000 / scene.settings.fps)
    return list(itertools.chain(itertools.repeat(each, scene.count), [max(scene.settings.hold_ms, each)]))
