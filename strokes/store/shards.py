"""Long builds in pieces: each shard is committed by a rename, a killed build goes on with those that it finished.

Beside the output lie a hidden lock and, while the build runs, a hidden folder: `job.json` says what is being built, and
`shard-00000.h5` and so on are what is finished of it. At the end the shards are joined into the output, which is the
same file however many shards there were and however often the build was broken off.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from strokes.errors import ConfigError, StoreError
from strokes.files import atomic_path, check_free, hold, reason
from strokes.ink.drawing import DrawingSet
from strokes.store.checksums import is_whole
from strokes.store.reader import open_dataset
from strokes.store.writer import DatasetWriter, check_space

SHARD_BLOCKS = 10
JOB_FILE = "job.json"
JOB = "job"
"""The attribute that names the job a file was built by."""

Draw = Callable[[Iterator[range]], Generator[DrawingSet, None, None]]


@dataclass(frozen=True)
class Job:
    """What is built: the same job gives the same bytes.

    Attributes:
        out: the dataset file to make.
        attributes: of the file; `job` among them tells this job from others.
        classes: what the labels mean.
        pictures: which pictures of the selection are drawn; they begin at a whole block.
        block: how many pictures are drawn at a time.
        shard_blocks: blocks in a shard.
        min_confidence: drawings with a lower score `confidence` stay out of the file.

    Raises:
        ConfigError: a shard would have no block.
    """

    out: Path
    attributes: Mapping[str, object]
    classes: Sequence[str]
    pictures: range
    block: int
    shard_blocks: int = SHARD_BLOCKS
    min_confidence: float = 0.0

    def __post_init__(self) -> None:
        if self.shard_blocks < 1:
            raise ConfigError(f"a shard has {self.shard_blocks} blocks; expected at least 1")

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.out.with_name(f".{self.out.name}.lock")

    @property
    def folder(self) -> Path:
        """Where the shards lie."""
        return self.out.with_name(f".{self.out.name}.build")

    @property
    def text(self) -> str:
        """The job as `job.json` says it."""
        known = {"shard_size": self.block * self.shard_blocks, "first": self.pictures.start, "stop": self.pictures.stop}
        return json.dumps(known | dict(self.attributes), indent=1, sort_keys=True)

    @property
    def shards(self) -> dict[Path, range]:
        """Each shard's file, and its pictures."""
        pieces = cut(self.pictures, self.block * self.shard_blocks)
        return {self.folder / f"shard-{i:05}.h5": pictures for i, pictures in enumerate(pieces)}


def build(job: Job, draw: Draw, *, overwrite: bool = False, fresh: bool = False) -> None:
    """Make the job's file, going on where an earlier process left off.

    Args:
        job: what to build.
        draw: from ranges of pictures, a block each, to the drawings of each, in order.
        overwrite: replace an existing file.
        fresh: throw away what another job left unfinished.

    Raises:
        StoreError: the file exists, another process builds it, another job was left unfinished, or the disk refuses.
    """
    broken_off = job.folder.exists() or job.lock.exists()
    if not broken_off:
        check_free(job.out, overwrite=overwrite)
    with hold(job.lock, job.out), system_errors(job.out):
        if overwrite or not (broken_off and is_made(job)):
            check_free(job.out, overwrite=overwrite)
            discard_other_job(job, fresh=fresh)
            with keeping_shards(job):
                open_folder(job)
                draw_shards(job, draw)
                join_shards(job, overwrite=overwrite)
        shutil.rmtree(job.folder, ignore_errors=True)


def is_made(job: Job) -> bool:
    """Whether the output is there and this job made it: an earlier process died while it was clearing up."""
    if is_of_other_job(job) or not job.out.is_file() or not is_whole(job.out):
        return False
    with open_dataset(job.out) as stored:
        mine = {name: job.attributes.get(name) for name in (JOB, "part")}
        return mine == {name: stored.attributes.get(name) for name in mine}


def discard_other_job(job: Job, *, fresh: bool) -> None:
    """Remove a folder that is not this job's, or any when `fresh`.

    Raises:
        StoreError: it holds another job's work, and `fresh` is false.
    """
    if is_of_other_job(job) and not fresh:
        raise StoreError(
            f"{job.folder} holds an unfinished build of other pictures, settings or versions; finish it with its own "
            "command, or give --fresh to throw it away"
        )
    if fresh or not (job.folder / JOB_FILE).is_file():
        shutil.rmtree(job.folder, ignore_errors=True)


def is_of_other_job(job: Job) -> bool:
    """Whether the folder holds another job's work."""
    note = job.folder / JOB_FILE
    return note.is_file() and note.read_text(encoding="utf-8", errors="replace") != job.text


def open_folder(job: Job) -> None:
    """Make the job's folder unless it is there, and remove from it what is neither the job's note nor a shard."""
    note = job.folder / JOB_FILE
    for path in set(job.folder.glob("*")) - {note, *job.shards}:
        path.unlink()
    missing = [pictures for path, pictures in job.shards.items() if not path.exists()]
    check_space(job.out, sum(map(len, missing)) + len(job.pictures))
    job.folder.mkdir(exist_ok=True)
    if not note.exists():
        with atomic_path(note) as partial:
            partial.write_text(job.text, encoding="utf-8")


def draw_shards(job: Job, draw: Draw) -> None:
    """Write every shard that isn't there yet, or isn't whole."""
    missing = {path: pictures for path, pictures in job.shards.items() if not is_finished(path, len(pictures))}
    ranges = (block for pictures in missing.values() for block in cut(pictures, job.block))
    with closing(draw(ranges)) as drawn:
        for path, pictures in missing.items():
            with DatasetWriter(path, attributes=job.attributes, classes=job.classes) as writer:
                for drawings in islice(drawn, len(cut(pictures, job.block))):
                    writer.append(drawings)


def cut(pictures: range, size: int) -> list[range]:
    """A range in pieces of `size`, the last one shorter."""
    return [pictures[i : i + size] for i in range(0, len(pictures), size)]


def is_finished(path: Path, drawings: int) -> bool:
    """Whether a shard is there, whole and of the right length; one that isn't is removed."""
    if not path.exists():
        return False
    if is_whole(path):
        with open_dataset(path) as stored:
            if len(stored) == drawings:
                return True
    path.unlink()
    return False


def join_shards(job: Job, *, overwrite: bool) -> None:
    """Write the drawings of all shards, in order, to the output."""
    with DatasetWriter(job.out, attributes=job.attributes, classes=job.classes, overwrite=overwrite) as writer:
        for path in job.shards:
            with open_dataset(path) as stored:
                for drawings in stored.blocks():
                    writer.append(confident(drawings, job.min_confidence))


def confident(drawings: DrawingSet, least: float) -> DrawingSet:
    """The drawings whose confidence is at least `least`; all of them when that is 0."""
    return drawings if least <= 0 else drawings.select(np.flatnonzero(drawings.scores["confidence"] >= least))


@contextmanager
def keeping_shards(job: Job) -> Iterator[None]:
    """Say, when the work stops half-way, that it can go on; remove the folder when there is nothing to go on from."""
    try:
        yield
    except (StoreError, OSError) as error:
        told = str(error) if isinstance(error, StoreError) else f"can't write {job.out}: {reason(error)}"
        raise StoreError(f"{told.removesuffix('; nothing was written')}; {left_over(job)}") from error
    except KeyboardInterrupt:
        raise KeyboardInterrupt(left_over(job)) from None
    except BaseException:
        left_over(job)
        raise


def left_over(job: Job) -> str:
    """What is left when a build stops half-way, in words; a folder without a shard is removed."""
    done = sum(len(pictures) for path, pictures in job.shards.items() if path.exists())
    if not done:
        shutil.rmtree(job.folder, ignore_errors=True)
        return "no output was written or replaced"
    return (
        f"no output was written or replaced; {done:,} of {len(job.pictures):,} drawings are kept in {job.folder}, and "
        "the same command goes on from there"
    )


@contextmanager
def system_errors(out: Path) -> Iterator[None]:
    """Turn what the system refuses into a `StoreError`."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"can't write {out}: {reason(error)}; nothing was written") from error
