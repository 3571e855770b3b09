"""What a pen path is trained to minimise: pixels off, length, sharp turns; and distance from a pen sample.

Source: "MNIST to handwriting" (2017), section "Different losses".
"""

from __future__ import annotations

import torch
from torch import Tensor


def reconstruction_loss(drawn: Tensor, images: Tensor) -> Tensor:
    """Mean squared error of drawings (batch, h, w) against pictures (batch, h, w), over all pixels."""
    return torch.mean((drawn - images) ** 2)


def length_loss(points: Tensor) -> Tensor:
    """Mean distance of consecutive points of (batch, n, 2 or more) paths, lifted or not."""
    steps = points[:, 1:, :2] - points[:, :-1, :2]
    return torch.sqrt((steps**2).sum(dim=-1) + 1e-12).mean()


def angle_loss(points: Tensor) -> Tensor:
    """One minus the mean cosine between consecutive segments: 0 for a straight path, 2 for one that doubles back."""
    steps = points[:, 1:, :2] - points[:, :-1, :2]
    directions = steps / torch.sqrt((steps**2).sum(dim=-1, keepdim=True) + 1e-7)
    return 1 - (directions[:, 1:] * directions[:, :-1]).sum(dim=-1).mean()


def sample_loss(path: Tensor, truth: Tensor, *, threshold: float, margin: float = 0.1) -> Tensor:
    """How far paths (batch, n, 3) are from pen samples (batch, n, 3): x, y squared error, and pen-lifts.

    The third column of `truth` is 1 where the pen is down after the point and 0 where it is lifted; of `path`, the
    sharpness, which costs nothing once it is beyond `threshold` by `margin` on the right side. The last point starts
    no segment, so its sharpness is free.
    """
    distance = ((path[..., :2] - truth[..., :2]) ** 2).sum(dim=-1).mean()
    sharpness, down = path[:, :-1, 2], truth[:, :-1, 2]
    shortfall = torch.relu(threshold + margin - sharpness) * down + torch.relu(sharpness - threshold + margin) * (
        1 - down
    )
    return distance + 0.1 * (shortfall**2).mean()
