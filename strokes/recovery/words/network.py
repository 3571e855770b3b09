"""Words and lines of ink to a pen's walk: the network of `strokes.recovery.pointer.network`, over strips of any length.

What that one knows of the whole glyph this one knows of a window around the pen, places are told relative to the ink
around them, and what is left of the ink is pooled within the window, behind it and ahead of it: dots and bars wait
behind, the next word ahead.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from strokes.errors import ConfigError
from strokes.recovery.pointer.formulas import LEAST_WEIGHT, POOL_REACH_PX, REACH_PX, logit
from strokes.recovery.pointer.network import (
    LABEL,
    START_BY_AIR,
    Residual,
    away_from,
    find_ink,
    halving,
    nearness,
    perceptron,
    read_at,
    visit,
)

STRIP_GEOMETRY = 20
BEYOND = 4
"""Pools of the ink that is left outside the window, half of them behind the pen and half ahead."""
WINDOW_PX = 12.0
"""How far along the line the pen's surroundings reach: a Gaussian's standard deviation."""
WINDOW_CELLS = 7
AROUND_PX = 21
LINE_PX = 81
"""Widths in which the ink's mean place is taken: a letter's, and some letters' for the height of the line."""
DISTANT_PX = 40.0
MOST_DISTANT = 6.0
NEAREST = 6.0


@dataclass(frozen=True)
class StripSpec:
    """The network's shape.

    Attributes:
        fine, middle, coarse, broad: channels of the convolutions at all, a half, a quarter, an eighth of the pixels.
        token, key, pools, value, context, embedding, hidden: as `strokes.recovery.pointer.spec.PenSpec` has them.
    """

    fine: int = 16
    middle: int = 64
    coarse: int = 128
    broad: int = 128
    token: int = 128
    key: int = 64
    pools: int = 4
    value: int = 32
    context: int = 128
    embedding: int = 224
    hidden: int = 384

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            if getattr(self, name) < 1:
                raise ConfigError(f"network.{name} is {getattr(self, name)}; expected at least 1")
        if self.pools < BEYOND:
            raise ConfigError(f"network.pools is {self.pools}; expected at least {BEYOND}")


@dataclass(frozen=True)
class StripInk:
    """The tokens of a batch of strips, padded to the strip with the most ink.

    Attributes:
        features, keys, values, context: (batch, n, …) of each pixel; `context` is of its surroundings.
        pool_weights: (batch, pools, n) how much each pooling weighs a pixel.
        places_px: (batch, n, 2) x, y of the pixels' centres.
        relative: (batch, n, 3) where each lies by the ink around it: x and y by a letter's, y by the line's.
        mask: (batch, n) 1 for ink, 0 for padding.
        begin_px: (batch, 2) where a pen is held to be before it begins.
    """

    features: Tensor
    keys: Tensor
    values: Tensor
    context: Tensor
    pool_weights: Tensor
    places_px: Tensor
    relative: Tensor
    mask: Tensor
    begin_px: Tensor


@dataclass(frozen=True)
class StripState:
    """Where pens pen, each (batch, steps, …): as `PenState` of glyphs, with the pen's surroundings."""

    features: Tensor
    context: Tensor
    relative: Tensor
    step_px: Tensor
    by_air: Tensor
    away_px: Tensor
    square: Tensor
    visited: Tensor


class StripEncoder(nn.Module):
    """Strips to tokens: convolutions at four scales, read where there is ink."""

    def __init__(self, spec: StripSpec) -> None:
        super().__init__()
        self.fine = nn.Conv2d(1, spec.fine, 3, padding=1)
        self.middle = halving(spec.fine, spec.middle)
        self.coarse = halving(spec.middle, spec.coarse)
        self.broad = nn.Sequential(halving(spec.coarse, spec.broad), Residual(spec.broad))
        scales = spec.fine + spec.middle + spec.coarse + spec.broad
        self.token = nn.Sequential(perceptron(scales + 3, spec.token, spec.token), nn.ReLU())
        self.no_label = nn.Parameter(torch.zeros(LABEL))
        self.context = nn.Sequential(nn.Linear(2 * spec.coarse + LABEL, spec.context), nn.ReLU())
        self.key = nn.Linear(spec.token, spec.key)
        self.value = nn.Linear(spec.token, spec.value)
        self.pool = nn.Linear(spec.token, spec.pools)
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)

    def forward(self, images: Tensor) -> StripInk:
        """Strips (batch, h, w) bool, h and w multiples of 8, as `StripInk`."""
        fine = functional.relu(self.fine(images[:, None].float()))
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        broad = self.broad(coarse)
        row, column, mask = find_ink(images)
        places_px = torch.stack([column, row], dim=2) + 0.5
        relative = relative_places(images, places_px, column)
        maps = ((fine, 1), (middle, 2), (coarse, 4), (broad, 8))
        scales = [read_at(each, row // k, column // k) for each, k in maps]
        features = self.token(torch.cat([*scales, relative.to(scales[0].dtype)], dim=2))
        mean = functional.avg_pool2d(coarse, WINDOW_CELLS, 1, WINDOW_CELLS // 2)
        most = functional.max_pool2d(coarse, WINDOW_CELLS, 1, WINDOW_CELLS // 2)
        around = read_at(torch.cat([mean, most], dim=1), row // 4, column // 4)
        no_label = self.no_label.to(around.dtype).expand(*around.shape[:2], -1)
        left = places_px[..., 0].masked_fill(~mask, 1e4).amin(dim=1)
        middle_y = (places_px[..., 1] * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        return StripInk(
            features=features,
            keys=self.key(features),
            values=self.value(features),
            context=self.context(torch.cat([around, no_label], dim=2)),
            pool_weights=torch.exp(self.pool(features).float().clamp(-8, 8)).transpose(1, 2),
            places_px=places_px,
            relative=relative,
            mask=mask.float(),
            begin_px=torch.stack([left + 9, middle_y], dim=1),
        )


class StripNetwork(nn.Module):
    """Thinned strips to walks over their ink; see the module."""

    def __init__(self, spec: StripSpec) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = StripEncoder(spec)
        self.start_token = nn.Parameter(torch.zeros(spec.token))
        self.embed = nn.Sequential(nn.Linear(observed_by(spec), spec.embedding), nn.ReLU())
        self.lstm = nn.LSTM(spec.embedding, spec.hidden, batch_first=True)
        state = spec.hidden + spec.embedding
        self.query = perceptron(state, 192, 2 * (spec.key + STRIP_GEOMETRY))
        self.flag = perceptron(state, 96, 3)
        self.offset = perceptron(state, 64, 2)

    def observe(self, ink: StripInk, pen: StripState) -> Tensor:
        """The embedding of what a pen sees at each step, as the LSTM takes it: (batch, steps, embedding)."""
        left = (1 - pen.visited) * ink.mask[:, None]
        x = pen.away_px[:, :, 0]
        window = nearness(x.square(), WINDOW_PX)
        inside, outside = left * window, left * (1 - window)
        behind, ahead = outside * (x < 0), outside * (x >= 0)
        half = BEYOND // 2
        pooled = [pool(inside, ink.pool_weights, ink.values)]
        pooled += [pool(left * nearness(pen.square, reach_px), None, ink.values) for reach_px in POOL_REACH_PX]
        pooled += [pool(behind, ink.pool_weights[:, :half], ink.values)]
        pooled += [pool(ahead, ink.pool_weights[:, half:BEYOND], ink.values)]
        amounts = [part.sum(dim=2, keepdim=True) for part in (inside, behind, ahead)]
        near = 1 + len(POOL_REACH_PX)
        known = [
            pen.features,
            pen.context,
            *pooled[:near],
            pen.relative[..., :2],
            (pen.step_px / REACH_PX).clamp(-NEAREST, NEAREST),
            pen.by_air[..., None],
            amounts[0] / 10,
            *pooled[near:],
            pen.relative[..., 2:],
            torch.log1p(amounts[1]) / 4,
            torch.log1p(amounts[2]) / 4,
        ]
        embedded: Tensor = self.embed(torch.cat(known, dim=2))
        return embedded

    def pointer_logits(self, ink: StripInk, state: Tensor, pen: StripState, lifted: Tensor) -> Tensor:
        """Logits (batch, steps, n) of where the pen goes next; see `PenNetwork.pointer_logits`."""
        along, by_air = self.query(state).chunk(2, dim=2)
        asked = torch.where(lifted[..., None], by_air, along)
        content, shape = asked[..., : self.spec.key], asked[..., self.spec.key :]
        match = torch.bmm(content, ink.keys.to(content.dtype).transpose(1, 2))
        with torch.autocast(state.device.type, enabled=False):
            logits = logit(match.float(), (shape.float()[:, :, None] @ strip_geometry(pen)).squeeze(2))
        masked: Tensor = logits.masked_fill(ink.mask[:, None] == 0, -1e4)
        return masked

    def teacher_force(self, ink: StripInk, walked: Tensor, lifted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the network would have done along given walks; see `PenNetwork.teacher_force`."""
        pen = strip_states_along(ink, self.start_token, walked, lifted)
        embedded = self.observe(ink, pen)
        state = torch.cat([self.lstm(embedded)[0], embedded], dim=2)
        before = StripState(**{name: getattr(pen, name)[:, :-1] for name in pen.__dataclass_fields__})
        by_air = torch.cat([torch.ones_like(lifted[:, :1]), lifted[:, :-1]], dim=1)
        logits = self.pointer_logits(ink, state[:, :-1], before, by_air)
        return logits, self.flag(state[:, 1:]).float(), self.offset(state[:, 1:]).float()


def observed_by(spec: StripSpec) -> int:
    """How many numbers the network observes at a step."""
    return spec.token + spec.context + (spec.pools + len(POOL_REACH_PX) + BEYOND) * spec.value + 6 + 3


def pool(weights: Tensor, shares: Tensor | None, values: Tensor) -> Tensor:
    """Means of values (batch, n, value) by weights (batch, steps, n), as (batch, steps, pools · value).

    The weights are multiplied with each pool's shares (batch, pools, n): in the values, which are fewer.
    """
    told = functional.pad(values.to(weights.dtype), (0, 1), value=1.0)[:, None]
    told = told if shares is None else told * shares[..., None]
    summed = (weights @ told.transpose(1, 2).flatten(2)).view(*weights.shape[:2], *told.shape[1::2])
    means: Tensor = summed[..., :-1] / (summed[..., -1:] + LEAST_WEIGHT)
    return means.flatten(2)


def relative_places(images: Tensor, places_px: Tensor, column: Tensor) -> Tensor:
    """Where pixels lie by the ink around them, (batch, n, 3) in tens of pixels; see `StripInk`."""
    height, width = images.shape[1:]
    ink = images.float()
    counts = ink.sum(dim=1)
    rows = torch.arange(height, device=images.device) + 0.5
    columns = torch.arange(width, device=images.device) + 0.5
    sums = torch.stack([counts, (ink * rows[:, None]).sum(dim=1), counts * columns], dim=1)

    def means(wide: int) -> Tensor:
        count, y, x = functional.avg_pool1d(sums, wide, 1, wide // 2).unbind(dim=1)
        near = torch.stack([x, y], dim=2) / count.clamp(min=1e-6)[..., None]
        return near.gather(1, column[..., None].expand(-1, -1, 2))

    with torch.autocast(images.device.type, enabled=False):
        around, line = means(AROUND_PX), means(LINE_PX)
    return torch.cat([places_px - around, (places_px - line)[..., 1:]], dim=2) / 10


def strip_geometry(pen: StripState) -> Tensor:
    """Each pixel as seen from the pen, (batch, steps, `STRIP_GEOMETRY`, n); the first 12 as for glyphs, near it."""
    distance = (pen.square + 1e-6).sqrt() / REACH_PX
    near = distance.clamp(max=NEAREST)
    x, y = (pen.away_px / REACH_PX).clamp(-NEAREST, NEAREST).unbind(dim=2)
    near_x, near_y = x.clamp(-3, 3), y.clamp(-3, 3)
    close, around = torch.exp(pen.square / -4.5), torch.exp(pen.square / -32)
    visited = pen.visited
    far_x, far_y = (pen.away_px / DISTANT_PX).clamp(-MOST_DISTANT, MOST_DISTANT).unbind(dim=2)
    far = torch.log1p(distance)
    left = 1 - visited
    seen = [x, y, near_x * near_x, near_y * near_y, near_x * near_y, near, close, around]
    seen += [visited, visited * close, visited * around, visited * near]
    seen += [far_x, far_y, far_x.abs(), far, left * far_x, left * far_x.abs(), left * far, left * far_y]
    return torch.stack(seen, dim=2)


def strip_states_along(ink: StripInk, start_token: Tensor, walked: Tensor, lifted: Tensor) -> StripState:
    """Where the pen stands before the first step and after each of the walks (batch, steps): steps + 1 stands."""

    def along(values: Tensor) -> Tensor:
        return values.gather(1, walked[..., None].expand(-1, -1, values.shape[2]))

    def after(first: Tensor, values: Tensor) -> Tensor:
        return torch.cat([first.to(values.dtype), values], dim=1)

    first = beginning_state(ink, start_token)
    here = after(ink.begin_px[:, None], along(ink.places_px))
    away_px, square = away_from(ink, here)  # type: ignore[arg-type]
    air = lifted.to(here.dtype)
    return StripState(
        features=after(first.features, along(ink.features)),
        context=after(first.context, along(ink.context)),
        relative=after(first.relative, along(ink.relative)),
        step_px=torch.cat([torch.zeros_like(here[:, :1]), here[:, 1:] - here[:, :-1]], dim=1),
        by_air=torch.cat([first.by_air, torch.zeros_like(air[:, :1]), air[:, :-1]], dim=1),
        away_px=away_px,
        square=square,
        visited=after(first.visited, visit(square[:, 1:]).cummax(dim=1).values),
    )


def beginning_state(ink: StripInk, start_token: Tensor) -> StripState:
    """Where the pens stand that haven't begun: one stand a strip."""
    batch = len(ink.mask)
    share = (ink.mask / ink.mask.sum(dim=1, keepdim=True).clamp(min=1))[..., None].to(ink.context.dtype)
    away_px, square = away_from(ink, ink.begin_px[:, None])  # type: ignore[arg-type]
    return StripState(
        features=start_token.to(ink.features.dtype).expand(batch, 1, -1),
        context=(ink.context * share).sum(dim=1, keepdim=True),
        relative=torch.zeros_like(ink.relative[:, :1]),
        step_px=torch.zeros_like(ink.begin_px[:, None]),
        by_air=torch.full_like(ink.begin_px[:, :1], START_BY_AIR),
        away_px=away_px,
        square=square,
        visited=torch.zeros_like(square),
    )
