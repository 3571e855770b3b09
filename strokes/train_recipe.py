"""Training by a recipe of any kind: what it learns from, its checkpoints and logs."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from strokes.datasets.choose import choose_pictures
from strokes.datasets.grey import load_grey
from strokes.errors import ConfigError
from strokes.files import make_folder
from strokes.generation.recipe import GENERATOR, GeneratorRecipe
from strokes.generation.trainers import make_generator_trainer
from strokes.ink.labels import as_digits
from strokes.ink.pictures import GreySet, ImageSet, join_grey
from strokes.ink.recordings import PenSet
from strokes.recognition.recipe import CLASSIFIER, ClassifierRecipe
from strokes.recognition.trainer import ClassifierTrainer
from strokes.recovery.pointer.recipe import PENS, PenRecipe
from strokes.recovery.pointer.trainer import PenTrainer
from strokes.recovery.published.line_trainer import LINE_MODEL, LineRecipe, LineTrainer
from strokes.recovery.published.recipe import Recipe
from strokes.recovery.published.trainer import Trainer
from strokes.recovery.words.recipe import STRIPS, StripRecipe
from strokes.recovery.words.trainer import StripTrainer
from strokes.training import checkpoints
from strokes.training.log import TrainingLog
from strokes.training.loop import RATE, run_epochs
from strokes.training.processes import join, started_by_torchrun
from strokes.training.protocol import Trains
from strokes.training.recipes import check_choice, parse_recipe

FOLDER = Path(__file__).resolve().parent / "recipes"


DEFAULT_RECIPE = "pen-digits"
"""What is recommended: the network that digits are recovered with unless another is asked for."""
AnyRecipe = Recipe | PenRecipe | StripRecipe | GeneratorRecipe | ClassifierRecipe | LineRecipe
AnyPictures = ImageSet | GreySet | None


@dataclass(frozen=True)
class Kind:
    """A kind of recipe.

    Attributes:
        recipe: the dataclass that its settings are read into.
        make_trainer: what trains by such a recipe, on pictures and perhaps recordings, on a device.
        pictures: that it learns from: "thinned", "grey" or "no".
        use: what is to be done with what was trained in a `{folder}`.
        shared: whether processes that torchrun starts can share the work.
    """

    recipe: type[Any]
    make_trainer: Callable[[Any, Any, PenSet | None, str], Trains]
    pictures: str
    use: str
    shared: bool = False


def make_published_trainer(recipe: Recipe, pictures: ImageSet, pens: PenSet | None, device: str) -> Trains:
    """What trains a published network, on pictures alone. Raises `ConfigError` when recordings are given."""
    if pens is not None:
        raise ConfigError(f"{recipe.name} learns from pictures; leave the pen recordings out")
    return Trainer(recipe, as_digits(pictures), device=device)


def make_pen_trainer(recipe: PenRecipe, pictures: ImageSet, pens: PenSet | None, device: str) -> Trains:
    """What trains a pen network. Raises `ConfigError` when no recordings are given."""
    if pens is None:
        raise ConfigError(f"{recipe.name} learns from pen recordings; give some with --pens")
    return PenTrainer(recipe, pens, pictures, device=device)


def make_strip_trainer(recipe: StripRecipe, pictures: None, pens: PenSet | None, device: str) -> Trains:
    """What trains a strip network, on recordings alone. Raises `ConfigError` when none are given."""
    if pens is None:
        raise ConfigError(f"{recipe.name} learns from pen recordings; give some with --pens")
    return StripTrainer(recipe, pens, device=device)


def make_line_trainer(recipe: LineRecipe, pictures: None, pens: PenSet | None, device: str) -> Trains:
    """What trains a line model, on nothing that is given. Raises `ConfigError` when recordings are."""
    if pens is not None:
        raise ConfigError(f"{recipe.name} learns from segments that it draws; leave the pen recordings out")
    return LineTrainer(recipe, device=device)


RECIPE_KINDS = {
    checkpoints.PUBLISHED: Kind(
        Recipe, make_published_trainer, "thinned", "use it with strokes build-dataset --model {folder}"
    ),
    PENS: Kind(
        PenRecipe, make_pen_trainer, "thinned", "use it with strokes build-dataset --model {folder}", shared=True
    ),
    STRIPS: Kind(
        StripRecipe, make_strip_trainer, "no", "strokes.recovery.words.trainer.load_strip_network reads it", shared=True
    ),
    GENERATOR: Kind(
        GeneratorRecipe, make_generator_trainer, "grey", "use it with strokes generate --generator {folder}"
    ),
    CLASSIFIER: Kind(ClassifierRecipe, ClassifierTrainer, "grey", "strokes.recognition.recipe.load_trained reads it"),
    LINE_MODEL: Kind(LineRecipe, make_line_trainer, "no", "scripts/release/train_line_model ships it"),
}
"""Every kind of recipe, by the name that a recipe says of itself."""


def known_recipes() -> list[str]:
    """Names of the recipes that ship."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_recipe(name: str) -> AnyRecipe:
    """The recipe that ships as `name`, or of a TOML file at that path.

    Raises:
        ConfigError: for an unknown name (the known ones listed), unreadable TOML, or settings out of range.
    """
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        raise ConfigError(f"unknown recipe {name!r}; one of {', '.join(known_recipes())}, or the path of a .toml file")
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    return parse_any({"name": path.stem} | settings)


def adjusted(recipe: AnyRecipe, *, epochs: int | None = None, seed: int | None = None) -> AnyRecipe:
    """The recipe with other epochs or another seed, where given."""
    asked: dict[str, Any] = {"epochs": epochs, "seed": seed}
    training: Any = dataclasses.replace(recipe.training, **{k: v for k, v in asked.items() if v is not None})
    return dataclasses.replace(recipe, training=training)


def parse_any(settings: dict[str, Any]) -> AnyRecipe:
    """A recipe from nested dictionaries, of the kind that it says it is, or else a published network's.

    Raises:
        ConfigError: for an unknown kind, unknown or ill-typed settings.
    """
    kind = str(settings.get("kind", checkpoints.PUBLISHED))
    check_choice("kind", kind, tuple(RECIPE_KINDS))
    recipe: AnyRecipe = parse_recipe(RECIPE_KINDS[kind].recipe, settings)
    return recipe


def kind_of(recipe: AnyRecipe) -> Kind:
    """The kind of a recipe."""
    return RECIPE_KINDS[recipe.kind]


def use_of(name: str) -> str:
    """The command, up to the checkpoint, that uses what a recipe trains; "" names the recommended one."""
    return kind_of(load_recipe(name or DEFAULT_RECIPE)).use


def train(
    recipe: AnyRecipe,
    pictures: AnyPictures,
    out: Path,
    *,
    pens: PenSet | None = None,
    device: str = "cpu",
    resume: bool = False,
    on_epoch: Callable[[int, dict[str, float]], None] | None = None,
) -> Path:
    """Train by `recipe` into the folder `out`: a checkpoint an epoch, TensorBoard logs beside it.

    Processes that `torchrun` started share each batch of a recipe of pens or strips; the first of them writes.

    Args:
        recipe: what to train and how.
        pictures: training pictures: grey ones for an image generator or a classifier, none for a line model, thinned
            ones for the others; labelled, but for pen recipes.
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
            recordings, or another recipe some; or torchrun started several processes for a recipe that takes one.
        SourceError: all recordings are of held-out writers.
        StoreError: `out` can't be made or written to.
    """
    checkpoint = out / checkpoints.WEIGHTS_NAME
    if checkpoint.exists() and not resume:
        raise ConfigError(f"{checkpoint} exists; go on from it with --resume, or choose another --out")
    if started_by_torchrun() > 1 and not kind_of(recipe).shared:
        raise ConfigError(f"{recipe.name} is trained by one process; start it without torchrun")
    processes, own = join(device)
    trainer = make_trainer(recipe, pictures, pens, device=own)
    make_folder(out)
    if resume and checkpoint.exists():
        checkpoints.restore(trainer, checkpoint)
    else:
        trainer.pretrain()

    def keep(epoch: int, means: dict[str, float]) -> None:
        if processes.is_first:
            trainer.finish_epoch(out)
            checkpoints.save(trainer, checkpoint)
            if on_epoch is not None:
                on_epoch(epoch, means)
        processes.wait()

    with TrainingLog(out, start=trainer.progress.step) if processes.is_first else nullcontext() as log:
        run_epochs(trainer, log=log, after=keep)
    return checkpoint


def make_trainer(recipe: AnyRecipe, pictures: AnyPictures, pens: PenSet | None, *, device: str) -> Trains:
    """What trains by the recipe; see `train`."""
    kind = kind_of(recipe)
    given = "no" if pictures is None else "grey" if isinstance(pictures, GreySet) else "thinned"
    if kind.pictures != given:
        raise ConfigError(f"{recipe.name} learns from {kind.pictures} pictures; {given} ones were given")
    return kind.make_trainer(recipe, pictures, pens, device)


def training_pictures(
    recipe: AnyRecipe, images: Sequence[str], labels: Path | None = None, *, limit: int | None = None
) -> AnyPictures:
    """The pictures that a person wants a recipe to learn from: thinned, or grey for an image generator or classifier.

    Args:
        recipe: decides which.
        images: names or paths of sets; without any, MNIST's training digits. More than one for a generator only.
        labels: the labels of an IDX file, which is then the only one.
        limit: at most so many of each set.

    Raises:
        SourceError: they can't be read.
        ConfigError: more than one for a stroke network, or labels for a generator.
    """
    wanted = kind_of(recipe).pictures
    if wanted == "no":
        if images or labels is not None:
            raise ConfigError(f"{recipe.name} learns from no pictures; leave --images and --labels out")
        return None
    if wanted == "thinned":
        if len(images) > 1:
            raise ConfigError(f"{recipe.name} learns from one set of pictures; {len(images)} were given")
        given = Path(images[0]) if images else None
        return choose_pictures(given, labels, split="all" if images else "train", limit=limit)
    if labels is not None:
        raise ConfigError(f"{recipe.name} finds the labels of an IDX file beside it; leave --labels out")
    named = [load_grey(source).select(slice(limit)) for source in images or ("mnist",)]
    return join_grey([pictures.as_classes(recipe.class_names) for pictures in named])


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
