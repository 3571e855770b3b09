"""What judging found: means with intervals, by class, by writer, what goes wrong; as text and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from strokes.ink.drawing import BoolArray, FloatArray
from strokes.metrics.intervals import Figure, summarise

DIGITS_SHOWN = 3
MOST_ROWS = 62
"""As many classes as there are digits and letters; of more groups, the worst are shown in text."""
WORST_ROWS = 15
RANKED_BY = ("dtw", "chamfer")


@dataclass(frozen=True)
class Example:
    """One drawing of the gallery: the picture (h, w), what the pen did if that is known, what was found, and words.

    Strokes are (points, 2) in the picture's unit square.
    """

    ink: BoolArray
    found: Sequence[FloatArray]
    truth: Sequence[FloatArray] | None
    caption: str


@dataclass(frozen=True)
class Report:
    """How good drawings are.

    Attributes:
        title: what was judged.
        about: how, as names and texts.
        scores: (n,) float32 a metric, NaN where it says nothing.
        labels: each drawing's class, "" where unknown.
        writers: each drawing's writer, "" where unknown.
        causes: which drawings (n,) something is wrong with, by what it is; a drawing is under one at most.
        gallery: examples under headings.
    """

    title: str
    about: Mapping[str, str]
    scores: Mapping[str, FloatArray]
    labels: Sequence[str]
    writers: Sequence[str]
    causes: Mapping[str, BoolArray] = field(default_factory=dict)
    gallery: Mapping[str, Sequence[Example]] = field(default_factory=dict)

    @property
    def overall(self) -> dict[str, Figure]:
        """Every metric over all drawings."""
        return summarise(self.scores, self.writers)

    @property
    def by_class(self) -> dict[str, dict[str, Figure]]:
        """The same for each class."""
        return self._by(self.labels)

    @property
    def by_writer(self) -> dict[str, dict[str, Figure]]:
        """The same for each writer."""
        return self._by(self.writers)

    def _by(self, groups: Sequence[str]) -> dict[str, dict[str, Figure]]:
        names = np.asarray(groups, dtype=np.str_)
        found = {}
        for group in dict.fromkeys(sorted(groups)):
            own = np.flatnonzero(names == group)
            chosen = {name: values[own] for name, values in self.scores.items()}
            found[group] = summarise(chosen, [self.writers[i] for i in own.tolist()])
        return found if list(found) != [""] else {}

    def as_dict(self) -> dict[str, Any]:
        """Everything but the gallery, as JSON values; NaN becomes None."""
        groups = {"by_class": self.by_class, "by_writer": self.by_writer}
        return {
            "title": self.title,
            "about": dict(self.about),
            "drawings": len(self.labels),
            "writers": len(set(self.writers) - {""}),
            "overall": as_json(self.overall),
            "causes": {name: float(which.mean()) for name, which in self.causes.items()},
            **{name: {group: as_json(figures) for group, figures in found.items()} for name, found in groups.items()},
        }

    def as_text(self) -> str:
        """The same for people; of many classes or writers the worst ones."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self.title
        yield from (f"  {name}: {text}" for name, text in self.about.items())
        yield ""
        rows = [[name, shown(f.mean), f"{shown(f.low)} … {shown(f.high)}"] for name, f in self.overall.items()]
        yield from table(["metric", "mean", "95 % interval"], rows)
        for kind, groups in (("class", self.by_class), ("writer", self.by_writer)):
            if len(groups) > 1:
                yield ""
                yield from table([kind, "drawings", *self.scores], list(group_rows(groups)))
        if self.causes:
            yield ""
            rows = [[name, f"{which.mean():.1%}"] for name, which in self.causes.items()]
            yield from table(["what is wrong", "drawings"], rows)


def as_json(figures: Mapping[str, Figure]) -> dict[str, dict[str, float | int | None]]:
    """Figures as JSON values, NaN as None."""
    rows = {name: asdict(figure) for name, figure in figures.items()}
    return {name: {k: None if math.isnan(v) else v for k, v in row.items()} for name, row in rows.items()}


def group_rows(groups: Mapping[str, Mapping[str, Figure]]) -> Iterator[list[str]]:
    """A row a group: its name, number of drawings and means; of too many groups the worst."""
    chosen: Iterable[str] = groups
    if len(groups) > MOST_ROWS:
        key = next(name for name in RANKED_BY if name in next(iter(groups.values())))
        chosen = sorted(groups, key=lambda group: -groups[group][key].mean)[:WORST_ROWS]
    for group in chosen:
        figures = groups[group]
        count = max((figure.count for figure in figures.values()), default=0)
        yield [group or "unknown", f"{count:,}", *(shown(figure.mean) for figure in figures.values())]
    if len(groups) > MOST_ROWS:
        yield [f"… {len(groups) - WORST_ROWS} better ones"]


def shown(value: float) -> str:
    """A number with three digits after the point, a dash for NaN."""
    return "–" if math.isnan(value) else f"{value:.{DIGITS_SHOWN}f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table, the first column left, the others right."""
    filled = [[*row, *[""] * (len(head) - len(row))] for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*filled, strict=True)]
    for first, *rest in filled:
        cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *cells]).rstrip()
