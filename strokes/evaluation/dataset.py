"""Judges a dataset file's drawings against the pictures that it holds; no pen's truth is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

import raster
from strokes.errors import ConfigError
from strokes.evaluation.gallery import choose_examples
from strokes.evaluation.recovery import images_of, judge_ink, points_of, spread
from strokes.evaluation.report import Report
from strokes.ink.drawing import DrawingSet, FloatArray, IntArray
from strokes.metrics.pictures import PICTURE_METRICS, judge_large
from strokes.metrics.scans import score_scan
from strokes.store.reader import DatasetFile, open_dataset

BLOCK = 1000


def judge_dataset(path: Path, *, split: str = "all", limit: int | None = None) -> Report:
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
        blocks = tqdm(stored.blocks(chosen, size=BLOCK), total=-(-len(chosen) // BLOCK), disable=None)
        found = [score_block(block, stored.attributes) for block in blocks]
        scores = {name: np.concatenate([block[name] for block in found]) for name in found[0]}
        return Report(
            title=path.name,
            about={"drawings": f"{len(chosen):,}", "split": split} | tell(stored, chosen, scores["f1"]),
            scores=scores,
            labels=[(*stored.classes, "")[label] for label in stored.column("labels")[chosen].tolist()],
            writers=[""] * len(chosen),
            gallery=show(stored, chosen, scores),
        )


def tell(stored: DatasetFile, chosen: IntArray, f1: FloatArray) -> dict[str, str]:
    """What a dataset says of itself, in words."""
    offsets = stored.column("drawing_offsets")
    points = stored.column("stroke_offsets")[offsets]
    flagged = stored.column("flagged")[chosen].astype(np.bool_)
    rest = f"{f1[~flagged].mean():.4f}" if not flagged.all() else "–"
    model = stored.attributes.get("model")
    return {
        **({"model": str(model)} if model else {}),
        "strokes a drawing": spread(np.diff(offsets)[chosen]),
        "points a drawing": spread(np.diff(points)[chosen]),
        "flagged": f"{flagged.mean():.2%}, f1 of the rest {rest}",
    }


def show(stored: DatasetFile, chosen: IntArray, scores: Mapping[str, FloatArray]) -> Mapping[str, Any]:
    """The gallery, without keeping all drawings in memory: those near the ends, and as many random ones."""
    ranked = np.argsort(scores["chamfer"], kind="stable")
    random = np.random.default_rng(0).permutation(len(chosen))
    rows = np.unique(np.concatenate([ranked[:50], ranked[-50:], random[:100]]))
    drawings = to_frame(stored.read(chosen[rows]))
    return choose_examples(drawings, {name: values[rows] for name, values in scores.items()})


def score_block(drawings: DrawingSet, attributes: Mapping[str, Any]) -> dict[str, FloatArray]:
    """Scores (n,) of drawings in their pictures' unit squares; `mse` among them where the softness is known."""
    framed = to_frame(drawings)
    scores = judge_ink(framed)
    scores |= judge_scans(drawings, scores)
    if "softness" not in framed.point_columns:
        return scores
    recipe = attributes.get("recipe")
    compose = recipe.get("drawing", {}).get("compose", "sum") if isinstance(recipe, Mapping) else "sum"
    return {"mse": soft_error(framed, compose=str(compose)), **scores}


def judge_scans(drawings: DrawingSet, scores: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Scores (n,) that take the place of the frame's where pictures are larger, in their own resolution.

    `covered` and `on` are NaN for pictures no larger than the frame; nothing without larger ones.
    """
    if drawings.fine is None:
        return {}
    found = {name: scores[name].copy() for name in PICTURE_METRICS} | {
        name: np.full(len(drawings), np.nan, np.float32) for name in ("covered", "on")
    }
    for i, fine in enumerate(drawings.fine):
        if fine is not None:
            strokes = drawings[i].strokes
            told = judge_large(strokes, fine.ink)
            told |= dict(zip(("covered", "on"), score_scan(strokes, fine.mask, pen_px=fine.pen_px), strict=True))
            for name, value in told.items():
                found[name][i] = value
    return found


def to_frame(drawings: DrawingSet) -> DrawingSet:
    """Drawings in their own pictures' unit squares, moved back to the frame's by their `frames`."""
    rows = np.repeat(np.arange(len(drawings)), points_of(drawings).astype(np.int64))
    scale, offset = drawings.frames[rows, :1], drawings.frames[rows, 1:]
    return replace(drawings, points=((drawings.points - offset) / scale).astype(np.float32))


@torch.inference_mode()
def soft_error(drawings: DrawingSet, *, compose: str) -> FloatArray:
    """Mean squared error (n,) of the differentiable rendering against the pictures."""
    images = images_of(drawings)
    counts = points_of(drawings).astype(np.int64)
    longest = max(int(counts.max(initial=0)), 2)
    points = np.zeros((len(drawings), longest, 3), np.float32)
    weights = np.zeros((len(drawings), longest), np.float32)
    inside = np.arange(longest) < counts[:, None]
    points[inside] = np.column_stack([drawings.points, drawings.point_columns["softness"]])
    down = np.ones(len(drawings.points), np.float32)
    down[drawings.stroke_offsets[1:] - 1] = 0
    weights[inside] = down
    drawn = raster.rasterise(
        torch.from_numpy(points), size=images.shape[1:], compose=compose, weights=torch.from_numpy(weights[:, :-1])
    )
    error: FloatArray = ((drawn - torch.from_numpy(images).float()) ** 2).mean(dim=(1, 2)).numpy()
    return error
