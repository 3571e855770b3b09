"""Variational autoencoders of 28×28 pictures: one conditioned on the class, after alxhslm's, and one that reads rows.

An autoencoder gives a picture's posterior, a Gaussian of its latents; a draw from it is decoded to a picture's logits.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from strokes.generation.spec import GeneratorSpec
from strokes.ink.pictures import FRAME_PX

CELLS = 7
"""Decoders begin with maps of 7×7 pixels."""


@dataclass(frozen=True)
class Posterior:
    """What a picture tells of itself.

    Attributes:
        mean: (batch, latent), of its latents.
        log_variance: (batch, latent), of its latents.
        classes: (batch, classes), logits; no columns where the network knows no classes.
    """

    mean: Tensor
    log_variance: Tensor
    classes: Tensor

    def sample(self) -> Tensor:
        """Latents (batch, latent) drawn from the posterior; gradients reach its mean and variance."""
        return self.mean + torch.randn_like(self.mean) * (self.log_variance / 2).exp()

    def divergence(self) -> Tensor:
        """The mean over pictures of KL(posterior ‖ standard normal), in nats."""
        each = 1 + self.log_variance - self.mean.square() - self.log_variance.exp()
        return -each.sum(dim=1).mean() / 2


class Latents(nn.Module):
    """How the latents of the pictures that were learned from lie: Gaussians fitted after training.

    One a class, or one a cluster where the network is conditioned on no classes: see Ghosh et al., "From Variational to
    Deterministic Autoencoders", 2020, on drawing from such a density rather than from a standard normal.

    Args:
        spec: of the network.

    Attributes:
        mean: (parts, latent).
        spread: (parts, latent, latent), the Cholesky factors of the covariances.
        share: (parts,), of the pictures.
    """

    mean: Tensor
    spread: Tensor
    share: Tensor

    def __init__(self, spec: GeneratorSpec) -> None:
        super().__init__()
        parts = spec.classes or spec.clusters
        self.register_buffer("mean", torch.zeros(parts, spec.latent))
        self.register_buffer("spread", torch.eye(spec.latent).repeat(parts, 1, 1))
        self.register_buffer("share", torch.full((parts,), 1 / parts))

    def fit(self, mean: Tensor, variance: Tensor, parts: Tensor) -> None:
        """Fit to posteriors (n, latent) of pictures that belong to parts (n,), each of at least one picture."""
        for part in range(len(self.mean)):
            own = parts == part
            self.mean[part] = mean[own].mean(dim=0)
            covariance = torch.cov(mean[own].T, correction=0) + torch.diag(variance[own].mean(dim=0))
            self.spread[part] = torch.linalg.cholesky(covariance.double())
            self.share[part] = own.float().mean()

    def place(self, standard: Tensor, parts: Tensor) -> Tensor:
        """Standard normal numbers (n, latent) as latents of the parts (n,)."""
        return self.mean[parts] + torch.einsum("nij,nj->ni", self.spread[parts], standard)


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Labels (n,) as class chances (n, classes), 1 for their own; no columns where there are no classes."""
    return functional.one_hot(labels.clamp(min=0) % max(classes, 1), max(classes, 1))[:, :classes].float()


def cluster(points: Tensor, count: int, *, seed: int, rounds: int = 15) -> Tensor:
    """The cluster (n,) of each of points (n, d), by k-means from `count` of the points drawn at random."""
    chance = torch.Generator().manual_seed(seed)
    centres = points[torch.randperm(len(points), generator=chance)[:count]]
    nearest = torch.cdist(points, centres).argmin(dim=1)
    for _ in range(rounds):
        members = functional.one_hot(nearest, count).to(points)
        centres = (members.T @ points) / members.sum(dim=0).clamp(min=1)[:, None]
        nearest = torch.cdist(points, centres).argmin(dim=1)
    return nearest


class ClassVae(nn.Module):
    """The semi-supervised autoencoder: latents say how a character is written, its class what it is.

    Args:
        spec: its shape.
    """

    def __init__(self, spec: GeneratorSpec) -> None:
        super().__init__()
        self.spec, self.latents = spec, Latents(spec)
        filters, cells = spec.filters, CELLS * CELLS * spec.filters
        self.encoder = nn.Sequential(
            nn.Conv2d(1, filters, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(filters, filters, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.classify = nn.Sequential(nn.Linear(cells, spec.hidden), nn.ReLU(), nn.Linear(spec.hidden, spec.classes))
        self.mean = nn.Linear(cells, spec.latent)
        self.log_variance = nn.Linear(cells, spec.latent)
        self.from_class = nn.Sequential(nn.Linear(spec.classes, spec.hidden), nn.ReLU(), nn.Linear(spec.hidden, cells))
        self.from_latents = nn.Linear(spec.latent, cells)
        self.decoder = nn.Sequential(
            nn.Unflatten(1, (filters, CELLS, CELLS)),
            nn.ConvTranspose2d(filters, filters, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(filters, 1, 4, stride=2, padding=1),
        )

    def encode(self, images: Tensor) -> Posterior:
        """The posterior of pictures (batch, 1, 28, 28) in [0, 1], and what they are read as."""
        seen = self.encoder(images)
        return Posterior(self.mean(seen).float(), self.log_variance(seen).float(), self.classify(seen).float())

    def decode(self, latents: Tensor, classes: Tensor) -> Tensor:
        """Logits (batch, 1, 28, 28) of pictures, from latents (batch, latent) and class chances (batch, classes)."""
        drawn: Tensor = self.decoder(self.from_class(classes) + self.from_latents(latents))
        return drawn.float()

    def forward(self, images: Tensor) -> tuple[Tensor, Posterior]:
        """Pictures (batch, 1, 28, 28) drawn again, as logits, and their posterior."""
        posterior = self.encode(images)
        return self.decode(posterior.sample(), posterior.classes.softmax(dim=1)), posterior


class RowVae(nn.Module):
    """The autoencoder whose encoder reads a picture row by row: an LSTM, then mean and log-variance.

    Args:
        spec: its shape.
    """

    def __init__(self, spec: GeneratorSpec) -> None:
        super().__init__()
        self.spec, self.latents = spec, Latents(spec)
        filters = spec.filters
        self.encoder = nn.LSTM(FRAME_PX, spec.hidden, batch_first=True)
        self.mean = nn.Linear(spec.hidden, spec.latent)
        self.log_variance = nn.Linear(spec.hidden, spec.latent)
        self.decoder = nn.Sequential(
            nn.Linear(spec.latent, CELLS * CELLS * filters),
            nn.ReLU(),
            nn.Unflatten(1, (filters, CELLS, CELLS)),
            nn.ConvTranspose2d(filters, filters, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(filters, filters // 2, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(filters // 2, 1, 3, padding=1),
        )

    def encode(self, images: Tensor) -> Posterior:
        """The posterior of pictures (batch, 1, 28, 28) in [0, 1]."""
        _, (last, _) = self.encoder(images.squeeze(1))
        mean = self.mean(last[0]).float()
        return Posterior(mean, self.log_variance(last[0]).float(), mean.new_zeros(len(images), 0))

    def decode(self, latents: Tensor, classes: Tensor) -> Tensor:
        """Logits (batch, 1, 28, 28) of pictures with latents (batch, latent); `classes` has no columns."""
        drawn: Tensor = self.decoder(latents)
        return drawn.float()

    def forward(self, images: Tensor) -> tuple[Tensor, Posterior]:
        """Pictures (batch, 1, 28, 28) drawn again, as logits, and their posterior."""
        posterior = self.encode(images)
        return self.decode(posterior.sample(), posterior.classes), posterior


Vae = ClassVae | RowVae


def make_vae(spec: GeneratorSpec) -> Vae:
    """The autoencoder that a spec of family "cvae" or "lstm-vae" describes."""
    return ClassVae(spec) if spec.family == "cvae" else RowVae(spec)


def pixel_bce(logits: Tensor, images: Tensor) -> Tensor:
    """The mean over pixels of the binary cross-entropy, in nats, of pictures in [0, 1] drawn as `logits`."""
    return functional.binary_cross_entropy_with_logits(logits, images)
