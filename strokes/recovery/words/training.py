"""What a strip network learns from words and lines whose walk is known, and how it starts from a glyph network."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from strokes.recovery.pointer.network import GEOMETRY as GLYPH_GEOMETRY
from strokes.recovery.pointer.network import GO, LIFT
from strokes.recovery.words.network import GEOMETRY, StripNetwork

FAR_PX = 3.0
SLIPS, SLIP_PX, TARGET_PX = 0.4, 0.6, 0.5
"""As recipes of pens have them."""


def walk_losses(
    network: StripNetwork, images: Tensor, points_px: Tensor, flags: Tensor, chance: torch.Generator, *, lower: bool
) -> dict[str, Tensor]:
    """The losses of a batch: `pixel`, `flag` and `offset`.

    Args:
        network: that learns.
        images, points_px, flags: as `StripBatch` has them, on the network's device.
        chance: of slips.
        lower: whether to multiply matrices in bfloat16.
    """
    kind = images.device.type
    with torch.autocast(kind, torch.bfloat16, enabled=lower):
        ink = network.look(images)
    square = (points_px[:, :, None] - ink.places_px[:, None]).square().sum(dim=3)
    square = square.masked_fill(ink.mask[:, None] == 0, 1e6)
    nearest, right = square.min(dim=2)
    beside = functional.softmax(-(square - nearest[..., None]) / (2 * SLIP_PX**2), dim=2)
    slipped = torch.multinomial(beside.flatten(0, 1), 1, generator=chance).view(right.shape)
    slips = torch.rand(right.shape, generator=chance, device=images.device) < SLIPS
    walked = torch.where(slips & (flags == GO), slipped, right)
    with torch.autocast(kind, torch.bfloat16, enabled=lower):
        logits, flag_logits, offsets = network.follow(ink, walked, flags == LIFT)
    known = (flags >= 0).float()
    taught = known * (nearest <= FAR_PX**2)
    target = functional.softmax(-(square - nearest[..., None]) / (2 * TARGET_PX**2), dim=2)
    pixel = functional.kl_div(torch.log_softmax(logits, dim=2), target, reduction="none").sum(dim=2)
    flag = functional.cross_entropy(flag_logits.transpose(1, 2), flags.clamp(min=0), reduction="none")
    place = ink.places_px.gather(1, walked[..., None].expand(-1, -1, 2))
    off = functional.smooth_l1_loss(offsets, (points_px - place).clamp(-2.5, 2.5), reduction="none").sum(dim=2)
    each = {"pixel": (pixel, taught), "flag": (flag, known), "offset": (off, taught)}
    return {name: (loss * weight).sum() / weight.sum().clamp(min=1) for name, (loss, weight) in each.items()}


@torch.no_grad()
def start_from(network: StripNetwork, glyphs: dict[str, Tensor]) -> None:
    """Take over what a glyph network of the same sizes has learned; what only strips have begins at 0."""
    own = network.state_dict()
    spec = network.spec
    taken = dict(glyphs)
    own["look.untold"].copy_(taken.pop("look.label.weight")[-1])
    scales = spec.fine + spec.middle + spec.coarse
    first = taken.pop("look.token.0.0.weight")
    own["look.token.0.0.weight"].zero_()
    own["look.token.0.0.weight"][:, :scales] = first[:, :scales]
    own["look.token.0.0.weight"][:, -3:-1] = first[:, -2:]
    told = taken.pop("tell.0.weight")
    own["tell.0.weight"].zero_()
    own["tell.0.weight"][:, : told.shape[1]] = told
    for name in ("query.2.weight", "query.2.bias"):
        given, rows = taken.pop(name), spec.key + GLYPH_GEOMETRY
        own[name].zero_()
        own[name][:rows] = given[:rows]
        own[name][rows + GEOMETRY - GLYPH_GEOMETRY :][:rows] = given[rows:]
    for name, value in taken.items():
        own[name].copy_(value)
