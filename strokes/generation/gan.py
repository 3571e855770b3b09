"""The generators and critics of GAN and WGAN, after Cavas and others' "Handwritten Digit Generation".

A generator makes pictures (batch, 1, 28, 28) in [-1, 1] of latents and, where it knows classes, of the class asked for;
a critic gives each picture one number. Both are given classes as `strokes.generation.vae.one_hot` writes them.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from strokes.generation.spec import GeneratorSpec
from strokes.generation.vae import CELLS, one_hot

LEAK = 0.3
DROPPED = 77 / 256
"""The critic's dropout of 0.3, in the steps of a random byte."""
MINIBATCH = 4
PROJECTION_LEAK = 0.2
PROJECTION_HIDDEN = 128
MOMENTUM = 0.01
"""How fast batch norm's running statistics follow."""


class PictureGenerator(nn.Module):
    """Latents (batch, latent), and classes, to pictures (batch, 1, 28, 28) in [-1, 1].

    Args:
        spec: its shape; 98,832 numbers with 32 filters and 50 latents, 225,312 with 64, running statistics included.

    Attributes:
        share: (clusters,), of the pictures, where latents are drawn from a mixture.
    """

    share: Tensor

    def __init__(self, spec: GeneratorSpec) -> None:
        super().__init__()
        self.spec = spec
        filters = spec.filters
        cells = CELLS * CELLS * filters
        if spec.is_mixture:
            self.register_buffer("share", torch.full((spec.clusters,), 1 / spec.clusters))
        self.layers = nn.Sequential(
            nn.Linear(spec.latent + spec.classes, cells, bias=False),
            nn.BatchNorm1d(cells, eps=1e-3, momentum=MOMENTUM),
            nn.LeakyReLU(LEAK),
            nn.Unflatten(1, (filters, CELLS, CELLS)),
            nn.ConvTranspose2d(filters, filters, 3, stride=2, padding=1, output_padding=1, bias=False),
            nn.BatchNorm2d(filters, eps=1e-3, momentum=MOMENTUM),
            nn.LeakyReLU(LEAK),
            nn.ConvTranspose2d(filters, filters // 2, 3, stride=2, padding=1, output_padding=1, bias=False),
            nn.BatchNorm2d(filters // 2, eps=1e-3, momentum=MOMENTUM),
            nn.LeakyReLU(LEAK),
            nn.ConvTranspose2d(filters // 2, 1, 3, padding=1, bias=False),
            nn.Tanh(),
        )

    def forward(self, latents: Tensor, condition: Tensor) -> Tensor:
        """Pictures (batch, 1, 28, 28) in [-1, 1] of latents (batch, latent) and class chances (batch, classes)."""
        pictures: Tensor = self.layers(torch.cat([latents, condition], dim=1))
        return pictures.float()

    def place(self, standard: Tensor, parts: Tensor) -> Tensor:
        """Standard normal numbers (n, latent) as latents of the parts (n,) of the mixture; as they are without one."""
        if not self.spec.is_mixture:
            return standard
        return standard + self.spec.apart * one_hot(parts, self.spec.latent)


class ByteDropout(nn.Module):
    """Dropout whose chances come from random bytes: on a processor ten times as fast as torch's."""

    def forward(self, values: Tensor) -> Tensor:
        """`values` with three in ten at 0 while training, the rest scaled up."""
        if not self.training or values.device.type != "cpu":
            return functional.dropout(values, DROPPED, self.training)
        seed = int(torch.randint(2**62, ()).item())
        thrown = np.random.Generator(np.random.SFC64(seed)).integers(0, 256, values.numel(), np.uint8)
        kept = torch.from_numpy(thrown).to(values.device) >= DROPPED * 256
        return values * (kept.view(values.shape).to(values.dtype) / (1 - DROPPED))


class Critic(nn.Module):
    """Pictures (batch, 1, 28, 28) in [-1, 1] to a number each (batch,): the higher, the more like a real one."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 64, 3, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            ByteDropout(),
            nn.Conv2d(64, 128, 3, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            ByteDropout(),
            nn.Flatten(),
            nn.Linear(128 * CELLS * CELLS, 1),
        )

    def forward(self, pictures: Tensor, condition: Tensor) -> Tensor:
        """A number (batch,) for each of pictures (batch, 1, 28, 28); `condition` (batch, 0) has no columns."""
        numbers: Tensor = self.layers(pictures)
        return numbers.float().squeeze(1)


class ProjectionCritic(nn.Module):
    """The projection critic: no dropout, a hidden layer more, and how much the pictures of a minibatch differ.

    The last is the mean deviation of its features over groups of `MINIBATCH` pictures, so that a generator can't get by
    with always the same (Karras et al., "Progressive Growing of GANs", 2018). Given a picture's class, it judges the
    picture as one of that class: the hidden layer is projected on the class's own direction (Miyato and Koyama, "cGANs
    with Projection Discriminator", 2018).

    Args:
        classes: that it is given; 0 for none.
    """

    def __init__(self, classes: int = 0) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 64, 3, stride=2, padding=1),
            nn.LeakyReLU(PROJECTION_LEAK),
            nn.Conv2d(64, 128, 3, stride=2, padding=1),
            nn.LeakyReLU(PROJECTION_LEAK),
            nn.Flatten(),
        )
        self.hidden = nn.Sequential(
            nn.Linear(128 * CELLS * CELLS + 1, PROJECTION_HIDDEN), nn.LeakyReLU(PROJECTION_LEAK)
        )
        self.verdict = nn.Linear(PROJECTION_HIDDEN, 1)
        self.of_class = nn.Parameter(torch.randn(classes, PROJECTION_HIDDEN) / PROJECTION_HIDDEN**0.5)

    def forward(self, pictures: Tensor, condition: Tensor) -> Tensor:
        """A number (batch,) for each of pictures (batch, 1, 28, 28), given their classes (batch, classes).

        A batch is groups of `MINIBATCH`, and maybe a rest.
        """
        features = self.features(pictures)
        groups = features.float().split(MINIBATCH)
        apart = [(group.var(dim=0, correction=0) + 1e-6).sqrt().mean().expand(len(group)) for group in groups]
        hidden = self.hidden(torch.cat([features, torch.cat(apart)[:, None].to(features.dtype)], dim=1)).float()
        numbers: Tensor = self.verdict(hidden).float().squeeze(1) + (hidden * (condition @ self.of_class)).sum(dim=1)
        return numbers


class Adversaries(nn.Module):
    """A generator, its critic, and the running average of the generator's weights, which ships."""

    def __init__(self, spec: GeneratorSpec) -> None:
        super().__init__()
        self.generator = PictureGenerator(spec)
        judged = spec.clusters if spec.is_mixture else spec.classes
        self.critic = ProjectionCritic(judged) if spec.critic == "projection" else Critic()
        if spec.glorot:
            self.apply(start_glorot)
        self.averaged = copy.deepcopy(self.generator).requires_grad_(False)

    @torch.no_grad()
    def average(self, keep: float) -> None:
        """Move the average towards the generator: `keep` of itself stays."""
        mean, now = self.averaged.state_dict(), self.generator.state_dict()
        for name, value in mean.items():
            if value.is_floating_point():
                value.lerp_(now[name], 1 - keep)


def start_glorot(module: nn.Module) -> None:
    """Start a layer's weights Glorot-uniform and its biases at 0."""
    if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
