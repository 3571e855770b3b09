"""The neural line model: a small network that learned to draw one segment, then frozen as a renderer.

Source: "MNIST to handwriting" (2017), section "Drawing lines": dense 784, dense 28·28·8, convolution 5×5×16,
convolution 3×3×1, ELU between and a sigmoid at the end, trained on random segments drawn by OpenCV.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from raster.compose import compose_masks
from raster.hard import draw_segments

SIDE = 28
LIFT_PROBABILITY = 0.2
SHORT_PX = 8
LAST = np.nextafter(np.float32(1), np.float32(0))
"""The largest coordinate that lies in a picture."""
STEEPNESS = 6.0


class NeuralLine(nn.Module):
    """Segments (batch, 6) = x1, y1, lifted1, x2, y2, lifted2, all in [0, 1], to pictures (batch, 28, 28) in [0, 1].

    `lifted` is 1 where the pen is up, the opposite sense of the rasteriser's softness; the segment is drawn when the
    pen is down at its first point.
    """

    def __init__(self) -> None:
        super().__init__()
        self.widen = nn.Linear(6, SIDE * SIDE)
        self.spread = nn.Linear(SIDE * SIDE, SIDE * SIDE * 8)
        self.smooth = nn.Conv2d(8, 16, 5, padding=2)
        self.ink = nn.Conv2d(16, 1, 3, padding=1)
        self._spread_first_layer()

    def _spread_first_layer(self) -> None:
        """Start the first layer steep, each unit bending at a random segment: small weights learn thin lines slowly."""
        with torch.no_grad():
            self.widen.weight.normal_(0, STEEPNESS)
            self.widen.bias.copy_(-(self.widen.weight * torch.rand_like(self.widen.weight)).sum(dim=1))

    def forward(self, segments: Tensor) -> Tensor:
        """The sigmoid of `logits`."""
        return torch.sigmoid(self.logits(segments))

    def logits(self, segments: Tensor) -> Tensor:
        """Pictures before the sigmoid, (batch, 28, 28)."""
        hidden = functional.elu(self.widen(segments))
        hidden = functional.elu(self.spread(hidden))
        planes = hidden.view(-1, 8, SIDE, SIDE)
        ink: Tensor = self.ink(functional.elu(self.smooth(planes)))
        return ink[:, 0].float()

    def masks(self, points: Tensor) -> Tensor:
        """Polylines (batch, n, 3) = x, y, lifted, as pictures of their segments (batch, n - 1, 28, 28)."""
        batch, n, _ = points.shape
        pairs = torch.cat([points[:, :-1], points[:, 1:]], dim=2)
        segments: Tensor = self(pairs.reshape(-1, 6)).view(batch, n - 1, SIDE, SIDE)
        return segments

    def draw(self, points: Tensor, *, compose: str = "sum") -> Tensor:
        """Polylines (batch, n, 3) = x, y, lifted, as pictures (batch, 28, 28): a segment a pair, composed."""
        return compose_masks(self.masks(points), compose)

    def freeze(self) -> NeuralLine:
        """Stop learning: gradients still flow to the points, none to the weights."""
        return self.requires_grad_(False).eval()


def frozen_neural_line(tensors: Mapping[str, Tensor]) -> NeuralLine:
    """A frozen line model of these weights, by name."""
    model = NeuralLine()
    model.load_state_dict({name: value.float() for name, value in tensors.items()})
    return model.freeze()


def segment_batches(*, batch_size: int, seed: int, short: float = 0.0) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches 0, 1, 2 … of `segment_batch`, without end, as tensors; the pictures (batch, 28, 28) in {0, 1}."""
    for number in count():
        segments, images = segment_batch(number, batch_size=batch_size, seed=seed, short=short)
        yield torch.from_numpy(segments), torch.from_numpy(images).float()


def segment_batch(
    number: int, *, batch_size: int, seed: int, short: float = 0.0
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Random segments (batch, 6) and their pictures (batch, 28, 28), drawn by OpenCV.

    Args:
        number: of the batch; its content follows from this and the other arguments alone.
        batch_size: segments a batch.
        seed: of all that is random.
        short: share of the segments that are at most `SHORT_PX` long; the ends of the others lie anywhere.
    """
    segments = random_segments(batch_size, np.random.default_rng([seed, number]), short=short)
    images = draw_segments(segments[:, [0, 1, 3, 4]], segments[:, 2] == 0)
    return segments, images > 0


def random_segments(size: int, random: np.random.Generator, *, short: float = 0.0) -> NDArray[np.float32]:
    """Random segments (size, 6), the first `short` of them at most `SHORT_PX` long, each end's pen lifted or not."""
    segments = random.random((size, 6), dtype=np.float32)
    few = round(size * short)
    angle = random.uniform(0, 2 * np.pi, few)
    length = random.uniform(0, SHORT_PX / SIDE, few)
    ends = segments[:few, :2] + np.stack([np.cos(angle), np.sin(angle)], axis=1) * length[:, None]
    segments[:few, 3:5] = ends.clip(0, LAST)
    segments[:, [2, 5]] = random.random((size, 2)) < LIFT_PROBABILITY
    return segments
