"""Pictures to drawings with a pen network: hypotheses, refinement, confidence, scores; block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import raster
from strokes.errors import ConfigError
from strokes.ink.drawing import (
    GRID,
    UNLABELLED,
    BoolArray,
    DrawingSet,
    FloatArray,
    join,
    to_frames,
    to_pictures,
)
from strokes.ink.labels import number_labels
from strokes.ink.pictures import FRAME_PX, ImageSet, make_image_set
from strokes.metrics.pictures import render_set, score_pictures
from strokes.recovery.large_ink import read_pieces
from strokes.recovery.pages import SCANS, Page, assemble, with_scans
from strokes.recovery.pointer.calibration import Calibration
from strokes.recovery.pointer.decoding import UNUSED, Walks
from strokes.recovery.pointer.large_pictures import find_glyphs
from strokes.recovery.pointer.network import GO, PenNetwork
from strokes.recovery.pointer.recipe import KIND as PENS
from strokes.recovery.pointer.recipe import PenRecipe
from strokes.recovery.pointer.risk import Chosen, choose_walks, to_drawings
from strokes.recovery.refinement import Refinement, refine
from strokes.recovery.tracing.trace import trace_block
from strokes.training.checkpoints import Model, ready
from strokes.training.recipes import parse_recipe

SOFTNESS = 150.0


PENS_AT_ONCE = 1000
"""Pens that walk at a time; their pictures have about as much ink."""


GLYPHS_AT_ONCE = 2000
"""Pieces of large pictures that are held at a time."""


DOUBTFUL = 0.5
"""A drawing below this confidence is flagged."""


POOR_F1 = 0.9
"""So is one that fits its picture worse than this; it is traced instead where that fits better."""


@dataclass(frozen=True)
class PenRecovery:
    """A pen network and how its walks are chosen and refined.

    Attributes:
        network: not training.
        recipe: that it was trained by.
        calibration: of the confidence.
        hypotheses: walks a picture; 0 for as many as the recipe says.
        temperature: of those drawn at random.
        refinement: gradient steps on the chosen walk.
        scores: whether to score each drawing against its picture.
        seed: of the hypotheses.
        direction: of the writing on pages: "ltr", "rtl" or "ttb".
    """

    network: PenNetwork
    recipe: PenRecipe
    calibration: Calibration = field(default_factory=Calibration)
    hypotheses: int = 0
    temperature: float = 1.0
    refinement: Refinement = field(default_factory=Refinement)
    scores: bool = True
    seed: int = 0
    direction: str = "ltr"

    @property
    def walks(self) -> int:
        """Walks a picture."""
        return self.hypotheses or self.recipe.hypotheses

    def block(self, pictures: ImageSet) -> DrawingSet:
        """The drawings of one block of pictures, in their own unit squares; missing or strange labels are no matter."""
        drawings = trace_poor(self._walked(pictures), pictures)
        told = drawings.scores if self.scores else {"confidence": drawings.scores["confidence"]}
        return replace(drawings, scores=told)

    def _walked(self, pictures: ImageSet) -> DrawingSet:
        """The network's drawings, small pictures and large ones."""
        if pictures.fine is None:
            return self._small(pictures)
        pictures = replace(pictures, metadata=pictures.metadata or ("{}",) * len(pictures))
        large = np.array([fine is not None for fine in pictures.fine], bool)
        if not large.any():
            return with_scans(self._small(pictures))
        small = np.flatnonzero(~large)
        parts = [self._large(pictures.select(np.flatnonzero(large)))]
        parts += [with_scans(self._small(pictures.select(small)))] if len(small) else []
        return join(parts).select(np.argsort(np.concatenate([np.flatnonzero(large), small])))

    def _large(self, pictures: ImageSet) -> DrawingSet:
        """The drawings of pictures that are all larger than the frame."""
        pages = [Page(fine) for fine in pictures.fine or () if fine is not None]
        single = [label >= 0 and len(pictures.classes[label]) == 1 for label in pictures.labels.tolist()]
        labels = np.where(np.array(single, bool), pictures.labels, UNLABELLED)
        pieces = (
            piece
            for i, page in enumerate(pages)
            for piece in read_pieces(page.fine, picture=i, direction=self.direction, single=single[i])
        )
        waiting = find_glyphs(pieces)
        while glyphs := list(islice(waiting, GLYPHS_AT_ONCE)):
            owner = np.array([glyph.piece.picture for glyph in glyphs], np.int64)
            framed = np.array([glyph.framed for glyph in glyphs], np.bool_)
            chosen, points_px = self.draw(make_image_set(framed, labels=labels[owner], classes=pictures.classes))
            told = self.calibration.confidence(chosen)
            for glyph, walked, sure in zip(glyphs, to_drawings(points_px, chosen.walks.flags), told, strict=True):
                pages[glyph.piece.picture].add(glyph.piece, glyph.strokes(walked.strokes), float(sure))
        return assemble(pages, pictures)

    def _small(self, pictures: ImageSet) -> DrawingSet:
        """The drawings of pictures no larger than the frame; one without ink has no stroke and no confidence."""
        inked = np.flatnonzero(pictures.images.any(axis=(1, 2)))
        chosen, points_px = self.draw(pictures.select(inked))
        drawings = self._assemble(pictures, inked, chosen.walks.flags, points_px)
        confidence = np.zeros(len(pictures), np.float32)
        confidence[inked] = self.calibration.confidence(chosen)
        fit = score_pictures(render_set(drawings), pictures.images)
        scores = {"confidence": confidence, "mse": np.full(len(pictures), np.nan, np.float32)} | fit
        if self.scores:
            scores["mse"] = soft_error(drawings, pictures.images)
        flagged = (confidence < DOUBTFUL) | (fit["f1"] < POOR_F1)
        return to_pictures(replace(drawings, scores=scores, flagged=flagged))

    def draw(self, pictures: ImageSet) -> tuple[Chosen, FloatArray]:
        """The chosen walks over pictures that have ink, and their points (n, steps, 2) in px, refined."""
        order = np.argsort(pictures.images.sum(axis=(1, 2)), kind="stable")
        together = max(PENS_AT_ONCE // self.walks, 1)
        parts = [self._walk(pictures.select(rows)) for rows in chunks(order, together)]
        chosen = join_chosen(parts, order)
        points = torch.from_numpy(chosen.walks.points_px)
        down = torch.from_numpy(chosen.walks.flags[:, :-1] == GO)
        points = refine(points, down, torch.from_numpy(pictures.images), self.refinement)
        return chosen, (np.round(points.numpy() * (GRID / FRAME_PX)) * (FRAME_PX / GRID)).astype(np.float32)

    def _walk(self, pictures: ImageSet) -> Chosen:
        labels = torch.from_numpy(number_labels(pictures, self.recipe.class_names))
        labels = torch.where(labels < 0, self.recipe.network.classes, labels)
        images = torch.from_numpy(pictures.images)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16()):
            return choose_walks(
                self.network,
                self.network.look(images, labels),
                pictures.images,
                hypotheses=self.walks,
                temperature=self.temperature,
                seed=self.seed,
            )

    def _assemble(
        self, pictures: ImageSet, inked: NDArray[np.intp], flags: NDArray[np.int64], points_px: FloatArray
    ) -> DrawingSet:
        everyone = np.full((len(pictures), flags.shape[1]), UNUSED, np.int64)
        everyone[inked] = flags
        places = np.zeros((*everyone.shape, 2), np.float32)
        places[inked] = points_px
        return replace(to_drawings(places, everyone), **pictures.shared())


@torch.inference_mode()
def soft_error(drawings: DrawingSet, images: BoolArray) -> FloatArray:
    """Mean squared error (n,) of the differentiable rendering of drawings in the frame against pictures (n, 28, 28)."""
    counts = np.diff(drawings.stroke_offsets[drawings.drawing_offsets])
    most = max(int(counts.max(initial=0)), 2)
    owner = np.repeat(np.arange(len(drawings)), counts)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    points = np.zeros((len(drawings), most, 3), np.float32)
    points[..., 2] = SOFTNESS
    points[owner, place, :2] = drawings.points
    down = np.zeros((len(drawings), most), np.float32)
    down[owner, place] = 1
    ends = drawings.stroke_offsets[1:] - 1
    down[owner[ends], place[ends]] = 0
    drawn = raster.rasterise(torch.from_numpy(points), compose="max", weights=torch.from_numpy(down[:, :-1]).clone())
    error: FloatArray = (drawn - torch.from_numpy(images).float()).square().mean(dim=(1, 2)).numpy()
    return error


def trace_poor(drawings: DrawingSet, pictures: ImageSet) -> DrawingSet:
    """The drawings, those that fit their pictures poorly traced instead where that fits better.

    The network was at a loss there; nothing of the ink should be. They stay flagged, and no surer than they were.
    """
    small = np.array([fine is None for fine in pictures.fine or (None,) * len(pictures)], bool)
    poor = np.flatnonzero((drawings.scores["f1"] < POOR_F1) & small)
    if not len(poor):
        return drawings
    traced = trace_block(pictures.select(poor))
    better = np.flatnonzero(traced.scores["f1"] > drawings.scores["f1"][poor])
    if len(better) == 0:
        return drawings
    rows, found = poor[better], traced.select(better)
    confidence, mse = (drawings.scores[name][rows] for name in ("confidence", "mse"))
    known = ~np.isnan(mse)
    mse[known] = soft_error(to_frames(found).select(np.flatnonzero(known)), pictures.images[rows[known]])
    kept = {"confidence": confidence, "mse": mse} | {name: drawings.scores[name][rows] for name in SCANS if name in drawings.scores}
    found = replace(found, scores=kept | dict(found.scores), flagged=np.ones(len(rows), np.bool_))
    order = np.arange(len(drawings))
    order[rows] = len(drawings) + np.arange(len(rows))
    return join([drawings, found]).select(order)


def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 matrices natively: then that is several times as fast."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return supported is not None and bool(supported())


def chunks(order: NDArray[np.intp], size: int) -> Iterator[NDArray[np.intp]]:
    """`order` in pieces of `size`; one empty piece when there is nothing."""
    yield from (order[i : i + size] for i in range(0, max(len(order), 1), size))


def join_chosen(parts: list[Chosen], order: NDArray[np.intp]) -> Chosen:
    """What was chosen for pictures `order`, part by part, as one, in the pictures' own order."""
    back = np.argsort(order, kind="stable")
    steps = max(part.walks.flags.shape[1] for part in parts)

    def padded(name: str, fill: int) -> NDArray[Any]:
        arrays = [getattr(part.walks, name) for part in parts]
        wide = [
            np.pad(a, ((0, 0), (0, steps - a.shape[1]), *(((0, 0),) * (a.ndim - 2))), constant_values=fill)
            for a in arrays
        ]
        joined: NDArray[Any] = np.concatenate(wide)[back]
        return joined

    walks = Walks(
        tokens=padded("tokens", 0),
        flags=padded("flags", UNUSED),
        points_px=padded("points_px", 0),
        likelihood=np.concatenate([part.walks.likelihood for part in parts])[back],
    )
    single = ("fit", "apart_px", "turned", "reordered", "contested", "surprise")
    return Chosen(walks, *(np.concatenate([getattr(part, name) for part in parts])[back] for name in single))


def load_pen_network(model: Model, *, device: str | torch.device = "cpu") -> tuple[PenNetwork, PenRecipe, Calibration]:
    """A pen network ready to draw, its recipe, and its confidence's calibration. Raises `ConfigError`."""
    if model.kind != PENS:
        raise ConfigError(f"{model.path} is a network of a {model.kind} recipe; expected a pen network")
    recipe: PenRecipe = parse_recipe(PenRecipe, model.settings)
    told = model.described.get("calibration")
    calibration = Calibration() if told is None else Calibration.from_json(told)
    network = ready(PenNetwork(recipe.network), model, device)
    network.look.apply(channels_last)
    return network, recipe, calibration


def channels_last(module: nn.Module) -> None:
    """Lay a convolution's weights out so that it is a fifth faster on the processor."""
    if isinstance(module, nn.Conv2d):
        module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
