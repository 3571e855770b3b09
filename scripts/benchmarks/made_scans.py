"""Words and characters of held-out pens as a scanner sees them: grey pictures, and the strokes that made them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from strokes.ink.drawing import Drawing, FloatArray
from strokes.ink.normalise import frame_pictures
from strokes.ink.pictures import ImageSet, make_image_set
from strokes.recovery.words.examples import draw
from strokes.recovery.words.letters import Stroke
from strokes.recovery.words.sizing import STRIP_MARGIN_PX
from strokes.recovery.words.writing import WordHabits, Writer, write_word

MARGIN_PX = 12
CHARACTER_PEN = 0.045
"""The pen's width by a character's side."""
CHARACTER = "字"
"""Tells a recovery that a picture is of one character, and not of which."""


@dataclass(frozen=True)
class Scan:
    """Ink as a scanner sees it: grey (h, w), ink high; its strokes, x-height (a character's side) and pen in pixels."""

    grey: FloatArray
    strokes: list[Stroke]
    x_height_px: float
    pen_px: float


def first_half(writer: str) -> bool:
    """Whether a held-out writer is for choosing."""
    return int(hashlib.sha256(f"words {writer}".encode()).hexdigest(), 16) % 2 == 0


def make_scans(writers: Sequence[Writer], count: int, *, joined: bool, seed: int) -> list[Scan]:
    """Words of three to eight letters, a writer after the other."""
    random = np.random.default_rng(seed)
    return [make_scan(writers[k % len(writers)], random, joined=joined) for k in range(count)]


def make_scan(writer: Writer, random: np.random.Generator, *, joined: bool) -> Scan:
    """A word by a writer."""
    chances = writer.chances / writer.chances.sum()
    word = "".join(random.choice(list(writer.low), int(random.integers(3, 9)), p=chances))
    habits = WordHabits(joined=joined, late=joined, gap=0.3)
    x_height_px = float(random.uniform(16, 32))
    strokes = [stroke * x_height_px for stroke in write_word(word, writer.letters(word, random), habits, random)]
    corner = MARGIN_PX - np.concatenate(strokes).min(axis=0)
    strokes = [stroke + corner for stroke in strokes]
    width, height = np.ceil(np.concatenate(strokes).max(axis=0) + MARGIN_PX).astype(int)
    pen_px = x_height_px * float(random.uniform(0.11, 0.2))
    return Scan(draw(strokes, (height, width), pen_px), strokes, x_height_px, pen_px)


def resized(scan: Scan, times: float) -> Scan:
    """The same picture at another size."""
    shape = tuple(max(1, round(side * times)) for side in scan.grey.shape[::-1])
    grey = cv2.resize(scan.grey, shape, interpolation=cv2.INTER_AREA if times < 1 else cv2.INTER_CUBIC).clip(0, 255)
    strokes = [stroke * times for stroke in scan.strokes]
    return Scan(grey, strokes, scan.x_height_px * times, scan.pen_px * times)


def to_pictures(scans: Sequence[Scan], *, characters: bool = False) -> ImageSet:
    """The pictures that a recovery is given, and whether it is told that each is one character."""
    framed = frame_pictures([np.rint(scan.grey).astype(np.uint8) for scan in scans])
    told = {"labels": np.zeros(len(scans), np.int64), "classes": (CHARACTER,)} if characters else {}
    return make_image_set(framed.ink, sizes=framed.sizes, frames=framed.frames, fine=framed.fine, **told)


def scan_character(drawing: Drawing, size: int) -> Scan:
    """A character so many px large."""
    whole = size + 2 * STRIP_MARGIN_PX
    corner = np.concatenate(drawing.strokes).min(axis=0)
    side = np.ptp(np.concatenate(drawing.strokes), axis=0).max()
    strokes = [(stroke.astype(np.float64) - corner) * (size / side) + STRIP_MARGIN_PX for stroke in drawing.strokes]
    pen_px = size * CHARACTER_PEN
    return Scan(draw(strokes, (whole, whole), pen_px), strokes, float(size), pen_px)
