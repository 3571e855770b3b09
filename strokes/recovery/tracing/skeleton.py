"""The graph of a thinned picture: nodes where lines end, meet, turn sharply or peak; edges that are paths of pixels.

Two diagonal pixels are neighbours unless a third joins them. Pixels with three neighbours or more, and junctions that a
bridge of a few pixels joins (a crossing thins to two forks), become one node.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.ink.drawing import BoolArray, IntArray

Floats = NDArray[np.float64]

TIP, BEND, FORK, PEAK = 0, 1, 2, 3
BRIDGE_UNITS = 3.9
"""Forks joined by an edge shorter than this are one."""
SPUR_UNITS = 1.9
"""An edge from a fork to a tip must be this long to be no hair of the thinning."""
RING_UNITS = 5.0
"""An edge from a fork to itself must be this long to be no speck."""
COARSEST_UNIT = 3.0
"""Specks, spurs and bridges of a large picture are those of one with this unit, or its details would go."""
PEAK_UNITS = 3.0
"""An edge is cut at its highest point when both its ends lie this much lower."""
CORNER_UNITS = 4
CORNER_COSINE = 0.3
"""An edge is cut where two spans of `CORNER_UNITS` meet at a sharper turn."""


class Skeleton(NamedTuple):
    """A graph; places are x, y of pixel centres, in pixels.

    Attributes:
        places: (m, 2) the nodes'.
        kinds: (m,) `TIP` (where a line ends, or a dot), `BEND` (a corner of a line), `PEAK` (its top) or `FORK`.
        ends: (e, 2) the nodes that each edge joins.
        offsets: (e+1,) edge i owns `path[offsets[i]:offsets[i+1]]`.
        path: (p, 2) the edges' points from their first node to their second, both included.
        unit: pixels that count as one of a 28-pixel picture.
    """

    places: Floats
    kinds: IntArray
    ends: IntArray
    offsets: IntArray
    path: Floats
    unit: float


@compiled()
def skeletonise(ink: BoolArray) -> Skeleton:
    """The graph of a thinned picture (h, w)."""
    ys, xs = np.nonzero(ink)
    unit = find_unit(ys, xs)
    neighbours, degrees = find_neighbours(ink, ys, xs)
    owners, kinds = find_nodes(neighbours, degrees)
    ends, offsets, pixels, owners, kinds = walk_edges(neighbours, degrees, owners, kinds)
    merge_nodes(ends, offsets, owners, kinds, unit)
    return cut_edges(lay_edges(ys, xs, ends, offsets, pixels, owners, kinds, unit))


@compiled()
def find_unit(ys: IntArray, xs: IntArray) -> float:
    """How many pixels count as one of a 28-pixel picture, whose glyphs are about 20 wide or high."""
    if len(ys) == 0:
        return 1.0
    sides = (float(ys.max() - ys.min()), float(xs.max() - xs.min()))
    return max(1.0, min(max(sides), 2 * min(sides)) / 20)


@compiled()
def find_neighbours(ink: BoolArray, ys: IntArray, xs: IntArray) -> tuple[IntArray, IntArray]:
    """The (n, 8) numbers of each ink pixel's neighbours and (n,) how many there are."""
    height, width = ink.shape
    numbers = np.full((height + 2, width + 2), -1)
    for i in range(len(ys)):
        numbers[ys[i] + 1, xs[i] + 1] = i
    neighbours, degrees = np.empty((len(ys), 8), np.int64), np.zeros(len(ys), np.int64)
    for i in range(len(ys)):
        y, x = ys[i] + 1, xs[i] + 1
        for dy in range(-1, 2):
            for dx in range(-1, 2):
                other = numbers[y + dy, x + dx]
                joined = dy != 0 and dx != 0 and (numbers[y, x + dx] >= 0 or numbers[y + dy, x] >= 0)
                if other >= 0 and other != i and not joined:
                    neighbours[i, degrees[i]] = other
                    degrees[i] += 1
    return neighbours, degrees


@compiled()
def find_nodes(neighbours: IntArray, degrees: IntArray) -> tuple[IntArray, IntArray]:
    """Each pixel's node, -1 within an edge, and each node's kind; adjacent pixels of forks share theirs."""
    owners = np.full(len(degrees), -1)
    kinds = np.empty(len(degrees), np.int64)
    waiting = np.empty(len(degrees), np.int64)
    count = 0
    for i in range(len(degrees)):
        if owners[i] >= 0 or degrees[i] == 2:
            continue
        owners[i], kinds[count] = count, TIP if degrees[i] < 2 else FORK
        waiting[0], left = i, 1
        while left and degrees[i] > 2:
            left -= 1
            at = waiting[left]
            for other in neighbours[at, : degrees[at]]:
                if degrees[other] > 2 and owners[other] < 0:
                    owners[other] = count
                    waiting[left] = other
                    left += 1
        count += 1
    return owners, kinds[:count]


@compiled()
def walk_edges(
    neighbours: IntArray, degrees: IntArray, owners: IntArray, kinds: IntArray
) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
    """Every edge: its two nodes, and its pixels with those of the nodes that it leaves and reaches.

    Returns:
        ends (e, 2), offsets (e+1,), pixels (p,), and the owners and kinds of nodes, with one more for every ring that
        has no node: its topmost pixel.
    """
    n = len(degrees)
    exits = 1 + n
    for i in range(n):
        exits += degrees[i] if owners[i] >= 0 else 0
    ends, offsets = np.empty((exits, 2), np.int64), np.zeros(exits + 1, np.int64)
    pixels, seen = np.empty(n + 2 * exits, np.int64), np.zeros(n, np.bool_)
    more_kinds = np.empty(len(kinds) + n, np.int64)
    more_kinds[: len(kinds)] = kinds
    edges, nodes = 0, len(kinds)
    for rings in range(2):
        for i in range(n):
            if rings and owners[i] < 0 and not seen[i]:
                owners[i], more_kinds[nodes] = nodes, PEAK
                nodes += 1
            elif rings or owners[i] < 0:
                continue
            if degrees[i] == 0:
                ends[edges] = owners[i]
                pixels[offsets[edges]] = pixels[offsets[edges] + 1] = i
                offsets[edges + 1] = offsets[edges] + 2
                edges += 1
            for first in neighbours[i, : degrees[i]]:
                direct = owners[first] >= 0
                if seen[first] or (direct and (owners[first] == owners[i] or first < i)):
                    continue
                row, before, at = offsets[edges] + 1, i, first
                pixels[row - 1] = i
                while owners[at] < 0:
                    pixels[row], seen[at] = at, True
                    row += 1
                    onward = neighbours[at, 0] if neighbours[at, 0] != before else neighbours[at, 1]
                    before, at = at, onward
                pixels[row] = at
                ends[edges, 0], ends[edges, 1] = owners[i], owners[at]
                offsets[edges + 1] = row + 1
                edges += 1
    return ends[:edges], offsets[: edges + 1], pixels[: offsets[edges]], owners, more_kinds[:nodes]


@compiled()
def merge_nodes(ends: IntArray, offsets: IntArray, owners: IntArray, kinds: IntArray, unit: float) -> None:
    """Make one of forks that a bridge joins, in `owners` and `ends`; drop specks, whose ends become -1."""
    unit = min(unit, COARSEST_UNIT)
    into = np.arange(len(kinds))
    sizes = np.diff(offsets) - 1
    for e in range(len(ends)):
        a, b = into[ends[e, 0]], into[ends[e, 1]]
        if kinds[a] == FORK and kinds[b] == FORK and a != b and sizes[e] < BRIDGE_UNITS * unit:
            into[into == b] = a
    meeting = np.zeros(len(kinds), np.int64)
    for e in range(len(ends)):
        bridge = ends[e, 0] != ends[e, 1] and into[ends[e, 0]] == into[ends[e, 1]]
        ends[e, 0], ends[e, 1] = into[ends[e, 0]], into[ends[e, 1]]
        ring = ends[e, 0] == ends[e, 1] and kinds[ends[e, 0]] == FORK
        if (bridge and sizes[e] < BRIDGE_UNITS * unit) or (ring and sizes[e] < RING_UNITS * unit):
            ends[e] = -1
            continue
        meeting[ends[e, 0]] += 1
        meeting[ends[e, 1]] += 1
    for e in range(len(ends)):
        if ends[e, 0] < 0 or sizes[e] >= SPUR_UNITS * unit or kinds[ends[e, 0]] + kinds[ends[e, 1]] != TIP + FORK:
            continue
        fork = ends[e, 0] if kinds[ends[e, 0]] == FORK else ends[e, 1]
        if meeting[fork] > 2:
            meeting[fork] -= 1
            ends[e] = -1
    for node in range(len(kinds)):
        if kinds[node] == FORK and 0 < meeting[node] <= 2:
            kinds[node] = BEND if meeting[node] == 2 else TIP
    for i in range(len(owners)):
        if owners[i] >= 0:
            owners[i] = into[owners[i]]


@compiled()
def lay_edges(
    ys: IntArray,
    xs: IntArray,
    ends: IntArray,
    offsets: IntArray,
    pixels: IntArray,
    owners: IntArray,
    kinds: IntArray,
    unit: float,
) -> Skeleton:
    """The graph with places for pixels: a node's is the mean of its pixels, and its edges begin and end there."""
    places, counts = np.zeros((len(kinds), 2)), np.zeros(len(kinds))
    for i in range(len(owners)):
        if owners[i] >= 0:
            places[owners[i], 0] += xs[i]
            places[owners[i], 1] += ys[i]
            counts[owners[i]] += 1
    for node in range(len(kinds)):
        places[node] /= max(counts[node], 1)
    kept = np.flatnonzero(ends[:, 0] >= 0)
    laid = np.zeros(len(kept) + 1, np.int64)
    path = np.empty((len(pixels), 2))
    for i, e in enumerate(kept):
        row = laid[i]
        path[row] = places[ends[e, 0]]
        for pixel in pixels[offsets[e] + 1 : offsets[e + 1] - 1]:
            row += 1
            path[row, 0], path[row, 1] = xs[pixel], ys[pixel]
        path[row + 1] = places[ends[e, 1]]
        laid[i + 1] = row + 2
    return Skeleton(places, kinds, ends[kept], laid, path[: laid[-1]], unit)


@compiled()
def cut_edges(graph: Skeleton) -> Skeleton:
    """The graph with a `PEAK` at every peak of an edge, and a `BEND` at every sharp corner."""
    peaks, cuts = np.zeros((2, len(graph.path)), np.bool_)
    for e in range(len(graph.ends)):
        first, last = graph.offsets[e], graph.offsets[e + 1]
        mark_peak(graph.path[first:last, 1], peaks[first:last], graph.unit)
        cuts[first:last] = peaks[first:last]
        mark_corners(graph.path[first:last], cuts[first:last], graph.unit)
    count, nodes = cuts.sum(), len(graph.kinds)
    places, kinds = np.empty((nodes + count, 2)), np.full(nodes + count, BEND)
    places[:nodes], kinds[:nodes] = graph.places, graph.kinds
    ends, offsets = np.empty((len(graph.ends) + count, 2), np.int64), np.zeros(len(graph.ends) + count + 1, np.int64)
    path = np.empty((len(graph.path) + count, 2))
    edge, row = 0, 0
    for e in range(len(graph.ends)):
        ends[edge, 0] = graph.ends[e, 0]
        for p in range(graph.offsets[e], graph.offsets[e + 1]):
            path[row] = graph.path[p]
            row += 1
            if cuts[p]:
                places[nodes] = path[row] = graph.path[p]
                kinds[nodes] = PEAK if peaks[p] else BEND
                ends[edge, 1] = ends[edge + 1, 0] = nodes
                nodes, edge = nodes + 1, edge + 1
                offsets[edge] = row
                row += 1
        ends[edge, 1] = graph.ends[e, 1]
        edge += 1
        offsets[edge] = row
    return Skeleton(places, kinds, ends, offsets, path, graph.unit)


@compiled()
def mark_peak(heights: Floats, cuts: BoolArray, unit: float) -> None:
    """Mark the middle of an edge's highest pixels, if both ends lie well below; `heights` (p,) grow downwards."""
    first = np.argmin(heights)
    last = first
    while last + 1 < len(heights) and heights[last + 1] == heights[first]:
        last += 1
    if min(heights[0], heights[-1]) - heights[first] >= PEAK_UNITS * unit:
        cuts[(first + last) // 2] = True


@compiled()
def mark_corners(path: Floats, cuts: BoolArray, unit: float) -> None:
    """Mark the sharpest points of an edge, no two of them within a span."""
    span = int(np.rint(CORNER_UNITS * unit))
    cosines = np.ones(len(path))
    for p in range(span, len(path) - span):
        before, after = path[p] - path[p - span], path[p + span] - path[p]
        lengths = np.hypot(before[0], before[1]) * np.hypot(after[0], after[1])
        cosines[p] = (before[0] * after[0] + before[1] * after[1]) / max(lengths, 1e-9)
    for p in range(span, len(path) - span):
        near = cosines[max(p - span, 0) : p + span + 1]
        alone = not cuts[max(p - span, 0) : p + span + 1].any()
        if cosines[p] < CORNER_COSINE and cosines[p] == near.min() and alone:
            cuts[p] = True
