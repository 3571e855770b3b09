"""The main job: pictures to a dataset file, in one call."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from strokes.datasets.given import load_images
from strokes.errors import ConfigError
from strokes.files import check_dataset_name, check_free
from strokes.formats import choose_format, export
from strokes.ink.drawing import DrawingSet, FloatArray, join
from strokes.ink.pictures import PER_IMAGE, ImageSet
from strokes.recognition.classifier import Classifier, load_classifier
from strokes.recovery.blocks import BLOCK, in_parallel
from strokes.recovery.methods import Method, Options, check_device, choose_method
from strokes.store.parts import PART, Part
from strokes.store.reader import open_dataset
from strokes.store.shards import JOB, SHARD_BLOCKS, Job, build


def build_dataset(
    pictures: ImageSet,
    out: Path,
    *,
    options: Options | None = None,
    min_confidence: float = 0.0,
    batch_size: int = 4 * BLOCK,
    overwrite: bool = False,
    part: Part | None = None,
    fresh: bool = False,
    shard_blocks: int = SHARD_BLOCKS,
) -> int:
    """Draw `pictures` with a network and write the drawings to an HDF5 file, which appears only when whole.

    A build that was broken off, however it ended, goes on when it is called again in the same way.

    Args:
        pictures: thinned pictures; where a published network must be told a label that is missing, the shipped
            classifier of digits predicts it.
        out: the dataset file to make.
        options: how they are recovered; by default as scores best.
        min_confidence: leave drawings out that are less sure than this, 0 to 1.
        batch_size: pictures in work at a time; it changes memory and speed, never the file.
        overwrite: replace an existing file.
        part: build this part of the pictures alone, for `strokes.store.parts.merge` to join.
        fresh: throw away what a build of something else left unfinished beside `out`.
        shard_blocks: how many blocks of pictures are committed at a time; it never changes the file.

    Returns:
        How many drawings the file holds.

    Raises:
        ConfigError: the model is unknown, does not know a picture's class, or can't tell how sure it is; or `out` is
            not called as a dataset.
        StoreError: `out` exists or can't be written, or another process is building it.
        KeyboardInterrupt: as it came, saying what is kept.
    """
    if batch_size < 1:
        raise ConfigError(f"the batch size is {batch_size}; expected at least 1")
    if not 0 <= min_confidence <= 1:
        raise ConfigError(f"the least confidence is {min_confidence}; expected 0 to 1")
    check_dataset_name(out)
    options = options or Options()
    check_device(options.device)
    method = choose_method(pictures, options)
    pictures = method.pictures
    if min_confidence > 0 and not method.tells_confidence:
        raise ConfigError(
            "only pen networks that were calibrated on held-out writers tell their confidence; leave --min-confidence "
            "out, or choose another --model"
        )
    attributes = describe_build(method, options, min_confidence=min_confidence)
    chosen = (part or Part()).of(len(pictures), block=BLOCK)
    job = Job(
        out=out,
        attributes=attributes | ({PART: str(part)} if part else {}),
        classes=pictures.classes,
        pictures=chosen,
        block=BLOCK,
        shard_blocks=shard_blocks,
        min_confidence=min_confidence,
    )
    workers = min(-(-batch_size // BLOCK), os.cpu_count() or 1)
    artist = Artist(method, workers=workers, total=len(chosen))
    build(job, artist.draw, overwrite=overwrite, fresh=fresh)
    with open_dataset(out) as stored:
        return len(stored)


def draw_pictures(pictures: ImageSet, options: Options) -> DrawingSet:
    """The drawings of thinned pictures, in memory: the same as `build_dataset` writes.

    Raises:
        ConfigError: the model is unknown, or does not know a picture's class.
    """
    check_device(options.device)
    method = choose_method(pictures, options)
    count = len(pictures)
    blocks = [range(i, min(i + BLOCK, count)) for i in range(0, max(count, 1), BLOCK)]
    artist = Artist(method, workers=min(len(blocks), os.cpu_count() or 1), total=count)
    return join(list(artist.draw(blocks)))


def describe_build(method: Method, options: Options, *, min_confidence: float) -> dict[str, object]:
    """The file's attributes; `job` is the sha256 of all that its drawings depend on."""
    pictures = method.pictures
    attributes: dict[str, object] = {
        "licence": pictures.licence,
        "source": pictures.name,
        "source_url": pictures.url,
        **method.attributes,
        **({"min_confidence": min_confidence} if min_confidence else {}),
        "seed": options.seed,
        "versions": versions(),
    }
    device = options.device.partition(":")[0]
    given = {"pictures": sha256_of(pictures), "classes": pictures.classes}
    known = attributes | given | {"scores": options.scores, "device": device}
    return attributes | {JOB: hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()}


def sha256_of(pictures: ImageSet) -> str:
    """A checksum of all that is known of each picture."""
    digest = hashlib.sha256()
    for name in PER_IMAGE:
        values = np.ascontiguousarray(getattr(pictures, name))
        digest.update(f"{name} {values.dtype.str} {values.shape}".encode() + values.tobytes())
    digest.update(repr(pictures.writers).encode() if pictures.writers is not None else b"")
    for known in (pictures.fine, pictures.metadata):
        for value in known or ():
            digest.update(repr(value).encode())
    return digest.hexdigest()


class Artist:
    """Draws pictures, block by block; labels that are missing are predicted.

    Args:
        method: what draws, and all pictures that were selected: whether drawings carry notes hangs on all of them,
            not on a part.
        workers: blocks at a time.
        total: how many pictures will be drawn, counted with those that are drawn already.
    """

    def __init__(self, method: Method, *, workers: int, total: int) -> None:
        self.method = method
        self.pictures = method.pictures
        self.workers = workers
        self.total = total
        unknown = method.needs_labels and self.pictures.images[self.pictures.labels < 0].any()
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
            return self.method.draw(pictures)
        named, certainty = name_unlabelled(pictures, self.classifier)
        self.method.check(named)
        return replace(self.method.draw(named), metadata=label_notes(certainty, pictures.metadata))


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


def label_notes(certainty: FloatArray, known: Sequence[str] | None = None) -> tuple[str, ...]:
    """Each drawing's metadata: what is known, and where its label was predicted, that, and how certainly."""
    return tuple(
        text
        if np.isnan(p)
        else json.dumps(json.loads(text) | {"label": "predicted", "probability": round(float(p), 4)})
        for text, p in zip(known or ("{}",) * len(certainty), certainty, strict=True)
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


def trace_picture(
    picture: Path,
    out: Path,
    format: str | None = None,
    *,
    options: Options | None = None,
    overwrite: bool = False,
    **settings: Any,
) -> tuple[str, ...]:
    """Recover the strokes of a picture, or of a folder of pictures, and write them to `out`.

    Args:
        picture: a PNG or JPEG, or a folder of them.
        out: a dataset file (.h5), or a file of any format that datasets are exported to.
        format: its name in `strokes.formats.FORMATS`; by default guessed from the ending of `out`.
        options: how strokes are recovered.
        overwrite: replace an existing file.
        settings: those of the format, such as `height_mm` of a plot.

    Returns:
        what was known and the format has no place for.

    Raises:
        ConfigError: the format is unknown, can't be guessed, or has not such a setting.
        SourceError: the picture can't be read.
        StoreError: `out` exists or can't be written.
    """
    if format is None and out.suffix.lower() == ".h5":
        if settings:
            raise ConfigError(f"a dataset file has no setting --{next(iter(settings)).replace('_', '-')}")
        trace_to_dataset(picture, out, options, overwrite=overwrite)
        return ()
    chosen = choose_format(out, format)
    if not chosen.makes_folder(out):
        check_free(out, overwrite=overwrite)
    chosen.writer(**settings)
    with tempfile.TemporaryDirectory() as folder:
        dataset = Path(folder) / "traced.h5"
        trace_to_dataset(picture, dataset, options)
        return export(dataset, out, chosen.name, overwrite=overwrite, **settings)


def trace_to_dataset(picture: Path, out: Path, options: Options | None = None, *, overwrite: bool = False) -> None:
    """Recover pictures to a dataset file whose metadata tells the file of each, and its size where its dpi is known.

    Raises:
        SourceError: a picture can't be read.
        StoreError: `out` exists or can't be written.
    """
    check_free(out, overwrite=overwrite)
    build_dataset(load_images(picture), out, options=options, overwrite=overwrite)
