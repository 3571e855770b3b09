"""The two renderers that a network can be trained through, behind one interface.

A network's third output is a sharpness t in (0, 1). The rasteriser's softness is exp(low + (high - low)·t), a range
that the recipe states; the neural line model's third input is the other way round, lifted = 1 - t.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

import raster
from raster.compose import compose_masks
from raster.neural import frozen_neural_line
from strokes.errors import ConfigError
from strokes.training.checkpoints import SHIPPED, read_model


@dataclass(frozen=True)
class Softness:
    """The range of ln(softness) that sharpness 0…1 spans, and the value at or below which a point counts as lifted."""

    low: float = 0.0
    high: float = 6.0
    lift: float = 3.0

    def __post_init__(self) -> None:
        if not -math.inf < self.low < self.lift < self.high < math.inf:
            raise ConfigError(
                f"softness low, lift, high are {self.low}, {self.lift}, {self.high}; expected them to rise"
            )

    @property
    def threshold(self) -> float:
        """The sharpness at which the pen counts as lifted."""
        return (self.lift - self.low) / (self.high - self.low)

    def of(self, sharpness: Tensor) -> Tensor:
        """The rasteriser's softness of a sharpness in [0, 1]."""
        return torch.exp(self.low + (self.high - self.low) * sharpness)


class LineModel(Protocol):
    """Turns pen paths into pictures that gradients flow back through."""

    def draw(self, path: Tensor, *, compose: str) -> Tensor:
        """Paths (batch, n, 3) of x, y, sharpness in [0, 1] as pictures (batch, 28, 28)."""
        ...


@dataclass(frozen=True)
class SoftLines:
    """The differentiable rasteriser; its softness lifts the pen too."""

    softness: Softness
    kernel: str = "auto"

    def draw(self, path: Tensor, *, compose: str) -> Tensor:
        """Paths (batch, n, 3) of x, y, sharpness in [0, 1] as pictures (batch, 28, 28)."""
        points = torch.cat([path[..., :2], self.softness.of(path[..., 2:])], dim=-1)
        return raster.rasterise(points, compose=compose, kernel=self.kernel)


class NeuralLines:
    """The frozen neural line model that ships.

    Args:
        device: where it draws.
        factor: multiply what it draws with the pen down by the sharpness, instead of telling it of a lifted pen: it
            draws next to nothing of a half lifted one, and the gradient to a pen that got there is lost.
        lower: let its products be in bfloat16.
    """

    def __init__(self, device: torch.device | str = "cpu", *, factor: bool = False, lower: bool = False) -> None:
        self.device, self.factor, self.lower = torch.device(device), factor, lower
        self.model = frozen_neural_line(read_model(SHIPPED / "neural-line-model.safetensors").tensors).to(device)

    def draw(self, path: Tensor, *, compose: str) -> Tensor:
        """Paths (batch, n, 3) of x, y, sharpness in [0, 1] as pictures (batch, 28, 28)."""
        sharpness = path[..., 2:]
        lifted = torch.zeros_like(sharpness) if self.factor else 1 - sharpness
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.lower):
            masks = self.model.masks(torch.cat([path[..., :2], lifted], dim=-1))
        return compose_masks(masks * sharpness[:, :-1, :, None] if self.factor else masks, compose)


def make_line_model(
    name: str,
    softness: Softness,
    device: torch.device | str = "cpu",
    *,
    factor: bool = False,
    lower: bool = False,
) -> LineModel:
    """The line model called `name`: "soft" or "neural", see `NeuralLines`. Raises `ConfigError` for another name."""
    if name == "soft":
        return SoftLines(softness)
    if name == "neural":
        return NeuralLines(device, factor=factor, lower=lower)
    raise ConfigError(f"unknown line model {name!r}; one of neural, soft")
