"""A picture as people have it to ink alone: every step a function of its own, and all of them in order here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import BoolArray
from strokes.ink.paper.polarity import ink_is_dark
from strokes.ink.paper.rules import remove_edges, remove_flush, remove_rules
from strokes.ink.paper.specks import remove_specks
from strokes.ink.paper.threshold import LEAST_DARKNESS, Flat, find_ink, flatten, measure_pen, widest_line
from strokes.ink.thinning import INK_THRESHOLD

Grey = NDArray[np.uint8]
Look = Callable[[str, Grey], None]
"""Is shown every step: its name, and what it made as grey values, ink dark."""

COLOURFUL = 12.0
"""A picture whose colours differ by less than this, of 255, is grey."""
LUMA = (0.299, 0.587, 0.114)
SPECKLED = 0.75
"""Specks may be longer in all than the writing; the pen is still as wide as a quarter of all lines at least."""
NEAR_PENS = 3.0
"""How far light ink is alike, in widths of the pen."""
RULE_SHARE = 0.3
"""Rules are looked for in what is darker than this share of the ink."""


@dataclass(frozen=True)
class Inked:
    """The ink of a picture.

    Attributes:
        mask: (h, w) bool.
        grey: (h, w) uint8, ink high and paper 0; above 110 exactly where `mask` is.
        pen_px: how wide the pen's line is, 0 without ink.
        dark: whether the ink was darker than the paper.
    """

    mask: BoolArray
    grey: Grey
    pen_px: float
    dark: bool


def take_paper_away(pixels: Grey, *, ink: str = "auto", look: Look = lambda name, picture: None) -> Inked:
    """The ink of a picture, whatever paper, light and frame it came with.

    Args:
        pixels: (h, w) grey or (h, w, 3) red, green and blue.
        ink: "dark", "light", or "auto" to decide by the picture.
        look: is shown each step.
    """
    grey, dark = dark_on_light(pixels, ink=ink)
    look("grey", grey)
    flat, mask, level, pen_px = separate(grey, dark=dark)
    look("even", shade(flat))
    look("ink", drawn(mask))
    for name, step in steps(flat, level, pen_px).items():
        mask = step(mask)
        look(name, drawn(mask))
    pen_px = measure_pen(mask)
    return Inked(mask, grey_ink(flat, mask, level), pen_px, dark)


def separate(grey: Grey, *, dark: bool) -> tuple[Flat, BoolArray, float, float]:
    """The picture without its paper's shade, the ink that stands out, its darkness, and the pen's width in pixels.

    Two looks: the first finds the pen, the second knows how wide it is. Where the ink was light, a shadow takes from it
    and not from the paper: then it is as dark as the ink near it.
    """
    first = flatten(grey)
    mask, level = find_ink(first)
    plain = remove_edges(without_rules(mask, first, level))
    pen_px = measure_pen(plain)
    if not pen_px:
        return first, mask, level, 0.0
    flat = flatten(grey, pen_px=pen_px, widest_px=widest_line(plain))
    mask, level = find_ink(flat, known=plain, near_px=0.0 if dark else NEAR_PENS * pen_px)
    return flat, mask, level, measure_pen(mask)


def steps(flat: Flat, level: float, pen_px: float) -> Mapping[str, Callable[[BoolArray], BoolArray]]:
    """What is done to the ink after it stands out, by name and in order."""
    return {
        "no-rules": lambda ink: without_rules(ink, flat, level),
        "no-edges": remove_edges,
        "no-bars": remove_flush,
        "no-specks": lambda ink: remove_specks(ink, pen_px=measure_pen(ink, share=SPECKLED) or pen_px),
    }


def without_rules(ink: BoolArray, flat: Flat, level: float) -> BoolArray:
    """The ink (h, w) without rules, nor a frame: its sides would be taken for some of them."""
    inner = remove_edges(ink)
    darkness = np.where(ink & ~inner, np.float32(0), flat.darkness)
    return remove_rules(inner, darkness, least=rule_darkness(flat, level))


def rule_darkness(flat: Flat, level: float) -> float:
    """What is darker than this may be part of a rule."""
    return max(LEAST_DARKNESS / 2, RULE_SHARE * level, 4 * flat.noise)


def dark_on_light(pixels: Grey, *, ink: str = "auto") -> tuple[Grey, bool]:
    """A picture as dark ink on light paper, (h, w) grey, and whether it was so.

    Coloured ink is as dark as the colour that it swallows most, half and half with its luminance.
    """
    luma = pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    dark = ink_is_dark(luma) if ink == "auto" else ink == "dark"
    if pixels.ndim == 2:
        return np.ascontiguousarray(luma if dark else 255 - luma), dark
    colours = pixels if dark else 255 - pixels
    luma = luma if dark else 255 - luma
    paper = np.array([np.median(colours[..., i][:: max(len(luma) // 500, 1)]) for i in range(3)], np.float32)
    scale = float(np.dot(paper, LUMA)) / np.maximum(paper, 32)
    balanced = [cv2.convertScaleAbs(colours[..., i], alpha=float(scale[i])) for i in range(3)]
    least = cv2.min(cv2.min(balanced[0], balanced[1]), balanced[2])
    most = cv2.max(cv2.max(balanced[0], balanced[1]), balanced[2])
    if float(np.quantile((most - least)[:: max(len(luma) // 500, 1)], 0.99)) < COLOURFUL:
        return np.ascontiguousarray(luma), dark
    return np.asarray(cv2.addWeighted(least, 0.5, luma, 0.5, 0), np.uint8), dark


def shade(flat: Flat) -> Grey:
    """An even picture as grey values, paper white."""
    return np.rint(255 * (1 - flat.darkness)).astype(np.uint8)


def drawn(mask: BoolArray) -> Grey:
    """Ink as black on white."""
    return np.where(mask, 0, 255).astype(np.uint8)


def grey_ink(flat: Flat, mask: BoolArray, level: float) -> Grey:
    """Grey values (h, w), ink high, soft at its edges, above `INK_THRESHOLD` exactly where the mask is."""
    if not level:
        return np.zeros(mask.shape, np.uint8)
    soft: NDArray[Any] = (flat.darkness * (255 / level)).clip(0, 255)
    near = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    soft = np.where(mask, soft.clip(INK_THRESHOLD + 1), np.where(near, soft.clip(max=INK_THRESHOLD), 0))
    return np.asarray(np.rint(soft), np.uint8)
