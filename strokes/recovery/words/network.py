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
from strokes.recovery.pointer.network import (
    NEAR_PX,
    REACH_PX,
    START_BY_AIR,
    Residual,
    away_from,
    find_ink,
    halving,
    perceptron,
    read_at,
    visit,
)

GEOMETRY = 20
BEYOND = 4
"""Pools of the ink that is left outside the window, half of them behind the pen and half ahead."""
WINDOW_PX = 12.0
"""How far along the line the pen's surroundings reach: a Gaussian's standard deviation."""
WINDOW_CELLS = 7
AROUND_PX = 21
LINE_PX = 81
"""Widths in which the ink's mean place is taken: a letter's, and some letters' for the height of the line."""
FAR_PX = 40.0
FARTHEST = 6.0
UNTOLD = 32
NEAREST = 6.0


@dataclass(frozen=True)
class StripSpec:
    """The network's shape.

    Attributes:
        fine, middle, coarse, broad: channels of the convolutions at all, a half, a quarter, an eighth of the pixels.
        token, key, pools, value, whole, told, hidden: as `strokes.recovery.pointer.spec.PenSpec` has them.
    """

    fine: int = 16
    middle: int = 64
    coarse: int = 128
    broad: int = 128
    token: int = 128
    key: int = 64
    pools: int = 4
    value: int = 32
    whole: int = 128
    told: int = 224
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
        features, keys, values, whole: (batch, n, …) of each pixel; `whole` is of its surroundings.
        pulls: (batch, pools, n) how much each pooling weighs a pixel.
        places_px: (batch, n, 2) x, y of the pixels' centres.
        relative: (batch, n, 3) where each lies by the ink around it: x and y by a letter's, y by the line's.
        mask: (batch, n) 1 for ink, 0 for padding.
        begin_px: (batch, 2) where a pen is held to be before it begins.
    """

    features: Tensor
    keys: Tensor
    values: Tensor
    whole: Tensor
    pulls: Tensor
    places_px: Tensor
    relative: Tensor
    mask: Tensor
    begin_px: Tensor


@dataclass(frozen=True)
class StripStand:
    """Where pens stand, each (batch, steps, …): as `Stand` of glyphs, with the pen's surroundings."""

    features: Tensor
    whole: Tensor
    relative: Tensor
    step_px: Tensor
    by_air: Tensor
    away_px: Tensor
    square: Tensor
    visited: Tensor


class StripEye(nn.Module):
    """Strips to tokens: convolutions at four scales, read where there is ink."""

    def __init__(self, spec: StripSpec) -> None:
        super().__init__()
        self.fine = nn.Conv2d(1, spec.fine, 3, padding=1)
        self.middle = halving(spec.fine, spec.middle)
        self.coarse = halving(spec.middle, spec.coarse)
        self.broad = nn.Sequential(halving(spec.coarse, spec.broad), Residual(spec.broad))
        scales = spec.fine + spec.middle + spec.coarse + spec.broad
        self.token = nn.Sequential(perceptron(scales + 3, spec.token, spec.token), nn.ReLU())
        self.untold = nn.Parameter(torch.zeros(UNTOLD))
        self.whole = nn.Sequential(nn.Linear(2 * spec.coarse + UNTOLD, spec.whole), nn.ReLU())
        self.key = nn.Linear(spec.token, spec.key)
        self.value = nn.Linear(spec.token, spec.value)
        self.pull = nn.Linear(spec.token, spec.pools)
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
        untold = self.untold.to(around.dtype).expand(*around.shape[:2], -1)
        left = places_px[..., 0].masked_fill(~mask, 1e4).amin(dim=1)
        middle_y = (places_px[..., 1] * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        return StripInk(
            features=features,
            keys=self.key(features),
            values=self.value(features),
            whole=self.whole(torch.cat([around, untold], dim=2)),
            pulls=torch.exp(self.pull(features).float().clamp(-8, 8)).transpose(1, 2),
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
        self.look = StripEye(spec)
        self.begin = nn.Parameter(torch.zeros(spec.token))
        self.tell = nn.Sequential(nn.Linear(observed_by(spec), spec.told), nn.ReLU())
        self.memory = nn.LSTM(spec.told, spec.hidden, batch_first=True)
        state = spec.hidden + spec.told
        self.query = perceptron(state, 192, 2 * (spec.key + GEOMETRY))
        self.flag = perceptron(state, 96, 3)
        self.offset = perceptron(state, 64, 2)

    def observe(self, ink: StripInk, stand: StripStand) -> Tensor:
        """What the memory is told of each step: (batch, steps, told)."""
        steps = stand.by_air.shape[1]
        left = (1 - stand.visited) * ink.mask[:, None]
        x = stand.away_px[:, :, 0]
        window = torch.exp(x.square() / (-2 * WINDOW_PX**2))
        inside, outside = left * window, left * (1 - window)
        behind, ahead = outside * (x < 0), outside * (x >= 0)
        half = BEYOND // 2
        pools = [inside[:, :, None] * ink.pulls[:, None]]
        pools += [(left * torch.exp(stand.square / (-2 * reach**2)))[:, :, None] for reach in NEAR_PX]
        pools += [behind[:, :, None] * ink.pulls[:, None, :half], ahead[:, :, None] * ink.pulls[:, None, half:BEYOND]]
        weights = torch.cat(pools, dim=2)
        weights = weights / (weights.sum(dim=3, keepdim=True) + 1e-3)
        pooled = torch.bmm(weights.flatten(1, 2), ink.values.to(weights.dtype)).view(len(weights), steps, -1)
        amounts = [part.sum(dim=2, keepdim=True) for part in (inside, behind, ahead)]
        near = (self.spec.pools + len(NEAR_PX)) * self.spec.value
        known = [
            stand.features,
            stand.whole,
            pooled[..., :near],
            stand.relative[..., :2],
            (stand.step_px / REACH_PX).clamp(-NEAREST, NEAREST),
            stand.by_air[..., None],
            amounts[0] / 10,
            pooled[..., near:],
            stand.relative[..., 2:],
            torch.log1p(amounts[1]) / 4,
            torch.log1p(amounts[2]) / 4,
        ]
        told: Tensor = self.tell(torch.cat(known, dim=2))
        return told

    def point(self, ink: StripInk, state: Tensor, stand: StripStand, lifted: Tensor) -> Tensor:
        """Logits (batch, steps, n) of where the pen goes next; see `PenNetwork.point`."""
        along, by_air = self.query(state).chunk(2, dim=2)
        asked = torch.where(lifted[..., None], by_air, along)
        content, shape = asked[..., : self.spec.key], asked[..., self.spec.key :]
        match = torch.bmm(content, ink.keys.to(content.dtype).transpose(1, 2))
        with torch.autocast(state.device.type, enabled=False):
            logits = match.float() / 8 + (shape.float()[:, :, None] @ geometry(stand)).squeeze(2)
        masked: Tensor = logits.masked_fill(ink.mask[:, None] == 0, -1e4)
        return masked

    def follow(self, ink: StripInk, walked: Tensor, lifted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the network would have done along given walks; see `PenNetwork.follow`."""
        stand = stands_along(ink, self.begin, walked, lifted)
        told = self.observe(ink, stand)
        state = torch.cat([self.memory(told)[0], told], dim=2)
        before = StripStand(**{name: getattr(stand, name)[:, :-1] for name in stand.__dataclass_fields__})
        by_air = torch.cat([torch.ones_like(lifted[:, :1]), lifted[:, :-1]], dim=1)
        logits = self.point(ink, state[:, :-1], before, by_air)
        return logits, self.flag(state[:, 1:]).float(), self.offset(state[:, 1:]).float()


def observed_by(spec: StripSpec) -> int:
    """How many numbers the network is told of a step."""
    return spec.token + spec.whole + (spec.pools + len(NEAR_PX) + BEYOND) * spec.value + 6 + 3


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


def geometry(stand: StripStand) -> Tensor:
    """Each pixel as seen from the pen, (batch, steps, `GEOMETRY`, n); the first 12 as for glyphs, near the pen."""
    distance = (stand.square + 1e-6).sqrt() / REACH_PX
    near = distance.clamp(max=NEAREST)
    x, y = (stand.away_px / REACH_PX).clamp(-NEAREST, NEAREST).unbind(dim=2)
    near_x, near_y = x.clamp(-3, 3), y.clamp(-3, 3)
    close, around = torch.exp(stand.square / -4.5), torch.exp(stand.square / -32)
    visited = stand.visited
    far_x, far_y = (stand.away_px / FAR_PX).clamp(-FARTHEST, FARTHEST).unbind(dim=2)
    far = torch.log1p(distance)
    left = 1 - visited
    seen = [x, y, near_x * near_x, near_y * near_y, near_x * near_y, near, close, around]
    seen += [visited, visited * close, visited * around, visited * near]
    seen += [far_x, far_y, far_x.abs(), far, left * far_x, left * far_x.abs(), left * far, left * far_y]
    return torch.stack(seen, dim=2)


def stands_along(ink: StripInk, begin: Tensor, walked: Tensor, lifted: Tensor) -> StripStand:
    """Where the pen stands before the first step and after each of the walks (batch, steps): steps + 1 stands."""

    def along(values: Tensor) -> Tensor:
        return values.gather(1, walked[..., None].expand(-1, -1, values.shape[2]))

    def after(first: Tensor, values: Tensor) -> Tensor:
        return torch.cat([first.to(values.dtype), values], dim=1)

    first = begin_stand(ink, begin)
    here = after(ink.begin_px[:, None], along(ink.places_px))
    away_px, square = away_from(ink, here)  # type: ignore[arg-type]
    air = lifted.to(here.dtype)
    return StripStand(
        features=after(first.features, along(ink.features)),
        whole=after(first.whole, along(ink.whole)),
        relative=after(first.relative, along(ink.relative)),
        step_px=torch.cat([torch.zeros_like(here[:, :1]), here[:, 1:] - here[:, :-1]], dim=1),
        by_air=torch.cat([first.by_air, torch.zeros_like(air[:, :1]), air[:, :-1]], dim=1),
        away_px=away_px,
        square=square,
        visited=after(first.visited, visit(square[:, 1:]).cummax(dim=1).values),
    )


def begin_stand(ink: StripInk, begin: Tensor) -> StripStand:
    """Where the pens stand that haven't begun: one stand a strip."""
    batch = len(ink.mask)
    share = (ink.mask / ink.mask.sum(dim=1, keepdim=True).clamp(min=1))[..., None].to(ink.whole.dtype)
    away_px, square = away_from(ink, ink.begin_px[:, None])  # type: ignore[arg-type]
    return StripStand(
        features=begin.to(ink.features.dtype).expand(batch, 1, -1),
        whole=(ink.whole * share).sum(dim=1, keepdim=True),
        relative=torch.zeros_like(ink.relative[:, :1]),
        step_px=torch.zeros_like(ink.begin_px[:, None]),
        by_air=torch.full_like(ink.begin_px[:, :1], START_BY_AIR),
        away_px=away_px,
        square=square,
        visited=torch.zeros_like(square),
    )
