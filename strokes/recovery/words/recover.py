"""Words, lines and signatures to strokes: at the scale of their ink, walked by a strip network, laid onto the ink."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from strokes.errors import ConfigError
from strokes.ink.drawing import BoolArray, FloatArray
from strokes.ink.pen_width import edge_distance, to_pen
from strokes.ink.resampling import path_length
from strokes.ink.thinning import thin
from strokes.recovery.blocks import in_parallel
from strokes.recovery.pointer.cell import multiplies_bfloat16
from strokes.recovery.pointer.decoding import Walks, join_walks
from strokes.recovery.pointer.map_matching import find_lines, lay
from strokes.recovery.tracing.skeleton import Floats
from strokes.recovery.words.covering import cover, straighten
from strokes.recovery.words.decoding import walk_strips
from strokes.recovery.words.network import StripNetwork
from strokes.recovery.words.recipe import STRIPS, StripRecipe
from strokes.recovery.words.risk import choose, walked_strokes
from strokes.recovery.words.sizing import MOST_OF_CHARACTER, StripView, largest_side, split_line, view_strip, x_height
from strokes.training.checkpoints import Model, part, ready
from strokes.training.recipes import parse_recipe

TOKENS_AT_ONCE = 24_000
"""Pixels of ink, padding among them, of the strips that are walked over together, times the walks over each."""
MOST_X_HEIGHTS = 10.0
"""A strip is no wider where the writing has gaps: about a word, so that each word's walk is chosen by itself."""
PLAIN_PX = 0.2
"""Points of a finished stroke that lie no further than this from the line between others are left out."""


@dataclass(frozen=True)
class Recovered:
    """What the pen did in one picture.

    Attributes:
        strokes: (points, 2) float32 in the picture's unit square, in order.
        added: whether each is ink that no walk took.
        confidence: how well the other walks agree with the chosen one in direction and order, 0 to 1.
    """

    strokes: list[FloatArray]
    added: list[bool]
    confidence: float = 1.0

    @property
    def share_added(self) -> float:
        """The share of the strokes' length that no walk took."""
        lengths = np.array([path_length(stroke) for stroke in self.strokes])
        return float(lengths[np.array(self.added, bool)].sum() / max(lengths.sum(), 1e-9)) if self.strokes else 0.0


@dataclass(frozen=True)
class StripPart:
    """A strip of a picture, and that picture's number."""

    picture: int
    view: StripView


@dataclass(frozen=True)
class InkPage:
    """A picture's ink (h, w), how wide its pen is, whether it is one character, and what is measured of it."""

    ink: BoolArray
    pen_px: float
    character: bool = False

    @cached_property
    def skeleton(self) -> BoolArray:
        """(h, w) the ink, thinned."""
        return thin(self.ink)


@dataclass(frozen=True)
class StripRecovery:
    """A strip network and how its walks are chosen.

    Attributes:
        network: not training.
        hypotheses: walks a strip.
        temperature: of those drawn at random.
        seed: of them.
    """

    network: StripNetwork
    hypotheses: int = 8
    temperature: float = 1.0
    seed: int = 0

    def recover_pictures(self, pictures: Sequence[NDArray[Any]]) -> list[Recovered]:
        """The strokes of pictures of words or lines, each (h, w) uint8 or bool, ink high."""
        return self.recover([InkPage(ink, max(pen_px, 1.0)) for ink, pen_px in map(to_pen, pictures)])

    def recover(self, pages: Sequence[InkPage]) -> list[Recovered]:
        """The strokes of words or lines."""
        parts = [part for number, page in enumerate(pages) for part in split(number, page)]
        walks = self.walk([part.view.image for part in parts])
        strokes: list[list[Floats]] = [[] for _ in pages]
        coarse_px, confidence = [1.0] * len(pages), [1.0] * len(pages)
        for strip, (walked, sure) in zip(parts, walks, strict=True):
            corner = np.array(strip.view.corner_px)
            strokes[strip.picture] += [stroke * strip.view.scale + corner for stroke in walked]
            coarse_px[strip.picture] = strip.view.scale
            confidence[strip.picture] = min(confidence[strip.picture], sure)
        known = list(zip(pages, strokes, coarse_px, confidence, strict=True))
        return list(in_parallel(lambda one: finish(*one), known, workers=os.cpu_count() or 1))

    def walk(self, images: Sequence[BoolArray]) -> list[tuple[list[Floats], float]]:
        """The chosen walk over each strip, as strokes in its px, and how sure it is."""
        found: list[tuple[list[Floats], float]] = [([], 0.0)] * len(images)
        batches = self._batches(images)
        told = in_parallel(lambda rows: self._choose([images[i] for i in rows]), batches, workers=os.cpu_count() or 1)
        for rows, chosen in zip(batches, told, strict=True):
            for i, one in zip(rows, chosen, strict=True):
                found[i] = one
        return found

    def walk_characters(self, images: BoolArray) -> Walks:
        """All walks over single characters, those of a picture in a row, in px of the thinned pictures (n, h, w)."""
        views = [view_strip(image, 1.0, height_of(InkPage(image, 1.0, True))) for image in images]
        strips = [view.image for view in views]
        parts, places = [], []
        for rows in self._batches(strips):
            walks = self._walk([strips[i] for i in rows])
            scales = np.array([views[i].scale for i in rows], np.float32).repeat(self.hypotheses)
            corners = np.array([views[i].corner_px for i in rows], np.float32).repeat(self.hypotheses, axis=0)
            points_px = walks.points_px * scales[:, None, None] + corners[:, None]
            parts.append(replace(walks, points_px=points_px))
            places.append(np.array(rows)[:, None] * self.hypotheses + np.arange(self.hypotheses))
        return join_walks(parts, np.concatenate(places).ravel())

    def _batches(self, images: Sequence[BoolArray]) -> list[list[int]]:
        """The strips' numbers, those of like size together, the largest first: what is long must not come last."""
        order = sorted(range(len(images)), key=lambda i: int(images[i].sum()))
        batches: list[list[int]] = []
        for i in order:
            if not batches or self._size(images, [*batches[-1], i]) > TOKENS_AT_ONCE:
                batches.append([])
            batches[-1].append(i)
        return batches[::-1]

    def _choose(self, images: Sequence[BoolArray]) -> list[tuple[list[Floats], float]]:
        """The chosen walk over each strip of a batch."""
        walks = self._walk(images)
        found = []
        for k, image in enumerate(images):
            own = slice(k * self.hypotheses, (k + 1) * self.hypotheses)
            best, sure = choose(walks.points_px[own], walks.flags[own], walks.likelihood[own], image)
            found.append((walked_strokes(walks.points_px[own][best], walks.flags[own][best]), sure))
        return found

    def _size(self, images: Sequence[BoolArray], rows: Sequence[int]) -> int:
        return len(rows) * self.hypotheses * max(int(images[i].sum()) for i in rows)

    def _walk(self, images: Sequence[BoolArray]) -> Walks:
        height, width = (max(image.shape[side] for image in images) for side in (0, 1))
        batch = np.zeros((len(images), height, width), np.bool_)
        for row, image in zip(batch, images, strict=True):
            row[: image.shape[0], : image.shape[1]] = image
        temperatures = torch.tensor([0.0] + [self.temperature] * (self.hypotheses - 1)).repeat(len(images))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16()):
            ink = self.network.encoder(torch.from_numpy(batch))
            return walk_strips(self.network, ink, temperatures, times=self.hypotheses, seed=self.seed)


def split(number: int, page: InkPage) -> list[StripPart]:
    """The strips of a picture, from left to right; none where there is no ink."""
    if not page.ink.any():
        return []
    height_px = height_of(page)
    parts = []
    for first, last in split_line(page.ink, height_px, MOST_X_HEIGHTS * height_px):
        own = np.zeros_like(page.ink)
        own[:, first : last + 1] = page.ink[:, first : last + 1]
        parts.append(StripPart(number, view_strip(own, page.pen_px, height_px)))
    return parts


def height_of(page: InkPage) -> float:
    """The x-height in px of a picture's writing; there must be some."""
    height_px = x_height(page.skeleton, page.pen_px)
    return max(height_px, largest_side(page.ink) / MOST_OF_CHARACTER) if page.character else height_px


def finish(page: InkPage, walked: Sequence[Floats], coarse_px: float, confidence: float) -> Recovered:
    """Walks in a picture's px laid onto its ink, smooth, and all ink covered.

    Args:
        page: the picture.
        walked: strokes (points, 2) in its px, in order.
        coarse_px: how wide a pixel of the walk's own picture is in this one.
        confidence: of the walk.
    """
    if not page.ink.any():
        return Recovered([], [], 0.0)
    off_px = cv2.distanceTransform((~page.ink).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    lines = find_lines(page.skeleton)
    laid = lay(walked, lines, np.asarray(off_px, np.float32), coarse_px=coarse_px)
    smooth = straighten(laid, lines, page.ink, edge_distance(page.ink), page.pen_px)
    covered = cover(smooth, page.ink, page.skeleton, page.pen_px)
    longer = max(page.ink.shape)
    strokes = [(plain(stroke) / longer).astype(np.float32) for stroke in covered.strokes]
    return Recovered(strokes, covered.added, confidence)


def plain(stroke: Floats) -> Floats:
    """A stroke without the points that its line doesn't need (Douglas and Peucker)."""
    if len(stroke) < 3:
        return stroke
    kept: Floats = cv2.approxPolyDP(stroke.astype(np.float32)[:, None], PLAIN_PX, False)[:, 0].astype(np.float64)
    return kept


def load_strip_network(model: Model, *, device: str | torch.device = "cpu") -> tuple[StripNetwork, StripRecipe]:
    """A strip network ready to draw, and its recipe. Raises `ConfigError`."""
    if model.kind != STRIPS:
        raise ConfigError(f"{model.path} is a network of a {model.kind} recipe; expected a strip network")
    recipe: StripRecipe = parse_recipe(StripRecipe, model.settings)
    return ready(StripNetwork(recipe.network), model, device, part(model.tensors, "average.module")), recipe
