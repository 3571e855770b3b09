"""Words and lines as training examples: written, drawn, thinned at an x-height of about 12 pixels, cut into steps."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.errors import SourceError
from strokes.ink.drawing import BoolArray, FloatArray, IntArray
from strokes.ink.thinning import INK_THRESHOLD, thin
from strokes.recovery.pointer.examples import DOT_PX, _cut_stroke
from strokes.recovery.pointer.network import END, GO, LIFT
from strokes.recovery.words.letters import LetterBook, Stroke
from strokes.recovery.words.sizing import MULTIPLE, STRIP_MARGIN_PX, STRIP_X_HEIGHT_PX, x_height
from strokes.recovery.words.writing import draw_habits, find_writers, length_of, write_line, write_word

STRIP_STEP_PX = 2.0
FINE = 4
NOISE = 24.0
"""Grey levels of noise in the noisiest quarter of the pictures; more would leave specks of its own."""
MOST_STRIP_STEPS = 420
MEASURED_PX, GLYPH_PENS = 96, (0.02, 0.1)
"""How large a glyph is drawn to measure it, and the widths of its pen by its size."""
GROUP = 8
"""Batches made at a time, so that words of about the same length come together."""


@dataclass(frozen=True)
class StripExample:
    """A word or line: its thinned picture (h, w), and the walk that drew it.

    Attributes:
        image: (h, w) bool, the sides multiples of 8.
        points_px: (steps, 2) float32, x and y.
        flags: (steps,) int64.
    """

    image: BoolArray
    points_px: FloatArray
    flags: IntArray


@dataclass(frozen=True)
class StripBatch:
    """Strips padded to the largest: images (n, h, w), points (n, steps, 2), flags (n, steps), -1 beyond the end."""

    images: BoolArray
    points_px: FloatArray
    flags: IntArray


class StripBatches:
    """Endless batches of words and lines; step k's content follows from the seed and k alone.

    Args:
        book: the letters of writers who teach.
        whole: strokes of recordings that are shown as they are, in units of any size.
        batch_size: strips a step on the mean: a step of long ones has fewer, and one of short ones more.
        seed: of all that is random.
        lines: share of words that are lines of several.
        glyphs: share of strips that are one whole recording.
        by_strokes: whether each of those is shown as often as it has strokes; else all are alike.
    """

    def __init__(
        self,
        book: LetterBook,
        whole: list[list[Stroke]],
        *,
        batch_size: int,
        seed: int,
        lines: float = 0.12,
        glyphs: float = 0.0,
        by_strokes: bool = False,
    ) -> None:
        self.writers = find_writers(book)
        if not self.writers:
            raise SourceError("no writer has eight different lower-case letters; give recordings of letters by --pens")
        self.whole, self.glyphs = whole, glyphs
        self.shown = np.cumsum([len(strokes) if by_strokes else 1 for strokes in whole])
        self.batch_size, self.seed, self.lines = batch_size, seed, lines

    def group(self, number: int) -> list[StripBatch]:
        """The batches of steps `number` · `GROUP` and the following."""
        random = np.random.default_rng([self.seed, number])
        made = [self.make(random) for _ in range(GROUP * self.batch_size)]
        strips = [strip for strip in made if strip is not None]
        strips.sort(key=lambda strip: len(strip.flags))
        cost = np.array([len(strip.flags) for strip in strips], np.float64) ** 1.5
        bounds = np.searchsorted(np.cumsum(cost), np.arange(1, GROUP) * cost.sum() / GROUP)
        batches = [pad_strips(part) for part in _pieces(strips, [0, *bounds.tolist(), len(strips)])]
        return [batches[k] for k in random.permutation(len(batches))]

    def make(self, random: np.random.Generator) -> StripExample | None:
        """A word, line or glyph at random; None where it leaves no ink or is too long."""
        if self.glyphs and random.random() < self.glyphs:
            chosen = int(np.searchsorted(self.shown, random.integers(self.shown[-1]), side="right"))
            return make_strip(vary(in_x_heights(self.whole[chosen], random), random), random)
        writer = self.writers[random.integers(len(self.writers))]
        habits = draw_habits(random)
        words = random.integers(2, 6) if random.random() < self.lines else 1
        written = []
        for _ in range(words):
            word = writer.spell(int(random.integers(1, 10)), random)
            written.append(write_word(word, writer.letters(word, random), habits, random))
        gap = random.uniform(0.7, 1.8)
        strokes = write_line(written, (gap + np.abs(random.normal(0, 0.2, words))).tolist())
        return make_strip(vary(strokes, random), random)


def _pieces(strips: list[StripExample], bounds: list[int]) -> list[list[StripExample]]:
    return [strips[a:b] for a, b in itertools.pairwise(bounds) if b > a]


def in_x_heights(strokes: list[Stroke], random: np.random.Generator) -> list[Stroke]:
    """A glyph in x-heights, as its ink is measured to have them where a pen of a random width drew it."""
    every = np.concatenate(strokes)
    corner, side = every.min(axis=0), np.ptp(every, axis=0).max()
    pen_px = MEASURED_PX * float(random.uniform(*GLYPH_PENS))
    placed = [(stroke - corner) * (MEASURED_PX / side) + STRIP_MARGIN_PX for stroke in strokes]
    sides = np.ceil(np.concatenate(placed).max(axis=0) + STRIP_MARGIN_PX).astype(int)
    height_px = x_height(thin(draw(placed, (int(sides[1]), int(sides[0])), pen_px) > INK_THRESHOLD), pen_px)
    return [stroke / height_px for stroke in placed]


def vary(strokes: list[Stroke], random: np.random.Generator) -> list[Stroke]:
    """Strokes in x-heights turned, slanted, stretched, bent and sized, in pixels."""
    turn, slant, stretch = random.normal(0, 0.035), random.normal(0, 0.2), random.normal(0, 0.13)
    size = STRIP_X_HEIGHT_PX * np.exp(random.normal(0, 0.17))
    bend, wave = random.normal(0, 0.06, 2), random.uniform(1.5, 5, 2)
    phase = random.uniform(0, 2 * np.pi, 2)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = matrix @ np.array([[np.exp(stretch), -slant], [0, 1]])
    varied = []
    for stroke in strokes:
        x, y = (stroke @ matrix.T).T
        bent = np.stack([x + bend[0] * np.sin(wave[0] * y + phase[0]), y + bend[1] * np.sin(wave[1] * x + phase[1])], 1)
        varied.append(bent * size)
    return varied


def make_strip(strokes: list[Stroke], random: np.random.Generator) -> StripExample | None:
    """An example of strokes in pixels; None where they leave no ink or take too many steps."""
    every = np.concatenate(strokes)
    low, high = every.min(axis=0), every.max(axis=0)
    corner = STRIP_MARGIN_PX + random.uniform(0, MULTIPLE, 2)
    placed = [stroke - low + corner for stroke in strokes]
    width, height = (int(np.ceil((side + STRIP_MARGIN_PX) / MULTIPLE)) * MULTIPLE for side in high - low + corner)
    points_px, flags = cut(placed)
    if len(flags) > MOST_STRIP_STEPS:
        return None
    grey = draw(placed, (height, width), float(random.uniform(1.2, 3.0)))
    noise = float(random.choice([0.0, 0.0, 0.5, 1.0])) * NOISE
    if noise:
        grey += noise * random.standard_normal(grey.shape, np.float32)
    image = thin(grey + random.normal(0, 12) > INK_THRESHOLD)
    return StripExample(image, points_px, flags) if image.any() else None


def draw(strokes: list[Stroke], shape: tuple[int, int], pen_px: float) -> NDArray[np.float32]:
    """Strokes in pixels with a round pen as grey (h, w), 0 to 255."""
    canvas = np.zeros((shape[0] * FINE, shape[1] * FINE), np.uint8)
    lines = [np.rint((stroke * FINE - 0.5) * 16).astype(np.int32) for stroke in strokes]
    cv2.polylines(canvas, lines, False, (255,), max(1, round(pen_px * FINE)), cv2.LINE_8, 4)
    return cv2.resize(canvas, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)


def cut(strokes: list[Stroke]) -> tuple[FloatArray, IntArray]:
    """Strokes in pixels as steps of about `STRIP_STEP_PX`: points (steps, 2), flags (steps,)."""
    points, flags = [], []
    for stroke in strokes:
        length = length_of(stroke)
        steps = 0 if length < DOT_PX else max(1, round(length / STRIP_STEP_PX))
        own = np.zeros((steps + 1, 2), np.float32)
        _cut_stroke(np.ascontiguousarray(stroke), length, own)
        points.append(own)
        flags.append(np.array([GO] * steps + [LIFT], np.int64))
    flags[-1][-1] = END
    return np.concatenate(points), np.concatenate(flags)


def pad_strips(strips: list[StripExample]) -> StripBatch:
    """Strips as one batch."""
    height, width = (max(strip.image.shape[side] for strip in strips) for side in (0, 1))
    steps = max(len(strip.flags) for strip in strips)
    images = np.zeros((len(strips), height, width), np.bool_)
    points_px = np.zeros((len(strips), steps, 2), np.float32)
    flags = np.full((len(strips), steps), -1, np.int64)
    for i, strip in enumerate(strips):
        images[i, : strip.image.shape[0], : strip.image.shape[1]] = strip.image
        points_px[i, : len(strip.flags)], flags[i, : len(strip.flags)] = strip.points_px, strip.flags
    return StripBatch(images, points_px, flags)
