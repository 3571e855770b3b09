"""Ink to a pen's walk: at each step the network chooses the ink pixel where the pen goes next, or lifts it, or ends.

The ink's pixels are tokens with convolutional features. An LSTM follows the walk; it is given the pixel under the pen,
how the pen came there, and, by pooling in several ways, the ink that no step has touched yet. The next pixel is chosen
by a pointer: learned keys, and geometry as seen from the pen, each weighed by a query. A walk can't leave the ink, so
what it draws is right even where its order is not, and choosing among pixels lets it prefer one of two ways where a
regression would draw their mean. Pointers: Vinyals et al., "Pointer Networks", 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from strokes.recovery.pointer.formulas import (
    GEOMETRY,
    LEAST_WEIGHT,
    MIDDLE_PX,
    POOL_REACH_PX,
    VISIT_PX,
    formulas,
    from_before,
    from_middle,
    ink_left,
    logit,
)
from strokes.recovery.pointer.spec import PenSpec
from strokes.training.processes import Share

GO, LIFT, END = range(3)
"""What the pen does at a point: goes on, is lifted after it, or ends the drawing with it."""

LABEL = 32
START_BY_AIR = 2.0

nearness, see = formulas(torch.exp, torch.sqrt, torch.clamp)


@dataclass(frozen=True)
class InkTokens:
    """The tokens of a batch of pictures, padded to the picture with the most ink.

    Attributes:
        features, keys, values: (batch, n, …) of each pixel.
        pool_weights: (batch, pools, n) how much each pooling weighs a pixel.
        places_px: (batch, n, 2) x, y of the pixels' centres.
        mask: (batch, n) 1 for ink, 0 for padding.
        context: (batch, context) of the picture and its label.
    """

    features: Tensor
    keys: Tensor
    values: Tensor
    pool_weights: Tensor
    places_px: Tensor
    mask: Tensor
    context: Tensor

    def select(self, pictures: Tensor) -> InkTokens:
        """The tokens of some pictures, by their numbers."""
        return InkTokens(**{name: getattr(self, name)[pictures] for name in self.__dataclass_fields__})

    @classmethod
    def join(cls, parts: Sequence[InkTokens]) -> InkTokens:
        """The tokens of several batches as those of one."""
        most = max(part.mask.shape[1] for part in parts)

        def joined(name: str) -> Tensor:
            tensors = [getattr(part, name) for part in parts]
            if name == "context":
                return torch.cat(tensors)
            behind = tensors[0].dim() - 2 if name != "pool_weights" else 0
            padding = [(*(0, 0) * behind, 0, most - part.mask.shape[1]) for part in parts]
            return torch.cat([functional.pad(own, pad) for own, pad in zip(tensors, padding, strict=True)])

        return cls(**{name: joined(name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class PenState:
    """Where pens stand, each (batch, steps, …).

    Attributes:
        features: of the pixel under the pen, or of the beginning.
        here_px, before_px: x, y of the pen, and of the step before.
        by_air: 1 where the pen came through the air, 0 along the ink, 2 at the beginning.
        away_px: (batch, steps, 2, n) x, y of each pixel of ink as seen from the pen.
        square: (batch, steps, n) the squared distance of each.
        visited: (batch, steps, n) how much of each pixel has been walked over, 0 to 1.
    """

    features: Tensor
    here_px: Tensor
    before_px: Tensor
    by_air: Tensor
    away_px: Tensor
    square: Tensor
    visited: Tensor


class Residual(nn.Module):
    """Two convolutions beside a shortcut; scaled so that the network needs no normalisation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.scale = nn.Parameter(torch.tensor(0.3))

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (batch, channels, h, w) to maps of the same shape."""
        return functional.relu(maps + self.scale * self.second(functional.relu(self.first(maps))))


class Encoder(nn.Module):
    """Pictures to tokens: convolutions at three scales, read where there is ink."""

    def __init__(self, spec: PenSpec) -> None:
        super().__init__()
        self.fine = nn.Conv2d(1, spec.fine, 3, padding=1)
        self.middle = halving(spec.fine, spec.middle)
        self.coarse = halving(spec.middle, spec.coarse)
        scales = spec.fine + spec.middle + spec.coarse
        self.token = nn.Sequential(perceptron(scales + 2, spec.token, spec.token), nn.ReLU())
        self.label = nn.Embedding(spec.classes + 1, LABEL)
        self.context = nn.Sequential(nn.Linear(2 * spec.coarse + LABEL, spec.context), nn.ReLU())
        self.key = nn.Linear(spec.token, spec.key)
        self.value = nn.Linear(spec.token, spec.value)
        self.pool = nn.Linear(spec.token, spec.pools)
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)

    def forward(self, images: Tensor, labels: Tensor) -> InkTokens:
        """Pictures (batch, 28, 28) bool and labels (batch,), the number of classes where unknown, as `InkTokens`."""
        return self.read(images, labels, self.look(images))

    def look(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Maps (batch, channels, h, w) of pictures, in which a place stands for 1, 2 and 4 pixels across."""
        fine = functional.relu(self.fine(images[:, None].float()))
        middle = self.middle(fine)
        return fine, middle, self.coarse(middle)

    def read(self, images: Tensor, labels: Tensor, maps: tuple[Tensor, Tensor, Tensor], multiple: int = 1) -> InkTokens:
        """The tokens of pictures by their maps, padded to a multiple of so many."""
        fine, middle, coarse = maps
        pooled = [coarse.mean(dim=(2, 3)), coarse.amax(dim=(2, 3)), self.label(labels)]
        row, column, mask = find_ink(images, multiple)
        places_px = torch.stack([column, row], dim=2) + 0.5
        scales = [read_at(maps, row // k, column // k) for maps, k in ((fine, 1), (middle, 2), (coarse, 4))]
        features = self.token(torch.cat([*scales, ((places_px - MIDDLE_PX) / 10).to(fine.dtype)], dim=2))
        return InkTokens(
            features=features,
            keys=self.key(features),
            values=self.value(features),
            pool_weights=torch.exp(self.pool(features).float().clamp(-8, 8)).transpose(1, 2),
            places_px=places_px,
            mask=mask.float(),
            context=self.context(torch.cat(pooled, dim=1)),
        )


class PenNetwork(nn.Module):
    """Thinned pictures to walks over their ink; see the module.

    Attributes:
        dropout: share of what the memory is told, and of what it says, that is left out in training.
        share: of a batch, that it is shown in training.
    """

    def __init__(self, spec: PenSpec) -> None:
        super().__init__()
        self.spec, self.dropout = spec, 0.0
        self.share: Share | None = None
        self.encoder = Encoder(spec)
        self.start_token = nn.Parameter(torch.zeros(spec.token))
        observed = spec.token + spec.context + (spec.pools + len(POOL_REACH_PX)) * spec.value + 6
        self.embed = nn.Sequential(nn.Linear(observed, spec.embedding), nn.ReLU())
        self.lstm = nn.LSTM(spec.embedding, spec.hidden, batch_first=True)
        state = spec.hidden + spec.embedding
        self.query = perceptron(state, 192, 2 * (spec.key + GEOMETRY))
        self.flag = perceptron(state, 96, 3)
        self.offset = perceptron(state, 64, 2)

    def observe(self, ink: InkTokens, pen: PenState) -> Tensor:
        """The embedding of what a pen sees at each step, as the LSTM takes it: (batch, steps, embedding)."""
        steps = pen.here_px.shape[1]
        left = (1 - pen.visited) * ink.mask[:, None]
        near = [left * nearness(pen.square, reach_px) for reach_px in POOL_REACH_PX]
        weights = torch.cat([left[:, :, None] * ink.pool_weights[:, None], torch.stack(near, dim=2)], dim=2)
        weights = weights / (weights.sum(dim=3, keepdim=True) + LEAST_WEIGHT)
        pooled = torch.bmm(weights.flatten(1, 2), ink.values.to(weights.dtype)).view(len(weights), steps, -1)
        known = [
            pen.features,
            ink.context[:, None].expand(-1, steps, -1),
            pooled,
            from_middle(pen.here_px),
            from_before(pen.here_px, pen.before_px),
            pen.by_air[..., None],
            ink_left(left.sum(dim=2, keepdim=True)),
        ]
        embedded: Tensor = self.embed(torch.cat(known, dim=2))
        return embedded

    def pointer_logits(self, ink: InkTokens, state: Tensor, pen: PenState, lifted: Tensor) -> Tensor:
        """Logits (batch, steps, n) of where the pen goes next.

        `state` (batch, steps, hidden + embedding) is the LSTM's output beside its input, and `lifted` (batch, steps)
        bool whether the pen was lifted there: where it goes then, and where along the ink, are two questions.
        """
        along, by_air = self.query(state).chunk(2, dim=2)
        asked = torch.where(lifted[..., None], by_air, along)
        content, shape = asked[..., : self.spec.key], asked[..., self.spec.key :]
        match = torch.bmm(content, ink.keys.to(content.dtype).transpose(1, 2))
        with torch.autocast(state.device.type, enabled=False):
            logits = logit(match.float(), (shape.float()[:, :, None] @ geometry(pen)).squeeze(2))
        masked: Tensor = logits.masked_fill(ink.mask[:, None] == 0, -1e4)
        return masked

    def leave_out(self, values: Tensor) -> Tensor:
        """Values with some left out, in training."""
        if self.share is None or not (self.dropout and self.training):
            return values
        return self.share.drop(values, self.dropout)

    def teacher_force(self, ink: InkTokens, walked: Tensor, lifted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the network would have done along given walks (teacher forcing).

        Args:
            ink: of the pictures.
            walked: (batch, steps) the token that each step came to.
            lifted: (batch, steps) bool, whether the pen was lifted after it.

        Returns:
            logits (batch, steps, n) of each step's token given those before, logits (batch, steps, 3) of `GO`, `LIFT`
            and `END` after it, and (batch, steps, 2) where in px from the pixel's centre the pen really is.
        """
        pen = pen_states_along(ink, self.start_token, walked, lifted)
        embedded = self.leave_out(self.observe(ink, pen))
        state = torch.cat([self.leave_out(self.lstm(embedded)[0]), embedded], dim=2)
        before = PenState(**{name: getattr(pen, name)[:, :-1] for name in pen.__dataclass_fields__})
        by_air = torch.cat([torch.ones_like(lifted[:, :1]), lifted[:, :-1]], dim=1)
        logits = self.pointer_logits(ink, state[:, :-1], before, by_air)
        return logits, self.flag(state[:, 1:]).float(), self.offset(state[:, 1:]).float()


def perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Two linear layers with a ReLU between."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


def halving(inputs: int, outputs: int) -> nn.Sequential:
    """A convolution that halves the picture, and a residual one."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.ReLU(), Residual(outputs))


def find_ink(images: Tensor, multiple: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Row, column and mask, each (batch, n), of every ink pixel of pictures (batch, h, w) bool, n ≥ 1; padded."""
    counts = images.flatten(1).sum(dim=1)
    most = max(int(counts.max()), 1) if len(counts) else 1
    most += -most % multiple
    picture, row, column = images.nonzero().unbind(dim=1)
    place = torch.arange(len(picture), device=images.device) - (counts.cumsum(dim=0) - counts)[picture]
    rows, columns = counts.new_zeros(2, len(images), most)
    rows[picture, place], columns[picture, place] = row, column
    mask = torch.arange(most, device=images.device)[None] < counts[:, None]
    return rows, columns, mask


def read_at(maps: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """The features (batch, n, channels) of maps (batch, channels, h, w) at places (batch, n)."""
    picture = torch.arange(len(maps), device=maps.device)[:, None]
    return maps.permute(0, 2, 3, 1)[picture, row, column]


def away_from(ink: InkTokens, here_px: Tensor) -> tuple[Tensor, Tensor]:
    """The way (batch, steps, 2, n) from pens (batch, steps, 2) to each pixel of ink, and its square."""
    away_px = ink.places_px.transpose(1, 2)[:, None] - here_px[..., None]
    x, y = away_px.unbind(dim=2)
    return away_px, x * x + y * y


def visit(square: Tensor) -> Tensor:
    """How much of each pixel, by its squared distance, a step walks over: 0 to 1."""
    visited: Tensor = nearness(square, VISIT_PX)
    return visited


def geometry(pen: PenState) -> Tensor:
    """Each pixel as seen from the pen, (batch, steps, `GEOMETRY`, n): a query asks for a direction and distance."""
    return torch.stack(see(*pen.away_px.unbind(dim=2), pen.square, pen.visited), dim=2)


def pen_states_along(ink: InkTokens, start_token: Tensor, walked: Tensor, lifted: Tensor) -> PenState:
    """Where the pen stands before the first step and after each of the walks (batch, steps): steps + 1 stands."""
    here = ink.places_px.gather(1, walked[..., None].expand(-1, -1, 2))
    batch, _, tokens = len(walked), walked.shape[1], ink.mask.shape[1]
    middle = torch.full_like(here[:, :1], MIDDLE_PX)
    nothing = here.new_zeros(batch, 1, tokens)
    away_px, square = away_from(ink, torch.cat([middle, here], dim=1))
    visited = torch.cat([nothing, visit(square[:, 1:]).cummax(dim=1).values], dim=1)
    features = ink.features.gather(1, walked[..., None].expand(-1, -1, ink.features.shape[2]))
    first = start_token.to(features.dtype).expand(batch, 1, -1)
    air = lifted.to(here.dtype)
    return PenState(
        features=torch.cat([first, features], dim=1),
        here_px=torch.cat([middle, here], dim=1),
        before_px=torch.cat([middle, middle, here[:, :-1]], dim=1),
        by_air=torch.cat([torch.full_like(air[:, :1], START_BY_AIR), torch.zeros_like(air[:, :1]), air[:, :-1]], dim=1),
        away_px=away_px,
        square=square,
        visited=visited,
    )
