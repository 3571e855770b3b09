"""Several walks over each picture, and the one among them that is chosen.

The first hypothesis takes the likeliest step everywhere; the others are drawn at random. Each is judged as if each of
the others were what the person did, by what recovery is judged by; the likelier ones weigh more, and what a drawing
leaves out of the picture or adds to it counts against it. The best on the mean is chosen: the decision of least Bayes
risk (Kumar and Byrne, "Minimum Bayes-Risk Decoding", 2004). Where people would disagree on an order, that is what most
of them would mind least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.errors import ConfigError
from strokes.ink.drawing import BoolArray, DrawingSet, FloatArray, IntArray, plain_columns
from strokes.ink.pictures import FRAME_PX
from strokes.metrics.pens import START_PX, compare_paths
from strokes.metrics.pictures import render_set, score_pictures
from strokes.metrics.warping import warp_paths
from strokes.metrics.writing import hooked
from strokes.recovery.pointer.decoding import Walks, join_walks, walk
from strokes.recovery.pointer.network import GO, InkTokens, PenNetwork

RIGHT_DIRECTION = 0.5
RIGHT_ORDER = 0.0
"""A drawing is right when its direction and order, as the metrics define them, are above these: it is walked rather the
person's way than against it, and rather in the person's order than in reverse."""
RISK_TEMPERATURE = 30.0
"""A hypothesis that is e^30 times less likely than the best weighs e times less."""
MOST_APART_PX = 6.0
"""Walks further apart than this are as good as any others that have nothing in common."""
GOOD_F1 = 0.97
MISFIT = 6.0
"""What a loss of 1 in f1, below `GOOD_F1`, costs."""
UNNATURAL = 0.05
"""What a false start costs, and an end that turns back: people do so, but seldom."""
LIKELIHOOD = 0.03
"""What a walk e times as likely is worth more, where a habit is known."""
WORTH = (-0.3, 3.0, 1.0, 0.5, 0.5)
"""What each of `JUDGED` counts."""
JUDGED = ("apart_px", "direction", "order", "strokes", "start")


class Habit(Protocol):
    """What is known of the hands that wrote some pictures.

    Attributes:
        counts: what likeness to it counts, beside likeness to the other hypotheses.
    """

    @property
    def counts(self) -> float: ...

    def likeness(self, walks: Walks) -> FloatArray:
        """How like it each walk is: (n, k) for n·k walks over the pictures; NaN where nothing is known."""

    def follow(self, network: PenNetwork, ink: InkTokens, likeliest: Walks) -> Walks:
        """Its own ways over the pictures, as many of each; the likeliest walks (n) for pictures without."""


class Second(Protocol):
    """Another network that walks over the pictures, too."""

    @property
    def hypotheses(self) -> int:
        """Walks a picture."""

    def walks(self, images: BoolArray, own: Walks) -> Walks:
        """Its walks, those of a picture in a row, with likelihoods to be held against those of the network's `own`."""


@dataclass(frozen=True)
class Chosen:
    """The chosen walk of each picture, and what is known of it.

    Attributes:
        walks: one a picture.
        fit: (n,) f1 of each against its picture.
        apart_px: (n,) how far the other hypotheses are from it, on the mean; 0 when there are none.
        turned: (n,) the mean share of each that runs against it.
        reordered: (n,) the mean of 1 - order, 0 to 2, of each against it.
        contested: (n,) the share of them beside which it would not be right in direction and order.
        surprise: (n,) minus the logarithm of its probability, a step.
        likeness: (n,) to what the same hand wrote elsewhere, NaN where nothing of it is known.
        doubt: (n, 2) of the likeliest walk; see `Walks`.
    """

    walks: Walks
    fit: FloatArray
    apart_px: FloatArray
    turned: FloatArray
    reordered: FloatArray
    contested: FloatArray
    surprise: FloatArray
    likeness: FloatArray
    doubt: FloatArray

    def select(self, rows: NDArray[np.intp]) -> Chosen:
        """What is chosen for pictures `rows`, in that order."""
        return Chosen(
            self.walks.select(rows), *(getattr(self, name)[rows] for name in list(Chosen.__dataclass_fields__)[1:])
        )


def choose_walks(
    network: PenNetwork,
    ink: InkTokens,
    images: BoolArray,
    *,
    hypotheses: int,
    temperature: float,
    seed: int,
    habit: Habit | None = None,
    second: Second | None = None,
    likeliest: Walks | None = None,
) -> Chosen:
    """Walk over each picture `hypotheses` times and choose.

    Args:
        network: what walks.
        ink: of the pictures, as the network's `encoder` returns it.
        images: (n, 28, 28) the pictures.
        hypotheses: walks a picture; 1 is the likeliest alone.
        temperature: of the others' random draws.
        seed: of them.
        habit: of the hands that wrote the pictures: it adds its own way to the walks, and is asked how like it each is.
        second: whose walks are there to choose from, too, where several are asked for.
        likeliest: the likeliest walk over each picture, where it is known.

    Raises:
        ConfigError: there is to be no hypothesis.
    """
    if hypotheses < 1:
        raise ConfigError(f"{hypotheses} hypotheses were asked for; expected 1 or more")
    walks = likeliest = walk(network, ink) if likeliest is None else likeliest
    if hypotheses > 1:
        others = hypotheses - 1
        warm = torch.full((len(images) * others,), temperature)
        drawn = walk(network, ink, times=others, temperatures=warm, generator=torch.Generator().manual_seed(seed))
        walks = join_rows([walks, drawn], len(images))
        if second is not None:
            walks = join_rows([walks, second.walks(images, walks)], len(images))
            hypotheses += second.hypotheses
    if habit is None:
        return minimise_bayes_risk(walks, images, hypotheses)
    walks = join_rows([walks, habit.follow(network, ink, likeliest)], len(images))
    liked, count = habit.likeness(walks), len(walks.flags) // len(images)
    return minimise_bayes_risk(walks, images, count, liked, counts=habit.counts, voting=hypotheses)


def join_rows(parts: Sequence[Walks], pictures: int) -> Walks:
    """Walks over the same pictures, as many of each in a row in every part, as one such part."""
    counts = np.array([len(part.flags) // max(pictures, 1) for part in parts])
    starts = np.cumsum(counts) - counts
    rows = np.arange(pictures)[:, None] * counts.sum()
    places = [(rows + start + np.arange(count)).ravel() for start, count in zip(starts, counts, strict=True)]
    return join_walks(parts, np.concatenate(places))


def minimise_bayes_risk(
    walks: Walks,
    images: BoolArray,
    hypotheses: int,
    likeness: FloatArray | None = None,
    *,
    counts: float = 1.0,
    voting: int | None = None,
) -> Chosen:
    """The choice among walks (n·hypotheses) over pictures (n, 28, 28), those of a picture in a row.

    `likeness` (n, hypotheses) says how like each is to what the same hand wrote elsewhere, NaN where nothing is known;
    it `counts` so much beside the likeness to the others. Only the first `voting` of each picture are held to be what
    the person may have done; None stands for all.
    """
    drawings = to_drawings(walks.points_px, walks.flags)
    fit = score_pictures(render_set(drawings), images.repeat(hypotheses, axis=0))["f1"].reshape(-1, hypotheses)
    likelihood = walks.likelihood.reshape(-1, hypotheses)
    likelier = likelihood - likelihood.max(axis=1, keepdims=True)
    weights = np.exp(likelier / RISK_TEMPERATURE) * (np.arange(hypotheses) < (voting or hypotheses))
    alike = judge_walks(walks.points_px, walks.flags, hypotheses)
    worth = np.einsum("nabj,na,j->nb", alike, weights, np.array(WORTH)) / weights.sum(axis=1, keepdims=True)
    hooks = count_hooks(walks).reshape(-1, hypotheses)
    liked = np.full(worth.shape, np.nan, np.float32) if likeness is None else likeness
    faults = MISFIT * np.maximum(GOOD_F1 - fit, 0) + UNNATURAL * hooks
    known = np.where(np.isnan(liked), 0, counts * liked + LIKELIHOOD * likelier)
    best = (worth + known - faults).argmax(axis=1)
    rows = np.arange(len(images))
    others = weights * (np.arange(hypotheses) != best[:, None])
    others = others / np.maximum(others.sum(axis=1, keepdims=True), 1e-9)
    beside = alike[rows, :, best]
    apart_px, direction, order = (beside[:, :, j] for j in range(3))
    contested = (direction <= RIGHT_DIRECTION) | (order <= RIGHT_ORDER)
    chosen = rows * hypotheses + best
    steps = (walks.flags[chosen] >= 0).sum(axis=1)

    def mean(beside_others: NDArray[Any]) -> FloatArray:
        averaged: FloatArray = (others * beside_others).sum(axis=1).astype(np.float32)
        return averaged

    return Chosen(
        walks=walks.select(chosen),
        fit=fit[rows, best],
        apart_px=mean(apart_px),
        turned=mean(1 - direction),
        reordered=mean(1 - order),
        contested=mean(contested),
        surprise=-walks.likelihood[chosen] / np.maximum(steps, 1),
        likeness=liked[rows, best],
        doubt=walks.doubt.reshape(-1, hypotheses, 2)[:, 0],
    )


def judge_walks(points_px: FloatArray, flags: IntArray, hypotheses: int) -> NDArray[np.float64]:
    """(n, k, k, 5): at [i, a, b] how walk b over picture i is judged by `JUDGED` were walk a of its k the truth.

    Of walks without others there is nothing to choose: they aren't judged, 0.
    """
    alike = np.zeros((len(flags) // hypotheses, hypotheses, hypotheses, len(JUDGED)))
    if hypotheses > 1:
        _judge_all(points_px, flags, alike)
    return alike


def count_hooks(walks: Walks) -> IntArray:
    """At how many of its two ends, the first stroke's beginning and the last one's end, each walk (n,) turns back."""
    hooks = np.zeros(len(walks.flags), np.int64)
    _count_hooks(walks.points_px.astype(np.float64), walks.flags, hooks)
    return hooks


@compiled()
def _count_hooks(points_px: NDArray[np.float64], flags: IntArray, hooks: IntArray) -> None:
    """Fill `hooks`."""
    for i in range(len(flags)):
        lifts = np.flatnonzero(flags[i] > GO)
        if len(lifts):
            last = lifts[-2] + 1 if len(lifts) > 1 else 0
            hooks[i] = int(hooked(points_px[i, : lifts[0] + 1]))
            hooks[i] += int(hooked(points_px[i, last : lifts[-1] + 1][::-1]))


def to_drawings(points_px: FloatArray, flags: IntArray, *, size: int = FRAME_PX) -> DrawingSet:
    """Walks as drawings in the unit square of pictures `size` pixels wide: strokes end where the pen is lifted."""
    kept = flags >= 0
    ends = flags[kept] != GO
    strokes = np.concatenate([[0], np.flatnonzero(ends) + 1]).astype(np.int64)
    counts = ((flags != GO) & kept).sum(axis=1)
    return DrawingSet(
        points=(points_px[kept] / size).astype(np.float32),
        stroke_offsets=strokes,
        drawing_offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        classes=(),
        **plain_columns(len(flags)),
    )


@compiled()
def _judge_all(points_px: FloatArray, flags: IntArray, alike: NDArray[np.float64]) -> None:
    """Fill `alike` (n, k, k, 5), at [i, a, b] how walk b over picture i is judged were walk a the truth.

    That is as `strokes.metrics.pens` does it, but on the walks' own steps: dynamic time warping of the points, and
    direction and order of the steps' middles. Walks of dots alone are as good as each other there.
    """
    count, longest = alike.shape[1], flags.shape[1]
    steps, lengths, strokes = np.zeros((count, longest, 4)), np.zeros(count, np.int64), np.zeros(count, np.int64)
    used = np.zeros(count, np.int64)
    for i in range(len(alike)):
        for a in range(count):
            row = i * count + a
            used[a] = (flags[row] >= 0).sum()
            strokes[a] = (flags[row] > GO).sum()
            lengths[a] = find_steps(points_px[row], flags[row], steps[a])
        for a in range(count):
            truth = points_px[i * count + a, : used[a]]
            for b in range(count):
                found, judged = points_px[i * count + b, : used[b]], alike[i, a, b]
                judged[0] = min(apart_px(truth, found), MOST_APART_PX) if a < b else alike[i, b, a, 0]
                judge_walk(truth, steps[a, : lengths[a]], found, steps[b, : lengths[b]], judged)
                judged[3] = strokes[a] == strokes[b]


@compiled()
def judge_walk(
    truth: FloatArray,
    true_steps: NDArray[np.float64],
    found: FloatArray,
    steps: NDArray[np.float64],
    judged: NDArray[np.float64],
) -> None:
    """Fill `judged`'s direction, order and start, for points (n, 2) in px and steps as `find_steps` tells them."""
    judged[1], judged[2], judged[4] = 1.0, 1.0, 0.0
    if len(true_steps):
        judged[1], judged[2] = compare_paths(true_steps, steps)
    if len(true_steps) == 1:
        judged[2] = 2 * (judged[1] > 0) - 1
    if len(truth) and len(found):
        judged[4] = np.hypot(truth[0, 0] - found[0, 0], truth[0, 1] - found[0, 1]) <= START_PX


@compiled()
def find_steps(points_px: FloatArray, flags: IntArray, steps: NDArray[np.float64]) -> int:
    """Fill `steps` with the middle and unit tangent of each step along the ink; how many there are."""
    row = 0
    for p in range(len(flags) - 1):
        x, y = points_px[p + 1, 0] - points_px[p, 0], points_px[p + 1, 1] - points_px[p, 1]
        length = np.hypot(x, y)
        if flags[p] == GO and flags[p + 1] >= 0 and length > 0:
            steps[row, 0], steps[row, 1] = points_px[p, 0] + x / 2, points_px[p, 1] + y / 2
            steps[row, 2], steps[row, 3] = x / length, y / length
            row += 1
    return row


@compiled()
def apart_px(one: FloatArray, other: FloatArray) -> float:
    """How far two paths (a, 2) and (b, 2) are apart: dynamic time warping's sum, by the points of the longer."""
    if len(one) == 0 or len(other) == 0:
        return MOST_APART_PX
    apart: float = warp_paths(one, other)[0] / max(len(one), len(other))
    return apart
