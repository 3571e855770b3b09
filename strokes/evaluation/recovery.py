"""Judges a way of recovering strokes against real pens: draws each recording as a picture, recovers it, compares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from strokes.errors import ConfigError, ShapeError
from strokes.evaluation.drawings_report import DrawingsReport
from strokes.evaluation.gallery import choose_examples
from strokes.ink.drawing import BoolArray, DrawingSet, FloatArray, join
from strokes.ink.labels import DIGITS
from strokes.ink.pictures import FRAME_PX, ImageSet
from strokes.ink.recordings import PenSet
from strokes.ink.rendering import PEN_PX, pen_pictures, write_pictures
from strokes.metrics.papers import box_dtw, measure_overlap
from strokes.metrics.pens import score_pens
from strokes.metrics.pictures import PICTURE_METRICS, render_set, score_pictures
from strokes.metrics.writing import score_writing
from strokes.recognition.classifier import read_correctly

PENS_A_BLOCK = 1000
TOLD = ("confidence",)
"""Scores that a way of recovering gives itself."""
Recover = Callable[[ImageSet], DrawingSet]
PER_WRITER = 20


def choose_pens(
    pens: PenSet, *, held_out: bool = False, per_writer: int = PER_WRITER, limit: int | None = None
) -> PenSet:
    """The recordings to judge by, in their order, chosen by a fixed seed.

    Args:
        pens: all that there are.
        held_out: only those of writers and alphabets that are kept out of training.
        per_writer: at most so many of each writer, so that the busy ones don't outweigh the others; 0 for all.
        limit: at most so many in all.

    Raises:
        ConfigError: none is left.
    """
    if held_out:
        pens = pens.select(np.flatnonzero(pens.held_out))
    if per_writer:
        pens = pens.capped(per_writer)
    if limit is not None and limit < len(pens):
        pens = pens.select(np.sort(np.random.default_rng(0).permutation(len(pens))[:limit]))
    if not len(pens):
        raise ConfigError("no pen recording is left to judge by; its writers may all be in training, or --limit is 0")
    return pens


def judge_pens(pens: PenSet, recover: Recover, *, title: str, about: Mapping[str, str] | None = None) -> DrawingsReport:
    """How `recover` does on the pictures of recordings in the frame, against what the pens did.

    Args:
        pens: the truth.
        recover: thinned pictures, with labels, to drawings in the same order.
        title: of the report.
        about: what else it should say.
    """
    pictures = replace(pen_pictures(pens.drawings), writers=pens.writers)
    parts = []
    with tqdm(total=len(pens), unit=" drawings", disable=None) as bar:
        for start in range(0, len(pens), PENS_A_BLOCK):
            parts.append(recover(pictures.select(slice(start, start + PENS_A_BLOCK))))
            bar.update(len(parts[-1]))
    told = {name: np.concatenate([part.scores[name] for part in parts]) for name in TOLD if name in parts[0].scores}
    found = replace(
        join([bare(part) for part in parts]), images=pictures.images, labels=pictures.labels, classes=pictures.classes
    )
    scores = score_pens(pens.drawings, found)
    drawn = render_set(found)
    like_papers = {
        "AIoU": measure_overlap(drawn, write_pictures(pens.drawings, width_px=PEN_PX)),
        "LDTW": box_dtw(pens.drawings, scores["dtw"]),
    }
    scores |= judge_ink(found) | like_papers | told
    causes = find_causes(scores)
    counts = {"strokes a drawing": strokes_of, "points a drawing": points_of}
    spreads = {
        name: f"{mean_spread(of(found))}; the pens': {mean_spread(of(pens.drawings))}" for name, of in counts.items()
    }
    return DrawingsReport(
        title=title,
        about={
            **(about or {}),
            "drawings": f"{len(pens):,} of {len(set(pens.writers)):,} writers",
            **spreads,
            "the pens' own writing": describe_writing(score_writing(pens.drawings, images_of(found))),
        },
        scores=scores,
        labels=[name or "" for name in pens.names],
        writers=pens.writers,
        causes=causes,
        gallery=choose_examples(found, scores, truth=pens.drawings, causes=causes),
    )


def bare(drawings: DrawingSet) -> DrawingSet:
    """A set with nothing but its strokes, so that any two can be joined."""
    return DrawingSet(
        points=drawings.points,
        stroke_offsets=drawings.stroke_offsets,
        drawing_offsets=drawings.drawing_offsets,
        classes=(),
        labels=np.full(len(drawings), -1, np.int64),
        sizes=drawings.sizes,
        frames=drawings.frames,
        split=drawings.split,
        source_index=drawings.source_index,
    )


def judge_ink(found: DrawingSet) -> dict[str, FloatArray]:
    """Scores (n,) of drawings in the frame against the pictures they carry, and as writing; of digits also as read.

    `read` is 1 where the shipped classifier reads the hard rendering as its label, `read_picture` where it reads the
    picture itself.

    Raises:
        ShapeError: the set carries no pictures.
    """
    images = images_of(found)
    height, width = images.shape[1:]
    drawn = render_set(found, size=max(height, width))[:, :height, :width]
    scores = score_pictures(drawn, images, names=PICTURE_METRICS)
    if found.classes == DIGITS and (height, width) == (FRAME_PX, FRAME_PX) and (found.labels >= 0).all():
        scores["read"] = read_correctly(drawn, found.labels).astype(np.float32)
        scores["read_picture"] = read_correctly(images, found.labels).astype(np.float32)
    if (height, width) == (FRAME_PX, FRAME_PX):
        scores |= score_writing(found, images)
    return scores


def describe_writing(scores: Mapping[str, FloatArray]) -> str:
    """The means of figures of writing, in words."""
    known = {name: values[~np.isnan(values)] for name, values in scores.items()}
    return ", ".join(f"{name} {values.mean():.3f}" for name, values in known.items() if len(values))


def images_of(drawings: DrawingSet) -> BoolArray:
    """The pictures that a set carries. Raises `ShapeError` when it carries none."""
    if drawings.images is None:
        raise ShapeError("the drawings come without pictures; expected some to judge them by")
    return drawings.images


def find_causes(scores: Mapping[str, FloatArray]) -> dict[str, BoolArray]:
    """What is wrong with which drawings (n,), each under the first that holds."""
    left = np.ones(len(scores["dtw"]), np.bool_)
    causes = {}
    for name, which in each_cause(scores):
        causes[name] = left & which
        left &= ~which
    return causes


def each_cause(scores: Mapping[str, FloatArray]) -> Iterator[tuple[str, BoolArray]]:
    """What may be wrong, the plainest first."""
    yield "the ink is missed (f1 < 0.95)", scores["f1"] < 0.95
    yield "another number of strokes", scores["strokes"] < 1
    yield "walked backwards (direction < 0.8)", scores["direction"] < 0.8
    yield "in another order (order < 0.6)", scores["order"] < 0.6
    yield "begun elsewhere (3 px or more)", scores["start"] < 1


def strokes_of(drawings: DrawingSet) -> FloatArray:
    """How many strokes each drawing has."""
    return np.diff(drawings.drawing_offsets).astype(np.float32)


def points_of(drawings: DrawingSet) -> FloatArray:
    """How many points each drawing has."""
    return np.diff(drawings.stroke_offsets[drawings.drawing_offsets]).astype(np.float32)


def mean_spread(values: FloatArray) -> str:
    """Mean ± standard deviation."""
    return f"{values.mean():.2f} ± {values.std():.2f}" if len(values) else "none"
