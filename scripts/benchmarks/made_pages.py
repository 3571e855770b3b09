"""Pages whose pens are known: letters of a held-out writer set in words and lines, and text in joined fonts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from strokes.ink.recordings import PenSet
from strokes.recovery.words.writing import WordHabits, Writer, write_word

Floats = NDArray[np.float64]
Hand = Callable[[np.random.Generator, float, float], tuple[list[Floats], float]]
"""Writes a word for an x-height and a pen in pixels: strokes from x = 0, the baseline at 0, and where it ends."""
X_HEIGHT = "acemnorsuvwxz"
DESCENDING = "gjpqy"
FINENESS = 4
SIGNS: dict[str, list[list[tuple[float, float]]]] = {
    ".": [[(0, -0.05), (0, 0)]],
    ",": [[(0.12, -0.08), (0.1, 0.1), (0, 0.28)]],
    "-": [[(0, -0.5), (0.4, -0.53)]],
    "'": [[(0.06, -1.8), (0, -1.4)]],
    '"': [[(0.06, -1.8), (0, -1.4)], [(0.3, -1.8), (0.24, -1.4)]],
    "!": [[(0, -1.75), (0, -0.5)], [(0, -0.05), (0, 0)]],
    ":": [[(0, -0.85), (0, -0.8)], [(0, -0.05), (0, 0)]],
}
"""Strokes in heights of an x, the baseline at 0, y down."""


@dataclass
class MadePage:
    """A page and its truth.

    Attributes:
        ink: (h, w) bool.
        grey: (h, w) uint8, dark ink on paper.
        strokes: what the pen did, (points, 2) in pixels, in order.
        lines: the box of each line, left, top, right, bottom.
        words: the boxes of each line's words.
        word_of: (h, w) the number of the word along the pen's middle, from 1 in reading order; 0 elsewhere.
        x_height_px: how high an x is.
        pen_px: the pen's width.
    """

    ink: NDArray[np.bool_]
    grey: NDArray[np.uint8]
    strokes: list[Floats]
    x_height_px: float
    pen_px: float
    lines: list[tuple[float, float, float, float]] = field(default_factory=list)
    words: list[list[tuple[float, float, float, float]]] = field(default_factory=list)
    word_of: NDArray[np.int64] = field(default_factory=lambda: np.zeros((1, 1), np.int64))


def letters_of(pens: PenSet, writer: str) -> dict[str, list[list[Floats]]]:
    """A writer's letters by name, each as strokes in units in which its box's longer side is 1."""
    found: dict[str, list[list[Floats]]] = {}
    for i in np.flatnonzero(np.array(pens.writers) == writer):
        drawing = pens.drawings[int(i)]
        if drawing.label is None:
            continue
        points = np.concatenate(drawing.strokes).astype(np.float64)
        low = points.min(0)
        found.setdefault(drawing.label, []).append([stroke.astype(np.float64) - low for stroke in drawing.strokes])
    return found


def place_letter(strokes: list[Floats], name: str, x_height_px: float) -> list[Floats]:
    """A letter sized as its kind asks, its baseline at 0 and its left side at 0, in pixels."""
    points = np.concatenate(strokes)
    height = max(float(np.ptp(points[:, 1])), 0.35 * float(np.ptp(points[:, 0])), 1e-3)
    wanted = {True: 1.0}.get(name in X_HEIGHT, 1.75)
    scale = wanted * x_height_px / height
    drop = 0.7 * x_height_px if name in DESCENDING else 0.0
    bottom = points[:, 1].max() * scale
    return [stroke * scale + (0, drop - bottom) for stroke in strokes]


def make_page(
    write: Hand,
    rng: np.random.Generator,
    *,
    lines: int = 6,
    x_height_px: float = 24.0,
    width_px: int = 1000,
    pen_px: float = 3.0,
    bend: float = 0.0,
    skew: float = 0.0,
    margin: float = 2.5,
    word_gap: tuple[float, float] = (0.8, 1.2),
) -> MadePage:
    """Lines of words, bent and askew by so many pixels a pixel; gaps and margins are in heights of an x."""
    strokes: list[Floats] = []
    owner: list[int] = []
    boxes: list[tuple[float, float, float, float]] = []
    words: list[list[tuple[float, float, float, float]]] = []
    step = x_height_px * rng.uniform(2.7, 3.3)
    for line in range(lines):
        x, base = margin * x_height_px * rng.uniform(0.8, 1.2), (line + 1.4) * step
        own: list[tuple[float, float, float, float]] = []
        while True:
            word, advance = write(rng, x_height_px, pen_px)
            if x + advance > width_px - margin * x_height_px * 0.8:
                break
            word = [np.add(stroke, (x, base)) for stroke in word]
            strokes += word
            owner += [sum(map(len, words)) + len(own) + 1] * len(word)
            points = np.concatenate(word)
            own.append((*points.min(0), *points.max(0)))
            x += advance + x_height_px * rng.uniform(*word_gap)
        words.append(own)
        boxes.append((own[0][0], min(b[1] for b in own), own[-1][2], max(b[3] for b in own)) if own else (0, 0, 0, 0))
    height_px = int((lines + 1.6) * step)
    bent = [
        stroke
        + np.stack(
            [0 * stroke[:, 0], bend * np.sin(stroke[:, 0] / width_px * np.pi) + skew * (stroke[:, 0] - width_px / 2)], 1
        )
        for stroke in strokes
    ]
    ink = draw(bent, (height_px, width_px), pen_px)
    grey = np.rint(245 - 215.0 * ink).astype(np.uint8)
    return MadePage(ink > 0.5, grey, bent, x_height_px, pen_px, boxes, words, owners(bent, owner, ink.shape))


def printing(
    letters: dict[str, list[list[Floats]]], *, letter_gap: tuple[float, float] = (0.12, 0.3), signs: float = 0.0
) -> Hand:
    """Prints words of two to seven letters, gaps in heights of an x; `signs` is the share with a full stop or such."""
    names = sorted(letters)

    def write(rng: np.random.Generator, x_height_px: float, pen_px: float) -> tuple[list[Floats], float]:
        word: list[Floats] = []
        at, count = 0.0, int(rng.integers(2, 8))
        signed = punctuate(count, rng) if signs and rng.random() < signs else {}
        for place in range(-1, count):
            shapes = [[np.array(line) * x_height_px for line in SIGNS[sign]] for sign in signed.get(place, "")]
            if place >= 0:
                name = names[rng.integers(len(names))]
                shapes.insert(0, place_letter(letters[name][rng.integers(len(letters[name]))], name, x_height_px))
            for shape in shapes:
                word += [np.add(stroke, (at, rng.normal(0, 0.04) * x_height_px)) for stroke in shape]
                at += np.concatenate(shape)[:, 0].max() + pen_px + x_height_px * rng.uniform(*letter_gap)
        return word, at

    return write


def joining(writer: Writer) -> Hand:
    """Writes words of three to eight letters, each led on to the next."""
    chances = writer.chances / writer.chances.sum()

    def write(rng: np.random.Generator, x_height_px: float, pen_px: float) -> tuple[list[Floats], float]:
        word = "".join(rng.choice(list(writer.low), int(rng.integers(3, 9)), p=chances))
        habits = WordHabits(joined=True, late=True, gap=0.3)
        strokes = [stroke * x_height_px for stroke in write_word(word, writer.letters(word, rng), habits, rng)]
        left = np.concatenate(strokes)[:, 0].min()
        moved = [stroke - (left, 0) for stroke in strokes]
        return moved, float(np.concatenate(moved)[:, 0].max()) + pen_px

    return write


def punctuate(letters: int, rng: np.random.Generator) -> dict[int, str]:
    """Signs after some of a word's letters, by place; -1 is before the first."""
    last, within = letters - 1, int(rng.integers(letters - 1))
    choices = ({last: "."}, {last: ","}, {last: "!"}, {last: ":"}, {within: "-"}, {within: "'"}, {-1: '"', last: '."'})
    return choices[rng.integers(len(choices))]


def owners(strokes: list[Floats], owner: list[int], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """The number (h, w) of the word whose stroke goes there; 0 elsewhere."""
    found = np.zeros(shape, np.float64)
    for stroke, word in zip(strokes, owner, strict=True):
        cv2.polylines(found, [np.rint(stroke).astype(np.int32)], False, float(word), 1)
    return found.astype(np.int64)


def draw(strokes: list[Floats], shape: tuple[int, int], pen_px: float) -> Floats:
    """Strokes as ink (h, w), 0 to 1: a round pen, `FINENESS` samples a pixel each way."""
    image = np.zeros((shape[0] * FINENESS, shape[1] * FINENESS), np.uint8)
    width = max(round(pen_px * FINENESS), 1)
    for stroke in strokes:
        places = np.rint((stroke * FINENESS - 0.5) * 16).astype(np.int32)
        cv2.polylines(image, [places], False, 1, width, cv2.LINE_8, 4)
        for x, y in (places[0], places[-1]):
            cv2.circle(image, (int(x), int(y)), width * 8, 1, -1, cv2.LINE_8, 4)
    return image.reshape(shape[0], FINENESS, shape[1], FINENESS).mean((1, 3))


def set_in_font(font_file: str, text: list[str], *, size_px: int = 60) -> MadePage:
    """Lines of text in a font, each word's box known; there is no pen, so no strokes."""
    font = ImageFont.truetype(font_file, size_px)
    step, left = int(size_px * 1.6), size_px
    width = int(max(font.getlength(line) for line in text)) + 3 * left
    page = Image.new("L", (width, step * (len(text) + 1)), 0)
    numbers = Image.new("I", page.size, 0)
    pen, counting = ImageDraw.Draw(page), ImageDraw.Draw(numbers)
    counting.fontmode = "1"
    lines, words = [], []
    for i, line in enumerate(text):
        x, y, own = float(left), float(step * (i + 0.5)), []
        for word in line.split():
            pen.text((x, y), word, font=font, fill=255)
            counting.text((x, y), word, font=font, fill=sum(map(len, words)) + len(own) + 1)
            box = pen.textbbox((x, y), word, font=font)
            own.append(tuple(map(float, box)))
            x += font.getlength(word + " ")
        words.append(own)
        lines.append((own[0][0], min(b[1] for b in own), own[-1][2], max(b[3] for b in own)))
    cover = np.asarray(page, np.float64) / 255
    grey = np.rint(245 - 215 * cover).astype(np.uint8)
    word_of = np.where(cover > 0.5, np.asarray(numbers), 0).astype(np.int64)
    return MadePage(cover > 0.5, grey, [], size_px * 0.4, size_px / 14, lines, words, word_of)
