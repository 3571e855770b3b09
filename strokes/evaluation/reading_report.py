"""How well pictures are read and drawn again: as text, as JSON and as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.evaluation.inline_png import draw_sheet
from strokes.evaluation.page import html_table, page_of
from strokes.evaluation.report import as_json, shown, table
from strokes.evaluation.svg import draw_bars
from strokes.formats.sheet import PAPER, make_sheet
from strokes.metrics.accuracy import Accuracy

MAP_SCALE = 10


@dataclass(frozen=True)
class Redrawing:
    """How alike pictures and their reconstructions are, both divided into ink and paper at one half.

    Attributes:
        accuracy: the share of all pixels that agree.
        by_pixel: (28, 28) the same of each pixel.
        shown: (k, 28, 28) uint8, the first reconstructions, ink high.
    """

    accuracy: float
    by_pixel: NDArray[np.float64]
    shown: NDArray[np.uint8]


@dataclass(frozen=True)
class ReadingReport:
    """How good a reader is.

    Attributes:
        title: what was read.
        about: how, as names and texts.
        accuracy: how many pictures were read as labelled.
        shown: (k, 28, 28) uint8, the first pictures, ink high.
        answers: what each of these was read as.
        redrawing: how well pictures were drawn again, where the reader does that.
    """

    title: str
    about: Mapping[str, str]
    accuracy: Accuracy
    shown: NDArray[np.uint8]
    answers: Sequence[str]
    redrawing: Redrawing | None = None

    @property
    def figures(self) -> dict[str, float]:
        """The figures of all pictures, by name."""
        found = {
            "accuracy": self.accuracy.total.mean,
            "weighted": self.accuracy.weighted,
            "of_classes": self.accuracy.of_classes,
        }
        return found if self.redrawing is None else found | {"reconstruction": self.redrawing.accuracy}

    def as_dict(self) -> dict[str, Any]:
        """Everything but the pictures, as JSON values."""
        by_class = as_json(self.accuracy.by_class)
        found = {"title": self.title, "about": dict(self.about), **self.figures, "by_class": by_class}
        if self.redrawing is not None:
            found["reconstruction_by_pixel"] = np.round(self.redrawing.by_pixel, 4).tolist()
        return found

    def as_text(self) -> str:
        """The same for people."""
        return "\n".join(self._lines())

    def as_page(self) -> Iterator[str]:
        """Lines of an HTML page that needs nothing else."""
        return page_of(self.title, self.about, self._body())

    def _rows(self) -> list[list[str]]:
        return [[TEXTS[name], shown(value)] for name, value in self.figures.items()]

    def _lines(self) -> Iterator[str]:
        yield self.title
        yield from (f"  {name}: {text}" for name, text in self.about.items())
        yield ""
        yield from table(["figure", "share"], self._rows())
        yield ""
        rows = [[name, f"{f.count:,}", shown(f.mean)] for name, f in self.accuracy.by_class.items()]
        yield from table(["class", "pictures", "read right"], rows)

    def _body(self) -> Iterator[str]:
        yield from html_table(["figure", "share"], self._rows())
        yield "<h2>Read right, by class</h2>"
        yield draw_bars(self.accuracy.by_class, whole=self.accuracy.total)
        columns = len(self.shown)
        answers = f"Read as {', '.join(self.answers)}"
        if self.redrawing is None:
            yield "<h2>The first pictures</h2>"
            yield draw_sheet(make_sheet(self.shown, columns=columns), scale=3, about=answers)
        else:
            yield "<h2>The first pictures, and as they were drawn again</h2>"
            pairs = np.concatenate([self.shown, self.redrawing.shown])
            yield draw_sheet(make_sheet(pairs, columns=columns), scale=3, about=answers)
        yield from html_table(["read as", *self.answers], [])
        if self.redrawing is not None:
            yield from draw_map(self.redrawing.by_pixel)


TEXTS = {
    "accuracy": "read right, of all pictures",
    "weighted": "of classes, weighted by their pictures",
    "of_classes": "of classes, each the same",
    "reconstruction": "pixels drawn again right, ink or paper",
}


def draw_map(by_pixel: NDArray[np.float64]) -> Iterator[str]:
    """The accuracy of every pixel, the worst black and a perfect one white."""
    worst = float(by_pixel.min())
    grey = np.rint((by_pixel - worst) / max(1 - worst, 1e-9) * PAPER).astype(np.uint8)
    yield "<h2>Pixels drawn again right</h2>"
    yield f"<p>From {shown(worst)} (black) to 1 (white).</p>"
    yield draw_sheet(grey, scale=MAP_SCALE, about="accuracy of every pixel")
