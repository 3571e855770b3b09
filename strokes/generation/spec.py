"""What a generator's recipe states of its network, and of the pictures that are rendered for it."""

from __future__ import annotations

from dataclasses import dataclass

from strokes.errors import ConfigError

FAMILIES = ("cvae", "lstm-vae", "gan", "wgan")
VAES = FAMILIES[:2]
CRITICS = ("published", "projection")


@dataclass(frozen=True)
class GeneratorSpec:
    """A generator's kind and shape.

    Attributes:
        family: one of `FAMILIES`.
        classes: labels that a "cvae" can be asked for, and a "gan" with a projection critic may; others know none.
        latent: numbers that a picture is made of.
        filters: F, the channels at 7×7 pixels.
        clusters: of the latents of an "lstm-vae", each a Gaussian that new pictures are drawn from; of the pictures
            that a "gan" with a projection critic learns from, which then has as many to draw its latents from.
        apart: how far from 0 the middle of each of the latter lies, the k-th along the k-th latent.
        glorot: whether weights start Glorot-uniform and biases at 0, as Keras has it, or as torch has it.
        hidden: units between the classes and the pictures of a "cvae", and of the memory of an "lstm-vae".
        critic: of a "gan", one of `CRITICS`.
    """

    family: str = "cvae"
    classes: int = 0
    latent: int = 64
    filters: int = 32
    clusters: int = 1
    hidden: int = 128
    critic: str = "published"
    apart: float = 5.0
    glorot: bool = False

    @property
    def is_mixture(self) -> bool:
        """Whether a GAN draws its latents from a mixture, one part a cluster of the pictures."""
        return self.family == "gan" and self.clusters > 1

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ConfigError(f"network.family is {self.family!r}; one of {', '.join(FAMILIES)}")
        if self.critic not in CRITICS:
            raise ConfigError(f"network.critic is {self.critic!r}; one of {', '.join(CRITICS)}")
        if self.critic == "projection" and self.family != "gan":
            raise ConfigError(f"network.critic is 'projection'; a {self.family} has none, only a gan has")
        for name in ("latent", "filters", "clusters", "hidden"):
            if getattr(self, name) < 1:
                raise ConfigError(f"network.{name} is {getattr(self, name)}; expected at least 1")
        if self.is_mixture and (self.critic != "projection" or self.classes or self.clusters > self.latent):
            raise ConfigError(
                f"network.clusters is {self.clusters}; a gan may have up to as many as latents ({self.latent}), "
                "and only with a projection critic and no classes"
            )
        if (self.classes > 0) != (self.family == "cvae") and not (self.classes > 0 and self.critic == "projection"):
            raise ConfigError(
                f"network.classes is {self.classes}; a cvae has some, a gan with a projection critic may, "
                "others have none"
            )
