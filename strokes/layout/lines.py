"""A block's text lines: ridges of blurred ink, curved as they may be, and which line each part of the ink is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import watershed

from strokes.ink.drawing import BoolArray
from strokes.layout.parts import Doubles, Parts

LETTER_UNITS = 8.0
"""Ridges are looked for in a picture in which letters are so many pixels high."""
ALONG, ACROSS = 22.0, 2.2
"""The blur along lines and across them, in those pixels."""
FAINT = 0.22
"""A ridge lower than this share of the highest ones is none."""
FEW = 4
"""Fewer parts than this are one line."""
VALLEY = 0.72
"""Between two lines the ink is thinner than this share of the fainter one's."""
DRAWING_LETTERS = 4.5
"""A part higher than so many letters is a drawing, not text,"""
NEAR_LINE, ON_LINES = 0.5, 1.25
"""unless so many times as much of its ink as of its box is within so many letters of a line: touching words."""
SHARED = 0.22
"""A part with this share of its ink in other lines, and higher than `TALL` letters, is cut between the two."""
TALL = 1.7
SMALL = 0.45
"""Parts lower than so many letters belong to the line whose letters are nearest,"""
OFF_LINE = 0.5
"""and this share of how far they are from the line's middle counts, too."""
BELOW = 0.8
"""Letters below a small part are counted nearer, by this: dots stand over their letters."""
FAR = 1.5
"""A small part that is so many letters from any letter stays in the line where it lies."""


@dataclass(frozen=True)
class TextLines:
    """What was found in a block.

    Attributes:
        map: (h, w) int32, each pixel's line, from 1 in reading order; 0 is paper and ink that is no text.
        count: how many lines there are.
        middles: (count,) the row of each line's middle, deskewed.
    """

    map: NDArray[np.int32]
    count: int
    middles: Doubles


def find_lines(parts: Parts, members: NDArray[np.int64], *, skew: float) -> TextLines:
    """The text lines that the parts `members` of a page form."""
    letter = parts.letter_px
    heights = parts.boxes[members, 3]
    text = members[heights <= DRAWING_LETTERS * letter]
    body = text[parts.boxes[text, 3] >= SMALL * letter]
    if len(body) < FEW:
        return one_line(parts, text)
    scale = min(LETTER_UNITS / letter, 1.0)
    small = shrunk(parts.mask(body), scale, skew)
    ridges = find_ridges(small)
    if len(ridges) < 2:
        return one_line(parts, text)
    tall = members[heights > DRAWING_LETTERS * letter]
    touching = tall[[on_lines(parts, part, ridges, scale=scale, skew=skew) > ON_LINES for part in tall]]
    text, body = np.concatenate([text, touching]), np.concatenate([body, touching])
    return assign(parts, text, body, flood(small, ridges), ridges, scale=scale, skew=skew)


def on_lines(parts: Parts, part: np.int64, ridges: list[Doubles], *, scale: float, skew: float) -> float:
    """How much more of a part's ink lies near lines' middles than would if it were spread evenly over its box."""
    left, top, width, height = parts.boxes[part]
    ink = parts.map[top : top + height, left : left + width] == part
    ys, xs = np.indices(ink.shape).reshape(2, -1)
    rows, columns = level(parts, ys + top, xs + left, scale=scale, skew=skew)
    columns = np.rint(columns).astype(int).clip(0, len(ridges[0]) - 1)
    reach = NEAR_LINE * parts.letter_px * scale
    near = np.any([np.abs(rows - filled(middle)[columns]) < reach for middle in ridges], axis=0)
    return float(near[ink.ravel()].mean() / max(near.mean(), 1e-9))


def level(
    parts: Parts, ys: NDArray[Any], xs: NDArray[Any], *, scale: float, skew: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Where pixels of the page lie, rows and columns, in the small picture that `shrunk` makes."""
    drop = abs(skew) * max(round(parts.map.shape[1] * scale), 1) if skew > 0 else 0.0
    columns = (xs + 0.5) * scale - 0.5
    return (ys + 0.5) * scale - 0.5 - skew * (columns + 0.5) + drop, columns


def one_line(parts: Parts, text: NDArray[np.int64]) -> TextLines:
    """All of the parts as one line."""
    middle = (parts.boxes[text, 1] + parts.boxes[text, 3] / 2).mean() if len(text) else 0.0
    return TextLines(parts.mask(text).astype(np.int32), int(len(text) > 0), np.array([middle][: len(text)]))


def shrunk(ink: BoolArray, scale: float, skew: float) -> Doubles:
    """Ink (h, w) as a small picture, each column moved so that lines lie level; the share of ink in each pixel."""
    height, width = ink.shape
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(ink.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    drop = abs(skew) * size[0]
    matrix = np.array([[1.0, 0.0, 0.0], [-skew, 1.0, drop if skew > 0 else 0.0]])
    return np.asarray(cv2.warpAffine(small, matrix, (size[0], size[1] + int(drop) + 1)), np.float64)


def find_ridges(small: Doubles) -> list[Doubles]:
    """The middle of each line as rows (w,), NaN beyond its ends, from top to bottom."""
    blurred = cv2.GaussianBlur(small, (0, 0), ALONG, sigmaY=ACROSS, borderType=cv2.BORDER_CONSTANT)
    around = cv2.dilate(blurred, np.ones((int(LETTER_UNITS) | 1, 1)))
    strong = float(np.quantile(blurred[blurred >= around - 1e-12].clip(1e-12), 0.9))
    peaks = (blurred >= around - 1e-12) & (blurred > FAINT * strong)
    thick = cv2.dilate(peaks.astype(np.uint8), np.ones((3, 5), np.uint8))
    count, numbers = cv2.connectedComponents(thick, connectivity=8)
    found = []
    for number in range(1, count):
        ys, xs = np.nonzero((numbers == number) & peaks)
        if len(xs):
            rows = np.full(small.shape[1], np.nan)
            sums = np.bincount(xs, ys, small.shape[1])
            counts = np.bincount(xs, minlength=small.shape[1])
            rows[counts > 0] = sums[counts > 0] / counts[counts > 0]
            found.append(rows)
    return separate(joined(found), np.asarray(blurred, np.float64))


def joined(ridges: list[Doubles]) -> list[Doubles]:
    """Ridges, those that go on where another ends made one; from top to bottom."""
    ridges = sorted(ridges, key=lambda rows: -np.isfinite(rows).sum())
    whole: list[Doubles] = []
    for rows in ridges:
        own = np.flatnonzero(np.isfinite(rows))
        for i, other in enumerate(whole):
            there = np.flatnonzero(np.isfinite(other))
            apart = np.abs(np.interp(own, there, other[there]) - rows[own])
            if np.isfinite(other[own]).mean() < 0.3 and np.median(apart) < LETTER_UNITS * 0.75:
                whole[i] = np.where(np.isfinite(other), other, rows)
                break
        else:
            whole.append(rows)
    return sorted(whole, key=np.nanmean)


def separate(ridges: list[Doubles], blurred: Doubles) -> list[Doubles]:
    """Ridges with a valley between each and the next; of two without one the fainter goes."""
    kept: list[Doubles] = []
    for rows in ridges:
        if kept and not valley_between(kept[-1], rows, blurred):
            if strength(rows, blurred) > strength(kept[-1], blurred):
                kept[-1] = rows
            continue
        kept.append(rows)
    return kept


def strength(rows: Doubles, blurred: Doubles) -> float:
    """A ridge's ink in all."""
    columns = np.flatnonzero(np.isfinite(rows))
    return float(blurred[np.rint(rows[columns]).astype(int), columns].sum())


def valley_between(upper: Doubles, lower: Doubles, blurred: Doubles) -> bool:
    """Whether there is less ink between two ridges, where both are, than on them; ridges side by side are two."""
    columns = np.flatnonzero(np.isfinite(upper) & np.isfinite(lower))
    if not len(columns):
        return True
    steps = np.linspace(0, 1, 9)[:, None]
    rows = np.rint(upper[columns] * (1 - steps) + lower[columns] * steps).astype(int)
    across = blurred[rows, columns].sum(axis=1)
    return bool(across.min() < VALLEY * min(across[0], across[-1]))


def flood(small: Doubles, ridges: list[Doubles]) -> NDArray[np.int32]:
    """Which line each pixel of the small picture is of, from 1: basins around the ridges, apart where ink is thin."""
    markers = np.zeros(small.shape, np.int32)
    width = small.shape[1]
    for number, rows in enumerate(ridges, 1):
        there = np.flatnonzero(np.isfinite(rows))
        path = np.rint(np.interp(np.arange(width), there, rows[there])).astype(int)
        reach = slice(max(int(there[0] - 2 * LETTER_UNITS), 0), int(there[-1] + 2 * LETTER_UNITS) + 1)
        columns = np.arange(width)[reach]
        markers[path[reach].clip(0, small.shape[0] - 1), columns] = number
    narrow = cv2.GaussianBlur(small, (0, 0), LETTER_UNITS, sigmaY=1.2, borderType=cv2.BORDER_CONSTANT)
    basins: NDArray[np.int32] = watershed(-narrow, markers).astype(np.int32)  # type: ignore[no-untyped-call]
    return basins


def assign(
    parts: Parts,
    text: NDArray[np.int64],
    body: NDArray[np.int64],
    basins: NDArray[np.int32],
    ridges: list[Doubles],
    *,
    scale: float,
    skew: float,
) -> TextLines:
    """Each part's line: that of most of its ink; small ones go with the nearest letters, tall ones are cut."""
    ys, xs = np.nonzero(parts.mask(text))
    owner = parts.map[ys, xs]
    rows, columns = level(parts, ys, xs, scale=scale, skew=skew)
    pixel_line = basins[
        np.rint(rows).astype(int).clip(0, basins.shape[0] - 1),
        np.rint(columns).astype(int).clip(0, basins.shape[1] - 1),
    ]
    shares = np.zeros((len(parts.boxes), len(ridges) + 1))
    np.add.at(shares, (owner, pixel_line), 1)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    line_of = shares.argmax(axis=1)
    cut = (1 - shares.max(axis=1) > SHARED) & (parts.boxes[:, 3] > TALL * parts.letter_px)
    lines = np.where(cut[owner], pixel_line, line_of[owner]).astype(np.int32)
    found = np.zeros(parts.map.shape, np.int32)
    found[ys, xs] = lines
    small = np.setdiff1d(text, body)
    if len(small):
        middle_of = parts.boxes[small, :2] + parts.boxes[small, 2:] / 2
        down, across = level(parts, *(middle_of.T[::-1] - 0.5), scale=scale, skew=skew)
        near = np.rint(across).astype(int).clip(0, basins.shape[1] - 1)
        off = np.array([np.abs(down - filled(middle)[near]) for middle in ridges]) / scale
        follow_nearest(parts, small, body, line_of[body], off, found)
    middles = np.array([float(np.nanmean(rows)) / scale for rows in ridges])
    return numbered(found, middles)


def filled(rows: Doubles) -> Doubles:
    """A ridge's rows (w,), beyond its ends as at them."""
    there = np.flatnonzero(np.isfinite(rows))
    return np.interp(np.arange(len(rows)), there, rows[there])


def follow_nearest(
    parts: Parts,
    small: NDArray[np.int64],
    body: NDArray[np.int64],
    line_of: NDArray[np.int64],
    off: Doubles,
    found: NDArray[np.int32],
) -> None:
    """Give small parts, in `found`, the line of the letters nearest to them.

    Args:
        parts: of the page.
        small: the parts.
        body: the letters.
        line_of: the line of each letter, from 1.
        off: (lines, small) how far each part is from each line's middle, in pixels.
        found: (h, w) each pixel's line.
    """
    boxes = parts.boxes[body].astype(np.float64)
    for part, away in zip(small, off.T, strict=True):
        x, y, w, h = parts.boxes[part]
        middle_x, middle_y = x + w / 2, y + h / 2
        across = np.maximum(np.maximum(boxes[:, 0] - middle_x, middle_x - boxes[:, 0] - boxes[:, 2]), 0)
        above, below = boxes[:, 1] - middle_y, middle_y - boxes[:, 1] - boxes[:, 3]
        down = np.where(above > 0, BELOW * above, np.where(below > 0, below, 0))
        near = np.hypot(across, down)
        if near.min() < FAR * parts.letter_px:
            line = line_of[int(np.argmin(near + OFF_LINE * away[line_of - 1]))]
            window = np.s_[y : y + h, x : x + w]
            found[window][parts.map[window] == part] = line


def numbered(found: NDArray[np.int32], middles: Doubles) -> TextLines:
    """Lines without the empty ones, numbered from 1."""
    counts = np.bincount(found.ravel(), minlength=len(middles) + 1)
    kept = [line for line in range(1, len(middles) + 1) if counts[line]]
    table = np.zeros(len(middles) + 1, np.int32)
    table[kept] = np.arange(1, len(kept) + 1)
    return TextLines(table[found], len(kept), middles[[line - 1 for line in kept]])
