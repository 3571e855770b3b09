"""The cheapest way for a pen over a skeleton's graph, each edge once, by a beam search over what a hand likes to do.

A hand goes on as straight as it can, rather down and right than up and left, turns round at the end of a line more
readily than it lifts, and begins at the top left, at the end of a line. Each liking is one cost of `Costs`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.ink.drawing import IntArray
from strokes.recovery.tracing.skeleton import BEND, FORK, PEAK, Floats, Skeleton

BEAM = 32
GO_ON, TURN_ROUND, BY_AIR = 0, 1, 2
GLYPH_UNITS = 18.0
"""Distances are counted in glyphs: so many units."""
LEAVING_UNITS = 4.0
"""An edge's direction at its end is that of a span of this length."""


class Costs(NamedTuple):
    """What a pen's way costs; distances in glyphs, turns from 0 (straight on) to 1 (back).

    The values were found by random search on digits, letters and glyphs of writers who are not held out.

    Attributes:
        turn: of a turn of 1.
        turn_power: the power that a turn is raised to.
        lift: of every pen-lift.
        lift_right: of the way through the air rightwards; `lift_left`, `lift_down`, `lift_up` likewise.
        down_up: of drawing upwards, per glyph; `down_left` leftwards.
        clockwise: of the area swept clockwise, in square glyphs; anticlockwise earns as much.
        start_down: of beginning below the top; `start_right`, right of the left edge.
        at_bend: of beginning or ending a stroke at a corner; `at_peak`, at a line's top; `at_fork`, where lines meet.
        back: of turning round at a line's end and going back; `back_far` per glyph of it.
    """

    turn: float = 1.5
    turn_power: float = 1.2
    lift: float = 1.9
    lift_right: float = 0.28
    lift_left: float = 0.83
    lift_down: float = 0.35
    lift_up: float = 0.15
    down_up: float = 0.91
    down_left: float = 1.2
    clockwise: float = 0.38
    start_down: float = 1.1
    start_right: float = 0.31
    at_bend: float = 7.0
    at_peak: float = 0.32
    at_fork: float = 0.12
    back: float = 0.87
    back_far: float = 2.2


DEFAULT_COSTS = Costs()


class Halves(NamedTuple):
    """Every edge in both directions, the second ones after the first.

    Attributes:
        origins: (2e,) the node it leaves.
        targets: (2e,) the node it reaches.
        leaving: (2e, 2) its direction there; `arriving`, at its end; 0 for a dot.
        lengths: (2e,) in glyphs.
        prices: (2e,) what drawing it costs.
    """

    origins: IntArray
    targets: IntArray
    leaving: Floats
    arriving: Floats
    lengths: Floats
    prices: Floats


@compiled()
def find_route(graph: Skeleton, costs: Costs) -> tuple[IntArray, IntArray]:
    """The halves (e,) in the order in which they are drawn, and how the pen came to each: `GO_ON` and the like.

    `TURN_ROUND` goes back over the half before; the first is a `BY_AIR`.
    """
    edges = len(graph.ends)
    halves = measure_halves(graph, costs)
    parents, chosen, kinds = np.zeros((3, edges, BEAM), np.int64)
    used, keys = np.zeros((BEAM, edges), np.bool_), np.zeros(BEAM, np.uint64)
    totals, last = np.zeros(BEAM), np.full(BEAM, -1)
    alive = 1
    names = np.array([scramble(e) for e in range(edges)])
    for depth in range(edges):
        prices, ways = price_moves(graph, halves, costs, used[:alive], last[:alive], totals[:alive])
        before_used, before_keys = used.copy(), keys.copy()
        alive, taken = 0, np.zeros((BEAM, 2), np.uint64)
        for flat in np.argsort(prices.ravel()):
            parent, half = flat // (2 * edges), flat % (2 * edges)
            if alive == BEAM or prices[parent, half] == np.inf:
                break
            key = before_keys[parent] ^ names[half % edges]
            if known(taken[:alive], key, half):
                continue
            taken[alive, 0], taken[alive, 1] = key, half
            used[alive], keys[alive] = before_used[parent], key
            used[alive, half % edges] = True
            parents[depth, alive], chosen[depth, alive] = parent, half
            kinds[depth, alive] = ways[parent, half]
            totals[alive], last[alive] = prices[parent, half], half
            alive += 1
    return trace_back(parents, chosen, kinds, best_end(graph, halves, costs, totals[:alive], last))


@compiled()
def scramble(number: int) -> np.uint64:
    """A number's 64 well-mixed bits (splitmix64)."""
    mixed = np.uint64(number + 1) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@compiled()
def known(taken: NDArray[np.uint64], key: np.uint64, half: int) -> bool:
    """Whether a cheaper way over the same edges ends with the same half."""
    return bool(((taken[:, 0] == key) & (taken[:, 1] == np.uint64(half))).any())


@compiled()
def trace_back(parents: IntArray, chosen: IntArray, kinds: IntArray, best: int) -> tuple[IntArray, IntArray]:
    """The way that ends in state `best` of the last depth."""
    route, ways = np.empty(len(parents), np.int64), np.empty(len(parents), np.int64)
    for depth in range(len(parents) - 1, -1, -1):
        route[depth], ways[depth] = chosen[depth, best], kinds[depth, best]
        best = parents[depth, best]
    return route, ways


@compiled()
def best_end(graph: Skeleton, halves: Halves, costs: Costs, totals: Floats, last: IntArray) -> int:
    """The state whose way is cheapest when its last stroke's end is paid, too."""
    best, least = 0, np.inf
    for i in range(len(totals)):
        total = totals[i] + price_of_tip(graph.kinds[halves.targets[last[i]]], costs) if last[i] >= 0 else 0.0
        if total < least:
            best, least = i, total
    return best


@compiled()
def measure_halves(graph: Skeleton, costs: Costs) -> Halves:
    """Every edge in both directions."""
    edges = len(graph.ends)
    origins, targets = np.empty(2 * edges, np.int64), np.empty(2 * edges, np.int64)
    leaving, arriving = np.zeros((2 * edges, 2)), np.zeros((2 * edges, 2))
    lengths, prices = np.zeros(2 * edges), np.zeros(2 * edges)
    glyph = GLYPH_UNITS * graph.unit
    for half in range(2 * edges):
        e = half % edges
        path = graph.path[graph.offsets[e] : graph.offsets[e + 1]]
        path = path if half < edges else path[::-1]
        origins[half], targets[half] = graph.ends[e, half // edges], graph.ends[e, 1 - half // edges]
        leaving[half] = direction(path, LEAVING_UNITS * graph.unit)
        arriving[half] = -direction(path[::-1], LEAVING_UNITS * graph.unit)
        swept = 0.0
        for p in range(len(path) - 1):
            lengths[half] += np.hypot(path[p + 1, 0] - path[p, 0], path[p + 1, 1] - path[p, 1]) / glyph
            swept += (path[p, 0] - path[0, 0]) * (path[p + 1, 1] - path[0, 1])
            swept -= (path[p + 1, 0] - path[0, 0]) * (path[p, 1] - path[0, 1])
        along = (path[-1] - path[0]) / glyph
        prices[half] = costs.down_up * max(-along[1], 0.0) + costs.down_left * max(-along[0], 0.0)
        prices[half] += costs.clockwise * swept / 2 / glyph**2
    return Halves(origins, targets, leaving, arriving, lengths, prices)


@compiled()
def direction(path: Floats, span: float) -> Floats:
    """The unit vector from a path's first point to where it first is `span` away, or to its last."""
    along = path[-1] - path[0]
    for p in range(1, len(path)):
        away = path[p] - path[0]
        if np.hypot(away[0], away[1]) >= span:
            along = away
            break
    unit: Floats = along / max(np.hypot(along[0], along[1]), 1e-9)
    return unit


@compiled()
def price_moves(
    graph: Skeleton, halves: Halves, costs: Costs, used: NDArray[np.bool_], last: IntArray, totals: Floats
) -> tuple[Floats, IntArray]:
    """What each state's way costs with each half added, infinite where it is used, and the cheapest way to get there.

    Returns:
        (states, 2e) prices and ways.
    """
    states, edges = used.shape
    prices, ways = np.full((states, 2 * edges), np.inf), np.full((states, 2 * edges), BY_AIR)
    for i in range(states):
        for half in range(2 * edges):
            if used[i, half % edges]:
                continue
            if last[i] < 0:
                prices[i, half] = price_of_start(graph, halves.origins[half], costs) + halves.prices[half]
                continue
            at, origin = halves.targets[last[i]], halves.origins[half]
            least = price_of_lift(graph, at, origin, costs)
            if at == origin:
                price = price_of_turn(halves.arriving[last[i]], halves.leaving[half], costs)
                if price < least:
                    least, ways[i, half] = price, GO_ON
            if origin == halves.origins[last[i]]:
                price = costs.back + costs.back_far * halves.lengths[last[i]]
                price += price_of_turn(-halves.leaving[last[i]], halves.leaving[half], costs)
                if price < least:
                    least, ways[i, half] = price, TURN_ROUND
            prices[i, half] = totals[i] + least + halves.prices[half]
    return prices, ways


@compiled()
def price_of_turn(arriving: Floats, leaving: Floats, costs: Costs) -> float:
    """Of going on from one direction in another."""
    cosine = arriving[0] * leaving[0] + arriving[1] * leaving[1]
    price: float = costs.turn * max((1 - cosine) / 2, 0.0) ** costs.turn_power
    return price


@compiled()
def price_of_tip(kind: int, costs: Costs) -> float:
    """Of a stroke's beginning or end at a node of a kind."""
    if kind == BEND:
        return costs.at_bend
    if kind == PEAK:
        return costs.at_peak
    return costs.at_fork if kind == FORK else 0.0


@compiled()
def price_of_start(graph: Skeleton, node: int, costs: Costs) -> float:
    """Of beginning the drawing at a node."""
    glyph = GLYPH_UNITS * graph.unit
    right = (graph.places[node, 0] - graph.path[:, 0].min()) / glyph
    down = (graph.places[node, 1] - graph.path[:, 1].min()) / glyph
    price: float = costs.start_right * right + costs.start_down * down + price_of_tip(graph.kinds[node], costs)
    return price


@compiled()
def price_of_lift(graph: Skeleton, at: int, to: int, costs: Costs) -> float:
    """Of lifting the pen at one node and going to another."""
    glyph = GLYPH_UNITS * graph.unit
    right = (graph.places[to, 0] - graph.places[at, 0]) / glyph
    down = (graph.places[to, 1] - graph.places[at, 1]) / glyph
    price: float = costs.lift + price_of_tip(graph.kinds[at], costs) + price_of_tip(graph.kinds[to], costs)
    price += costs.lift_right * max(right, 0.0) + costs.lift_left * max(-right, 0.0)
    price += costs.lift_down * max(down, 0.0) + costs.lift_up * max(-down, 0.0)
    return price
