"""Judges a dataset file's drawings against the pictures that it holds; no pen's truth is needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from strokes.errors import ConfigError
from strokes.evaluation.drawings_report import DrawingsReport
from strokes.evaluation.gallery import choose_examples
from strokes.evaluation.recovery import images_of, judge_ink, mean_spread
from strokes.ink.drawing import IDENTITY_FRAME, DrawingSet, FloatArray, IntArray, to_frames
from strokes.metrics.pictures import PICTURE_METRICS, judge_large
from strokes.metrics.rasterised import soft_error
from strokes.metrics.scans import near_line, score_scan
from strokes.metrics.writing import WRITING_METRICS
from strokes.store.reader import DatasetFile, open_dataset

JUDGED_AT_ONCE = 1000
REAL_PENS = (
    "hook 0.04, tail 0.01, short 0.54, retrace 1.05, reversals 0.17, turn 0.20 (pendigits); "
    "0.08, 0.01, 0.52, 1.05, 0.31, 0.25 (UNIPEN digits)"
)
"""What held-out writers' own digits have of `WRITING_METRICS`, as `evaluate --pens … --held-out` prints it."""


def judge_dataset(path: Path, *, split: str = "all", limit: int | None = None) -> DrawingsReport:
    """How well the drawings of a dataset file match its pictures, and how many it marks as doubtful.

    Args:
        path: a dataset file that holds pictures.
        split: "train", "test", "none" or "all".
        limit: at most so many drawings, chosen by a fixed seed.

    Raises:
        StoreError: the file can't be read, or the split is unknown.
        ConfigError: it holds no pictures, or no such drawing.
    """
    with open_dataset(path) as stored:
        chosen = stored.indices(split)
        if limit is not None and limit < len(chosen):
            chosen = np.sort(np.random.default_rng(0).permutation(chosen)[:limit])
        if "images" not in stored.names or not len(chosen):
            missing = "no drawings to judge" if "images" in stored.names else "no pictures to judge its drawings by"
            raise ConfigError(f"{path} holds {missing}")
        blocks = tqdm(stored.blocks(chosen, size=JUDGED_AT_ONCE), total=-(-len(chosen) // JUDGED_AT_ONCE), disable=None)
        found = [score_block(block, stored.attributes) for block in blocks]
        scores = {name: np.concatenate([block[name] for block in found]) for name in found[0]}
        scores = {name: values for name, values in scores.items() if not np.isnan(values).all()}
        return DrawingsReport(
            title=path.name,
            about={"drawings": f"{len(chosen):,}", "split": split} | about_dataset(stored, chosen, scores),
            scores=scores,
            labels=[(*stored.classes, "")[label] for label in stored.column("labels")[chosen].tolist()],
            writers=[""] * len(chosen),
            gallery=show(stored, chosen, scores),
        )


def about_dataset(stored: DatasetFile, chosen: IntArray, scores: Mapping[str, FloatArray]) -> dict[str, str]:
    """What a dataset says of itself, in words."""
    offsets = stored.column("drawing_offsets")
    points = stored.column("stroke_offsets")[offsets]
    flagged = stored.column("flagged")[chosen].astype(np.bool_)
    rest = f"{scores['f1'][~flagged].mean():.4f}" if not flagged.all() else "–"
    model = stored.attributes.get("model")
    return {
        **({"model": str(model)} if model else {}),
        **({"real pens' writing": REAL_PENS} if "hook" in scores else {}),
        "strokes a drawing": mean_spread(np.diff(offsets)[chosen]),
        "points a drawing": mean_spread(np.diff(points)[chosen]),
        "flagged": f"{flagged.mean():.2%}, f1 of the rest {rest}",
    }


def show(stored: DatasetFile, chosen: IntArray, scores: Mapping[str, FloatArray]) -> Mapping[str, Any]:
    """The gallery, without keeping all drawings in memory: those near the ends, and as many random ones."""
    ranked = np.argsort(scores["chamfer"], kind="stable")
    random = np.random.default_rng(0).permutation(len(chosen))
    rows = np.unique(np.concatenate([ranked[:50], ranked[-50:], random[:100]]))
    return choose_examples(to_looks(stored.read(chosen[rows])), {name: values[rows] for name, values in scores.items()})


def to_looks(drawings: DrawingSet) -> DrawingSet:
    """Drawings as they are shown: in the frame, those of larger pictures in these."""
    if drawings.fine is None:
        return to_frames(drawings)
    large = np.array([fine is not None for fine in drawings.fine])
    frames = np.where(large[:, None], np.array(IDENTITY_FRAME, np.float32), drawings.frames)
    return to_frames(replace(drawings, frames=frames))


def score_block(drawings: DrawingSet, attributes: Mapping[str, Any]) -> dict[str, FloatArray]:
    """Scores (n,) of drawings in their pictures' unit squares; `mse` among them where the softness is known."""
    framed = to_frames(drawings)
    scores = judge_ink(framed)
    scores |= judge_scans(drawings, scores)
    if "softness" not in framed.point_columns:
        return scores
    recipe = attributes.get("recipe")
    compose = recipe.get("drawing", {}).get("compose", "sum") if isinstance(recipe, Mapping) else "sum"
    return {"mse": soft_error(framed, images_of(framed), compose=str(compose)), **scores}


def judge_scans(drawings: DrawingSet, scores: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Scores (n,) that take the place of the frame's where pictures are larger, in their own resolution.

    `covered` and `on` are NaN for pictures no larger than the frame, figures of writing for those of several
    glyphs, which no frame shows; nothing without larger ones.
    """
    if drawings.fine is None:
        return {}
    framed = (name for name in (*PICTURE_METRICS, *WRITING_METRICS) if name in scores)
    found = {name: scores[name].copy() for name in framed} | {
        name: np.full(len(drawings), np.nan, np.float32) for name in ("covered", "on")
    }
    for i, fine in enumerate(drawings.fine):
        if fine is not None:
            strokes = drawings[i].strokes
            told = judge_large(strokes, fine.ink, near_line(fine.pen_px))
            told |= dict(zip(("covered", "on"), score_scan(strokes, fine.mask, pen_px=fine.pen_px), strict=True))
            if drawings.metadata is not None and "glyphs" in json.loads(drawings.metadata[i] or "{}"):
                told |= dict.fromkeys(found.keys() & WRITING_METRICS, np.nan)
            for name, value in told.items():
                found[name][i] = value
    return found
