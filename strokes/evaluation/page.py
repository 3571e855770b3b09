"""A report as one HTML page that needs nothing else: tables, plots, and the gallery, truth beside what was found."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence

from strokes.evaluation.report import Example, Report, shown
from strokes.evaluation.svg import draw_bars, draw_histogram, draw_strokes
from strokes.metrics.intervals import Figure

STYLE = """
:root { --ink: #d8d8d2; --text: #222; --paper: #fff; --faint: #777; --bar: #9db8d9; --line: #ddd; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #444; --text: #e4e4e0; --paper: #181818; --faint: #999; --bar: #3f5f88; --line: #383838; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--paper);
       max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .15rem .8rem .15rem 0; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
dt { float: left; clear: left; min-width: 12rem; color: var(--faint); }
dd { margin-left: 12rem; }
h2 { margin-top: 2.5rem; }
.gallery { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; width: 240px; }
figcaption { font-size: 12px; color: var(--faint); }
.drawing { border: 1px solid var(--line); }
.ink { fill: var(--ink); }
.stroke { fill: none; stroke-width: .7; stroke-linecap: round; stroke-linejoin: round; }
.number { font: bold 1.7px system-ui, sans-serif; text-anchor: middle; fill: #fff; }
.chart text { font-size: 11px; fill: var(--text); }
.chart .label { text-anchor: end; }
.bar { fill: var(--bar); }
.interval { stroke: var(--text); stroke-width: 1; }
.mean { stroke: #d1495b; stroke-width: 1; stroke-dasharray: 3 2; }
details { margin: .5rem 0; }
.sheet { image-rendering: pixelated; border: 1px solid var(--line); }
"""
PLOTTED = ("dtw", "direction", "order", "strokes", "start", "f1", "chamfer", "mse", "teach", "teach_pens")


def page_of(title: str, about: Mapping[str, str], body: Iterable[str]) -> Iterator[str]:
    """A whole page: a title, how things were done as names and texts, and what follows as HTML."""
    title = html.escape(title)
    yield f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield f"<style>{STYLE}</style></head><body><h1>{title}</h1><dl>"
    yield from (f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>" for name, text in about.items())
    yield "</dl>"
    yield from body
    yield "</body></html>"


def html_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table of texts."""
    yield "<table><tr>" + "".join(f"<th>{html.escape(cell)}</th>" for cell in head) + "</tr>"
    yield from ("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    yield "</table>"


def lines_of(report: Report) -> Iterator[str]:
    """The page of a report."""
    return page_of(report.title, report.about, body_of(report))


def body_of(report: Report) -> Iterator[str]:
    """What a report's page shows."""
    overall = report.overall
    yield from table_of(overall)
    if report.causes:
        yield "<h2>What goes wrong</h2>"
        rows = ([name, f"{which.mean():.1%}"] for name, which in report.causes.items())
        yield from html_table(["each drawing under its first cause", "share"], rows)
    yield from plots_of(report, overall)
    for heading, examples in report.gallery.items():
        yield from gallery_of(heading, examples)


def table_of(overall: Mapping[str, Figure]) -> Iterator[str]:
    """Every metric with its interval."""
    rows = ([name, shown(f.mean), f"{shown(f.low)} … {shown(f.high)}", f"{f.count:,}"] for name, f in overall.items())
    return html_table(["metric", "mean", "95 % interval", "drawings"], rows)


def plots_of(report: Report, overall: Mapping[str, Figure]) -> Iterator[str]:
    """For every metric how its values are spread, and its means by class and by writer."""
    groups = {"class": report.by_class, "writer": report.by_writer}
    yield "<h2>By class and by writer</h2>"
    for metric in (name for name in PLOTTED if name in overall):
        yield f"<h3>{html.escape(metric)}</h3>"
        yield draw_histogram(report.scores[metric])
        for kind, found in groups.items():
            if len(found) > 1:
                bars = draw_bars({name: figures[metric] for name, figures in found.items()}, whole=overall[metric])
                yield f"<details><summary>by {kind}</summary>{bars}</details>"


def gallery_of(heading: str, examples: Sequence[Example]) -> Iterator[str]:
    """Drawings under a heading: what the pen did, where it is known, and beside it what was found."""
    known = any(example.truth is not None for example in examples)
    yield f"<h2>{html.escape(heading)}</h2>"
    yield "<p>Left the pen, right what was found.</p>" if known else ""
    yield '<div class="gallery">'
    for example in examples:
        truth = "" if example.truth is None else draw_strokes(example.truth, example.ink)
        found = draw_strokes(example.found, example.ink)
        yield f"<figure>{truth} {found}<figcaption>{html.escape(example.caption)}</figcaption></figure>"
    yield "</div>"
