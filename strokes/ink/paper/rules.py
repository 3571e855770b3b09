"""Ruled lines, squares, frames and dark edges: what is straight and reaches across the paper isn't handwriting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import BoolArray, FloatArray
from strokes.ink.paper.threshold import measure_pen

PIECE_PX, PIECE_SHARE = 16, 0.04
"""A rule's pieces are straight over so many pixels, and this share of the picture."""
ACROSS = 0.5
"""A rule reaches across so much of the picture."""
STEEPEST = 0.09
"""A rule climbs no more than this: five degrees."""
BENT_SHARE = 0.002
"""A rule bends by no more than this share of the picture's other side."""
THIN, LIGHT = 0.7, 0.82
"""A rule is this much thinner than the pen, or its ink so much lighter; or it has company:"""
MANY = 4
BOX_SLACK, ENDS_SLACK = 0.03, 0.06
"""A box's sides meet but for this share of the picture; ruled lines begin and end together but for the second."""
LEAST_LEFT = 0.04
"""Where less than this share of the ink would be left, the lines are the writing."""
EDGE_SHARE, EDGE_DEPTH = 0.6, 0.12
"""A dark edge lies along so much of a side, and is no deeper than this share of the picture."""

CRUMBS = 0.4
"""What is left of an edge lies within this share of its depth beside it."""
LIKE_RULE = 0.5
"""What has nothing beside it that is darker than a rule, and this share of the way to the ink's shade, is a rule's."""
ALIKE = 1.6
"""Lines are of one pen where neither is so many times as wide as the other."""
FLUSH_LONG, FLUSH_SHARE = 3.0, 0.12
"""A bar at the border is so many times as long as deep, and as long as this share of the side."""


@dataclass(frozen=True)
class Rule:
    """A straight line across the picture.

    Attributes:
        rows: (w,) the row of its middle in every column.
        thick_px: how thick it is.
        darkness: its shade, 0 to 1.
        left: the first column that it is in; `right`, the last.
    """

    rows: NDArray[np.int64]
    thick_px: float
    darkness: float
    left: int
    right: int


def remove_rules(ink: BoolArray, darkness: FloatArray, *, least: float) -> BoolArray:
    """The ink (h, w) without lines that were printed on the paper, level or upright.

    Args:
        ink: what was found to be darker than paper.
        darkness: (h, w), 0 to 1: rules are looked for in what is darker than `least`, too.
    """
    loose = ink | (darkness > least)
    level, upright = find_rules(loose, darkness), find_rules(loose.T, darkness.T)
    if not level and not upright:
        return ink
    kept = erase(ink.T, upright, darkness.T).T if upright else ink
    kept = erase(kept, level, darkness) if level else kept
    rest = kept if kept.sum() >= LEAST_LEFT * ink.sum() else ink
    chosen = printed(level, upright, rest, darkness)
    shade = float(np.median(darkness[rest]))
    kept = erase(ink.T, chosen[1], darkness.T, shade).T if chosen[1] else ink
    kept = erase(kept, chosen[0], darkness, shade) if chosen[0] else kept
    kept = without_crumbs(kept.T, chosen[1]).T  # which the level rules had held together
    return np.ascontiguousarray(kept) if kept.sum() >= LEAST_LEFT * ink.sum() else ink


def printed(
    level: Sequence[Rule], upright: Sequence[Rule], rest: BoolArray, darkness: FloatArray
) -> tuple[list[Rule], list[Rule]]:
    """The rules of both kinds that no pen drew, judged beside the rest of the ink."""
    pen_px, shade = measure_pen(rest), float(np.median(darkness[rest]))
    free = not touches_border(rest)
    found = []
    for rules, others, across in ((level, upright, rest.shape[1]), (upright, level, rest.shape[0])):
        box = box_of(others, across) if len(rules) >= 2 and len(others) >= 2 else None
        found.append(
            [
                rule
                for rule in rules
                if (box is not None and rule.left <= box[0] and rule.right >= box[1])
                or alike(rule, rules, across) >= MANY
                or rule.thick_px <= THIN * pen_px
                or rule.darkness <= LIGHT * shade
                or (free and rule.left <= 1 and rule.right >= across - 2)
            ]
        )
    return found[0], found[1]


def box_of(others: Sequence[Rule], across: int) -> tuple[float, float]:
    """From where to where a rule reaches that is the side of a box, or a line of squares, with the rules across it."""
    places = [float(np.median(rule.rows)) for rule in others]
    slack = BOX_SLACK * across + max(rule.thick_px for rule in others)
    return min(places) + slack, max(places) - slack


def alike(rule: Rule, rules: Sequence[Rule], across: int) -> int:
    """How many rules begin and end where one does."""
    slack = ENDS_SLACK * across
    return sum(abs(other.left - rule.left) <= slack and abs(other.right - rule.right) <= slack for other in rules)


def touches_border(ink: BoolArray) -> bool:
    """Whether any ink lies on the picture's outermost pixels."""
    return bool(ink[0].any() or ink[-1].any() or ink[:, 0].any() or ink[:, -1].any())


def find_rules(loose: BoolArray, darkness: FloatArray) -> list[Rule]:
    """Straight, nearly level lines that reach across a picture (h, w); of many, none is thicker than usual.

    A stroke that lies along one makes it look as thick as the pen.
    """
    height, width = loose.shape
    piece = int(max(PIECE_PX, PIECE_SHARE * width))
    if width <= 2 * piece:
        return []
    level = np.ones((1, piece), np.uint8)
    opened = np.asarray(cv2.morphologyEx(loose.astype(np.uint8), cv2.MORPH_OPEN, level), np.uint8)
    slope = common_slope(opened, piece)
    if slope is None:
        return []
    ys, xs = np.nonzero(opened)
    drop = np.rint(slope * np.arange(width)).astype(np.int64)
    rows = ys - drop[xs]
    offset = int(rows.min())
    counts = np.bincount(rows - offset)
    bent = max(1, round(BENT_SHARE * height))
    near = np.convolve(counts, np.ones(2 * bent + 1), "same")
    paths = [middle + offset + drop for middle in peaks_of(counts, near, ACROSS * width, bent)]

    def traced(most: float) -> list[Rule]:
        return [rule for rows in paths if (rule := trace_rule(opened, darkness, rows, bent, most)) is not None]

    found = traced(np.inf)
    return traced(float(np.median([rule.thick_px for rule in found]))) if len(found) >= MANY else found


def common_slope(opened: NDArray[np.uint8], piece: int) -> float | None:
    """The slope that most long pieces share, None where there is no long one."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    long = [part for part in range(1, count) if stats[part, 2] >= max(2 * piece, 0.15 * opened.shape[1])]
    slopes, weights = [], []
    for part in long:
        x, y, w, h = stats[part, :4]
        if h > STEEPEST * w + 0.25 * opened.shape[0]:
            continue
        ys, xs = np.nonzero(parts[y : y + h, x : x + w] == part)
        if len(xs) > 20000:
            ys, xs = ys[:: len(xs) // 10000], xs[:: len(xs) // 10000]
        first, last = xs <= np.quantile(xs, 0.2), xs >= np.quantile(xs, 0.8)
        slopes.append((np.median(ys[last]) - np.median(ys[first])) / max(xs[last].mean() - xs[first].mean(), 1))
        weights.append(w)
    if not slopes:
        return None
    order = np.argsort(slopes)
    middle = order[np.searchsorted(np.cumsum(np.array(weights)[order]), sum(weights) / 2)]
    slope = float(slopes[middle])
    return slope if abs(slope) <= STEEPEST else None


def peaks_of(counts: NDArray[np.int64], near: NDArray[np.float64], least: float, bent: int) -> list[int]:
    """Rows where enough of a line comes together, the strongest of each group."""
    found = []
    left = near.copy()
    while len(left) and left.max() >= least:
        row = int(np.argmax(left))
        window = slice(max(row - bent, 0), row + bent + 1)
        middle = np.average(np.arange(len(counts))[window], weights=counts[window] + 1e-9)
        found.append(round(float(middle)))
        first = last = row
        while first > 0 and counts[first - 1] > least / 4:
            first -= 1
        while last + 1 < len(counts) and counts[last + 1] > least / 4:
            last += 1
        left[max(first - 2 * bent - 1, 0) : last + 2 * bent + 2] = 0
    return sorted(found)


def trace_rule(
    opened: NDArray[np.uint8], darkness: FloatArray, rows: NDArray[np.int64], bent: int, most: float
) -> Rule | None:
    """The line that runs near `rows` (w,), followed column by column; None for a band too thick to be one.

    Where a stroke lies along it, it is taken to go on as it does beside that; it is no thicker than `most`.
    """
    height, width = opened.shape
    reach = 2 * bent + 6
    window = rows + np.arange(-reach, reach + 1)[:, None]
    columns = np.arange(width)
    inked = (opened[window.clip(0, height - 1), columns] > 0) & (window >= 0) & (window < height)
    counts = inked.sum(axis=0)
    there = counts > 0
    if there.mean() < ACROSS:
        return None
    thick = min(float(np.median(counts[there])), most)
    spread = len(inked) - inked.argmax(axis=0) - inked[::-1].argmax(axis=0)
    free = there & (spread <= thick + 2)
    if thick > reach or not free.any():
        return None
    middle = (inked * np.arange(-reach, reach + 1)[:, None]).sum(axis=0) / np.maximum(counts, 1)
    steady = np.interp(columns, columns[free], middle[free])
    size = min(31, width // 2 * 2 - 1)
    smooth = cv2.blur(cv2.medianBlur(steady.astype(np.float32)[None], 5), (size, 1), borderType=cv2.BORDER_REPLICATE)[0]
    path = (rows + np.rint(smooth).astype(np.int64)).clip(0, height - 1)
    shade = float(np.median(darkness[path, columns][there]))
    inside = columns[there]
    return Rule(path, thick, shade, int(inside[0]), int(inside[-1]))


def erase(ink: BoolArray, rules: Sequence[Rule], darkness: FloatArray, shade: float = 0.0) -> BoolArray:
    """The ink without the rules; where something thicker than a rule crosses it, or clearly darker, it stays.

    Args:
        ink: (h, w).
        rules: of it.
        darkness: (h, w), 0 to 1.
        shade: the ink's own; 0 where it isn't known.
    """
    kept = ink.copy()
    height, width = ink.shape
    columns = np.arange(width)
    for rule in rules:
        slack = 2 if rule.thick_px > 2 else 1
        reach = int(rule.thick_px) + 2 * slack + 1
        steps = np.arange(-reach, reach + 1)[:, None]
        window = rule.rows + steps
        inside = (window >= 0) & (window < height)
        window = window.clip(0, height - 1)
        inked = ink[window, columns] & inside
        above = np.cumprod(inked[reach::-1], axis=0).sum(axis=0)
        below = np.cumprod(inked[reach:], axis=0).sum(axis=0)
        thin = (above + below - 1 <= rule.thick_px + slack) | ~inked[reach]
        if rule.darkness <= LIGHT * shade:
            thin = (
                thin
                | ~cv2.dilate(
                    (darkness > rule.darkness + LIKE_RULE * (shade - rule.darkness)).astype(np.uint8),
                    np.ones((3, 3), np.uint8),
                ).astype(np.bool_)[window, columns]
            )
        half = rule.thick_px / 2 + slack
        gone = thin & (np.abs(steps) <= half) & inside
        kept[window[gone], np.broadcast_to(columns, gone.shape)[gone]] = False
    return without_crumbs(kept, rules)


def without_crumbs(ink: BoolArray, rules: Sequence[Rule]) -> BoolArray:
    """Ink (h, w) without what is left of rules: bits that lie in their bands and are no higher."""
    band = np.zeros(ink.shape, np.uint8)
    columns = np.arange(ink.shape[1])
    for rule in rules:
        half = int(rule.thick_px) + 2
        for step in range(-half, half + 1):
            band[(rule.rows + step).clip(0, ink.shape[0] - 1), columns] = 1
    return reaching_out(ink, band > 0)


def reaching_out(ink: BoolArray, band: BoolArray) -> BoolArray:
    """The parts of the ink (h, w) that don't lie within a band altogether."""
    count, parts = cv2.connectedComponents(ink.astype(np.uint8), connectivity=8)
    outside = np.zeros(count, np.bool_)
    outside[parts[ink & ~band]] = True
    outside[0] = False
    return np.asarray(outside[parts])


def remove_edges(ink: BoolArray) -> BoolArray:
    """The ink (h, w) without what lies along the picture's sides: a frame, a scanner's dark edge.

    A side's strip goes where ink lies along most of it, and the rest of the ink neither hangs on it nor lies at the
    border as letters do that were cut out.
    """
    strips = [strip for turns in range(4) if (strip := edge_strip(ink, turns)) is not None]
    if not strips:
        return ink
    gone = np.logical_or.reduce(strips)
    beside = 2 * int(2 + CRUMBS * measure_pen(gone)) + 1
    around = cv2.dilate(gone.astype(np.uint8), np.ones((beside, beside), np.uint8)) > 0
    rest = reaching_out(ink & ~gone, around)
    if rest.sum() < LEAST_LEFT * ink.sum() and rest.sum() < 30:
        return ink
    count, parts = cv2.connectedComponents(ink.astype(np.uint8), connectivity=8)
    hanging = np.unique(parts[gone])
    alone = ~np.isin(np.arange(count), hanging)
    alone[0] = False
    if len(strips) < 4 and not alone[parts[rest]].mean() > 0.3 and (touches_border(rest) or same_pen(gone, rest)):
        return ink
    return np.asarray(rest)


def same_pen(one: BoolArray, other: BoolArray) -> bool:
    """Whether two parts of the ink (h, w) are lines of the same width."""
    return bool(1 / ALIKE <= measure_pen(one) / max(measure_pen(other), 1.0) <= ALIKE)


def edge_strip(ink: BoolArray, turns: int) -> BoolArray | None:
    """The strip (h, w) of ink along one side, if there is one; that is the top after `turns` quarter turns."""
    turned = np.rot90(ink, turns)
    depth = max(int(EDGE_DEPTH * turned.shape[0]), 1)
    top = turned[: depth + 1]
    if top[0].mean() < EDGE_SHARE:
        return None
    runs = np.cumprod(top, axis=0).sum(axis=0)
    usual = float(np.median(runs[runs > 0]))
    if usual > depth:
        return None
    wedge = cv2.medianBlur(runs.clip(max=255).astype(np.uint8)[None], min(31, (len(runs) // 2) | 1))[0]
    limit = np.where(runs <= np.maximum(wedge, usual) + 2, runs, np.minimum(runs, np.maximum(wedge, usual)))
    strip = np.zeros(turned.shape, np.bool_)
    strip[: depth + 1] = np.arange(depth + 1)[:, None] < limit
    return np.rot90(strip & turned, -turns)


def remove_flush(ink: BoolArray) -> BoolArray:
    """The ink (h, w) without bars that lie flush along the picture's sides, where no other ink reaches the border."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    height, width = ink.shape
    bars = np.zeros(count, np.bool_)
    for along, across, side, first, last in (
        (2, 3, width, 1, height),
        (3, 2, height, 0, width),
    ):
        long = (stats[:, along] > FLUSH_LONG * stats[:, across]) & (stats[:, along] > FLUSH_SHARE * side)
        at_side = (stats[:, first] <= 0) | (stats[:, first] + stats[:, across] >= last)
        bars |= long & at_side & (stats[:, across] <= EDGE_DEPTH * last)
    bars[0] = False
    kept = ~bars
    kept[0] = False
    rest = kept[parts]
    return rest if bars.any() and rest.any() and not touches_border(rest) else ink
