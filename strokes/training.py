"""The one training loop: steps on pictures and, where the recipe says so, steps on pen samples in turn.

What a step sees follows from the recipe's seed and the step's number alone, so a run that resumes from a checkpoint
ends with the weights of one that was never interrupted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from strokes import checkpoints
from strokes.atomic import reason
from strokes.batches import MemberBatches
from strokes.errors import ConfigError, StoreError
from strokes.generators.training import make_generator_trainer
from strokes.graphs import GraphedSteps
from strokes.line_models import make_line_model
from strokes.losses import angle_loss, length_loss, reconstruction_loss, sample_loss
from strokes.networks import StrokeNetwork
from strokes.pen_pictures import PenSet
from strokes.pen_samples import make_pen_pairs
from strokes.pens.trainer import PenTrainer
from strokes.progress import Progress, StepResult, Trains
from strokes.rates import follow, make_adam, scheduled_rate, set_rate
from strokes.recipes import AnyRecipe, Recipe
from strokes.recipes.generators import GeneratorRecipe
from strokes.sources.bundled import as_digits
from strokes.sources.choose import choose_pictures
from strokes.sources.grey import GreySet, join_grey
from strokes.sources.grey_files import load_grey
from strokes.sources.images import ImageSet
from strokes.sources.samples import load_pen_samples
from strokes.training_log import TrainingLog

RATE = "drawings_a_second"
VARIATIONS = 2000
"""Pen pairs made a class."""


class Trainer:
    """A network in training by a recipe on a set of pictures."""

    def __init__(self, recipe: Recipe, pictures: ImageSet, *, device: str = "cpu") -> None:
        if (pictures.labels < 0).any():
            raise ConfigError("training pictures need labels; some have none")
        if len(pictures) == 0 or len(pictures.classes) != recipe.network.classes:
            raise ConfigError(
                f"{len(pictures)} pictures of {len(pictures.classes)} classes can't train a network "
                f"of {recipe.network.classes} classes; expected at least one picture and as many classes"
            )
        self.recipe = recipe
        self.device = torch.device(device)
        training = recipe.training
        torch.manual_seed(training.seed)
        self.network = StrokeNetwork(recipe.network).to(self.device)
        rates = {"optimiser": training.learning_rate, "sample_optimiser": training.sample_learning_rate}
        self.optimisers: dict[str, torch.optim.Optimizer] = {
            name: make_adam(self.network.parameters(), rate, device=self.device) for name, rate in rates.items()
        }
        drawing, self.lower = recipe.drawing, training.precision == "bfloat16"
        self.lines = make_line_model(
            drawing.line_model, drawing.softness, self.device, factor=drawing.pen == "factor", lower=self.lower
        )
        self.graphs = GraphedSteps(self.device)
        members = recipe.network.members
        self.batches = MemberBatches(
            pictures.images, pictures.labels, members=members, batch_size=training.batch_size, seed=training.seed
        )
        self.samples = self._pen_batches() if training.samples else None
        self.progress = Progress(steps_an_epoch=self.batches.steps_an_epoch)
        self.epochs, self.batch_size = training.epochs, training.batch_size

    def _pen_batches(self) -> MemberBatches:
        training, network = self.recipe.training, self.recipe.network
        samples = load_pen_samples()
        pairs = [
            make_pen_pairs(samples, label, count=VARIATIONS, points=network.points, seed=training.seed)
            for label in range(network.classes)
        ]
        return MemberBatches(
            np.concatenate([images for images, _ in pairs]),
            np.repeat(np.arange(network.classes), VARIATIONS),
            members=network.members,
            batch_size=training.sample_batch_size,
            seed=training.seed + 1,
            paths=np.concatenate([paths for _, paths in pairs]),
        )

    @property
    def total_steps(self) -> int:
        """Picture steps of the whole run."""
        return self.recipe.training.epochs * self.progress.steps_an_epoch

    def warm_up(self) -> None:
        """The sample steps before the first picture."""
        if self.samples is not None:
            for step in range(self.recipe.training.warm_up):
                self.sample_step(step)

    def finish_epoch(self, folder: Path) -> None:
        """Nothing is done after an epoch."""

    def step(self, step: int) -> StepResult:
        """Step `step` on pictures and, where the recipe says so, one on pen samples."""
        losses, truth, drawn = self.picture_step(step)
        if self.samples is not None:
            losses["samples"] = self.sample_step(step + self.recipe.training.warm_up)
        return StepResult(losses, (truth, drawn))

    def picture_step(self, step: int) -> tuple[dict[str, float], Tensor, Tensor]:
        """One step on pictures; its losses, the pictures and their drawings, each (batch, 28, 28)."""
        training, compose = self.recipe.training, self.recipe.drawing.composition(step)
        pictures, labels, _ = self.batches.at(step, self.device)
        set_rate(
            self.optimisers["optimiser"],
            scheduled_rate(training.learning_rate, training.decay, step, self.total_steps),
        )
        *losses, drawn = self.graphs.take(
            f"pictures by {compose}", partial(self._learn_pictures, compose), pictures, labels
        )
        named = zip(("reconstruction", "length", "angle"), losses, strict=True)
        return {name: loss.item() for name, loss in named}, pictures.reshape(drawn.shape), drawn

    def _learn_pictures(self, compose: str, pictures: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        """Follow the losses of pictures' drawings; the losses, and the drawings (batch, 28, 28)."""
        path, weights = self._paths(pictures, labels), self.recipe.loss
        drawn = self.lines.draw(path, compose=compose)
        losses = reconstruction_loss(drawn, pictures.reshape(drawn.shape)), length_loss(path), angle_loss(path)
        reconstruction, length, angle = losses
        follow(self.optimisers["optimiser"], reconstruction + weights.length * length + weights.angle * angle)
        return *(loss.detach() for loss in losses), drawn.detach()

    def sample_step(self, step: int) -> float:
        """One step on pen samples; its loss."""
        assert self.samples is not None
        pictures, labels, truth = self.samples.at(step, self.device)
        assert truth is not None
        set_rate(self.optimisers["sample_optimiser"], self.recipe.training.sample_rate(step, self.total_steps))
        (loss,) = self.graphs.take("samples", self._learn_samples, pictures, labels, truth)
        return loss.item()

    def _learn_samples(self, pictures: Tensor, labels: Tensor, truth: Tensor) -> tuple[Tensor]:
        """Follow the distance from pen samples; that loss."""
        loss = sample_loss(self._paths(pictures, labels), truth.flatten(0, 1), threshold=self.recipe.lift_threshold)
        follow(self.optimisers["sample_optimiser"], loss)
        return (loss.detach(),)

    def _paths(self, pictures: Tensor, labels: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.lower):
            return self.network.paths(pictures, labels).flatten(0, 1)


def train(
    recipe: AnyRecipe,
    pictures: ImageSet | GreySet,
    out: Path,
    *,
    pens: PenSet | None = None,
    device: str = "cpu",
    resume: bool = False,
    on_epoch: Callable[[int, dict[str, float]], None] | None = None,
) -> Path:
    """Train by `recipe` into the folder `out`: a checkpoint an epoch, TensorBoard logs beside it.

    Args:
        recipe: what to train and how.
        pictures: training pictures: grey ones for an image generator, thinned ones for the others; labelled, but for
            pen recipes.
        out: a folder for `checkpoint.safetensors`, `checkpoint.json` and logs.
        pens: recordings in the frame, which pen recipes learn from, and which some generators' pictures are rendered
            from; those of held-out writers are left out.
        device: "cpu" or "cuda".
        resume: go on from the checkpoint in `out`.
        on_epoch: called with the epoch and its mean losses.

    Returns:
        The checkpoint's path.

    Raises:
        ConfigError: `out` holds a checkpoint and `resume` is off, or one of another recipe; or a pen recipe is given no
            recordings, or another recipe some.
        SourceError: all recordings are of held-out writers.
        StoreError: `out` can't be made or written to.
    """
    checkpoint = out / checkpoints.WEIGHTS_NAME
    if checkpoint.exists() and not resume:
        raise ConfigError(f"{checkpoint} exists; go on from it with --resume, or choose another --out")
    trainer = make_trainer(recipe, pictures, pens, device=device)
    make_folder(out)
    if resume and checkpoint.exists():
        checkpoints.restore(trainer, checkpoint)
    else:
        trainer.warm_up()
    with TrainingLog(out, start=trainer.progress.step) as log:
        for epoch in range(trainer.progress.epoch, trainer.epochs):
            means = run_epoch(trainer, log, epoch)
            trainer.finish_epoch(out)
            checkpoints.save(trainer, checkpoint)
            if on_epoch is not None:
                on_epoch(epoch, means)
    return checkpoint


def make_trainer(recipe: AnyRecipe, pictures: ImageSet | GreySet, pens: PenSet | None, *, device: str) -> Trains:
    """What trains by the recipe; see `train`."""
    if isinstance(recipe, GeneratorRecipe):
        if not isinstance(pictures, GreySet):
            raise ConfigError(f"{recipe.name} learns from grey pictures; thinned ones were given")
        return make_generator_trainer(recipe, pictures, pens, device=device)
    if isinstance(pictures, GreySet):
        raise ConfigError(f"{recipe.name} learns from thinned pictures; grey ones were given")
    if isinstance(recipe, Recipe):
        if pens is not None:
            raise ConfigError(f"{recipe.name} learns from pictures; leave the pen recordings out")
        return Trainer(recipe, as_digits(pictures), device=device)
    if pens is None:
        raise ConfigError(f"{recipe.name} learns from pen recordings; give some with --pens")
    return PenTrainer(recipe, pens, pictures, device=device)


def training_pictures(
    recipe: AnyRecipe, images: Sequence[str], labels: Path | None = None, *, limit: int | None = None
) -> ImageSet | GreySet:
    """The pictures that a person wants a recipe to learn from: thinned, or grey for an image generator.

    Args:
        recipe: decides which.
        images: names or paths of sets; without any, MNIST's training digits. More than one for a generator only.
        labels: the labels of an IDX file, which is then the only one.
        limit: at most so many of each set.

    Raises:
        SourceError: they can't be read.
        ConfigError: more than one for a stroke network, or labels for a generator.
    """
    if not isinstance(recipe, GeneratorRecipe):
        if len(images) > 1:
            raise ConfigError(f"{recipe.name} learns from one set of pictures; {len(images)} were given")
        given = Path(images[0]) if images else None
        return choose_pictures(given, labels, split="all" if images else "train", limit=limit)
    if labels is not None:
        raise ConfigError(f"{recipe.name} finds the labels of an IDX file beside it; leave --labels out")
    sets = [load_grey(source).select(slice(limit)).as_classes(recipe.class_names) for source in images or ("mnist",)]
    return join_grey(sets)


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there. Raises `StoreError` when that is refused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"can't make the folder {folder}: {reason(error)}; choose another --out") from None


def describe_epoch(say: Callable[[str], None]) -> Callable[[int, dict[str, float]], None]:
    """An `on_epoch` that says an epoch's mean losses, and the rate, in a line."""

    def on_epoch(epoch: int, means: dict[str, float]) -> None:
        losses = ", ".join(f"{name} {value:.4f}" for name, value in means.items() if name != RATE)
        say(f"epoch {epoch + 1}: {losses}; {means[RATE]:.0f} drawings a second")

    return on_epoch


def set_threads(threads: int | None) -> None:
    """Let torch use so many processor threads; None leaves it all cores."""
    if threads is not None:
        torch.set_num_threads(threads)


def run_epoch(trainer: Trains, log: TrainingLog, epoch: int) -> dict[str, float]:
    """One epoch: the means of its losses, and the rate in drawings a second."""
    trainer.network.train()
    found: dict[str, list[float]] = {}
    first, started = trainer.progress.step, time.monotonic()
    with tqdm(total=trainer.progress.steps_an_epoch, desc=f"epoch {epoch + 1}/{trainer.epochs}", disable=None) as bar:
        for step in epoch_steps(trainer):
            result = trainer.step(step)
            trainer.progress.step = step + 1
            log.step(step, result)
            for name, value in result.losses.items():
                found.setdefault(name, []).append(value)
            bar.update()
            if step % 20 == 0:
                bar.set_postfix({name: f"{value:.4f}" for name, value in result.losses.items()})
    seconds = time.monotonic() - started
    trainer.progress.seconds += seconds
    rate = (trainer.progress.step - first) * trainer.batch_size / seconds
    return {name: sum(values) / len(values) for name, values in found.items()} | {RATE: rate}


def epoch_steps(trainer: Trains) -> Iterator[int]:
    """Numbers of the steps left in the epoch that the trainer is in."""
    steps = trainer.progress.steps_an_epoch
    return iter(range(trainer.progress.step, (trainer.progress.epoch + 1) * steps))
