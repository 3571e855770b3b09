"""What a pen recipe states of its network and of its examples."""

from __future__ import annotations

from dataclasses import dataclass, fields

from strokes.errors import ConfigError


@dataclass(frozen=True)
class PenSpec:
    """The network's shape.

    Attributes:
        classes: how many labels it can be told; a drawing's label may also be unknown.
        fine, middle, coarse: channels of the convolutions at 28, 14 and 7 pixels.
        token: features a pixel of ink.
        key: features that a pointer compares.
        pools: learned ways of pooling the ink that is left.
        value: features that are pooled.
        whole: features of the picture and its label.
        told: features that the memory is given a step.
        hidden: units of the memory.
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
    whole: int = 96
    told: int = 160
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


@dataclass(frozen=True)
class Variation:
    """How far examples depart from the recordings; standard deviations unless said otherwise.

    Attributes:
        turn: radians.
        slant: shift of x per y.
        stretch: logarithm of width against height.
        bend: of the glyph's side, by which sines of its other coordinate shift a coordinate.
        size: share of the glyph's size.
        shift_px: largest shift from the frame's centre, each way, evenly spread.
        narrowest_px, widest_px: of the pen, evenly spread.
        blur: largest share that a pixel takes of each neighbour, in half of the pictures.
        threshold: grey levels, of 255, by which the threshold of ink moves.
        noise: grey levels of noise in the noisiest quarter of the pictures; half of it in another quarter.
    """

    turn: float = 0.07
    slant: float = 0.2
    stretch: float = 0.13
    bend: float = 0.035
    size: float = 0.035
    shift_px: float = 1.5
    narrowest_px: float = 1.7
    widest_px: float = 3.4
    blur: float = 0.2
    threshold: float = 12.0
    noise: float = 35.0

    def __post_init__(self) -> None:
        if not 0 < self.narrowest_px <= self.widest_px:
            widths = f"{self.narrowest_px}, {self.widest_px}"
            raise ConfigError(f"variation.narrowest_px, widest_px are {widths}; expected two that rise, above 0")
