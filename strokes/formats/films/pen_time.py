"""When the pen is where: along a drawing's strokes and through the air between them, at one pace or another."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from strokes.formats.recording import Numbers

AIR_PACE = 2.0
"""How much faster the pen is in the air."""
DOT_SHARE = 0.05
"""A dot takes so much of the time of a stroke as long as the picture is wide."""
PAUSE = 0.25
"""The way to the next stroke, of the time of one, where each stroke takes the same."""


@dataclass(frozen=True)
class Moment:
    """What can be seen at one moment: strokes so far (points, 2), and where the pen is, None before and after."""

    strokes: tuple[Numbers, ...]
    tip: Numbers | None
    is_down: bool


class PenTime:
    """A drawing's course.

    Attributes:
        total: how long it takes, in ms where `pace` is "recorded" and times are known, else in an unit of its own.
        timed: whether recorded times are followed.
        spans: (s, 2) when each stroke begins and ends.
    """

    def __init__(self, strokes: Sequence[Numbers], times_ms: Numbers | None = None, *, pace: str = "length") -> None:
        lengths = [len(stroke) for stroke in strokes]
        twice = [np.repeat(stroke, 2, axis=0) if len(stroke) == 1 else stroke for stroke in strokes]
        self._nodes = np.concatenate([*twice, np.zeros((0, 2))])
        self._bounds = np.cumsum([0, *map(len, twice)])
        self._stops = self._bounds[:-1] + lengths
        self._owners = np.repeat(np.arange(len(twice)), [len(stroke) for stroke in twice])
        self.timed = pace == "recorded" and times_ms is not None and len(times_ms) > 0
        if self.timed and times_ms is not None:
            ends = np.cumsum([0, *lengths])
            parts = [times_ms[a:b] for a, b in itertools.pairwise(ends)]
            clock = [np.array([part[0], part[0] + 50.0]) if len(part) == 1 else part for part in parts]
            steps = np.maximum(np.diff(np.concatenate(clock)), 0)
        else:
            steps = self._steps(even=pace == "even")
        self._reached = np.concatenate([[0.0], np.cumsum(steps)])[: max(len(self._nodes), 1)]
        self.total = float(self._reached[-1])
        self.spans = np.array(
            [(self._reached[a], self._reached[b - 1]) for a, b in itertools.pairwise(self._bounds)]
        ).reshape(-1, 2)

    def _steps(self, *, even: bool) -> Numbers:
        steps = np.linalg.norm(np.diff(self._nodes, axis=0), axis=1)
        in_air = np.diff(self._owners) > 0
        for a, b in itertools.pairwise(self._bounds):
            own = steps[a : b - 1]
            if not own.sum() > 0:
                own[:] = DOT_SHARE / max(len(own), 1)
            if even:
                own /= own.sum()
        steps[in_air] = PAUSE if even else steps[in_air] / AIR_PACE
        return np.asarray(steps)

    def at(self, moment: float) -> Moment:
        """The drawing at a moment, 0 to `total`; before it nothing, after it all is drawn."""
        last = len(self._nodes) - 1
        if last < 0 or moment < 0:
            return Moment((), None, False)
        if moment >= self.total:
            return Moment(self._drawn(last), None, False)
        node = int(np.searchsorted(self._reached, moment, side="right")) - 1
        share = (moment - self._reached[node]) / (self._reached[node + 1] - self._reached[node])
        tip = (1 - share) * self._nodes[node] + share * self._nodes[node + 1]
        drawn, is_down = self._drawn(node), bool(self._owners[node] == self._owners[node + 1])
        if is_down:
            drawn = (*drawn[:-1], np.concatenate([drawn[-1], tip[None]]))
        return Moment(drawn, tip, is_down)

    def _drawn(self, node: int) -> tuple[Numbers, ...]:
        ends = np.minimum(self._stops, node + 1)
        return tuple(self._nodes[a:b] for a, b in zip(self._bounds[:-1], ends, strict=True) if b > a)
