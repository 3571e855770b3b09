"""Pictures to drawings without a network: a thinned picture's graph, walked the way a hand likes to go.

The classical baseline (`--method trace`): a yardstick, and what draws pictures that no network knows. It takes pictures
of any size and any number of strokes, and no label.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.errors import ShapeError
from strokes.ink.drawing import (
    GRID,
    BoolArray,
    Drawing,
    DrawingSet,
    FloatArray,
    IntArray,
    join,
    make_drawing_set,
    to_pictures,
)
from strokes.ink.pictures import ImageSet
from strokes.metrics.pictures import score_large
from strokes.recovery.large_ink import Drawn, cover_rest, read_pieces, trace_piece
from strokes.recovery.nudging import reach_rest
from strokes.recovery.pages import PageDrawing, assemble, with_scans
from strokes.recovery.tracing.route import BY_AIR, DEFAULT_COSTS, TURN_ROUND, Costs, find_route
from strokes.recovery.tracing.skeleton import Floats, Skeleton, skeletonise

SMOOTHINGS = 3
"""How often a stroke's points are averaged with their neighbours, against stairs of pixels."""


def trace(picture: BoolArray, *, costs: Costs = DEFAULT_COSTS) -> list[FloatArray]:
    """The strokes of one thinned picture (h, w), each (points, 2) in its unit square (longer side = 1), in order.

    Raises:
        ShapeError: the picture is not two-dimensional bool.
    """
    if picture.ndim != 2 or picture.dtype != np.bool_:
        raise ShapeError(f"the picture is {picture.dtype} of shape {picture.shape}; expected thinned ink, bool (h, w)")
    points, offsets = _trace(np.ascontiguousarray(picture), costs)
    unit = (np.round((points + 0.5) * (GRID / max(picture.shape))) / GRID).astype(np.float32)
    return [unit[a:b] for a, b in itertools.pairwise(offsets)]


def trace_block(
    pictures: ImageSet, *, scores: bool = True, costs: Costs = DEFAULT_COSTS, direction: str = "ltr"
) -> DrawingSet:
    """The drawings of pictures in their own unit squares, with the scores `f1` and `chamfer` if wanted.

    Pictures larger than the frame are traced piece by piece in their own resolution, with `covered` and `on`, too.
    """
    if pictures.fine is None:
        return trace_small(pictures, scores=scores, costs=costs)
    pictures = replace(pictures, metadata=pictures.metadata or ("{}",) * len(pictures))
    large = pictures.large
    parts = [trace_large(pictures.select(np.flatnonzero(large)), scores=scores, costs=costs, direction=direction)]
    small = np.flatnonzero(~large)
    if len(small):
        found = trace_small(pictures.select(small), scores=scores, costs=costs)
        parts.append(with_scans(found) if scores else found)
    return join(parts).select(np.argsort(np.concatenate([np.flatnonzero(large), small])))


def trace_small(pictures: ImageSet, *, scores: bool, costs: Costs) -> DrawingSet:
    """The drawings of pictures no larger than the frame."""
    drawings = make_drawing_set(
        [Drawing(tuple(trace(np.ascontiguousarray(ink), costs=costs))) for ink in pictures.images]
    )
    fit = score_large(drawings, pictures.images) if scores else {}
    placed = to_pictures(replace(drawings, frames=pictures.frames))
    return replace(placed, scores=fit, flagged=np.asarray(~pictures.images.any(axis=(1, 2))), **pictures.shared())


def trace_large(pictures: ImageSet, *, scores: bool, costs: Costs, direction: str) -> DrawingSet:
    """The drawings of pictures that are all larger than the frame."""
    pages = [PageDrawing(fine) for fine in pictures.fine or () if fine is not None]
    along = partial(trace, costs=costs)
    for i, page in enumerate(pages):
        label = int(pictures.labels[i])
        single = label >= 0 and len(pictures.classes[label]) == 1
        for piece in read_pieces(page.fine, picture=i, direction=direction, single=single):
            drawn = cover_rest(piece, Drawn.of(trace_piece(piece, along)), along)
            strokes = [stroke.astype(np.float64) for stroke in drawn.strokes]
            page.add(piece, Drawn.of(reach_rest(strokes, piece.ink, piece.pen_px)), 1.0)
    drawings = assemble(pages, pictures)
    kept = {name: values for name, values in drawings.scores.items() if name not in ("confidence", "mse")}
    return replace(drawings, scores=kept if scores else {})


@compiled()
def _trace(picture: BoolArray, costs: Costs) -> tuple[Floats, IntArray]:
    """The points (p, 2) of all strokes, in pixel places, and the strokes' offsets (s+1,)."""
    graph = skeletonise(picture)
    points, offsets = join_edges(graph, *find_route(graph, costs))
    smooth_all(points, offsets)
    return points, offsets


@compiled()
def join_edges(graph: Skeleton, route: IntArray, ways: IntArray) -> tuple[Floats, IntArray]:
    """The points of a route's strokes, and where each begins; nodes between edges once."""
    edges = len(route)
    points = np.empty((2 * len(graph.path) + edges, 2))
    offsets = np.zeros((ways == BY_AIR).sum() + 1, np.int64)
    row, strokes = 0, 0
    for i in range(edges):
        begins = ways[i] == BY_AIR
        if begins:
            offsets[strokes] = row
            strokes += 1
        if ways[i] == TURN_ROUND:
            row = lay(graph, (route[i - 1] + edges) % (2 * edges), 1, points, row)
        row = lay(graph, route[i], 0 if begins else 1, points, row)
    offsets[strokes] = row
    return points[:row], offsets


@compiled()
def lay(graph: Skeleton, half: int, skip: int, points: Floats, row: int) -> int:
    """Copy an edge in its direction, without its first `skip` points, to `points` from `row`; the row after."""
    edges = len(graph.ends)
    path = graph.path[graph.offsets[half % edges] : graph.offsets[half % edges + 1]]
    for p in range(skip, len(path)):
        points[row] = path[p] if half < edges else path[len(path) - 1 - p]
        row += 1
    return row


@compiled()
def smooth_all(points: Floats, offsets: IntArray) -> None:
    """Smooth every stroke, in place."""
    for stroke in range(len(offsets) - 1):
        smooth(points[offsets[stroke] : offsets[stroke + 1]], SMOOTHINGS)


@compiled()
def smooth(stroke: NDArray[np.float64], times: int) -> None:
    """Average inner points (1, 2, 1) with their neighbours, in place, `times` times."""
    for _ in range(times):
        before_x, before_y = stroke[0]
        for p in range(1, len(stroke) - 1):
            x, y = stroke[p]
            stroke[p, 0] = (before_x + 2 * x + stroke[p + 1, 0]) / 4
            stroke[p, 1] = (before_y + 2 * y + stroke[p + 1, 1]) / 4
            before_x, before_y = x, y
