"""G-code for pen plotters (RS-274, as GRBL and Marlin take it): one program of all drawings, or a folder of programs.

`G21` mm or `G20` inches, `G90` absolute; y counts up from the page's lower edge. The pen goes up and down by Z, or by a
servo on the spindle's output (`M3 S…`); `G0` moves it through the air, `G1` draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from strokes.errors import ConfigError
from strokes.formats.glyphs import glyphs
from strokes.formats.plot_layout import lay_out, lay_out_one
from strokes.formats.plot_order import in_order
from strokes.formats.plot_settings import PlotSettings
from strokes.formats.recording import Numbers
from strokes.store.reader import DatasetFile

INCH_MM = 25.4
DIGITS = {"mm": 3, "inch": 5}


@dataclass(frozen=True)
class WriteSettings(PlotSettings):
    """A plot's settings, and the machine's.

    Attributes:
        pen: "z": the pen is lifted by Z; "servo": by `M3 S…`.
        pen_up: height in mm, or the servo's S; by default 5 mm, S 0.
        pen_down: likewise; by default 0 mm, S 1000.
        feed: mm a minute that the pen draws at.
        units: "mm" or "inch".
        dwell_s: seconds to wait for a servo.
    """

    pen: str = "z"
    pen_up: float | None = None
    pen_down: float | None = None
    feed: float = 1500.0
    units: str = "mm"
    dwell_s: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pen not in ("z", "servo") or self.units not in DIGITS:
            raise ConfigError("expected --pen z or servo, and --units mm or inch")
        if not 0 < self.feed <= 1e6 or not 0 <= self.dwell_s <= 60:
            raise ConfigError(f"--feed is {self.feed}, --dwell-s {self.dwell_s}; expected above 0, and 0 to 60")

    def lift(self, *, down: bool) -> list[str]:
        """The lines that put the pen up or down."""
        given = self.pen_down if down else self.pen_up
        if self.pen == "z":
            height = given if given is not None else (0.0 if down else 5.0)
            return [f"G1 Z{self.number(height)} F{self.number(self.feed)}" if down else f"G0 Z{self.number(height)}"]
        angle = given if given is not None else (1000.0 if down else 0.0)
        return [f"M3 S{angle:g}", f"G4 P{self.dwell_s:g}"]

    def number(self, mm: float) -> str:
        """A length in the machine's unit."""
        value = mm / INCH_MM if self.units == "inch" else mm
        return f"{round(value, DIGITS[self.units]) + 0.0:.{DIGITS[self.units]}f}"


def write(dataset: DatasetFile, path: Path, settings: WriteSettings) -> None:
    """Write every drawing of `dataset` to one program, or to a program each when `path` is a folder."""
    if path.is_dir():
        width = len(str(max(len(dataset) - 1, 0)))
        for glyph in glyphs(dataset):
            page, placed = lay_out_one(glyph, settings)
            lines = program(in_order(placed.strokes, settings.optimise), page.height_mm, settings)
            text = "".join(f"{line}\n" for line in lines)
            (path / f"{glyph.stem(width)}.gcode").write_text(text, encoding="utf-8")
        return
    page = lay_out(dataset, settings)
    strokes = [stroke for placed in page.drawings(dataset) for stroke in placed.strokes]
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in program(in_order(strokes, settings.optimise), page.height_mm, settings))


def program(strokes: Sequence[Numbers], height_mm: float, settings: WriteSettings) -> Iterator[str]:
    """The lines that draw strokes in mm, y down, on a page so high; the pen ends up, at the origin."""
    yield "G20" if settings.units == "inch" else "G21"
    yield "G90"
    yield from settings.lift(down=False)
    for stroke in strokes:
        places = [f"X{settings.number(x)} Y{settings.number(height_mm - y)}" for x, y in stroke.tolist()]
        yield f"G0 {places[0]}"
        yield from settings.lift(down=True)
        for i, place in enumerate(places[1:]):
            yield f"G1 {place} F{settings.number(settings.feed)}" if i == 0 else f"G1 {place}"
        yield from settings.lift(down=False)
    yield "G0 X0 Y0"
    if settings.pen == "servo":
        yield "M5"
    yield "M2"
