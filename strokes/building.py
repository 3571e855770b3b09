"""The main job: pictures to a dataset file, in one call."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from strokes.checkpoints import file_sha256, find_model, load_network
from strokes.classifier import load_classifier
from strokes.drawing import FloatArray
from strokes.errors import ConfigError
from strokes.recovery import BLOCK, Recovery
from strokes.sources.bundled import DIGITS
from strokes.sources.images import ImageSet
from strokes.store_writer import DatasetWriter

DEFAULT_MODEL = "per-digit-samples"


def build_dataset(
    pictures: ImageSet,
    out: Path,
    *,
    model: str = DEFAULT_MODEL,
    device: str = "cpu",
    scores: bool = True,
    batch_size: int = 4 * BLOCK,
    seed: int = 0,
    overwrite: bool = False,
) -> int:
    """Draw `pictures` with a network and write the drawings to an HDF5 file, which appears only when whole.

    Args:
        pictures: thinned pictures; labels that are missing are predicted by the shipped classifier of digits.
        out: the dataset file to make.
        model: the name of a shipped network, or a checkpoint's path.
        device: "cpu" or "cuda".
        scores: whether to score each drawing against its picture.
        batch_size: pictures in work at a time; it changes memory and speed, never the file.
        seed: noted in the file; drawing itself leaves nothing to chance.
        overwrite: replace an existing file.

    Returns:
        How many drawings were written.

    Raises:
        ConfigError: the model is unknown, or does not know a picture's class.
        StoreError: `out` exists or can't be written.
    """
    if batch_size < 1:
        raise ConfigError(f"the batch size is {batch_size}; expected at least 1")
    file = find_model(model)
    network, recipe = load_network(file, device=check_device(device))
    named, certainty = name_unlabelled(as_digits(pictures))
    attributes = {
        "licence": pictures.licence,
        "source": pictures.name,
        "source_url": pictures.url,
        "model": recipe.name,
        "model_sha256": file_sha256(file),
        "recipe": recipe.as_dict(),
        "seed": seed,
        "versions": versions(),
    }
    recovery = Recovery(network, recipe, scores=scores, device=device)
    workers = min(-(-batch_size // BLOCK), os.cpu_count() or 1)
    writer = DatasetWriter(
        out, attributes=attributes, classes=named.classes, overwrite=overwrite, expected_drawings=len(named)
    )
    with writer, tqdm(total=len(named), unit=" drawings", disable=None) as bar:
        done = 0
        for drawings in recovery.run(named, workers=workers):
            if certainty is not None:
                notes = label_notes(certainty[done : done + len(drawings)])
                drawings = replace(drawings, metadata=notes)
            writer.append(drawings)
            done += len(drawings)
            bar.update(len(drawings))
    return len(named)


def check_device(device: str) -> str:
    """`device` when torch has it. Raises `ConfigError` otherwise."""
    if device == "cpu" or (device.startswith("cuda") and torch.cuda.is_available()):
        return device
    raise ConfigError(
        f"there is no device {device!r} here; use cpu" + (" or cuda" if torch.cuda.is_available() else "")
    )


def as_digits(pictures: ImageSet) -> ImageSet:
    """Pictures whose classes are the ten digits, in order, as the shipped networks number them.

    Raises:
        ConfigError: a picture's label is no digit.
    """
    strange = sorted({pictures.classes[label] for label in np.unique(pictures.labels) if label >= 0} - set(DIGITS))
    if strange:
        raise ConfigError(
            f"the networks here draw the digits 0-9, and some pictures are labelled {', '.join(strange[:5])}; "
            "choose the digits with --classes 0-9, or leave the labels out"
        )
    place = np.array([*(DIGITS.index(name) if name in DIGITS else -1 for name in pictures.classes), -1], np.int64)
    return replace(pictures, labels=place[pictures.labels], classes=DIGITS)


def name_unlabelled(pictures: ImageSet) -> tuple[ImageSet, FloatArray | None]:
    """Pictures with missing labels predicted, and how certain each prediction is.

    Returns:
        the pictures, and (n,) probabilities, NaN where a label was given or there is no ink to read; None when no
        label was predicted.
    """
    asked = np.flatnonzero((pictures.labels < 0) & pictures.images.any(axis=(1, 2)))
    if len(asked) == 0:
        return pictures, None
    found, probabilities = load_classifier("thinned").predict(pictures.images[asked])
    labels = pictures.labels.copy()
    labels[asked] = found
    certainty = np.full(len(pictures), np.nan, np.float32)
    certainty[asked] = probabilities.max(axis=1)
    return replace(pictures, labels=labels), certainty


def label_notes(certainty: FloatArray) -> tuple[str, ...]:
    """Each drawing's metadata: that its label was predicted, and how certainly; empty where it was given."""
    return tuple(
        "{}" if np.isnan(p) else json.dumps({"label": "predicted", "probability": round(float(p), 4)})
        for p in certainty
    )


def versions() -> Mapping[str, str]:
    """The versions of what makes the bytes."""
    found = {}
    for name in ("penstrokes", "torch", "numpy", "opencv-python-headless", "h5py"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found
