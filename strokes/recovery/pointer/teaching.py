"""What a pen network loses on walks that are known, by teacher forcing; over glyphs and over strips alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from strokes.recovery.pointer.network import GO, LIFT, PenNetwork
from strokes.training.processes import Share

if TYPE_CHECKING:
    from strokes.recovery.words.network import StripNetwork

TAUGHT_WITHIN_PX = 3.0
"""A point of a recording further from all ink teaches nothing."""
FLAG_WEIGHT = 2.0
GRADIENT_CLIP = 1.0


@dataclass(frozen=True)
class Teaching:
    """How known walks are fed.

    Attributes:
        noise: share of the steps that are fed a pixel beside the right one.
        noise_px: how far beside, the standard deviation.
        target_px: how far around the true point pixels count as right, the standard deviation.
        lower: whether matrices are multiplied in bfloat16.
    """

    noise: float
    noise_px: float
    target_px: float
    lower: bool


def taught_losses(
    network: PenNetwork | StripNetwork,
    ink: Any,
    points_px: Tensor,
    flags: Tensor,
    chance: torch.Generator,
    teaching: Teaching,
    share: Share,
) -> dict[str, Tensor]:
    """The losses `pixel`, `flag` and `offset` of walks, this process's share of a batch.

    Args:
        network: that learns.
        ink: as its `encoder` returns it.
        points_px: (batch, steps, 2) of the walks.
        flags: (batch, steps) of each point, negative beyond the end.
        chance: of the input noise.
        teaching: how the walks are fed.
        share: of the batch.
    """
    square = (points_px[:, :, None] - ink.places_px[:, None]).square().sum(dim=3)
    square = square.masked_fill(ink.mask[:, None] == 0, 1e6)
    nearest, right = square.min(dim=2)
    beside = functional.softmax(-(square - nearest[..., None]) / (2 * teaching.noise_px**2), dim=2)
    slipped = share.choose(beside, chance)
    noisy = share.uniform(right, chance) < teaching.noise
    walked = torch.where(noisy & (flags == GO), slipped, right)
    with torch.autocast(right.device.type, torch.bfloat16, enabled=teaching.lower):
        logits, flag_logits, offsets = network.teacher_force(ink, walked, flags == LIFT)
    known = (flags >= 0).float()
    taught = known * (nearest <= TAUGHT_WITHIN_PX**2)
    target = functional.softmax(-(square - nearest[..., None]) / (2 * teaching.target_px**2), dim=2)
    pixel = functional.kl_div(torch.log_softmax(logits, dim=2), target, reduction="none").sum(dim=2)
    flag = functional.cross_entropy(flag_logits.transpose(1, 2), flags.clamp(min=0), reduction="none")
    place = ink.places_px.gather(1, walked[..., None].expand(-1, -1, 2))
    off = functional.smooth_l1_loss(offsets, (points_px - place).clamp(-2.5, 2.5), reduction="none").sum(dim=2)
    return {"pixel": share.mean(pixel, taught), "flag": share.mean(flag, known), "offset": share.mean(off, taught)}


def summed(losses: dict[str, Tensor]) -> Tensor:
    """Those losses as one."""
    return losses["pixel"] + FLAG_WEIGHT * losses["flag"] + losses["offset"]
