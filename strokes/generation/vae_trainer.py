"""Training autoencoders: pictures are drawn again from their latents, which are kept near a standard normal."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from strokes.formats.sheet import write_sheet
from strokes.generation.recipe import GeneratorRecipe
from strokes.generation.vae import Posterior, Vae, cluster, make_vae, one_hot, pixel_bce
from strokes.ink.pictures import FRAME_PX, GreySet, as_grey
from strokes.training.batches import MemberBatches
from strokes.training.protocol import Progress, StepResult
from strokes.training.schedule import descend, pace_at

ENCODED_AT_ONCE = 1000


class VaeTrainer:
    """An autoencoder in training.

    Args:
        recipe: what to train and how.
        pictures: of the recipe's classes.
        device: "cpu" or "cuda".
    """

    def __init__(self, recipe: GeneratorRecipe, pictures: GreySet, *, device: str = "cpu") -> None:
        self.recipe, self.device = recipe, torch.device(device)
        training = recipe.training
        torch.manual_seed(training.seed)
        self.network = make_vae(recipe.network).to(self.device)
        optimiser = torch.optim.Adam(
            self.network.parameters(), lr=training.learning_rate, betas=(training.beta1, 0.999), fused=True
        )
        self.optimisers: dict[str, torch.optim.Optimizer] = {"optimiser": optimiser}
        self.batches = MemberBatches(
            pictures.images, pictures.labels, ensemble_size=1, batch_size=training.batch_size, seed=training.seed
        )
        self.pictures = pictures
        self.generators: dict[str, torch.Generator] = {}
        self.texts: dict[str, str] = {}
        self.progress = Progress(steps_an_epoch=self.batches.steps_an_epoch)
        self.epochs, self.batch_size = training.epochs, training.batch_size
        self.fixed = torch.randn(100, recipe.network.latent, generator=torch.Generator().manual_seed(0))

    def pretrain(self) -> None:
        """Nothing comes before the first step."""

    def step(self, step: int) -> StepResult:
        """Step `step`."""
        training, classes = self.recipe.training, self.recipe.network.classes
        rows, labels, _ = self.batches.at(step, self.device)
        images, labels = rows.view(-1, 1, FRAME_PX, FRAME_PX) / 255, labels.flatten()
        if training.augmentation:
            images = augment(images, training.augmentation)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=training.precision == "bfloat16"):
            posterior = self.network.encode(images)
            condition = one_hot(labels, classes) if training.label_conditioning else posterior.classes.softmax(dim=1)
            logits = self.network.decode(posterior.sample(), condition)
        losses = self.losses(posterior, logits, images, labels)
        pixels = FRAME_PX * FRAME_PX if training.summed else 1
        epoch = step // self.progress.steps_an_epoch + 1 if training.kl_annealing else 1
        total = losses["reconstruction"] * pixels + training.kl_weight * epoch * losses["kl"]
        if classes:
            total = total + training.class_weight * losses["classes"]
        steps = self.epochs * self.progress.steps_an_epoch
        pace = pace_at(training.learning_rate, training.schedule, step, steps)
        descend(self.optimisers["optimiser"], total, pace=pace)
        shown = images.squeeze(1), logits.detach().sigmoid().squeeze(1)
        return StepResult({name: loss.item() for name, loss in losses.items()}, shown)

    def losses(self, posterior: Posterior, logits: Tensor, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The losses by name."""
        losses = {"reconstruction": pixel_bce(logits, images), "kl": posterior.divergence()}
        if self.recipe.network.classes:
            losses["classes"] = functional.cross_entropy(posterior.classes, labels)
        return losses

    @torch.no_grad()
    def finish_epoch(self, folder: Path) -> None:
        """After the recipe's epochs draw 100 pictures of the same latents; after the last, see where latents lie."""
        self.network.eval()
        if self.progress.epoch in self.recipe.training.grid_epochs:
            condition = one_hot(torch.arange(100), self.recipe.network.classes)
            drawn = self.network.decode(self.fixed.to(self.device), condition.to(self.device)).sigmoid()
            path = folder / f"grid-{self.progress.epoch:03}.png"
            write_sheet(as_grey(drawn.squeeze(1)), path, columns=10, overwrite=True)
        if self.progress.epoch == self.epochs:
            fit_latents(self.network, self.pictures, device=self.device)


def augment(images: Tensor, share: float) -> Tensor:
    """Pictures (batch, 1, h, w), blank around, each turned, slanted, sized and shifted at random.

    Args:
        images: to be changed.
        share: how much: the standard deviation of the map's numbers, those of the shift in halves of the frame.
    """
    maps = torch.eye(2, 3, device=images.device) + share * torch.randn(len(images), 2, 3, device=images.device)
    places = functional.affine_grid(maps, list(images.shape), align_corners=False)
    return functional.grid_sample(images, places, align_corners=False)


@torch.no_grad()
def fit_latents(network: Vae, pictures: GreySet, *, device: torch.device) -> None:
    """Fit the network's picture of where latents lie to pictures: to each class, or to clusters where it knows none."""
    posteriors = [
        network.encode(torch.from_numpy(pictures.images[start : start + ENCODED_AT_ONCE, None]).to(device) / 255)
        for start in range(0, len(pictures), ENCODED_AT_ONCE)
    ]
    mean = torch.cat([posterior.mean for posterior in posteriors])
    variance = torch.cat([posterior.log_variance.exp() for posterior in posteriors])
    labels = torch.from_numpy(pictures.labels).to(device)
    network.latents.fit(
        mean, variance, labels if network.spec.classes else cluster(mean, network.spec.clusters, seed=0)
    )
