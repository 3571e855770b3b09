"""What a plot is asked to be: sizes in mm, paper, pen, curves, order and layers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from strokes.errors import ConfigError

PAPERS = {
    "a3": (297.0, 420.0),
    "a4": (210.0, 297.0),
    "a5": (148.0, 210.0),
    "a6": (105.0, 148.0),
    "letter": (215.9, 279.4),
}
SIZES = ("height_mm", "width_mm", "x_height_mm", "scale")
LONGEST_MM = 10_000.0


@dataclass(frozen=True)
class PlotSettings:
    """How drawings are put on paper; at most one of the four sizes is given.

    Attributes:
        height_mm: of each drawing's ink.
        width_mm: of each drawing's ink.
        x_height_mm: of each word's small letters, estimated by where its strokes turn.
        scale: 1 is the true size where the dataset knows it, else 16 mm for the longer side of a drawing's picture.
        margin_mm: around the ink; by default 1 mm, or 10 mm of paper.
        paper: "a4", "a5" and the like, or "WIDTHxHEIGHT" in mm; "" for a page as large as what is on it.
        pen_width_mm: what the pen draws.
        curves_mm: smooth curves (cubic Béziers) within this of the points, in mm; 0 for the polylines that they are.
        optimise: "none": strokes stay in the order they were written in; "order": a short way of the pen through the
            air, each stroke in its own direction; "flip": a shorter one, strokes perhaps backwards.
        layers: "one" for all drawings, or one "each".
    """

    height_mm: float | None = None
    width_mm: float | None = None
    x_height_mm: float | None = None
    scale: float | None = None
    margin_mm: float | None = None
    paper: str = ""
    pen_width_mm: float = 0.5
    curves_mm: float = 0.0
    optimise: str = "none"
    layers: str = "one"

    def __post_init__(self) -> None:
        given = [name for name in SIZES if getattr(self, name) is not None]
        if len(given) > 1:
            raise ConfigError(f"{' and '.join(_option(name) for name in given)} together; give one of them")
        for name in (*given, "pen_width_mm"):
            if not 0 < getattr(self, name) <= LONGEST_MM:
                raise ConfigError(f"{_option(name)} is {getattr(self, name)}; expected above 0, up to {LONGEST_MM:g}")
        for name in ("margin_mm", "curves_mm"):
            if not 0 <= (getattr(self, name) or 0) <= LONGEST_MM:
                raise ConfigError(f"{_option(name)} is {getattr(self, name)}; expected 0 to {LONGEST_MM:g}")
        if self.optimise not in ("none", "order", "flip") or self.layers not in ("one", "each"):
            raise ConfigError("expected --optimise none, order or flip, and --layers one or each")
        paper_mm(self.paper)

    @property
    def sized(self) -> bool:
        """Whether a size or a paper is asked for."""
        return bool(self.paper) or any(getattr(self, name) is not None for name in SIZES)

    @property
    def paper_mm(self) -> tuple[float, float] | None:
        """The paper's width and height in mm; None when there is none."""
        return paper_mm(self.paper)

    @property
    def around_mm(self) -> float:
        """The margin."""
        return self.margin_mm if self.margin_mm is not None else 10.0 if self.paper else 1.0


def paper_mm(name: str) -> tuple[float, float] | None:
    """A paper's width and height in mm, None for "". Raises `ConfigError` when the name is none."""
    if not name:
        return None
    if name.lower() in PAPERS:
        return PAPERS[name.lower()]
    found = re.fullmatch(r"(\d{1,5}(?:\.\d+)?)x(\d{1,5}(?:\.\d+)?)", name.lower())
    if found is None or not all(0 < float(side) <= LONGEST_MM for side in found.groups()):
        raise ConfigError(f"unknown paper {name!r}; one of {', '.join(PAPERS)}, or WIDTHxHEIGHT in mm such as 200x100")
    return float(found[1]), float(found[2])


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
