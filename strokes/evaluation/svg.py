"""Inline SVG for reports: bars, intervals, histograms."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.evaluation.report import shown
from strokes.metrics.intervals import Figure

ROW_PX = 16
CHART_PX = 420
LABEL_PX = 150


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
    last = f'<text x="{CHART_PX}" y="94" text-anchor="end" class="label">{shown(high)}</text>'
    ends = f'<text x="0" y="94">{shown(low)}</text>{last}'
    return f'<svg width="{CHART_PX}" height="98" class="chart">{bars}{ends}</svg>'
