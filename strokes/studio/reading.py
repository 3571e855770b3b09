"""What is seen in a drawing by hand: its 28-pixel picture, the answers, and the strokes that the picture gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from strokes.ink.drawing import Drawing, DrawingSet, FloatArray, make_drawing_set
from strokes.ink.labels import expand_ranges
from strokes.ink.pictures import FRAME_PX, make_image_set
from strokes.ink.rendering import PEN_PX, centre_in_frame, write_pictures
from strokes.ink.thinning import thin
from strokes.metrics.pens import score_pens
from strokes.recognition.choose import load_judge
from strokes.recognition.classifier import Classifier
from strokes.recovery.methods import Method, Options, choose_method
from strokes.training.checkpoints import find_model, read_model

ANSWERS = 3


@dataclass(frozen=True)
class Characters:
    """What is expected to be drawn.

    Attributes:
        classes: that a reading chooses among.
        judged: classes that the reader must know; one that knows letters reads other people's digits better than one
            that has only seen MNIST's.
        model: the pen network.
    """

    classes: tuple[str, ...]
    judged: tuple[str, ...]
    model: str


READINGS = {
    "digits": Characters(tuple(expand_ranges("0-9")), tuple(expand_ranges("0-9A-Z")), "pen-digits"),
    "letters": Characters(tuple(expand_ranges("A-Za-z")), tuple(expand_ranges("A-Za-z")), "pen-letters"),
    "all": Characters(tuple(expand_ranges("0-9A-Za-z")), tuple(expand_ranges("0-9A-Za-z")), "pen-letters"),
}


@dataclass(frozen=True)
class Framed:
    """A drawing in the network's frame, and the way back.

    Attributes:
        truth: the drawing alone, in the frame.
        grey: (1, 28, 28) uint8, its picture, ink high.
        scale: canvas xy = (frame xy - offset) / scale.
        offset: (2,).
    """

    truth: DrawingSet
    grey: NDArray[np.uint8]
    scale: float
    offset: NDArray[np.float64]

    def to_canvas(self, strokes: Sequence[FloatArray]) -> list[FloatArray]:
        """Strokes of the frame where they lie on the canvas."""
        return [((stroke - self.offset) / self.scale).astype(np.float32) for stroke in strokes]


def frame(drawing: Drawing, *, width_px: float = PEN_PX) -> Framed:
    """The drawing as MNIST's pictures were made, written with a pen `width_px` wide, in pixels of the frame."""
    drawn = make_drawing_set([drawing])
    truth = centre_in_frame(drawn, width_px=width_px)
    before, after = (np.ptp(one.points.astype(np.float64), axis=0).max() for one in (drawn, truth))
    scale = after / before if before > 0 else 1.0
    offset = truth.points[0].astype(np.float64) - drawn.points[0].astype(np.float64) * scale
    return Framed(truth, write_pictures(truth, width_px=width_px), float(scale), offset)


@cache
def reader_of(characters: str) -> tuple[Classifier, tuple[int, ...]]:
    """The classifier that reads such characters, and the places of their classes among its own."""
    wanted = READINGS[characters]
    judge = load_judge(wanted.judged)
    return judge, tuple(judge.classes.index(name) for name in wanted.classes)


@torch.inference_mode()
def read(grey: NDArray[np.uint8], characters: str) -> list[tuple[str, float]]:
    """The likeliest answers for a picture (1, 28, 28), and how likely each is among its kind of characters."""
    judge, places = reader_of(characters)
    logits = judge(torch.from_numpy(grey[:, None]).float() / 255)[0, list(places)]
    chances = logits.softmax(0)
    best = chances.argsort(descending=True)[:ANSWERS].tolist()
    return [(READINGS[characters].classes[i], float(chances[i])) for i in best]


class Recoverer:
    """Recovers drawings with the shipped networks, or one that was trained since."""

    def __init__(self) -> None:
        self._methods: dict[str, Method] = {}

    def method(self, model: str) -> Method:
        """The way of a network."""
        if model not in self._methods:
            nothing = make_image_set(np.zeros((0, FRAME_PX, FRAME_PX), np.bool_))
            self._methods[model] = choose_method(nothing, Options(model=model))
        return self._methods[model]

    def recover(self, framed: Framed, model: str) -> dict[str, Any]:
        """The strokes that the picture alone gives, on the canvas, and how they compare with those that were drawn."""
        found = self.method(model).draw(make_image_set(thin(framed.grey)))
        scores = {name: float(values[0]) for name, values in score_pens(framed.truth, found).items()}
        return {
            "strokes": [np.round(stroke, 5).tolist() for stroke in framed.to_canvas(found[0].strokes)],
            "drawn": int(len(framed.truth.stroke_offsets) - 1),
            "confidence": float(found.scores["confidence"][0]) if "confidence" in found.scores else None,
            "scores": {name: None if np.isnan(value) else value for name, value in scores.items()},
            "model": Path(model).name,
        }


@cache
def recoverer() -> Recoverer:
    """The one of this process."""
    return Recoverer()


def recover_job(tell: Callable[[dict[str, Any]], None], framed: Framed, model: str) -> dict[str, Any]:
    """Recover a drawing, in the process that is there for it."""
    return recoverer().recover(framed, model)


@dataclass
class Networks:
    """Which network recovers what: those that ship, or one that was trained since.

    Attributes:
        trained: the folder of the latter, None without.
        known: the classes that it knows; none where it knows no labels.
    """

    trained: Path | None = None
    known: tuple[str, ...] = ()

    def use(self, model: Path | None) -> None:
        """Recover with a trained network from now on; None for those that ship.

        Raises:
            ConfigError: it is broken.
        """
        classes = "" if model is None else str(read_model(find_model(str(model))).settings.get("classes", ""))
        self.known = tuple(expand_ranges(classes)) if classes else ()
        self.trained = model

    @property
    def own(self) -> str:
        """What was trained, "" for what ships."""
        return "" if self.trained is None else str(self.trained)

    def of(self, characters: str) -> str:
        """The network of such characters: what was trained, where it knows them, else what ships."""
        wanted = READINGS[characters]
        knows = not self.known or set(wanted.classes) <= set(self.known)
        return self.own if self.own and knows else wanted.model
