"""What judging drawings found: means with intervals, by class, by writer, what goes wrong, and examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from strokes.evaluation.report import Plots, Report, Section, Table, as_json, shown
from strokes.evaluation.svg import draw_bars, draw_histogram
from strokes.ink.drawing import BoolArray, FloatArray
from strokes.ink.svg import draw_strokes
from strokes.metrics.intervals import Figure, summarise

MOST_ROWS = 62
"""As many classes as there are digits and letters; of more groups, the worst are shown in text."""
WORST_ROWS = 15
RANKED_BY = ("dtw", "chamfer")
FRAME_PEN_PX = 2.2
"""The pen's width in the frame."""
UNIT_PX, MOST_SIDE_PX = 4, 1000
"""On the screen: a pixel of the frame, and the longer side of a page."""
PLOTTED = ("dtw", "direction", "order", "strokes", "start", "f1", "chamfer", "mse", "teach", "teach_pens")


@dataclass(frozen=True)
class Example:
    """One drawing of the gallery: the picture (h, w), what the pen did if that is known, what was found, and words.

    Strokes are (points, 2) in units of the picture's longer side; its pen is `pen_px` wide in it.
    """

    ink: BoolArray
    found: Sequence[FloatArray]
    truth: Sequence[FloatArray] | None
    caption: str
    pen_px: float = FRAME_PEN_PX


@dataclass(frozen=True)
class DrawingsReport(Report):
    """How good drawings are.

    Attributes:
        scores: (n,) float32 a metric, NaN where it says nothing.
        labels: each drawing's class, "" where unknown.
        writers: each drawing's writer, "" where unknown.
        causes: which drawings (n,) something is wrong with, by what it is; a drawing is under one at most.
        gallery: examples under headings.
    """

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

    def values(self) -> dict[str, Any]:
        """Everything but the gallery."""
        groups = {"by_class": self.by_class, "by_writer": self.by_writer}
        return {
            "drawings": len(self.labels),
            "writers": len(set(self.writers) - {""}),
            "overall": as_json(self.overall),
            "causes": {name: float(which.mean()) for name, which in self.causes.items()},
            **{name: {group: as_json(figures) for group, figures in found.items()} for name, found in groups.items()},
        }

    def sections(self) -> Iterator[Section]:
        """The metrics, as text the worst of many classes or writers, what goes wrong, plots and the gallery."""
        overall, groups = self.overall, {"class": self.by_class, "writer": self.by_writer}
        head = ["metric", "mean", "95 % interval", "drawings"]
        yield Table(
            head,
            [[name, shown(f.mean), f"{shown(f.low)} … {shown(f.high)}", f"{f.count:,}"] for name, f in overall.items()],
        )
        for kind, found in groups.items():
            if len(found) > 1:
                yield Table([kind, "drawings", *self.scores], list(group_rows(found)), on_page=False)
        if self.causes:
            rows = [[name, f"{which.mean():.1%}"] for name, which in self.causes.items()]
            yield Table(["each drawing under its first cause", "drawings"], rows, heading="What goes wrong")
        for metric in (name for name in PLOTTED if name in overall):
            folded = [
                (f"by {kind}", draw_bars({name: f[metric] for name, f in found.items()}, whole=overall[metric]))
                for kind, found in groups.items()
                if len(found) > 1
            ]
            yield Plots(metric, [("", draw_histogram(self.scores[metric]))], folded=folded)
        yield from (gallery_of(heading, examples) for heading, examples in self.gallery.items())


def gallery_of(heading: str, examples: Sequence[Example]) -> Plots:
    """Drawings under a heading: what the pen did, where it is known, and beside it what was found."""
    known = any(example.truth is not None for example in examples)
    return Plots(
        heading,
        [(example.caption, " ".join(sides_of(example))) for example in examples],
        note="Left the pen, right what was found." if known else "",
    )


def sides_of(example: Example) -> Iterator[str]:
    """What the pen did, if that is known, and what was found."""
    for strokes in (example.truth, example.found):
        if strokes is not None:
            yield draw_example(strokes, example)


def draw_example(strokes: Sequence[FloatArray], example: Example) -> str:
    """Strokes over their picture, lines and numbers as large beside the pen's width as in the frame."""
    height, width = example.ink.shape
    side_units = max(height, width) * FRAME_PEN_PX / example.pen_px
    size = width / max(height, width), height / max(height, width)
    side_px = min(round(side_units * UNIT_PX), MOST_SIDE_PX)
    return draw_strokes(strokes, example.ink, size=size, side_px=side_px, side_units=side_units)


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
