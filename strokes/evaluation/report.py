"""What judging found, in sections; text for people, JSON for machines and an HTML page follow from the same."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from strokes.files import atomic_path
from strokes.metrics.intervals import Figure

DIGITS_SHOWN = 3
PAGE_TEMPLATE = "report.html"


@dataclass(frozen=True)
class Table:
    """Rows of texts under a head, the first column left, the others right.

    Attributes:
        head: of each column.
        rows: may be shorter than the head.
        heading: above it, on a page.
        in_text, on_page: where it is shown.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    heading: str = ""
    in_text: bool = True
    on_page: bool = True

    def lines(self) -> Iterator[str]:
        """Lines of text, the columns aligned."""
        filled = [[*row, *[""] * (len(self.head) - len(row))] for row in [self.head, *self.rows]]
        widths = [max(map(len, column)) for column in zip(*filled, strict=True)]
        for first, *rest in filled:
            cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
            yield "  ".join([first.ljust(widths[0]), *cells]).rstrip()


@dataclass(frozen=True)
class Plots:
    """Plots or pictures for a page.

    Attributes:
        heading: above them.
        figures: HTML or SVG, by a caption; "" for none.
        note: a line below the heading.
        folded: more of them, each behind its caption until it's clicked.
    """

    heading: str
    figures: Sequence[tuple[str, str]] = ()
    note: str = ""
    folded: Sequence[tuple[str, str]] = ()


Section = Table | Plots


@dataclass(frozen=True)
class Report(ABC):
    """How good something is.

    Attributes:
        title: what was judged.
        about: how, as names and texts.
    """

    title: str
    about: Mapping[str, str]

    @abstractmethod
    def values(self) -> dict[str, Any]:
        """Every figure, as JSON values; NaN is None."""

    @abstractmethod
    def sections(self) -> Iterator[Section]:
        """What is shown, in order."""

    def as_dict(self) -> dict[str, Any]:
        """The title, how things were judged, and every figure, as JSON values."""
        return {"title": self.title, "about": dict(self.about), **self.values()}

    def as_text(self) -> str:
        """For people: the title, how things were judged, and the tables."""
        lines = [self.title, *(f"  {name}: {text}" for name, text in self.about.items())]
        for section in self.sections():
            if isinstance(section, Table) and section.in_text:
                lines += ["", *section.lines()]
        return "\n".join(lines)

    def as_page(self) -> str:
        """An HTML page that needs nothing else."""
        from jinja2 import Environment, PackageLoader, StrictUndefined

        loader = PackageLoader("strokes.evaluation")
        pages = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        return pages.get_template(PAGE_TEMPLATE).render(report=self, sections=list(self.sections()))


def write_report(report: Report, *, json_file: Path | None, page: Path | None, overwrite: bool = False) -> None:
    """Write a report as JSON, as a page, or both; each file appears only when whole.

    Raises:
        StoreError: one exists or can't be written.
    """
    if json_file is not None:
        with atomic_path(json_file, overwrite=overwrite) as partial:
            partial.write_text(json.dumps(report.as_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if page is not None:
        with atomic_path(page, overwrite=overwrite) as partial:
            partial.write_text(report.as_page() + "\n", encoding="utf-8")


def as_json(figures: Mapping[str, Figure]) -> dict[str, dict[str, float | int | None]]:
    """Figures as JSON values, NaN as None."""
    rows = {name: asdict(figure) for name, figure in figures.items()}
    return {name: {k: None if math.isnan(v) else v for k, v in row.items()} for name, row in rows.items()}


def shown(value: float) -> str:
    """A number with three digits after the point, a dash for NaN."""
    return "–" if math.isnan(value) else f"{value:.{DIGITS_SHOWN}f}"
