"""Training a generator against its critic: cross-entropy (GAN), or Wasserstein with a gradient penalty (WGAN)."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from strokes.formats.sheet import write_sheet
from strokes.generation.gan import Adversaries
from strokes.generation.recipe import GeneratorRecipe
from strokes.generation.vae import cluster, one_hot
from strokes.ink.drawing import IntArray
from strokes.ink.pictures import FRAME_PX, GreySet, as_grey
from strokes.training.batches import MemberBatches
from strokes.training.graphs import GraphedSteps
from strokes.training.protocol import Progress, StepResult
from strokes.training.schedule import Pace, follow, make_adam, pace_at, set_pace

R1_EVERY = 8
"""Steps between the penalties of a projection critic; each weighs as much as all of them would."""


class GanTrainer:
    """A generator and its critic in training.

    Args:
        recipe: what to train and how.
        pictures: what real ones look like; labels condition a generator that knows classes.
        device: "cpu" or "cuda".
    """

    def __init__(self, recipe: GeneratorRecipe, pictures: GreySet, *, device: str = "cpu") -> None:
        self.recipe, self.device = recipe, torch.device(device)
        training = recipe.training
        torch.manual_seed(training.seed)
        self.network = Adversaries(recipe.network).to(self.device)
        betas = (training.beta1, 0.9 if self.is_wasserstein else 0.99 if self.has_projection_critic else 0.999)
        modules = {"generator": self.network.generator, "critic": self.network.critic}
        self.optimisers: dict[str, torch.optim.Optimizer] = {
            name: make_adam(module.parameters(), training.learning_rate, device=self.device, betas=betas)
            for name, module in modules.items()
        }
        labels = self.parts_of(pictures) if recipe.network.is_mixture else pictures.labels
        self.batches = MemberBatches(
            pictures.images, labels, ensemble_size=1, batch_size=training.batch_size, seed=training.seed
        )
        self.graphs = GraphedSteps(self.device, schedule=training.schedule)
        self.generators: dict[str, torch.Generator] = {}
        self.texts: dict[str, str] = {}
        self.progress = Progress(steps_an_epoch=self.batches.steps_an_epoch)
        self.epochs, self.batch_size = training.epochs, training.batch_size
        self.fixed = torch.randn(100, recipe.network.latent, generator=torch.Generator().manual_seed(0))

    @property
    def is_wasserstein(self) -> bool:
        """Whether the critic estimates a Wasserstein distance."""
        return self.recipe.network.family == "wgan"

    @property
    def has_projection_critic(self) -> bool:
        """Whether the critic is the sharper one of a GAN, which a penalty on its gradient keeps in bounds."""
        return self.recipe.network.critic == "projection"

    def pretrain(self) -> None:
        """Nothing comes before the first step."""

    def parts_of(self, pictures: GreySet) -> IntArray:
        """The cluster (n,) of each picture, a part of the latents' mixture; notes how many pictures each has."""
        pixels = torch.from_numpy(pictures.images).to(self.device).flatten(1).float() / 255
        parts = cluster(pixels, self.recipe.network.clusters, seed=self.recipe.training.seed)
        share = torch.bincount(parts, minlength=self.recipe.network.clusters) / len(parts)
        for generator in (self.network.generator, self.network.averaged):
            generator.share.copy_(share)
        return parts.cpu().numpy()

    def step(self, step: int) -> StepResult:
        """Step `step`: as many of the critic as this batch takes and, where they are done, one of the generator."""
        training, spec = self.recipe.training, self.recipe.network
        rows, labels, _ = self.batches.at(step, self.device)
        labels = labels.flatten()
        real = rows.view(-1, 1, FRAME_PX, FRAME_PX) / 127.5 - 1
        condition = one_hot(labels, spec.classes)
        judged = one_hot(labels, spec.clusters) if spec.is_mixture else condition
        for optimiser in self.optimisers.values():
            set_pace(optimiser, self.pace(step))
        penalised = self.has_projection_critic and step % R1_EVERY == 0
        name = "penalised critic" if penalised else "critic"
        for _ in range(training.critic_steps if training.same_batch else 1):
            (loss,) = self.graphs.take(name, partial(self.critic_step, penalised), real, labels, condition, judged)
        losses = {"critic": loss.item()}
        if not training.same_batch and (step + 1) % training.critic_steps:
            return StepResult(losses)
        loss, drawn = self.graphs.take("generator", self.generator_step, labels, condition, judged)
        shown = (real.squeeze(1) + 1) / 2, (drawn.squeeze(1) + 1) / 2
        return StepResult(losses | {"generator": loss.item()}, shown)

    def critic_step(
        self, penalised: bool, real: Tensor, labels: Tensor, condition: Tensor, judged: Tensor
    ) -> tuple[Tensor]:
        """One step of the critic on real pictures and as many made ones of the same classes; its loss.

        Args:
            penalised: whether a projection critic's slope is penalised at this step.
            real: (batch, 1, 28, 28) in [-1, 1].
            labels: (batch,) of the pictures, their parts where latents are drawn from a mixture.
            condition: (batch, classes) that the generator is given.
            judged: the same as the critic is given them.
        """
        critic = self.network.critic
        with self.autocast():
            with torch.no_grad():
                made = self.network.generator(self.noise(labels), condition)
            if self.is_wasserstein:
                loss = self.wasserstein_loss(real, made, judged)
            else:
                loss = entropy(critic(real, judged), 1.0) + entropy(critic(made, judged), 0.0)
        total = loss
        if penalised:
            total = loss + self.r1_penalty(real, judged) * R1_EVERY * self.recipe.training.gradient_penalty / 2
        follow(self.optimisers["critic"], total)
        return (loss.detach(),)

    def r1_penalty(self, real: Tensor, condition: Tensor) -> Tensor:
        """R1 of Mescheder et al., 2018: the critic's mean squared gradient at real pictures."""
        pictures = real.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(self.network.critic(pictures, condition).sum(), pictures, create_graph=True)
        return gradient.flatten(1).square().sum(dim=1).mean()

    def wasserstein_loss(self, real: Tensor, made: Tensor, condition: Tensor) -> Tensor:
        """The negative Wasserstein distance that the critic sees, and the penalty of its gradient between the two."""
        share = torch.rand(len(real), 1, 1, 1, device=self.device)
        between = (share * real + (1 - share) * made).requires_grad_()
        of_real, of_made, of_between = self.network.critic(
            torch.cat([real, made, between]), condition.repeat(3, 1)
        ).chunk(3)
        (gradient,) = torch.autograd.grad(of_between.sum(), between, create_graph=True)
        penalty = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
        loss: Tensor = of_made.mean() - of_real.mean() + self.recipe.training.gradient_penalty * penalty
        return loss

    def generator_step(self, labels: Tensor, condition: Tensor, judged: Tensor) -> tuple[Tensor, Tensor]:
        """One step of the generator, and of its average; its loss, and the pictures (batch, 1, 28, 28) it made."""
        critic = self.network.critic.requires_grad_(False)
        with self.autocast():
            made = self.network.generator(self.noise(labels), condition)
            verdict = critic(made, judged)
        loss = -verdict.mean() if self.is_wasserstein else entropy(verdict, 1.0)
        follow(self.optimisers["generator"], loss)
        critic.requires_grad_(True)
        self.network.average(self.recipe.training.ema_decay)
        return loss.detach(), made.detach()

    def noise(self, labels: Tensor) -> Tensor:
        """Latents (count, latent): standard normal, about the middle of each label's part where there are parts."""
        standard = torch.randn(len(labels), self.recipe.network.latent, device=self.device)
        return self.network.generator.place(standard, labels)

    def autocast(self) -> torch.autocast:
        """A block in which products have the recipe's precision."""
        lower = self.recipe.training.precision == "bfloat16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=lower)

    def pace(self, step: int) -> Pace:
        """The learning rate of step `step`."""
        training, steps = self.recipe.training, self.epochs * self.progress.steps_an_epoch
        return pace_at(training.learning_rate, training.schedule, step, steps)

    @torch.no_grad()
    def finish_epoch(self, folder: Path) -> None:
        """After the recipe's epochs, draw 100 pictures of the same latents with the averaged generator."""
        if self.progress.epoch in self.recipe.training.grid_epochs:
            numbers = torch.arange(100)
            latents = self.network.averaged.place(self.fixed, numbers % self.recipe.network.clusters)
            condition = one_hot(numbers, self.recipe.network.classes)
            drawn = self.network.averaged.eval()(latents.to(self.device), condition.to(self.device)).cpu()
            path = folder / f"grid-{self.progress.epoch:03}.png"
            write_sheet(as_grey((drawn.squeeze(1) + 1) / 2), path, columns=10, overwrite=True)


def entropy(judged: Tensor, truth: float) -> Tensor:
    """The binary cross-entropy of a critic's logits (batch,) when all of them should say `truth`."""
    return functional.binary_cross_entropy_with_logits(judged, torch.full_like(judged, truth))
