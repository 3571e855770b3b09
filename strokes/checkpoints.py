"""Checkpoints: safetensors for numbers, JSON for the rest; nothing pickled.

`checkpoint.safetensors` holds the network ("network.*"), its optimisers (such as "optimiser.*") and
the random state ("random.*"); `checkpoint.json` beside it holds the recipe and how far the run has come. A model that
ships is the network alone, in float16, with its recipe in the file's own header.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from strokes.atomic import atomic_path, reason
from strokes.errors import ConfigError, StoreError
from strokes.networks import StrokeNetwork
from strokes.pens.confidence import Calibration
from strokes.pens.network import PenNetwork
from strokes.progress import Trains
from strokes.recipes import AnyRecipe, Recipe, parse_recipe
from strokes.recipes.pens import PenRecipe

SHIPPED = Path(__file__).resolve().parent / "weights"
WEIGHTS_NAME = "checkpoint.safetensors"
SomeNetwork = TypeVar("SomeNetwork", bound=nn.Module)


def save(trainer: Trains, path: Path) -> None:
    """Write all that a run needs to go on: the numbers first, then the JSON that says they are whole."""
    tensors = {f"network.{name}": value for name, value in trainer.network.state_dict().items()}
    for name, optimiser in trainer.optimisers.items():
        for i, state in optimiser.state_dict()["state"].items():
            tensors |= {f"{name}.{i}.{key}": value for key, value in state.items()}
    tensors["random.cpu"] = torch.get_rng_state()
    if trainer.device.type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state(trainer.device)
    progress, recipe = trainer.progress, trainer.recipe.as_dict()
    described = {"step": str(progress.step), "seconds": f"{progress.seconds:.1f}", "recipe": json.dumps(recipe)}
    write(tensors, path, described)
    with atomic_path(path.with_suffix(".json"), overwrite=True) as partial:
        partial.write_text(json.dumps(described | {"step": progress.step, "recipe": recipe}, indent=2))


def restore(trainer: Trains, path: Path) -> None:
    """Bring a fresh trainer to where the checkpoint's run was.

    Raises:
        ConfigError: the file is damaged, or of another recipe.
    """
    tensors, described = read(path)
    if "step" not in described:
        raise ConfigError(f"{path} holds weights alone, which can't be trained on; choose another --out")
    if described["recipe"] != json.dumps(trainer.recipe.as_dict()):
        raise ConfigError(f"{path} was trained by another recipe or other settings; choose another --out")
    trainer.network.load_state_dict(part(tensors, "network"))
    for name, optimiser in trainer.optimisers.items():
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in part(tensors, name).items():
            index, _, field = key.partition(".")
            state.setdefault(int(index), {})[field] = value
        optimiser.load_state_dict(optimiser.state_dict() | {"state": state})
    torch.set_rng_state(tensors["random.cpu"])
    if trainer.device.type == "cuda":
        torch.cuda.set_rng_state(tensors["random.cuda"], trainer.device)
    trainer.progress.step = int(described["step"])
    trainer.progress.seconds = float(described["seconds"])


def part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors under `name`., without that prefix."""
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """A safetensors file's tensors and header texts. Raises `ConfigError` when it isn't one of this project's."""
    try:
        with safe_open(path, framework="pt") as file:
            described = file.metadata() or {}
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ConfigError(f"{path} is not a whole safetensors file ({error}); train or download it again") from None
    if "recipe" not in described:
        raise ConfigError(f"{path} names no recipe; expected a checkpoint or weights made by `strokes train`")
    return tensors, described


def save_weights(network: nn.Module, recipe: AnyRecipe, path: Path, calibration: Calibration | None = None) -> None:
    """The network alone, in float16, as it ships; a pen network's with the calibration of its confidence."""
    halves = {name: v.half() if v.is_floating_point() else v for name, v in network.state_dict().items()}
    described = {"recipe": json.dumps(recipe.as_dict())}
    write(halves, path, described | ({} if calibration is None else {"calibration": calibration.to_json()}))


def write(tensors: dict[str, Tensor], path: Path, described: dict[str, str]) -> None:
    """A safetensors file with header texts, whole or not at all. Raises `StoreError` when the disk refuses it."""
    try:
        with atomic_path(path, overwrite=True) as partial:
            save_file({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, partial, metadata=described)
    except SafetensorError as error:
        raise StoreError(f"can't write {path}: {reason(error)}") from error


def known_models(folder: Path | None = None) -> list[str]:
    """Names of the stroke networks that ship, or of the networks in another folder of shipped weights."""
    return sorted(path.stem for path in (folder or SHIPPED).glob("*.safetensors") if path.stem not in NOT_STROKES)


NOT_STROKES = ("neural-line-model", "classifier-thinned", "classifier-grey", "classifier-grey-36", "classifier-grey-62")


def find_model(name: str, folder: Path | None = None) -> Path:
    """The file of a model that ships (in `folder`, where given), or of a checkpoint: its file or its folder.

    Raises:
        ConfigError: neither exists; the known names are listed.
    """
    given = Path(name)
    for path in (given / WEIGHTS_NAME, given):
        if path.is_file():
            return path
    if name in known_models(folder):
        return (folder or SHIPPED) / f"{name}.safetensors"
    raise ConfigError(f"unknown model {name!r}; one of {', '.join(known_models(folder))}, or the path of a checkpoint")


def load_network(path: Path, *, device: str | torch.device = "cpu") -> tuple[StrokeNetwork, Recipe]:
    """A published network ready to draw, and its recipe. Raises `ConfigError`, for a pen network too."""
    tensors, recipe, _ = read_model(path)
    if not isinstance(recipe, Recipe):
        raise ConfigError(f"{path} is a pen network; expected one of a published recipe")
    return ready(StrokeNetwork(recipe.network), tensors, path, device), recipe


def load_pen_network(path: Path, *, device: str | torch.device = "cpu") -> tuple[PenNetwork, PenRecipe, Calibration]:
    """A pen network ready to draw, its recipe, and its confidence's calibration. Raises `ConfigError`."""
    tensors, recipe, described = read_model(path)
    if not isinstance(recipe, PenRecipe):
        raise ConfigError(f"{path} is a network of a published recipe; expected a pen network")
    calibration = Calibration.from_json(described["calibration"]) if "calibration" in described else Calibration()
    network = ready(PenNetwork(recipe.network), part(tensors, "average.module") or tensors, path, device)
    network.look.apply(channels_last)
    return network, recipe, calibration


def channels_last(module: nn.Module) -> None:
    """Lay a convolution's weights out so that it is a fifth faster on the processor."""
    if isinstance(module, nn.Conv2d):
        module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)


def read_model(path: Path) -> tuple[dict[str, Tensor], AnyRecipe, dict[str, str]]:
    """The network's weights in a checkpoint or a shipped file, its recipe, and the file's header texts.

    Raises:
        ConfigError: the file is broken.
    """
    tensors, described = read(path)
    try:
        recipe = parse_recipe(json.loads(described["recipe"]))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path} holds a recipe that is no JSON ({error}); train or download it again") from None
    return part(tensors, "network") or tensors, recipe, described


def ready(network: SomeNetwork, weights: dict[str, Tensor], path: Path, device: str | torch.device) -> SomeNetwork:
    """The network with its weights, not training. Raises `ConfigError` when they don't fit."""
    try:
        network.load_state_dict({name: value.float() for name, value in weights.items()})
    except RuntimeError as error:
        raise ConfigError(f"{path} doesn't fit its own recipe: {error}") from None
    return network.to(device).eval().requires_grad_(False)


def file_sha256(path: Path) -> str:
    """A file's sha256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
