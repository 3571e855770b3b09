"""The main job: pictures to a dataset file, in one call."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from strokes.build.artist import Artist
from strokes.build.making import ShardMaker, unread_of
from strokes.build.pieces import cut, job_of, settings_of, shards_of, versions
from strokes.build.spreading import Spread
from strokes.datasets.given import Reading, load_images
from strokes.engines import Engine, LocalEngine
from strokes.engines.progress import WorkProgress
from strokes.engines.stopping import sigterm_interrupts
from strokes.errors import ConfigError
from strokes.files import check_free, file_sha256
from strokes.files.places import Place
from strokes.formats import choose_format, export
from strokes.ink.drawing import DrawingSet, join
from strokes.ink.labels import DIGITS
from strokes.ink.pictures import ImageSet
from strokes.recognition.classifier import weights_path
from strokes.recovery.blocks import BLOCK, in_parallel
from strokes.recovery.methods import Method, Options, check_device, choose_method
from strokes.store.failures import failures_path
from strokes.store.folder_writer import HDF5, check_out
from strokes.store.parts import PART, Part
from strokes.store.reader import open_dataset
from strokes.store.shards import JOB, Job, build
from strokes.training.checkpoints import SHIPPED


def build_dataset(
    pictures: ImageSet,
    out: Place,
    *,
    options: Options | None = None,
    min_confidence: float = 0.0,
    batch_size: int = 4 * BLOCK,
    overwrite: bool = False,
    part: Part | None = None,
    fresh: bool = False,
    skip_bad: bool = False,
    engine: Engine | None = None,
    kind: str = HDF5,
    work: Path | None = None,
) -> int:
    """Draw `pictures` with a network and write the drawings to a dataset, which appears only when whole.

    A build that was broken off, however it ended, goes on when it is called again in the same way, on any engine.

    Args:
        pictures: thinned pictures; where a published network must be told a label that is missing, the shipped
            classifier of digits predicts it.
        out: the file to make, or the folder of shards, which may be on object storage.
        options: how they are recovered; by default as scores best.
        min_confidence: leave drawings out that are less sure than this, 0 to 1.
        batch_size: pictures in work at a time; it changes memory and speed, never the file.
        overwrite: replace an existing file.
        part: build this part of the pictures alone, for `strokes.store.parts.merge` to join.
        fresh: throw away what a build of something else left unfinished.
        skip_bad: leave pictures out that can't be drawn, and list them in a table beside `out`.
        engine: what draws: by default this machine's cores, as many as `batch_size` keeps busy.
        kind: what is made: "hdf5", one file, or a folder of shards, "parquet" or "webdataset".
        work: a folder of this machine for what isn't finished; see `Job`.

    Returns:
        How many drawings it holds.

    Raises:
        ConfigError: the model is unknown, does not know a picture's class, or can't tell how sure it is; or `out` is
            not called as a dataset.
        SourceError: a picture can't be drawn, and such ones aren't left out.
        EngineError: workers can't be had, or die of a picture.
        StoreError: `out` exists or can't be written, or another process is building it.
        KeyboardInterrupt: as it came, saying what is kept.
    """
    if batch_size < 1:
        raise ConfigError(f"the batch size is {batch_size}; expected at least 1")
    if not 0 <= min_confidence <= 1:
        raise ConfigError(f"the least confidence is {min_confidence}; expected 0 to 1")
    check_out(out, kind)
    if part is not None and kind != HDF5:
        raise ConfigError(f"a part of a build is a file (.h5), no {kind}; strokes merge makes shards of all parts")
    options = options or Options()
    check_device(options.device)
    method = choose_method(pictures, options)
    if min_confidence > 0 and not method.tells_confidence:
        raise ConfigError(
            "only pen networks that were calibrated on held-out writers tell their confidence; leave --min-confidence "
            "out, or choose another --model"
        )
    job, maker = plan(
        method, out, options, min_confidence=min_confidence, part=part, skip_bad=skip_bad, kind=kind, work=work
    )
    engine = engine or LocalEngine(min(-(-batch_size // BLOCK), os.cpu_count() or 1))
    spread = Spread(method.pictures, maker, engine, job.pictures)
    with sigterm_interrupts():
        failed = build(job, spread.shards, overwrite=overwrite, fresh=fresh)
    if failed:
        print(f"{failed:,} pictures were left out; {failures_path(out)} lists them", file=sys.stderr)
    with open_dataset(out) as stored:
        return len(stored)


def plan(
    method: Method,
    out: Place,
    options: Options,
    *,
    min_confidence: float,
    part: Part | None,
    skip_bad: bool,
    kind: str = HDF5,
    work: Path | None = None,
) -> tuple[Job, ShardMaker]:
    """The job of a build, and what makes its shards."""
    pictures = method.pictures
    artist = Artist(method)
    attributes = describe_build(method, options, min_confidence=min_confidence)
    settings = settings_of(method, options, attributes, {"helpers": helpers_of(method, artist), "skip_bad": skip_bad})
    shards = shards_of(pictures, cut(pictures, options, most=BLOCK), settings)
    attributes |= {JOB: job_of(settings, shards)}
    mine = (part or Part()).of(len(shards), block=1)
    job = Job(
        out=out,
        attributes=attributes | ({PART: str(part)} if part else {}),
        classes=pictures.classes,
        shards=shards[mine.start : mine.stop],
        settings=settings,
        min_confidence=min_confidence,
        kind=kind,
        unread=unread_of(pictures.notes) if part is None or part.number == 1 else (),
        work=work,
    )
    return job, ShardMaker(artist, skip_bad)


def helpers_of(method: Method, artist: Artist) -> list[str]:
    """The sha256 of the weights that draw or name pictures beside the method's own."""
    strips = [SHIPPED / f"{name}.safetensors" for name in method.helpers]
    names = [weights_path("thinned", len(DIGITS))] if artist.classifier is not None else []
    return [file_sha256(path) for path in strips + names]


def draw_pictures(pictures: ImageSet, options: Options) -> DrawingSet:
    """The drawings of thinned pictures, in memory: the same as `build_dataset` writes.

    Raises:
        ConfigError: the model is unknown, or does not know a picture's class.
    """
    check_device(options.device)
    method = choose_method(pictures, options)
    blocks = cut(method.pictures, options, most=BLOCK) or [range(0)]
    chosen = (method.pictures.part(block) for block in blocks)
    workers = min(len(blocks), os.cpu_count() or 1)
    with WorkProgress(len(pictures)) as progress:
        drawn = []
        for drawings in in_parallel(Artist(method).block, chosen, workers=workers):
            drawn.append(drawings)
            progress.update(len(drawings))
    return join(drawn)


def describe_build(method: Method, options: Options, *, min_confidence: float) -> dict[str, object]:
    """The file's attributes, but for the job."""
    pictures = method.pictures
    return {
        "licence": pictures.licence,
        "source": pictures.name,
        "source_url": pictures.url,
        **method.attributes,
        **({"min_confidence": min_confidence} if min_confidence else {}),
        "seed": options.seed,
        "versions": versions(),
    }


def trace_picture(
    picture: Path,
    out: Path,
    format: str | None = None,
    *,
    options: Options | None = None,
    writers: str = "",
    overwrite: bool = False,
    **settings: Any,
) -> tuple[str, ...]:
    """Recover the strokes of a picture, or of a folder of pictures, and write them to `out`.

    Args:
        picture: a PNG or JPEG, or a folder of them.
        out: a dataset file (.h5), or a file of any format that datasets are exported to.
        format: its name in `strokes.formats.FORMATS`; by default guessed from the ending of `out`.
        options: how strokes are recovered.
        writers: what tells who wrote each picture, as `strokes.datasets.given.Reading` takes it.
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
        trace_to_dataset(picture, out, options, writers=writers, overwrite=overwrite)
        return ()
    chosen = choose_format(out, format)
    if not chosen.makes_folder(out):
        check_free(out, overwrite=overwrite)
    chosen.writer(**settings)
    with tempfile.TemporaryDirectory() as folder:
        dataset = Path(folder) / "traced.h5"
        trace_to_dataset(picture, dataset, options, writers=writers)
        return export(dataset, out, chosen.name, overwrite=overwrite, **settings)


def trace_to_dataset(
    picture: Path, out: Path, options: Options | None = None, *, writers: str = "", overwrite: bool = False
) -> None:
    """Recover pictures to a dataset file whose metadata tells the file of each, and its size where its dpi is known.

    Raises:
        SourceError: a picture can't be read.
        StoreError: `out` exists or can't be written.
    """
    check_free(out, overwrite=overwrite)
    build_dataset(load_images(picture, reading=Reading(writers=writers)), out, options=options, overwrite=overwrite)
