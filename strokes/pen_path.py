"""Where the pen is at any moment of a drawing, when it moves at a constant pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from strokes.drawing import FloatArray

AIR_PACE = 2.0


@dataclass(frozen=True)
class Moment:
    """What can be seen at one moment.

    Attributes:
        strokes: what is drawn so far, each (points, 2); the last may be unfinished.
        tip: (2,) where the pen is; None when the drawing is empty or finished.
        is_down: whether the pen touches the paper.
    """

    strokes: tuple[FloatArray, ...]
    tip: FloatArray | None
    is_down: bool


class PenPath:
    """The pen's whole way through `strokes`, each (points, 2): along them and, `AIR_PACE` times as fast, between them.

    Attributes:
        length: the way's length in the strokes' own unit, ways through the air counting less.
    """

    def __init__(self, strokes: Sequence[FloatArray]) -> None:
        self._nodes = np.concatenate([*strokes, np.zeros((0, 2), np.float32)])
        self._bounds = np.cumsum([0, *map(len, strokes)])
        self._owners = np.repeat(np.arange(len(strokes)), [len(stroke) for stroke in strokes])
        steps = np.linalg.norm(np.diff(self._nodes, axis=0), axis=1)
        in_air = np.diff(self._owners) > 0
        self._reached = np.concatenate([[0.0], np.cumsum(np.where(in_air, steps / AIR_PACE, steps))])
        self.length = float(self._reached[-1])

    def at(self, way: float) -> Moment:
        """The drawing after `way` (0…`length`) of the path."""
        last = len(self._nodes) - 1
        if way >= self.length or last < 1:
            return Moment(self._drawn(last), None, False)
        node = int(np.searchsorted(self._reached, max(way, 0.0), side="right")) - 1
        share = (max(way, 0.0) - self._reached[node]) / (self._reached[node + 1] - self._reached[node])
        tip = ((1 - share) * self._nodes[node] + share * self._nodes[node + 1]).astype(np.float32)
        drawn, is_down = self._drawn(node), bool(self._owners[node] == self._owners[node + 1])
        if is_down:
            drawn = (*drawn[:-1], np.concatenate([drawn[-1], tip[None]]))
        return Moment(drawn, tip, is_down)

    def _drawn(self, node: int) -> tuple[FloatArray, ...]:
        ends = np.minimum(self._bounds[1:], node + 1)
        return tuple(self._nodes[a:b] for a, b in zip(self._bounds[:-1], ends, strict=True) if b > a)
