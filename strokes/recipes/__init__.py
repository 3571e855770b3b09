"""One TOML file an experiment, read into a frozen dataclass that checks it: the published ones, and pen recipes."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from strokes.errors import ConfigError
from strokes.line_models import Softness
from strokes.networks import NetworkSpec
from strokes.rates import scheduled_rate
from strokes.recipes.checks import check_choice, check_range
from strokes.recipes.generators import GeneratorRecipe
from strokes.recipes.pens import PenRecipe

FOLDER = Path(__file__).resolve().parent
DEFAULT_RECIPE = "per-digit-samples"


@dataclass(frozen=True)
class DrawingSpec:
    """How a path becomes a picture.

    Attributes:
        line_model: "soft" or "neural".
        compose: how segments are joined: "sum", "max" or "soft-or".
        summed_steps: steps on pictures, from the first, in which they are summed whatever `compose` says.
        pen: how the neural line model is told a lifted pen: "input", its own as published, or "factor" of what it draws
            with the pen down.
        softness: the range of the soft line model's.
    """

    line_model: str = "soft"
    compose: str = "sum"
    summed_steps: int = 0
    pen: str = "input"
    softness: Softness = field(default_factory=Softness)

    def __post_init__(self) -> None:
        check_choice("drawing.line_model", self.line_model, ("soft", "neural"))
        check_choice("drawing.compose", self.compose, ("sum", "max", "soft-or"))
        check_choice("drawing.pen", self.pen, ("input", "factor"))
        check_range("drawing.summed_steps", self.summed_steps)
        if self.pen == "factor" and self.line_model != "neural":
            raise ConfigError(
                "drawing.pen is 'factor'; a soft line model's pen is its softness, only a neural one's may be"
            )

    def composition(self, step: int) -> str:
        """How segments are joined at step `step` on pictures."""
        return "sum" if step < self.summed_steps else self.compose


@dataclass(frozen=True)
class LossSpec:
    """Weights beside the reconstruction's 1; a loss of weight 0 is still measured and logged."""

    length: float = 0.0
    angle: float = 0.0

    def __post_init__(self) -> None:
        for name in ("length", "angle"):
            check_range(f"loss.{name}", getattr(self, name))


@dataclass(frozen=True)
class TrainingSpec:
    """The optimisation.

    Attributes:
        epochs: passes over the training pictures.
        batch_size: pictures a step, over all members.
        learning_rate: Adam's, on pictures.
        decay: "constant", or "cosine" to fall to 0 over the run.
        samples: whether steps on pen samples alternate with steps on pictures.
        sample_learning_rate: Adam's, on pen samples.
        warm_up_learning_rate: the same before the first picture; 0 for no other.
        sample_batch_size: samples a step, over all members.
        warm_up: sample steps before the first picture.
        precision: "float32", or "bfloat16" for the networks' matrix products.
        seed: of weights, order, dropout and sample variations.
    """

    epochs: int = 15
    batch_size: int = 160
    learning_rate: float = 1e-3
    decay: str = "constant"
    samples: bool = False
    sample_learning_rate: float = 5e-4
    warm_up_learning_rate: float = 0.0
    sample_batch_size: int = 160
    warm_up: int = 100
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "learning_rate", "sample_learning_rate", "sample_batch_size"):
            check_range(f"training.{name}", getattr(self, name), beyond_zero=True)
        for name in ("warm_up", "warm_up_learning_rate", "seed"):
            check_range(f"training.{name}", getattr(self, name))
        check_choice("training.decay", self.decay, ("constant", "cosine"))
        check_choice("training.precision", self.precision, ("float32", "bfloat16"))

    def sample_rate(self, step: int, steps: int) -> float:
        """The learning rate of sample step `step`, the warm-up's included, of a run of `steps` on pictures."""
        if step < self.warm_up:
            return self.warm_up_learning_rate or self.sample_learning_rate
        return scheduled_rate(self.sample_learning_rate, self.decay, step - self.warm_up, steps)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run, by name."""

    name: str
    about: str = ""
    network: NetworkSpec = field(default_factory=NetworkSpec)
    drawing: DrawingSpec = field(default_factory=DrawingSpec)
    loss: LossSpec = field(default_factory=LossSpec)
    training: TrainingSpec = field(default_factory=TrainingSpec)

    @property
    def lift_threshold(self) -> float:
        """The sharpness, in (0, 1), at or below which a point counts as lifted."""
        return self.drawing.softness.threshold if self.drawing.line_model == "soft" else 0.5

    def as_dict(self) -> dict[str, Any]:
        """The recipe as nested dictionaries, as `parse_recipe` takes it."""
        return dataclasses.asdict(self)


AnyRecipe = Recipe | PenRecipe | GeneratorRecipe
KINDS = {"pens": PenRecipe, "generator": GeneratorRecipe}


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
    return parse_recipe({"name": path.stem} | settings)


def adjusted(recipe: AnyRecipe, *, epochs: int | None = None, seed: int | None = None) -> AnyRecipe:
    """The recipe with other epochs or another seed, where given."""
    asked: dict[str, Any] = {"epochs": epochs, "seed": seed}
    training: Any = dataclasses.replace(recipe.training, **{k: v for k, v in asked.items() if v is not None})
    return dataclasses.replace(recipe, training=training)


def use_of(recipe: AnyRecipe) -> str:
    """The command, up to the checkpoint, that uses what was trained by the recipe."""
    return "generate --generator" if isinstance(recipe, GeneratorRecipe) else "build-dataset --model"


def parse_recipe(settings: dict[str, Any]) -> AnyRecipe:
    """A recipe from nested dictionaries: of the kind that it says it is, or else a published stroke network's.

    Raises:
        ConfigError: for unknown or ill-typed settings.
    """
    if not isinstance(settings, dict) or "name" not in settings:
        raise ConfigError("a recipe needs a name")
    recipe: AnyRecipe = build(KINDS.get(str(settings.get("kind")), Recipe), settings, "recipe")
    return recipe


def build(kind: Any, settings: Any, where: str) -> Any:
    """An instance of the dataclass `kind` from a dictionary, its own dataclass fields likewise."""
    if not isinstance(settings, dict):
        raise ConfigError(f"{where} is {settings!r}; expected a table of settings")
    kinds = get_type_hints(kind)
    unknown = sorted(set(settings) - set(kinds))
    if unknown:
        raise ConfigError(f"{where} has no setting {unknown[0]!r}; it has {', '.join(kinds)}")
    values = {}
    for name, value in settings.items():
        here = f"{where}.{name}"
        nested = dataclasses.is_dataclass(kinds[name])
        values[name] = build(kinds[name], value, here) if nested else checked(value, kinds[name], here)
    return kind(**values)


def checked(value: Any, kind: type, where: str) -> Any:
    """`value` if it is of `kind` (a whole number will do for a float). Raises `ConfigError` otherwise."""
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ConfigError(f"{where} is {value!r}; expected {kind.__name__}")
    return value
