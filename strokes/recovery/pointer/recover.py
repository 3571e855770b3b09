"""Pictures to drawings with a pen network: hypotheses, refinement, confidence, scores; block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from strokes.errors import ConfigError
from strokes.ink.drawing import (
    GRID,
    UNLABELLED,
    DrawingSet,
    FloatArray,
    join,
    to_frames,
    to_pictures,
)
from strokes.ink.labels import number_labels
from strokes.ink.pictures import FRAME_PX, ImageSet, make_image_set
from strokes.metrics.pictures import render_set, score_pictures
from strokes.metrics.rasterised import soft_error
from strokes.metrics.scans import SCAN_SCORES
from strokes.recovery.large_ink import Drawn, PieceInk
from strokes.recovery.pages import DOUBTFUL, PageDrawing, assemble, with_scans
from strokes.recovery.pointer.byte_maps import ByteMaps, find_peaks
from strokes.recovery.pointer.calibration import Calibration
from strokes.recovery.pointer.cell import allows_bytes, lowered_type, multiplies_bfloat16
from strokes.recovery.pointer.decoding import UNUSED, Walks, join_walks
from strokes.recovery.pointer.endings import meet_ends
from strokes.recovery.pointer.habits import Bearing, Habits
from strokes.recovery.pointer.large_pictures import FramedGlyph, left_out, read_parts, walk_strips
from strokes.recovery.pointer.network import GO, InkTokens, PenNetwork
from strokes.recovery.pointer.recipe import PENS, PenRecipe
from strokes.recovery.pointer.risk import GOOD_F1, Chosen, choose_walks, to_drawings
from strokes.recovery.pointer.second_network import SecondWalks
from strokes.recovery.refinement import Refinement, refine
from strokes.recovery.tracing.trace import trace_block
from strokes.training.checkpoints import Model, part, ready
from strokes.training.recipes import parse_recipe

HABITUAL = 2
"""So many times as many walks are drawn where a hand's habits are known."""
PICTURES_AT_ONCE = 1000
"""So many pictures are walked over together at most."""
PAIRS_AT_ONCE = 150_000
"""So many pairs of walks are compared together."""
INKS_AT_ONCE = 250
"""So many pictures, with about as much ink, go through the convolutions together."""
TOKENS_WHOLE = 8
"""Tokens are padded to a multiple of this: products of few sizes."""
PARTS_AT_ONCE = 1000
"""Glyphs and lines of large pictures that are held at a time."""
POOR_F1 = 0.9
"""So is one that fits its picture worse than this; it is traced instead where that fits better."""


@dataclass(frozen=True)
class PenRecovery:
    """A pen network and how its walks are chosen and refined.

    Attributes:
        network: not training.
        recipe: that it was trained by.
        calibration: of the confidence; without one, drawings have no score `confidence`.
        hypotheses: walks a picture; 0 for one, and as many as the recipe says where that is unsure or misfits.
        temperature: of those drawn at random.
        refinement: gradient steps on the chosen walk.
        scores: whether to score each drawing against its picture.
        seed: of the hypotheses.
        habits: of the hands that wrote the pictures, where they are known.
        direction: of the writing on pages: "ltr", "rtl" or "ttb".
        strips: whether the network of many strokes walks over glyphs of large pictures, as strips: those that nobody
            names, and those of whose ink the walk in the frame leaves some out.
        second: whose walks over small pictures are there to choose from, too, where several are asked for.
    """

    network: PenNetwork
    recipe: PenRecipe
    calibration: Calibration | None = None
    hypotheses: int = 0
    temperature: float = 1.0
    refinement: Refinement = field(default_factory=Refinement)
    scores: bool = True
    seed: int = 0
    habits: Habits | None = None
    direction: str = "ltr"
    strips: bool = False
    second: SecondWalks | None = None

    @property
    def walks(self) -> int:
        """Walks a picture; where habits choose among them, more are worth their time."""
        usual = self.recipe.hypotheses * (HABITUAL if self.habits is not None else 1)
        return self.hypotheses or usual

    @property
    def unsure_walks(self) -> int:
        """Walks over a picture that the likeliest doesn't settle."""
        return self.recipe.unsure_hypotheses or self.recipe.hypotheses

    @cached_property
    def byte_maps(self) -> ByteMaps:
        """The encoder's convolutions in bytes."""
        return ByteMaps(self.network.encoder, find_peaks(self.network.encoder))

    def block(self, pictures: ImageSet) -> DrawingSet:
        """The drawings of one block of pictures, in their own unit squares; missing or strange labels are no matter."""
        drawings = trace_poor(self._walked(pictures), pictures)
        kept = set(drawings.scores) if self.scores else {"confidence"}
        if self.calibration is None:
            kept.discard("confidence")
        return replace(drawings, scores={name: drawings.scores[name] for name in drawings.scores if name in kept})

    def confidence(self, chosen: Chosen) -> FloatArray:
        """The chance (n,) that each drawing is right; NaN where no calibration says so."""
        if self.calibration is None:
            return np.full(len(chosen.fit), np.nan, np.float32)
        return self.calibration.confidence(chosen)

    def _walked(self, pictures: ImageSet) -> DrawingSet:
        """The network's drawings, small pictures and large ones."""
        if pictures.fine is None:
            return self._small(pictures)
        pictures = replace(pictures, metadata=pictures.metadata or ("{}",) * len(pictures))
        large = pictures.large
        if not large.any():
            return with_scans(self._small(pictures))
        small = np.flatnonzero(~large)
        parts = [self._large(pictures.select(np.flatnonzero(large)))]
        parts += [with_scans(self._small(pictures.select(small)))] if len(small) else []
        return join(parts).select(np.argsort(np.concatenate([np.flatnonzero(large), small])))

    def _large(self, pictures: ImageSet) -> DrawingSet:
        """The drawings of pictures that are all larger than the frame: lines of text as strips, but for glyphs."""
        pages = [PageDrawing(fine) for fine in pictures.fine or () if fine is not None]
        names = [pictures.classes[label] if label >= 0 else "" for label in pictures.labels.tolist()]
        single = [len(name) == 1 for name in names]
        waiting = (
            part
            for i, page in enumerate(pages)
            for part in read_parts(
                page.fine,
                picture=i,
                direction=self.direction,
                single=single[i],
                simple=names[i].isascii() and single[i],
                unnamed=self.strips and not self.recipe.class_names,
            )
        )
        known = replace(pictures, labels=np.where(np.array(single, bool), pictures.labels, UNLABELLED))
        while parts := list(islice(waiting, PARTS_AT_ONCE)):
            found = self._glyphs(known, [one.piece for one in parts if not one.strips])
            again = left_out(found) if self.strips else []
            found |= walk_strips([*parts, *again], self.seed, self.hypotheses)
            for one in parts:
                pages[one.piece.picture].add(one.piece, *found[one.piece])
        return assemble(pages, pictures)

    def _glyphs(self, pictures: ImageSet, pieces: Sequence[PieceInk]) -> dict[PieceInk, tuple[Drawn, float]]:
        """What was recovered of pieces that are single glyphs, walked over in the frame."""
        if not pieces:
            return {}
        glyphs = [FramedGlyph.of(piece) for piece in pieces]
        owner = np.array([piece.picture for piece in pieces], np.int64)
        writers = None if pictures.writers is None else tuple(pictures.writers[i] for i in owner.tolist())
        framed = np.array([glyph.framed for glyph in glyphs], np.bool_)
        known = make_image_set(framed, labels=pictures.labels[owner], classes=pictures.classes, writers=writers)
        chosen, points_px = self.draw(known)
        told = self.confidence(chosen).tolist()
        walked = to_drawings(points_px, chosen.walks.flags)
        return {
            glyph.piece: (glyph.lay(drawing.strokes), sure)
            for glyph, drawing, sure in zip(glyphs, walked, told, strict=True)
        }

    def _small(self, pictures: ImageSet) -> DrawingSet:
        """The drawings of pictures no larger than the frame; one without ink has no stroke and no confidence."""
        inked = np.flatnonzero(pictures.images.any(axis=(1, 2)))
        chosen, points_px = self.draw(pictures.select(inked))
        drawings = self._assemble(pictures, inked, chosen.walks.flags, points_px)
        confidence = np.zeros(len(pictures), np.float32)
        confidence[inked] = self.confidence(chosen)
        fit = score_pictures(render_set(drawings), pictures.images)
        scores = {"confidence": confidence, "mse": np.full(len(pictures), np.nan, np.float32)} | fit
        if self.scores:
            scores["mse"] = soft_error(drawings, pictures.images, compose="max")
        flagged = (confidence < DOUBTFUL) | (fit["f1"] < POOR_F1)
        return to_pictures(replace(drawings, scores=scores, flagged=flagged))

    def draw(self, pictures: ImageSet) -> tuple[Chosen, FloatArray]:
        """The chosen walks over pictures that have ink, and their points (n, steps, 2) in px, refined."""
        chosen = self._choose(pictures)
        points = torch.from_numpy(chosen.walks.points_px)
        down = torch.from_numpy(chosen.walks.flags[:, :-1] == GO)
        refined = refine(points, down, torch.from_numpy(pictures.images), self.refinement).numpy()
        points_px = meet_ends(refined, chosen.walks.flags, pictures.images)
        return chosen, (np.round(points_px * (GRID / FRAME_PX)) * (FRAME_PX / GRID)).astype(np.float32)

    def _choose(self, pictures: ImageSet) -> Chosen:
        """The chosen walks over pictures, those with the most ink first, so that no pen walks on alone."""
        order = np.argsort(-pictures.images.sum(axis=(1, 2), dtype=np.int64), kind="stable")
        walks = self.walks + (self.second.hypotheses if self.second else 0)
        together = max(min(PAIRS_AT_ONCE // walks**2, PICTURES_AT_ONCE), 1)
        return join_chosen([self._walk(pictures.select(rows)) for rows in chunks(order, together)], order)

    @torch.inference_mode()
    def _walk(self, pictures: ImageSet) -> Chosen:
        """Where nothing else is asked for, several walks only where the likeliest misfits or is unsure."""
        with torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16()):
            ink = self._encode(pictures)
            if self.hypotheses or self.habits is not None:
                return self._walk_over(ink, pictures, self.walks)
            chosen = self._walk_over(ink, pictures, 1)
            unsure = (chosen.fit < GOOD_F1) | (chosen.doubt[:, 1] > self.recipe.unsure)
            if not unsure.any() or self.unsure_walks == 1:
                return chosen
            again, kept = np.flatnonzero(unsure), np.flatnonzero(~unsure)
            known = chosen.select(again).walks
            ink = ink.select(torch.from_numpy(again))
            more = self._walk_over(ink, pictures.select(again), self.unsure_walks, likeliest=known)
        return join_chosen([chosen.select(kept), more], np.concatenate([kept, again]))

    def _encode(self, pictures: ImageSet) -> InkTokens:
        labels = torch.from_numpy(number_labels(pictures, self.recipe.class_names))
        labels = torch.where(labels < 0, self.recipe.network.classes, labels)
        images = torch.from_numpy(pictures.images)
        parts = chunks(np.arange(len(pictures)), INKS_AT_ONCE)
        encoder = self.network.encoder
        in_bytes = bool(self.recipe.unsure_hypotheses) and allows_bytes(lowered_type("cpu"))
        look = self.byte_maps if in_bytes else encoder.look
        return InkTokens.join(
            [encoder.read(images[rows], labels[rows], look(images[rows]), TOKENS_WHOLE) for rows in parts]
        )

    def _walk_over(self, ink: InkTokens, pictures: ImageSet, hypotheses: int, likeliest: Walks | None = None) -> Chosen:
        return choose_walks(
            self.network,
            ink,
            pictures.images,
            hypotheses=hypotheses,
            temperature=self.temperature,
            seed=self.seed,
            habit=self._bearing(pictures),
            second=self.second if hypotheses > 1 else None,
            likeliest=likeliest,
        )

    def _bearing(self, pictures: ImageSet) -> Bearing | None:
        if self.habits is None:
            return None
        names = [(*pictures.classes, None)[label] for label in pictures.labels.tolist()]
        which = self.habits.of_pictures(names, pictures.writers)
        return Bearing(self.habits, pictures.images, which, self.recipe.habit)

    def _assemble(
        self, pictures: ImageSet, inked: NDArray[np.intp], flags: NDArray[np.int64], points_px: FloatArray
    ) -> DrawingSet:
        everyone = np.full((len(pictures), flags.shape[1]), UNUSED, np.int64)
        everyone[inked] = flags
        places = np.zeros((*everyone.shape, 2), np.float32)
        places[inked] = points_px
        return replace(to_drawings(places, everyone), **pictures.shared())


def trace_poor(drawings: DrawingSet, pictures: ImageSet) -> DrawingSet:
    """The drawings, those that fit their pictures poorly traced instead where that fits better.

    The network was at a loss there; nothing of the ink should be. They stay flagged, and no surer than they were.
    """
    poor = np.flatnonzero((drawings.scores["f1"] < POOR_F1) & ~pictures.large)
    if not len(poor):
        return drawings
    traced = trace_block(pictures.select(poor))
    better = np.flatnonzero(traced.scores["f1"] > drawings.scores["f1"][poor])
    if len(better) == 0:
        return drawings
    rows, found = poor[better], traced.select(better)
    confidence, mse = (drawings.scores[name][rows] for name in ("confidence", "mse"))
    known = ~np.isnan(mse)
    framed = to_frames(found).select(np.flatnonzero(known))
    mse[known] = soft_error(framed, pictures.images[rows[known]], compose="max")
    kept = {"confidence": confidence, "mse": mse}
    kept |= {name: drawings.scores[name][rows] for name in SCAN_SCORES if name in drawings.scores}
    found = replace(found, scores=kept | dict(found.scores), flagged=np.ones(len(rows), np.bool_))
    order = np.arange(len(drawings))
    order[rows] = len(drawings) + np.arange(len(rows))
    return join([drawings, found]).select(order)


def chunks(order: NDArray[np.intp], size: int) -> Iterator[NDArray[np.intp]]:
    """`order` in pieces of `size`; one empty piece when there is nothing."""
    yield from (order[i : i + size] for i in range(0, max(len(order), 1), size))


def join_chosen(parts: list[Chosen], order: NDArray[np.intp]) -> Chosen:
    """What was chosen for pictures `order`, part by part, as one, in the pictures' own order."""
    back = np.argsort(order, kind="stable")
    walks = join_walks([part.walks for part in parts], order)
    single = ("fit", "apart_px", "turned", "reordered", "contested", "surprise", "likeness", "doubt")
    return Chosen(walks, *(np.concatenate([getattr(part, name) for part in parts])[back] for name in single))


def load_pen_network(
    model: Model, *, device: str | torch.device = "cpu"
) -> tuple[PenNetwork, PenRecipe, Calibration | None]:
    """A pen network ready to draw, its recipe, and its confidence's calibration, where it has one.

    Raises:
        ConfigError: it is no pen network, or broken.
    """
    if model.kind != PENS:
        raise ConfigError(f"{model.path} is a network of a {model.kind} recipe; expected a pen network")
    recipe: PenRecipe = parse_recipe(PenRecipe, model.settings)
    text = model.described.get("calibration")
    calibration = None if text is None else Calibration.from_json(text)
    network = ready(PenNetwork(recipe.network), model, device, part(model.tensors, "average.module"))
    network.encoder.apply(channels_last)
    return network, recipe, calibration


def channels_last(module: nn.Module) -> None:
    """Lay a convolution's weights out so that it is a fifth faster on the processor."""
    if isinstance(module, nn.Conv2d):
        module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
