"""SVG's path data as polylines: every command, relative or not, flattened within a tolerance (SVG 2, chapter 9)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from strokes.errors import SourceError
from strokes.formats.limits import MAX_COORDINATE, MAX_POINTS
from strokes.formats.recording import Numbers

TOKEN = re.compile(r"\s*,?\s*([MmZzLlHhVvCcSsQqTtAa]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
COUNTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
MOST_STEPS = 1000


def flatten_path(text: str, tolerance: float) -> list[Numbers]:
    """Each subpath of a path's `d` as points (p, 2); what follows an error in it is left out, as SVG asks.

    Raises:
        SourceError: as `follow_path`.
    """
    return [np.array(stroke) for stroke in follow_path(text, tolerance).strokes if stroke]


def follow_path(text: str, tolerance: float) -> PathPen:
    """The pen that has followed a path's `d`.

    Raises:
        SourceError: it has a coordinate or so many points that no drawing has them.
    """
    pen = PathPen(tolerance)
    for command, values in _commands(text):
        pen.draw(command, values)
        if pen.count > MAX_POINTS:
            raise SourceError(f"a path of more than {MAX_POINTS} points; no drawing is so long")
    return pen


def _commands(text: str) -> Iterator[tuple[str, list[float]]]:
    """Each command with as many numbers as it takes; one letter may stand for several."""
    at, command = 0, ""
    values: list[float] = []
    while True:
        found = TOKEN.match(text, at)
        needed = COUNTS.get(command.upper(), 0)
        if found is None:
            return
        token = found[1]
        if command.upper() == "A" and len(values) in (3, 4) and token[0] in "01" and len(token) > 1:
            found = re.compile(r"\s*,?\s*([01])").match(text, at)  # flags may stand without a space between them
            token = found[1] if found else token
        at = found.end() if found else at
        if token.isalpha():
            if values:
                return
            command, values = token, []
            if token in "Zz":
                yield token, []
            continue
        if not needed:
            return
        values.append(float(token))
        if not abs(values[-1]) <= MAX_COORDINATE:
            raise SourceError(f"a path with a number above {MAX_COORDINATE:g}")
        if len(values) == needed:
            yield command, values
            command = {"M": "L", "m": "l"}.get(command, command)
            values = []


class PathPen:
    """What follows a path's commands.

    Attributes:
        strokes: the points of each subpath so far.
        ends: which of each subpath's points its commands end at.
        count: how many there are.
    """

    def __init__(self, tolerance: float) -> None:
        self.strokes: list[list[tuple[float, float]]] = []
        self.ends: list[list[int]] = []
        self.count = 0
        self._tolerance = tolerance
        self._here = np.zeros(2)
        self._start = np.zeros(2)
        self._control: tuple[str, Numbers] = ("", np.zeros(2))

    def draw(self, command: str, values: list[float]) -> None:
        """Follow one command."""
        self._follow(command, values)
        self.ends += [[] for _ in self.strokes[len(self.ends) :]]
        if self.strokes and (not self.ends[-1] or self.ends[-1][-1] < len(self.strokes[-1]) - 1):
            self.ends[-1].append(len(self.strokes[-1]) - 1)

    def _follow(self, command: str, values: list[float]) -> None:
        kind, base = command.upper(), self._here if command.islower() else np.zeros(2)
        if kind == "M":
            self._here = self._start = base + values
            self.strokes.append([])
            self._add(self._here[None])
        elif kind == "Z":
            if self.strokes and (self._here != self._start).any():
                self._add(self._start[None])
            self._here = self._start
        elif kind in "HV":
            to = self._here.copy()
            axis = int(kind == "V")
            to[axis] = base[axis] + values[0]
            self._line(to)
        elif kind == "L":
            self._line(base + values)
        elif kind == "A":
            self._arc(values[:5], base + values[5:])
        else:
            self._curve(kind, base + np.reshape(values, (-1, 2)))
            return
        self._control = ("", self._here)

    def _line(self, to: Numbers) -> None:
        self._begin()
        self._add(to[None])
        self._here = to

    def _begin(self) -> None:
        """A subpath that goes on after Z begins where that ended."""
        if not self.strokes:
            self.strokes.append([])
        if not self.strokes[-1]:
            self._add(self._here[None])

    def _add(self, points: Numbers) -> None:
        self.strokes[-1] += [(float(x), float(y)) for x, y in points]
        self.count += len(points)

    def _curve(self, kind: str, given: Numbers) -> None:
        self._begin()
        family = "CS" if kind in "CS" else "QT"
        if kind in "ST":
            before, control = self._control
            mirrored = 2 * self._here - control if before and before in family else self._here
            given = np.concatenate([mirrored[None], given])
        curve = np.concatenate([self._here[None], given])
        self._control = (kind, curve[-2])
        if len(curve) == 3:
            curve = np.stack([curve[0], (curve[0] + 2 * curve[1]) / 3, (2 * curve[1] + curve[2]) / 3, curve[2]])
        bend = float(np.linalg.norm(np.diff(curve, 2, axis=0), axis=1).max())
        steps = min(max(math.ceil(math.sqrt(0.75 * bend / self._tolerance)), 1), MOST_STEPS)
        t = np.linspace(0, 1, steps + 1)[1:, None]
        s = 1 - t
        self._add(s**3 * curve[0] + 3 * s**2 * t * curve[1] + 3 * s * t**2 * curve[2] + t**3 * curve[3])
        self._here = curve[-1]

    def _arc(self, shape: list[float], to: Numbers) -> None:
        """An elliptical arc, by its centre (SVG 2, appendix B.2.4)."""
        self._begin()
        here, self._here = self._here, to
        radii = np.abs(shape[:2])
        if not radii.all() or (here == to).all():
            self._add(to[None])
            return
        angle = math.radians(shape[2] % 360)
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        half = turn @ (here - to) / 2
        radii = radii * max(math.sqrt(float(((half / radii) ** 2).sum())), 1.0)
        unit = half / radii
        lift = math.sqrt(max(1 / max(float(unit @ unit), 1e-300) - 1, 0.0)) * (
            -1 if bool(shape[3]) == bool(shape[4]) else 1
        )
        middle = lift * np.array([unit[1], -unit[0]])
        first, last = (math.atan2(*(sign * unit - middle)[::-1]) for sign in (1, -1))
        swept = (last - first) % (2 * math.pi)
        if not shape[4]:
            swept -= 2 * math.pi if swept else 0
        flat = max(1 - self._tolerance / float(radii.max()), -1.0)
        steps = min(max(math.ceil(abs(swept) / max(2 * math.acos(flat), 1e-3)), 1), MOST_STEPS)
        angles = first + swept * np.linspace(0, 1, steps + 1)[1:]
        circle = np.column_stack([np.cos(angles), np.sin(angles)]) + middle
        points = circle * radii @ turn + (here + to) / 2
        points[-1] = to
        self._add(points)
