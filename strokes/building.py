"""The main job: pictures to a dataset file, in one call."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator, Iterable, Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from strokes.checkpoints import file_sha256, find_model, load_network
from strokes.classifier import Classifier, load_classifier
from strokes.drawing import DrawingSet, FloatArray
from strokes.errors import ConfigError
from strokes.parts import PART, Part
from strokes.recipes import Recipe
from strokes.recovery import BLOCK, Recovery, check_labels, in_parallel
from strokes.shards import JOB, SHARD_BLOCKS, Job, build
from strokes.sources.bundled import DIGITS
from strokes.sources.images import PER_IMAGE, ImageSet

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
    part: Part | None = None,
    fresh: bool = False,
    shard_blocks: int = SHARD_BLOCKS,
) -> int:
    """Draw `pictures` with a network and write the drawings to an HDF5 file, which appears only when whole.

    A build that was broken off, however it ended, goes on when it is called again in the same way.

    Args:
        pictures: thinned pictures; labels that are missing are predicted by the shipped classifier of digits.
        out: the dataset file to make.
        model: the name of a shipped network, or a checkpoint's path.
        device: "cpu" or "cuda".
        scores: whether to score each drawing against its picture.
        batch_size: pictures in work at a time; it changes memory and speed, never the file.
        seed: noted in the file; drawing itself leaves nothing to chance.
        overwrite: replace an existing file.
        part: build this part of the pictures alone, for `strokes.parts.merge` to join.
        fresh: throw away what a build of something else left unfinished beside `out`.
        shard_blocks: how many blocks of pictures are committed at a time; it never changes the file.

    Returns:
        How many drawings were written.

    Raises:
        ConfigError: the model is unknown, or does not know a picture's class.
        StoreError: `out` exists or can't be written, or another process is building it.
        KeyboardInterrupt: as it came, saying what is kept.
    """
    if batch_size < 1:
        raise ConfigError(f"the batch size is {batch_size}; expected at least 1")
    file = find_model(model)
    network, recipe = load_network(file, device=check_device(device))
    pictures = as_digits(pictures)
    check_labels(pictures.select(pictures.labels >= 0), recipe)
    attributes = describe_build(pictures, file, recipe, scores=scores, seed=seed, device=device)
    chosen = (part or Part()).of(len(pictures), block=BLOCK)
    job = Job(
        out=out,
        attributes=attributes | ({PART: str(part)} if part else {}),
        classes=pictures.classes,
        pictures=chosen,
        block=BLOCK,
        shard_blocks=shard_blocks,
    )
    recovery = Recovery(network, recipe, scores=scores, device=device)
    workers = min(-(-batch_size // BLOCK), os.cpu_count() or 1)
    artist = Artist(pictures, recovery, workers=workers, total=len(chosen))
    build(job, artist.draw, overwrite=overwrite, fresh=fresh)
    return len(chosen)


def describe_build(
    pictures: ImageSet, model: Path, recipe: Recipe, *, scores: bool, seed: int, device: str
) -> dict[str, object]:
    """The file's attributes; `job` is the sha256 of all that its drawings depend on."""
    attributes: dict[str, object] = {
        "licence": pictures.licence,
        "source": pictures.name,
        "source_url": pictures.url,
        "model": recipe.name,
        "model_sha256": file_sha256(model),
        "recipe": recipe.as_dict(),
        "seed": seed,
        "versions": versions(),
    }
    known = attributes | {"pictures": sha256_of(pictures), "scores": scores, "device": device.partition(":")[0]}
    return attributes | {JOB: hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()}


def sha256_of(pictures: ImageSet) -> str:
    """A checksum of all that is known of each picture."""
    digest = hashlib.sha256()
    for name in PER_IMAGE:
        values = np.ascontiguousarray(getattr(pictures, name))
        digest.update(f"{name} {values.dtype.str} {values.shape}".encode() + values.tobytes())
    return digest.hexdigest()


class Artist:
    """Draws pictures, block by block; labels that are missing are predicted.

    Args:
        pictures: all that were selected: whether drawings carry notes hangs on all of them, not on a part.
        recovery: what draws them.
        workers: blocks at a time.
        total: how many pictures will be drawn, counted with those that are drawn already.
    """

    def __init__(self, pictures: ImageSet, recovery: Recovery, *, workers: int, total: int) -> None:
        self.pictures = pictures
        self.recovery = recovery
        self.workers = workers
        self.total = total
        unknown = pictures.images[pictures.labels < 0].any()
        self.classifier = load_classifier("thinned") if unknown else None

    def draw(self, ranges: Iterable[range]) -> Generator[DrawingSet, None, None]:
        """The drawings of each range of pictures, in order."""
        spans = [slice(pictures.start, pictures.stop) for pictures in ranges]
        done = self.total - sum(span.stop - span.start for span in spans)
        blocks = (self.pictures.select(span) for span in spans)
        with tqdm(total=self.total, initial=done, unit=" drawings", disable=None) as bar:
            for drawings in in_parallel(self.block, blocks, workers=self.workers):
                yield drawings
                bar.update(len(drawings))

    def block(self, pictures: ImageSet) -> DrawingSet:
        """The drawings of one block, with notes on predicted labels when any picture of all lacks one."""
        if self.classifier is None:
            return self.recovery.block(pictures)
        named, certainty = name_unlabelled(pictures, self.classifier)
        check_labels(named, self.recovery.recipe)
        return replace(self.recovery.block(named), metadata=label_notes(certainty))


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


def name_unlabelled(pictures: ImageSet, classifier: Classifier) -> tuple[ImageSet, FloatArray]:
    """Pictures with missing labels predicted, and how certain each prediction is.

    Returns:
        the pictures, and (n,) probabilities, NaN where a label was given or there is no ink to read.
    """
    asked = np.flatnonzero((pictures.labels < 0) & pictures.images.any(axis=(1, 2)))
    labels = pictures.labels.copy()
    certainty = np.full(len(pictures), np.nan, np.float32)
    if len(asked):
        labels[asked], probabilities = classifier.predict(pictures.images[asked])
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
