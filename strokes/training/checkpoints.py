"""Checkpoints: safetensors for numbers, JSON for the rest; nothing pickled.

`checkpoint.safetensors` holds the network ("network.*"), its optimisers (such as "optimiser.*") and
the random state ("random.*"); `checkpoint.json` beside it holds the recipe and how far the run has come. A model that
ships is the network alone, in float16, with its recipe in the file's own header. Large tensors of some are stored as
whole numbers of a byte each, every 32 in a row with a scale of their own, and read as float32.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor, nn
from torch.nn import functional

from strokes.errors import ConfigError, StoreError
from strokes.files import atomic_path, reason
from strokes.training.protocol import Described, Trains

SHIPPED = Path(__file__).resolve().parents[1] / "weights"
WEIGHTS_NAME = "checkpoint.safetensors"
PUBLISHED = "published"
"""The kind of a recipe that says none."""
LARGE = 16_384
TOGETHER = 32
BYTE = 127
SCALE_SUFFIX = ".scale_of_32"
LENGTH_BYTES = 8
"""A safetensors file begins with the length of its header, in so many bytes."""
SHAPE_CACHES, SHAPES_KEPT = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"), "64"
"""oneDNN and PyTorch keep what multiplies tensors of a shape, a thousand of each unless these say otherwise: pictures'
inks are of ever other sizes, and it would be hundreds of megabytes."""
SomeNetwork = TypeVar("SomeNetwork", bound=nn.Module)


def save(trainer: Trains, path: Path) -> None:
    """Write all that a run needs to go on: the numbers first, then the JSON that says they are whole."""
    tensors = {f"network.{name}": value for name, value in trainer.network.state_dict().items()}
    for name, optimiser in trainer.optimisers.items():
        for i, state in optimiser.state_dict()["state"].items():
            tensors |= {f"{name}.{i}.{key}": value for key, value in state.items()}
    tensors["random.cpu"] = torch.get_rng_state()
    tensors |= {f"random.{name}": generator.get_state() for name, generator in trainer.generators.items()}
    if trainer.device.type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state(trainer.device)
    progress, recipe = trainer.progress, trainer.recipe.as_dict()
    described = {"step": str(progress.step), "seconds": f"{progress.seconds:.1f}", "recipe": json.dumps(recipe)}
    described |= trainer.texts
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
    for name, generator in trainer.generators.items():
        generator.set_state(tensors[f"random.{name}"])
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
        return parse(path.read_bytes(), path)
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({reason(error)}); train or download it again") from None


def parse(data: bytes, path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and header texts in a safetensors file's bytes. Raises `ConfigError` as `read` does."""
    try:
        tensors = from_bytes(load(data))
    except SafetensorError as error:
        raise ConfigError(f"{path} is not a whole safetensors file ({error}); train or download it again") from None
    header = json.loads(data[LENGTH_BYTES : LENGTH_BYTES + int.from_bytes(data[:LENGTH_BYTES], "little")])
    described: dict[str, str] = header.get("__metadata__", {})
    if "recipe" not in described:
        raise ConfigError(f"{path} names no recipe; expected a checkpoint or weights made by `strokes train`")
    return tensors, described


def save_weights(
    network: nn.Module, recipe: Described, path: Path, *, small: bool = False, calibration: str | None = None
) -> None:
    """The network alone, in float16, as it ships, with its recipe in the file's own header.

    Args:
        network: to be saved.
        recipe: that it was trained by.
        path: the file, overwritten.
        small: store large tensors in bytes.
        calibration: of its confidence, for the header.
    """
    tensors = in_bytes(network.state_dict()) if small else network.state_dict()
    halves = {name: v.half() if v.is_floating_point() else v for name, v in tensors.items()}
    described = {"recipe": json.dumps(recipe.as_dict())}
    write(halves, path, described | ({} if calibration is None else {"calibration": calibration}))


def in_bytes(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors, large ones as int8 with a scale for every `TOGETHER` numbers: half of it is the largest error."""
    stored = {}
    for name, value in tensors.items():
        if not value.is_floating_point() or value.numel() < LARGE:
            stored[name] = value
            continue
        blocks = functional.pad(value.float().flatten(), (0, -value.numel() % TOGETHER)).view(-1, TOGETHER)
        scale = (blocks.abs().amax(dim=1, keepdim=True) / BYTE).clamp(min=torch.finfo(torch.float16).tiny).half()
        rounded = (blocks / scale.float()).round().clamp(-BYTE, BYTE)
        stored |= {
            name: rounded.flatten()[: value.numel()].view_as(value).to(torch.int8),
            f"{name}{SCALE_SUFFIX}": scale,
        }
    return stored


def from_bytes(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors that `in_bytes` stored, float32; others as they are."""
    read = {name: value for name, value in tensors.items() if not name.endswith(SCALE_SUFFIX)}
    for name, value in read.items():
        if f"{name}{SCALE_SUFFIX}" in tensors:
            factors = tensors[f"{name}{SCALE_SUFFIX}"].float().expand(-1, TOGETHER).flatten()[: value.numel()]
            read[name] = value.float() * factors.view_as(value)
    return read


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


NOT_STROKES = (
    "neural-line-model",
    "classifier-thinned",
    "classifier-grey",
    "classifier-grey-36",
    "classifier-grey-62",
    "pen-words",
    "pen-characters",
)
"""What ships beside them; the strip networks walk over lines and large characters whichever network is asked for."""


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


@dataclass(frozen=True)
class Model:
    """What a file of weights or a checkpoint holds, read once.

    Attributes:
        path: the file.
        sha256: of its bytes, in hexadecimal.
        tensors: the network's weights.
        settings: the recipe, as nested dictionaries.
        described: the file's header texts.
    """

    path: Path
    sha256: str
    tensors: dict[str, Tensor]
    settings: dict[str, Any]
    described: dict[str, str]

    @property
    def kind(self) -> str:
        """The kind of its recipe, which says what the network is for."""
        return str(self.settings.get("kind", PUBLISHED))


def read_model(path: Path) -> Model:
    """The network in a checkpoint or a shipped file. Raises `ConfigError` when the file is broken."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({reason(error)}); train or download it again") from None
    tensors, described = parse(data, path)
    try:
        settings = json.loads(described["recipe"])
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path} holds a recipe that is no JSON ({error}); train or download it again") from None
    if not isinstance(settings, dict):
        raise ConfigError(f"{path} holds a recipe that is no table of settings; train or download it again")
    sha256 = hashlib.sha256(data).hexdigest()
    return Model(path, sha256, part(tensors, "network") or tensors, settings, described)


def ready(
    network: SomeNetwork, model: Model, device: str | torch.device = "cpu", weights: dict[str, Tensor] | None = None
) -> SomeNetwork:
    """The network with the model's weights, or some, not training. Raises `ConfigError` when they don't fit."""
    for name in SHAPE_CACHES:
        os.environ.setdefault(name, SHAPES_KEPT)
    try:
        network.load_state_dict({name: value.float() for name, value in (weights or model.tensors).items()})
    except RuntimeError as error:
        raise ConfigError(f"{model.path} doesn't fit its own recipe: {error}") from None
    return network.to(device).eval().requires_grad_(False)
