"""How a film looks: its size, pen, colours, background and time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from strokes.errors import ConfigError

PALETTE = ((37, 99, 235), (234, 88, 12), (5, 150, 105), (192, 38, 211), (202, 138, 4), (8, 145, 178))
INK = (31, 35, 43)
PACES = ("length", "even", "recorded")
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class FilmSettings:
    """How a film looks.

    Attributes:
        size: pixels of the longer side of a drawing's picture; 0: that of the background alone, else 480 alone, less in
            a sheet.
        pen_px: the pen's width; 0: a sixtieth of the size.
        colours: "strokes": one each in turn; "ink": one for all; or colours such as "#2563eb,#ea580c".
        paper: the page's colour.
        numbers: each stroke's number where it begins.
        arrows: an arrow along each stroke.
        background: a picture, or a folder with those that the drawings name as their files, to be shown faintly at its
            own resolution; None for the thinned picture that a dataset of small pictures holds.
        seconds: the whole, without the hold; 0: the recorded time at that pace, else 2.5.
        fps: frames a second.
        pace: "length": the pen is equally fast everywhere; "even": each stroke takes the same time; "recorded": as the
            times of the points tell.
        hold_ms: how long the last frame stays.
        loop: how often it plays; 0 for ever. MP4 plays once.
        columns: of a sheet; 0: about as wide as high.
    """

    size: int = 0
    pen_px: float = 0.0
    colours: str = "strokes"
    paper: str = "#ffffff"
    numbers: bool = False
    arrows: bool = False
    background: Path | None = None
    seconds: float = 0.0
    fps: int = 15
    pace: str = "length"
    hold_ms: int = 1500
    loop: int = 0
    columns: int = 0

    def __post_init__(self) -> None:
        if self.pace not in PACES:
            raise ConfigError(f"unknown pace {self.pace!r}; one of {', '.join(PACES)}")
        limits = {"size": 4096, "pen_px": 1000, "seconds": 600, "hold_ms": 600_000, "loop": 65_535, "columns": 2000}
        for name, most in limits.items():
            if not 0 <= getattr(self, name) <= most:
                raise ConfigError(f"--{name.replace('_', '-')} is {getattr(self, name)}; expected 0 to {most}")
        if not 1 <= self.fps <= 60:
            raise ConfigError(f"--fps is {self.fps}; expected 1 to 60")
        parse_colour(self.paper)
        self.stroke_colour(0)

    def stroke_colour(self, number: int) -> Colour:
        """The colour of a stroke, by its number from 0."""
        if self.colours in ("strokes", "ink"):
            return PALETTE[number % len(PALETTE)] if self.colours == "strokes" else INK
        named = self.colours.split(",")
        return parse_colour(named[number % len(named)])


def parse_colour(text: str) -> Colour:
    """`#rrggbb` as three numbers. Raises `ConfigError` for anything else."""
    found = re.fullmatch(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", text.strip())
    if found is None:
        raise ConfigError(f"{text!r} is no colour; expected something like #2563eb, or strokes or ink")
    return int(found[1], 16), int(found[2], 16), int(found[3], 16)
