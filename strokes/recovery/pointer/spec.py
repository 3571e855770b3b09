"""What a pen recipe states of its network and of its examples."""

from __future__ import annotations

from dataclasses import dataclass, fields

from strokes.errors import ConfigError


@dataclass(frozen=True)
class PenSpec:
    """The network's shape.

    Attributes:
        classes: how many labels it can be given; a drawing's label may also be unknown.
        fine, middle, coarse: channels of the convolutions at 28, 14 and 7 pixels.
        token: features a pixel of ink.
        key: features that a pointer compares.
        pools: learned ways of pooling the ink that is left.
        value: features that are pooled.
        context: features of the picture and its label.
        embedding: features of a step, as the LSTM takes them.
        hidden: units of the LSTM.
        step_px: how far apart points are.
        most_points: that an example of training has.
    """

    classes: int = 10
    fine: int = 16
    middle: int = 48
    coarse: int = 96
    token: int = 96
    key: int = 64
    pools: int = 4
    value: int = 24
    context: int = 96
    embedding: int = 160
    hidden: int = 256
    step_px: float = 2.0
    most_points: int = 96

    def __post_init__(self) -> None:
        for known in fields(self):
            size = getattr(self, known.name)
            if known.name not in ("classes", "step_px") and size < 1:
                raise ConfigError(f"network.{known.name} is {size}; expected at least 1")
        if self.classes < 0:
            raise ConfigError(f"network.classes is {self.classes}; expected at least 0")
        if not self.step_px > 0:
            raise ConfigError(f"network.step_px is {self.step_px}; expected more than 0")
