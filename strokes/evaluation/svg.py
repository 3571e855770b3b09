"""Inline SVG for reports: a drawing with its strokes' order and direction, bars, intervals, histograms."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.evaluation.report import shown
from strokes.ink.drawing import BoolArray, FloatArray
from strokes.metrics.intervals import Figure

COLOURS = ("#1f5fbf", "#d1495b", "#2a9d57", "#b7791f", "#7b4fb5", "#00839b", "#a3456e", "#5f6b2d")
"""Of the first stroke, the second and so on, again from the start."""
FRAME = 28
ROW_PX = 16
CHART_PX = 420
LABEL_PX = 150


def draw_strokes(strokes: Sequence[FloatArray], ink: BoolArray | None = None, *, side_px: int = 112) -> str:
    """Strokes (points, 2) in the unit square over their picture: coloured by order, numbered where each starts."""
    parts = [] if ink is None else [draw_ink(ink)]
    for number, stroke in enumerate(strokes, 1):
        colour = COLOURS[(number - 1) % len(COLOURS)]
        points = stroke.astype(np.float64) * FRAME
        parts += [draw_line(points, colour), draw_arrow(points, colour)]
        x, y = points[0]
        parts.append(f'<circle cx="{x:.2f}" cy="{y:.2f}" r="1.15" fill="{colour}"/>')
        parts.append(f'<text x="{x:.2f}" y="{y + 0.6:.2f}" class="number">{number}</text>')
    body = "".join(parts)
    return f'<svg viewBox="0 0 {FRAME} {FRAME}" width="{side_px}" height="{side_px}" class="drawing">{body}</svg>'


def draw_ink(ink: BoolArray) -> str:
    """Pixels of a picture (h, w) as one path."""
    pixel = FRAME / max(ink.shape)
    squares = "".join(
        f"M{x * pixel:.4g} {y * pixel:.4g}h{pixel:.4g}v{pixel:.4g}h-{pixel:.4g}z" for y, x in np.argwhere(ink)
    )
    return f'<path d="{squares}" class="ink"/>'


def draw_line(points: NDArray[np.float64], colour: str) -> str:
    """A polyline; a dot becomes a short one, which its round ends show."""
    way = points if len(points) > 1 else points + np.array([[0, 0], [0.01, 0]])
    return f'<path d="M{" ".join(f"{x:.2f} {y:.2f}" for x, y in way)}" stroke="{colour}" class="stroke"/>'


def draw_arrow(points: NDArray[np.float64], colour: str) -> str:
    """An arrowhead half-way along a stroke; none on a dot."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    if len(points) < 2 or steps.sum() < 2:
        return ""
    at = int(np.clip(np.searchsorted(np.cumsum(steps), steps.sum() / 2), 0, len(points) - 2))
    ahead = points[min(at + 2, len(points) - 1)] - points[max(at - 1, 0)]
    forward = ahead / max(np.hypot(*ahead), 1e-9)
    aside = np.array([-forward[1], forward[0]])
    tip = points[at + 1] + forward
    corners = (tip, tip - 2 * forward + aside, tip - 2 * forward - aside)
    return f'<path d="M{" ".join(f"{x:.2f} {y:.2f}" for x, y in corners)}z" fill="{colour}"/>'


def draw_bars(values: Mapping[str, Figure], *, whole: Figure) -> str:
    """A bar a group with its mean and interval; a line at the whole's mean."""
    highs = [f.high for f in (*values.values(), whole) if not np.isnan(f.high)]
    least = min([0.0, *(f.mean for f in values.values() if not np.isnan(f.mean))])
    most = max([*highs, least + 1e-6])
    height = ROW_PX * len(values) + 4

    def place(value: float) -> float:
        return LABEL_PX + (min(max(value, least), most) - least) / (most - least) * CHART_PX

    rows = []
    for i, (name, figure) in enumerate(values.items()):
        y = i * ROW_PX
        text = f"{html.escape(name or 'unknown')} ({figure.count:,})"
        rows.append(f'<text x="{LABEL_PX - 6}" y="{y + 12}" class="label">{text}</text>')
        if np.isnan(figure.mean):
            continue
        start, end = sorted((place(0), place(figure.mean)))
        rows.append(f'<rect x="{start:.1f}" y="{y + 3}" width="{end - start:.1f}" height="10" class="bar"/>')
        rows.append(f'<path d="M{place(figure.low):.1f} {y + 8}H{place(figure.high):.1f}" class="interval"/>')
        rows.append(f'<text x="{LABEL_PX + CHART_PX + 6}" y="{y + 12}">{shown(figure.mean)}</text>')
    if not np.isnan(whole.mean):
        rows.append(f'<path d="M{place(whole.mean):.1f} 0V{height}" class="mean"/>')
    return f'<svg width="{LABEL_PX + CHART_PX + 60}" height="{height}" class="chart">{"".join(rows)}</svg>'


def draw_histogram(values: NDArray[Any], *, bins: int = 40, span: tuple[float, float] | None = None) -> str:
    """How often each value occurs between the lowest and the 99th percentile, or in a span; the ends hold the rest."""
    known = values[~np.isnan(values)]
    if not len(known):
        return ""
    low, high = (float(known.min()), float(np.percentile(known, 99))) if span is None else span
    high = high if high > low else low + 1
    counts, _ = np.histogram(np.clip(known, low, high), bins=bins, range=(low, high))
    width = CHART_PX / bins
    bars = "".join(
        f'<rect x="{i * width:.1f}" y="{80 - 76 * count / counts.max():.1f}" width="{width - 1:.1f}" '
        f'height="{76 * count / counts.max():.1f}" class="bar"/>'
        for i, count in enumerate(counts.tolist())
    )
    ends = f'<text x="0" y="94">{shown(low)}</text><text x="{CHART_PX}" y="94" class="label">{shown(high)}</text>'
    return f'<svg width="{CHART_PX}" height="98" class="chart">{bars}{ends}</svg>'
