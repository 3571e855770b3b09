"""Image and class to pen points: stacked LSTMs, one for all classes or one member a class, all in one module.

Source: "MNIST to handwriting" (2017). The single model is three layers of 512 with the last projected to the three
outputs; the ensemble has three layers of 64 a class, every layer given the previous point and the label.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from strokes.errors import ConfigError
from strokes.recovery.published.rollout import OUTPUTS, Rollout, RolloutPlan, product


@dataclass(frozen=True)
class NetworkSpec:
    """The network's shape.

    Attributes:
        ensemble_size: networks side by side: 1, or one a class.
        hidden: units a layer.
        layers: LSTM layers.
        points: points emitted a drawing.
        classes: labels known to the network.
        pixels: pixels a picture.
        dropout: share of the outputs of the first layers dropped on the way into layers 2, 3, … while training.
        skip_connections: whether every layer, not the first alone, is given the previous point and the label.
        projected: whether the last layer's recurrent state is its three outputs (as in the post's single model) rather
            than its hidden units.
    """

    ensemble_size: int = 1
    hidden: int = 512
    layers: int = 3
    points: int = 20
    classes: int = 10
    pixels: int = 784
    dropout: float = 0.0
    skip_connections: bool = False
    projected: bool = True

    def __post_init__(self) -> None:
        for name in ("ensemble_size", "hidden", "layers", "points", "classes", "pixels"):
            if getattr(self, name) < 1:
                raise ConfigError(f"network.{name} is {getattr(self, name)}; expected at least 1")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"network.dropout is {self.dropout}; expected 0 up to, but not including, 1")
        if self.ensemble_size not in (1, self.classes):
            raise ConfigError(
                f"network.ensemble_size is {self.ensemble_size}; expected 1 or one a class ({self.classes})"
            )


class EnsembleLSTM(nn.Module):
    """One LSTM layer of every member at once, as batched matrices (members, inputs, 4·hidden).

    Gates stand in the order input, forget, output, candidate. What doesn't change along a drawing (the picture and the
    label) is multiplied once, by `still`; what changes (the layer below, the previous point, the layer's own state) is
    multiplied at each step, by `moving`.
    """

    def __init__(self, spec: NetworkSpec, layer: int) -> None:
        super().__init__()
        last = layer == spec.layers - 1
        first, skip = layer == 0, layer == 0 or spec.skip_connections
        state = OUTPUTS if last and spec.projected else spec.hidden
        inputs = (0 if first else spec.hidden) + (OUTPUTS if skip else 0) + state
        gates = 4 * spec.hidden
        self.skip = skip
        self.picture = member_weights(spec.ensemble_size, spec.pixels, gates) if first else None
        self.label = member_weights(spec.ensemble_size, spec.classes, gates) if skip else None
        self.moving = member_weights(spec.ensemble_size, inputs, gates)
        self.bias = nn.Parameter(torch.zeros(spec.ensemble_size, 1, gates))
        with torch.no_grad():
            self.bias[..., spec.hidden : 2 * spec.hidden] = 1

    def still(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """The gates' constant part, (members, batch, 4·hidden), from (members, batch, pixels) and (members, batch)."""
        constant: Tensor = self.bias
        if self.picture is not None:
            constant = constant + product(pictures, self.picture)
        if self.label is not None:
            members = torch.arange(len(labels), device=labels.device)[:, None]
            constant = constant + self.label[members, labels]
        return constant


class StrokeNetwork(nn.Module):
    """Pictures and labels to pen paths: `spec.points` points of x, y and sharpness, each in (0, 1)."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.spec = spec
        self.cells = nn.ModuleList(EnsembleLSTM(spec, layer) for layer in range(spec.layers))
        self.project = member_weights(spec.ensemble_size, spec.hidden, OUTPUTS)
        self.offset = nn.Parameter(torch.zeros(spec.ensemble_size, 1, OUTPUTS))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Any mixture of classes.

        Args:
            images: (batch, h, w) with h·w = `spec.pixels`, bool or in [0, 1], ink high.
            labels: (batch,) int64 in 0…classes-1.

        Returns:
            (batch, points, 3) x, y and sharpness.
        """
        dtype = self.project.dtype
        if self.spec.ensemble_size == 1:
            path: Tensor = self.paths(images.flatten(1).to(dtype)[None], labels[None])
            return path[0]
        counts = torch.bincount(labels, minlength=self.spec.ensemble_size)
        order = torch.argsort(labels, stable=True)
        member = labels[order]
        place = torch.arange(len(labels), device=labels.device) - (counts.cumsum(0) - counts)[member]
        widest = int(counts.max()) if len(labels) else 0
        pictures = torch.zeros(self.spec.ensemble_size, widest, self.spec.pixels, dtype=dtype, device=images.device)
        pictures[member, place] = images.flatten(1)[order].to(dtype)
        asked = torch.arange(self.spec.ensemble_size, device=labels.device)[:, None].expand(-1, widest)
        return self.paths(pictures, asked)[member, place][torch.argsort(order)]

    def paths(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """Pen paths of pictures that are sorted by member already.

        Args:
            pictures: (members, batch, pixels) in [0, 1].
            labels: (members, batch) int64.

        Returns:
            (members, batch, points, 3) x, y and sharpness.
        """
        layers = [layer for layer in self.cells if isinstance(layer, EnsembleLSTM)]
        constants = [layer.still(pictures, labels).to(self.project.dtype) for layer in layers]
        device = pictures.device.type
        lower = torch.is_autocast_enabled(device)
        plan = RolloutPlan(
            steps=self.spec.points,
            hidden=self.spec.hidden,
            skip=tuple(layer.skip for layer in layers),
            projected=self.spec.projected,
            product=torch.get_autocast_dtype(device) if lower else self.project.dtype,
        )
        masks = [None, *(self.dropout_mask(pictures.new_ones(*pictures.shape[:2], plan.hidden)) for _ in layers[1:])]
        per_layer = [
            (constant, layer.moving, mask) for constant, layer, mask in zip(constants, layers, masks, strict=True)
        ]
        with torch.autocast(device, enabled=False):
            path: Tensor = Rollout.apply(  # type: ignore[no-untyped-call]
                plan, self.project, self.offset, *(part for parts in per_layer for part in parts)
            )
        return path

    def dropout_mask(self, like: Tensor) -> Tensor | None:
        """One mask for the whole drawing, scaled to keep the mean; None when nothing is dropped."""
        if not self.training or self.spec.dropout == 0:
            return None
        kept = 1 - self.spec.dropout
        return torch.bernoulli(torch.full_like(like, kept)) / kept


def member_weights(members: int, inputs: int, outputs: int) -> nn.Parameter:
    """Glorot-uniform weights (members, inputs, outputs), as the published model's layers start."""
    bound = (6 / (inputs + outputs)) ** 0.5
    return nn.Parameter(torch.empty(members, inputs, outputs).uniform_(-bound, bound))
