"""One small convolutional network that reads characters: missing labels, the `read` score, judging generators.

The architecture is one; weights ship for thinned and for grey digits, and for grey digits with letters.
Recipes train them all: `strokes train classifier-grey` and so on; see `strokes.recognition.recipe`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from strokes.errors import ConfigError, ShapeError, SourceError
from strokes.ink.drawing import BoolArray, FloatArray, IntArray
from strokes.training.checkpoints import write

PICTURE_KINDS = ("thinned", "grey")


SHIPPED_CLASSIFIERS = {
    ("thinned", 10): "classifier-thinned",
    ("grey", 10): "classifier-grey",
    ("grey", 36): "classifier-grey-36",
    ("grey", 62): "classifier-grey-62",
}
"""Names of the weights, by the kind of pictures and the number of classes."""
ONE_SHAPE = ("0Oo", "1Il", "Cc", "Kk", "Pp", "Ss", "Uu", "Vv", "Ww", "Xx", "Zz")
"""Characters that are one shape once size and place are gone."""


IMAGE_PX = 28


BATCH = 128


FEATURE_COUNT = 128


class Classifier(nn.Module):
    """Pictures (batch, 1, 28, 28) in [0, 1], ink high → logits (batch, classes).

    Args:
        classes: what each output means.
        kind: "thinned" or "grey", the pictures that the weights were trained on.
    """

    def __init__(self, classes: Sequence[str], *, kind: str = "thinned") -> None:
        super().__init__()
        if kind not in PICTURE_KINDS:
            raise ConfigError(f"unknown kind of pictures {kind!r}; one of {', '.join(PICTURE_KINDS)}")
        self.classes = tuple(classes)
        self.kind = kind
        self.body = nn.Sequential(
            *_convolution(1, 16, size=5),
            nn.MaxPool2d(2),
            *_convolution(16, 32),
            *_convolution(32, 32),
            nn.MaxPool2d(2),
            *_convolution(32, 64),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(64 * 3 * 3, FEATURE_COUNT),
            nn.ReLU(),
        )
        self.head = nn.Linear(FEATURE_COUNT, len(self.classes))

    def features(self, images: Tensor) -> Tensor:
        """The penultimate layer, (batch, 128), of pictures (batch, 1, 28, 28)."""
        features: Tensor = self.body(images)
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Logits (batch, classes) of pictures (batch, 1, 28, 28) in [0, 1], ink high."""
        logits: Tensor = self.head(self.features(images))
        return logits

    @torch.no_grad()
    def predict(self, images: NDArray[Any]) -> tuple[IntArray, FloatArray]:
        """Labels (n,), indices into `classes`, and probabilities (n, classes) of pictures (n, 28, 28), ink high.

        Thinned pictures are bool, grey ones uint8 or floats in [0, 1]. Always in blocks of 128, so that a picture's
        answer doesn't hang on how many are asked at once.

        Raises:
            ShapeError: for another shape or type.
        """
        probabilities, _ = self.look(images)
        return probabilities.argmax(1).astype(np.int64), probabilities

    @torch.no_grad()
    def look(self, images: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
        """Probabilities (n, classes) and penultimate features (n, 128) of pictures, as `predict` takes them.

        Raises:
            ShapeError: for another shape or type.
        """
        pictures = as_pictures(images, kind=self.kind)
        device = self.head.weight.device
        self.eval()
        probabilities = np.empty((len(pictures), len(self.classes)), np.float32)
        features = np.empty((len(pictures), FEATURE_COUNT), np.float32)
        for start in range(0, len(pictures), BATCH):
            block = pictures[start : start + BATCH]
            padded = np.zeros((BATCH, 1, IMAGE_PX, IMAGE_PX), np.float32)
            padded[: len(block), 0] = block
            seen = self.features(torch.from_numpy(padded).to(device))
            answer = self.head(seen).softmax(1)
            probabilities[start : start + BATCH] = answer[: len(block)].cpu().numpy()
            features[start : start + BATCH] = seen[: len(block)].cpu().numpy()
        return probabilities, features


def chances_of(probabilities: FloatArray, labels: IntArray, classes: Sequence[str]) -> FloatArray:
    """The chance (n,) that pictures are what their labels say, or a character of the same shape (see `ONE_SHAPE`).

    Args:
        probabilities: (n, classes), as `Classifier.predict` gives them.
        labels: (n,), indices into `classes`.
        classes: what each column means.
    """
    group = {name: shape for shape in ONE_SHAPE for name in shape}
    shapes = [group.get(name, name) for name in classes]
    alike = np.array([[mine == other for other in shapes] for mine in shapes])
    chances: FloatArray = (probabilities * alike[labels]).sum(axis=1)
    return chances


def _convolution(channels: int, filters: int, *, size: int = 3) -> tuple[nn.Module, ...]:
    return nn.Conv2d(channels, filters, size, padding=size // 2, bias=False), nn.BatchNorm2d(filters), nn.ReLU()


def as_pictures(images: NDArray[Any], *, kind: str) -> NDArray[Any]:
    """Pictures (n, 28, 28) of the type that a kind of classifier reads: bool, or float32 in [0, 1].

    Raises:
        ShapeError: for another shape or type.
    """
    if images.shape[1:] != (IMAGE_PX, IMAGE_PX):
        raise ShapeError(f"pictures have shape {images.shape}; expected (n, {IMAGE_PX}, {IMAGE_PX})")
    if kind == "thinned":
        if images.dtype != np.bool_:
            raise ShapeError(f"the thinned classifier reads bool pictures, got {images.dtype}; thin them first")
        return images
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    if not np.issubdtype(images.dtype, np.floating):
        raise ShapeError(f"the grey classifier reads uint8 or floats in [0, 1], got {images.dtype}")
    return images.astype(np.float32)


def weights_path(kind: str, classes: int = 10) -> Path:
    """Where the shipped weights of a kind and a number of classes lie.

    Raises:
        ConfigError: for an unknown kind, or a number of classes that it doesn't come with.
    """
    if kind not in PICTURE_KINDS:
        raise ConfigError(f"unknown classifier {kind!r}; one of {', '.join(PICTURE_KINDS)}")
    if (kind, classes) not in SHIPPED_CLASSIFIERS:
        known = ", ".join(str(number) for known, number in SHIPPED_CLASSIFIERS if known == kind)
        raise ConfigError(f"no {kind} classifier knows {classes} classes; expected one of {known}")
    return Path(__file__).resolve().parents[1] / "weights" / f"{SHIPPED_CLASSIFIERS[kind, classes]}.safetensors"


def load_classifier(kind: str = "thinned", *, classes: int = 10, path: Path | None = None) -> Classifier:
    """The shipped classifier of a kind ("thinned", "grey"), or the one saved at `path`; float32, on the CPU.

    Args:
        kind: of the pictures that it reads.
        classes: how many it knows: the 10 digits; for grey pictures also 36 with capitals, 62 with all letters.
        path: of one that doesn't ship, instead.

    Raises:
        ConfigError: for an unknown kind, or a number of classes that it doesn't come with.
        SourceError: when the file is missing or holds no classifier.
    """
    file = weights_path(kind, classes) if path is None else path
    try:
        with safe_open(file, framework="pt") as stored:
            known = json.loads((stored.metadata() or {})["classifier"])
            weights = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a dict)
        classifier = Classifier(known["classes"], kind=known["kind"])
        classifier.load_state_dict(weights)
    except FileNotFoundError:
        raise SourceError(f"{file} doesn't exist; reinstall penstrokes or give a classifier's .safetensors") from None
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise SourceError(
            f"{file} holds no classifier ({reason}); expected one of scripts/release/train_classifier"
        ) from None
    return classifier.eval()


def save_classifier(classifier: Classifier, path: Path) -> None:
    """Write weights as float16 safetensors, the classes and kind in the metadata."""
    known = json.dumps({"classes": classifier.classes, "kind": classifier.kind})
    halves = {name: t.half() if t.is_floating_point() else t for name, t in classifier.state_dict().items()}
    write(halves, path, {"classifier": known})


def read_accuracy(images: BoolArray, labels: IntArray) -> float:
    """Share of pictures (n, 28, 28) that the shipped classifier of thinned digits reads as their label."""
    return float(read_correctly(images, labels).mean())


def read_correctly(images: BoolArray, labels: IntArray) -> BoolArray:
    """Which pictures (n, 28, 28) the shipped classifier of thinned digits reads as their label."""
    found, _ = load_classifier("thinned").predict(images)
    return np.asarray(found == labels)
