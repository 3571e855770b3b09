"""Training a generator against its critic: cross-entropy (GAN), or Wasserstein with a gradient penalty (WGAN)."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from strokes.formats.sheet import write_sheet
from strokes.generation.gan import Adversaries
from strokes.generation.recipe import GeneratorRecipe
from strokes.generation.vae import tell
from strokes.ink.pictures import FRAME_PX, GreySet, as_grey
from strokes.training.batches import MemberBatches
from strokes.training.protocol import Progress, StepResult
from strokes.training.schedule import descend, scheduled_rate

PENALTY_EVERY = 8
"""Steps between the penalties of a sharp critic; each weighs as much as all of them would."""


class GanTrainer:
    """A generator and its critic in training.

    Args:
        recipe: what to train and how.
        pictures: what real ones look like; labels are told where the generator knows classes.
        device: "cpu" or "cuda".
    """

    def __init__(self, recipe: GeneratorRecipe, pictures: GreySet, *, device: str = "cpu") -> None:
        self.recipe, self.device = recipe, torch.device(device)
        training = recipe.training
        torch.manual_seed(training.seed)
        self.network = Adversaries(recipe.network).to(self.device)
        betas = (training.first_beta, 0.9 if self.is_wasserstein else 0.99 if self.is_sharp else 0.999)
        self.optimisers: dict[str, torch.optim.Optimizer] = {
            name: torch.optim.Adam(module.parameters(), lr=training.learning_rate, betas=betas, fused=True)
            for name, module in (("generator", self.network.generator), ("critic", self.network.critic))
        }
        self.batches = MemberBatches(
            pictures.images, pictures.labels, members=1, batch_size=training.batch_size, seed=training.seed
        )
        self.progress = Progress(steps_an_epoch=self.batches.steps_an_epoch)
        self.epochs, self.batch_size = training.epochs, training.batch_size
        self.fixed = torch.randn(100, recipe.network.latent, generator=torch.Generator().manual_seed(0))

    @property
    def is_wasserstein(self) -> bool:
        """Whether the critic estimates a Wasserstein distance."""
        return self.recipe.network.family == "wgan"

    @property
    def is_sharp(self) -> bool:
        """Whether the critic is the sharper one of a GAN, which a penalty on its gradient keeps in bounds."""
        return self.recipe.network.critic == "sharp"

    def warm_up(self) -> None:
        """Nothing comes before the first step."""

    def step(self, step: int) -> StepResult:
        """Step `step` of the critic and, every few, one of the generator."""
        rows, labels, _ = self.batches.at(step, self.device)
        real = rows.view(-1, 1, FRAME_PX, FRAME_PX) / 127.5 - 1
        told = tell(labels.flatten(), self.recipe.network.classes)
        losses = {"critic": self.teach_critic(real, told, step)}
        shown = None
        if (step + 1) % self.recipe.training.critic_steps == 0:
            losses["generator"], drawn = self.teach_generator(told, step)
            self.network.average(self.recipe.training.average)
            shown = (real.squeeze(1) + 1) / 2, (drawn.squeeze(1) + 1) / 2
        return StepResult(losses, shown)

    def teach_critic(self, real: Tensor, told: Tensor, step: int) -> float:
        """One step of the critic on real pictures and as many made ones of the same classes; its loss."""
        critic = self.network.critic
        with self.lowered():
            with torch.no_grad():
                made = self.network.generator(self.noise(len(real)), told)
            if self.is_wasserstein:
                loss = self.distance_loss(real, made, told)
            else:
                loss = entropy(critic(real, told), 1.0) + entropy(critic(made, told), 0.0)
        penalised = self.is_sharp and step % PENALTY_EVERY == 0
        penalty = self.steepness(real, told) * PENALTY_EVERY * self.recipe.training.penalty / 2 if penalised else 0.0
        descend(self.optimisers["critic"], loss + penalty, rate=self.rate(step))
        return loss.item()

    def steepness(self, real: Tensor, told: Tensor) -> Tensor:
        """The critic's mean squared gradient at real pictures; see Mescheder et al. 2018."""
        pictures = real.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(self.network.critic(pictures, told).sum(), pictures, create_graph=True)
        return gradient.flatten(1).square().sum(dim=1).mean()

    def distance_loss(self, real: Tensor, made: Tensor, told: Tensor) -> Tensor:
        """The negative Wasserstein distance that the critic sees, and the penalty of its gradient between the two."""
        share = torch.rand(len(real), 1, 1, 1, device=self.device)
        between = (share * real + (1 - share) * made).requires_grad_()
        of_real, of_made, of_between = self.network.critic(torch.cat([real, made, between]), told.repeat(3, 1)).chunk(3)
        (gradient,) = torch.autograd.grad(of_between.sum(), between, create_graph=True)
        penalty = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
        loss: Tensor = of_made.mean() - of_real.mean() + self.recipe.training.penalty * penalty
        return loss

    def teach_generator(self, told: Tensor, step: int) -> tuple[float, Tensor]:
        """One step of the generator, told classes (batch, classes); its loss, and the pictures that it made."""
        critic = self.network.critic.requires_grad_(False)
        with self.lowered():
            made = self.network.generator(self.noise(len(told)), told)
            judged = critic(made, told)
        loss = -judged.mean() if self.is_wasserstein else entropy(judged, 1.0)
        descend(self.optimisers["generator"], loss, rate=self.rate(step))
        critic.requires_grad_(True)
        return loss.item(), made.detach()

    def noise(self, count: int) -> Tensor:
        """Latents (count, latent), standard normal."""
        return torch.randn(count, self.recipe.network.latent, device=self.device)

    def lowered(self) -> torch.autocast:
        """A block in which products have the recipe's precision."""
        lower = self.recipe.training.precision == "bfloat16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=lower)

    def rate(self, step: int) -> float:
        """The learning rate of step `step`."""
        training, steps = self.recipe.training, self.epochs * self.progress.steps_an_epoch
        return scheduled_rate(training.learning_rate, training.decay, step, steps)

    @torch.no_grad()
    def finish_epoch(self, folder: Path) -> None:
        """After the recipe's epochs, draw 100 pictures of the same latents with the averaged generator."""
        if self.progress.epoch in self.recipe.training.grid_epochs:
            told = tell(torch.arange(100), self.recipe.network.classes)
            drawn = self.network.averaged.eval()(self.fixed.to(self.device), told.to(self.device))
            path = folder / f"grid-{self.progress.epoch:03}.png"
            write_sheet(as_grey((drawn.squeeze(1) + 1) / 2), path, columns=10, overwrite=True)


def entropy(judged: Tensor, truth: float) -> Tensor:
    """The binary cross-entropy of a critic's logits (batch,) when all of them should say `truth`."""
    return functional.binary_cross_entropy_with_logits(judged, torch.full_like(judged, truth))
