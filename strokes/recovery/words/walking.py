"""Walks over strips, step by step: many at once, no gradients."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from strokes.recovery.pointer.network import END, GO, LIFT, away_from, visit
from strokes.recovery.words.network import StripInk, StripNetwork, StripStand, begin_stand

DOUBT = 0.08
"""A chance to stop at a point that counts towards stopping at the next."""


@dataclass(frozen=True)
class StripWalks:
    """What pens did: tokens and flags (n, steps), -1 beyond the end, points_px (n, steps, 2), likelihood (n,)."""

    tokens: Tensor
    flags: Tensor
    points_px: Tensor
    likelihood: Tensor


@torch.inference_mode()
def walk_strips(network: StripNetwork, ink: StripInk, temperatures: Tensor, generator: torch.Generator) -> StripWalks:
    """A walk over each strip; `temperatures` (n,) of the random draws, 0 for the likeliest token at every step."""
    count, device = len(ink.mask), ink.mask.device
    rows = torch.arange(count, device=device)
    stand, state = begin_stand(ink, network.begin), None
    lifted = torch.ones(count, 1, dtype=torch.bool, device=device)
    came = torch.zeros(count, 1, device=device)
    walking = torch.ones(count, dtype=torch.bool, device=device)
    stopping, doubted = torch.zeros(count, device=device), torch.ones(count, dtype=torch.bool, device=device)
    likelihood = torch.zeros(count, device=device)
    here = ink.begin_px
    tokens, flags, points = [], [], []
    limit = int(ink.mask.sum(dim=1).max()) + 16
    told = network.observe(ink, stand)
    output, state = network.memory(told)
    for _ in range(limit):
        logits = network.point(ink, torch.cat([output, told], dim=2), stand, lifted)[:, 0].float()
        token = choose(logits, temperatures, generator)
        likelihood += walking * torch.log_softmax(logits, dim=1)[rows, token]
        place = ink.places_px[rows, token]
        away_px, square = away_from(ink, place[:, None])  # type: ignore[arg-type]
        stand = StripStand(
            features=ink.features[rows, token][:, None],
            whole=ink.whole[rows, token][:, None],
            relative=ink.relative[rows, token][:, None],
            step_px=(place - here)[:, None],
            by_air=came,
            away_px=away_px,
            square=square,
            visited=torch.maximum(stand.visited, visit(square)),
        )
        here = place
        told = network.observe(ink, stand)
        output, state = network.memory(told, state)
        full = torch.cat([output, told], dim=2)[:, 0]
        own = network.flag(full).float()
        flag = choose(own, temperatures, generator)
        chances = torch.softmax(own, dim=1)
        likelihood += walking * chances[rows, flag].clamp(min=1e-9).log()
        stop = 1 - chances[:, GO]
        stopping = stop + (1 - stop) * stopping * doubted
        doubted = stop > DOUBT
        forced = (flag == GO) & (stopping > 0.5) & (temperatures == 0)
        flag = torch.where(forced, torch.where(own[:, LIFT] >= own[:, END], LIFT, END), flag)
        stopping = stopping * (flag == GO)
        tokens.append(torch.where(walking, token, -1))
        flags.append(torch.where(walking, flag, -1))
        points.append(place + network.offset(full).float())
        lifted = (flag != GO)[:, None]
        came = lifted.float()
        walking = walking & (flag != END)
        if not walking.any():
            break
    return StripWalks(torch.stack(tokens, 1), torch.stack(flags, 1), torch.stack(points, 1), likelihood)


def choose(logits: Tensor, temperatures: Tensor, generator: torch.Generator) -> Tensor:
    """The likeliest of each row (n, k), or, where the temperature isn't 0, one at random."""
    noise = torch.rand(logits.shape, generator=generator).to(logits.device).clamp(1e-9, 1 - 1e-7)
    gumbel = -torch.log(-torch.log(noise))
    return (logits + temperatures[:, None] * gumbel).argmax(dim=1)
