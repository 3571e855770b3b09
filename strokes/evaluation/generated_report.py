"""What scoring found, generated beside real pictures: as text, as JSON and as a page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.evaluation.inline_png import draw_sheet
from strokes.evaluation.report import Plots, Report, Section, Table, as_json, shown
from strokes.evaluation.scores import Scores
from strokes.evaluation.svg import draw_bars, draw_histogram
from strokes.formats.sheet import make_sheet
from strokes.ink.pictures import GreySet
from strokes.metrics.intervals import Figure

GENERATED_SHOWN = 100
SHOWN_NEAREST = 10
FIGURES = {
    "pictures": "pictures",
    "inception": "Inception Score, 10 splits",
    "inception_sd": "its standard deviation",
    "small_inception": "of 100 pictures, 10 splits of 10",
    "small_inception_sd": "its standard deviation over 1,000 draws",
    "frechet": "Fréchet distance",
    "precision": "precision",
    "recall": "recall",
    "accuracy": "read as the class asked for",
    "nearest_px": "nearest training picture, pixel RMS",
    "memorised_px": "nearer than 99 % of real test pictures, by pixels",
    "nearest_features": "nearest training picture, features",
    "memorised_features": "nearer than 99 % of real test pictures, by features",
}
"""What each figure is called, in the order shown."""


@dataclass(frozen=True)
class GeneratedReport(Report):
    """How good generated pictures are, beside real ones.

    Attributes:
        generated: the scores of the generated pictures.
        real: the same of real test pictures.
        sheets: pictures side by side, by what they are.
    """

    generated: Scores
    real: Scores
    sheets: Mapping[str, NDArray[np.uint8]]

    def values(self) -> dict[str, Any]:
        """Everything but the pictures."""
        return {"generated": values_of(self.generated), "real": values_of(self.real)}

    def sections(self) -> Iterator[Section]:
        """The figures side by side, how classes are read, how near training pictures are, and pictures."""
        yield Table(SIDES_HEAD, self._rows())
        if self.generated.accuracy.by_class:
            yield Table(["read as asked", *SIDES_HEAD[1:]], self._class_rows(), on_page=False)
        for name, scores in (("Generated", self.generated), ("Real", self.real)):
            if scores.accuracy.by_class:
                bars = draw_bars(scores.accuracy.by_class, whole=scores.accuracy.total)
                yield Plots(f"{name} pictures read as asked", [("", bars)])
        yield from self._nearness()
        yield from (Plots(name, [("", draw_sheet(sheet, about=name))]) for name, sheet in self.sheets.items())

    def _rows(self) -> list[list[str]]:
        both = [figures_of(self.generated), figures_of(self.real)]
        rows = [[text, *(in_words(name, side[name]) for side in both)] for name, text in FIGURES.items()]
        return [row for row in rows if row[1:] != ["–", "–"]]

    def _class_rows(self) -> list[list[str]]:
        made, real = self.generated.accuracy.by_class, self.real.accuracy.by_class
        return [
            [name, shown(figure.mean), shown(real[name].mean) if name in real else "–"] for name, figure in made.items()
        ]

    def _nearness(self) -> Iterator[Section]:
        made, real = self.generated.neighbours, self.real.neighbours
        if made is None or real is None:
            return
        pairs = {"pixel RMS": (made.pixel_rms, real.pixel_rms), "features": (made.features, real.features)}
        plots = []
        for name, (own, other) in pairs.items():
            span = (0.0, float(max(np.percentile(own, 99), np.percentile(other, 99), 1e-6)))
            for side, values in (("generated", own), ("real", other)):
                plots.append((f"{side}, {name}", draw_histogram(values, span=span)))
        yield Plots("How far the nearest training picture is", plots)


SIDES_HEAD = ["figure", "generated", "real"]


def figures_of(scores: Scores) -> dict[str, float]:
    """Every figure of `FIGURES`, NaN where it isn't known."""
    found = scores.neighbours
    apart = {
        "nearest_px": math.nan if found is None else float(found.pixel_rms.mean()),
        "nearest_features": math.nan if found is None else float(found.features.mean()),
        "accuracy": scores.accuracy.total.mean,
    }
    return {name: apart[name] if name in apart else float(getattr(scores, name)) for name in FIGURES}


def values_of(scores: Scores) -> dict[str, Any]:
    """Every figure and the accuracy of each class, as JSON values."""
    values = {name: None if math.isnan(value) else value for name, value in figures_of(scores).items()}
    by_class: Mapping[str, Figure] = scores.accuracy.by_class
    return {**values, "pictures": scores.pictures, "by_class": as_json(by_class)}


def in_words(name: str, value: float) -> str:
    """A figure as text."""
    return f"{value:,.0f}" if name == "pictures" else shown(value)


def sheets_of(made: GreySet, test: GreySet, train: GreySet | None, scores: Scores) -> dict[str, NDArray[np.uint8]]:
    """The first generated pictures, real ones, and those nearest to a training picture above it."""
    sheets = {
        "Generated pictures": make_sheet(made.images[:GENERATED_SHOWN], columns=20),
        "Real pictures": make_sheet(test.images[:GENERATED_SHOWN], columns=20),
    }
    if train is None or scores.neighbours is None:
        return sheets
    closest = np.argsort(scores.neighbours.pixel_rms, kind="stable")[:SHOWN_NEAREST]
    pairs = np.concatenate([made.images[closest], train.images[scores.neighbours.index[closest]]])
    return sheets | {
        "Generated pictures nearest to a training picture, which is below": make_sheet(pairs, columns=SHOWN_NEAREST)
    }
