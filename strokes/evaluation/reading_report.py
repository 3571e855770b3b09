"""How well pictures are read and drawn again: as text, as JSON and as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.evaluation.inline_png import draw_sheet
from strokes.evaluation.report import Plots, Report, Section, Table, as_json, shown
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
class ReadingReport(Report):
    """How good a reader is.

    Attributes:
        accuracy: how many pictures were read as labelled.
        shown: (k, 28, 28) uint8, the first pictures, ink high.
        answers: what each of these was read as.
        redrawing: how well pictures were drawn again, where the reader does that.
    """

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

    def values(self) -> dict[str, Any]:
        """Everything but the pictures."""
        found = {**self.figures, "by_class": as_json(self.accuracy.by_class)}
        if self.redrawing is not None:
            found["reconstruction_by_pixel"] = np.round(self.redrawing.by_pixel, 4).tolist()
        return found

    def sections(self) -> Iterator[Section]:
        """The figures, how every class is read, the first pictures, and what is drawn again right."""
        yield Table(["figure", "share"], [[TEXTS[name], shown(value)] for name, value in self.figures.items()])
        rows = [[name, f"{f.count:,}", shown(f.mean)] for name, f in self.accuracy.by_class.items()]
        yield Table(["class", "pictures", "read right"], rows, on_page=False)
        yield Plots("Read right, by class", [("", draw_bars(self.accuracy.by_class, whole=self.accuracy.total))])
        pictures, heading = self.shown, "The first pictures"
        if self.redrawing is not None:
            pictures = np.concatenate([self.shown, self.redrawing.shown])
            heading += ", and as they were drawn again"
        answers = f"Read as {', '.join(self.answers)}"
        sheet = make_sheet(pictures, columns=len(self.shown))
        yield Plots(heading, [("", draw_sheet(sheet, scale=3, about=answers))], note=answers)
        if self.redrawing is not None:
            yield draw_map(self.redrawing.by_pixel)


TEXTS = {
    "accuracy": "read right, of all pictures",
    "weighted": "of classes, weighted by their pictures",
    "of_classes": "of classes, each the same",
    "reconstruction": "pixels drawn again right, ink or paper",
}


def draw_map(by_pixel: NDArray[np.float64]) -> Plots:
    """The accuracy of every pixel, the worst black and a perfect one white."""
    worst = float(by_pixel.min())
    grey = np.rint((by_pixel - worst) / max(1 - worst, 1e-9) * PAPER).astype(np.uint8)
    sheet = draw_sheet(grey, scale=MAP_SCALE, about="accuracy of every pixel")
    return Plots("Pixels drawn again right", [("", sheet)], note=f"From {shown(worst)} (black) to 1 (white).")
