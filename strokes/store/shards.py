"""Long builds in pieces: each shard is committed by a rename, a killed build goes on with those that it finished.

Beside the output, or where the job says, lie a hidden lock and, while the build runs, a hidden folder: `job.json` says
what is being built, `ledger.jsonl` which shards are finished, and these lie beside it. At the end they are joined into
the output, which is the same file however often the build was broken off and whoever made the shards.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from strokes.errors import StoreError, StrokesError
from strokes.files import atomic_path, hold, reason
from strokes.files.places import Place
from strokes.ink.drawing import DrawingSet
from strokes.store.failures import write_failures
from strokes.store.folder_writer import HDF5, check_out_free, new_dataset
from strokes.store.ledger import LEDGER_FILE, Failure, Ledger, MadeShard, Shard
from strokes.store.reader import open_dataset
from strokes.store.verify import has_whole_bytes
from strokes.store.writer import check_space

JOB_FILE = "job.json"
JOB = "job"
"""The attribute that names the job a file was built by."""

SETTINGS, PICTURES = "settings", "pictures"
"""What `job.json` tells besides the attributes."""

Draw = Callable[[Sequence[Shard]], Generator[tuple[Shard, MadeShard], None, None]]


@dataclass(frozen=True)
class Job:
    """What is built: the same job gives the same bytes.

    Attributes:
        out: the dataset to make.
        attributes: of it; `job` among them tells this job from others.
        classes: what the labels mean.
        shards: its pieces, in order.
        settings: the sha256 of all but the pictures that drawings depend on.
        min_confidence: drawings with a lower score `confidence` stay out of the file.
        kind: what the output is, one of `DATASET_KINDS`.
        unread: pictures that were left out before.
        work: a folder of this machine for what isn't finished; by default the output's own, or the current one where
            that is on object storage.
    """

    out: Place
    attributes: Mapping[str, object]
    classes: Sequence[str]
    shards: Sequence[Shard]
    settings: str
    min_confidence: float = 0.0
    kind: str = HDF5
    unread: Sequence[Failure] = ()
    work: Path | None = None

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self._beside / f".{self.out.name}.lock"

    @property
    def folder(self) -> Path:
        """Where the shards lie."""
        return self._beside / f".{self.out.name}.build"

    @property
    def _beside(self) -> Path:
        return self.work or (self.out.parent if isinstance(self.out, Path) else Path())

    @property
    def text(self) -> str:
        """The job as `job.json` says it."""
        known = {name: value for name, value in self.attributes.items() if name != JOB}
        told = {SETTINGS: self.settings, PICTURES: self.pictures}
        return json.dumps(told | known, indent=1, sort_keys=True)

    @property
    def pictures(self) -> int:
        """How many pictures it draws."""
        return sum(len(shard.pictures) for shard in self.shards)


def build(job: Job, draw: Draw, *, overwrite: bool = False, fresh: bool = False) -> int:
    """Draw what is missing of the job and write its output; afterwards nothing but the output is left.

    A shard that is there and whole is not drawn again; one whose bytes, pictures or settings are others is.

    Returns:
        how many pictures couldn't be read or drawn: they are listed beside the output.

    Raises:
        StoreError: the file exists, another process builds it, another job was left unfinished, or the disk refuses.
    """
    broken_off = job.folder.exists() or job.lock.exists()
    if not broken_off:
        check_out_free(job.out, job.kind, overwrite=overwrite)
    with hold(job.lock, job.out), system_errors(job.out):
        ledger = Ledger.read(job.folder)
        if overwrite or not (broken_off and is_made(job)):
            check_out_free(job.out, job.kind, overwrite=overwrite)
            discard_other_job(job, ledger, fresh=fresh)
            with keeping_shards(job):
                ledger = open_folder(job)
                draw_shards(job, ledger, draw)
                write_failures(job.out, failures_of(job, ledger))
                join_shards(job, overwrite=overwrite)
        failed = len(failures_of(job, ledger))
        shutil.rmtree(job.folder, ignore_errors=True)
    return failed


def failures_of(job: Job, ledger: Ledger) -> list[Failure]:
    """Every picture that couldn't be read or drawn, those in the order of the pictures."""
    entries = (ledger.entries.get(shard.number) for shard in job.shards)
    drawn = (failure for entry in entries if entry is not None for failure in entry.failed)
    return [*job.unread, *drawn]


def is_made(job: Job) -> bool:
    """Whether the output is there and this job made it: an earlier process died while it was clearing up."""
    if has_other_settings(job) or not has_whole_bytes(job.out):
        return False
    with open_dataset(job.out) as stored:
        mine = {name: job.attributes.get(name) for name in (JOB, "part")}
        return mine == {name: stored.attributes.get(name) for name in mine}


def discard_other_job(job: Job, ledger: Ledger, *, fresh: bool) -> None:
    """Remove a folder that is not this job's, or any when `fresh`; pictures may have changed, but not all of them.

    Raises:
        StoreError: it holds another job's work, and `fresh` is false.
    """
    others = ledger.entries and not any(map(ledger.knows, job.shards)) and noted(job).get(PICTURES) != job.pictures
    if (has_other_settings(job) or others) and not fresh:
        raise StoreError(
            f"{job.folder} holds an unfinished build of other pictures, settings or versions; finish it with its own "
            "command, or give --fresh to throw it away"
        )
    if fresh or not (job.folder / JOB_FILE).is_file():
        shutil.rmtree(job.folder, ignore_errors=True)


def has_other_settings(job: Job) -> bool:
    """Whether the folder holds the work of a job with other settings."""
    return (job.folder / JOB_FILE).is_file() and noted(job).get(SETTINGS) != job.settings


def noted(job: Job) -> Mapping[str, object]:
    """What `job.json` says, or nothing where it isn't whole."""
    try:
        known = json.loads((job.folder / JOB_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def open_folder(job: Job) -> Ledger:
    """Make the job's folder unless it is there, and remove from it what is neither note nor ledger nor a shard."""
    note = job.folder / JOB_FILE
    shards = {job.folder / shard.name: shard for shard in job.shards}
    for path in set(job.folder.glob("*")) - {note, job.folder / LEDGER_FILE, *shards}:
        path.unlink()
    missing = sum(len(shard.pictures) for path, shard in shards.items() if not path.exists())
    check_space(job.folder, missing + job.pictures)
    job.folder.mkdir(exist_ok=True)
    if not note.exists():
        with atomic_path(note) as partial:
            partial.write_text(job.text, encoding="utf-8")
    return Ledger.read(job.folder)


def draw_shards(job: Job, ledger: Ledger, draw: Draw) -> None:
    """Write every shard that isn't there yet, or isn't whole."""
    missing = [shard for shard in job.shards if not ledger.holds(shard)]
    again = sum(shard.number in ledger.entries for shard in missing)
    if again:
        print(f"{again:,} finished shards are drawn again: their pictures or bytes have changed", file=sys.stderr)
    with closing(draw(missing)) as drawn:
        for shard, made in drawn:
            ledger.commit(shard, made)


def join_shards(job: Job, *, overwrite: bool) -> None:
    """Write the drawings of all shards, in order, to the output."""
    known: dict[str, Any] = {"attributes": job.attributes, "classes": job.classes, "overwrite": overwrite}
    with new_dataset(job.out, job.kind, **known) as writer:
        for shard in job.shards:
            with open_dataset(job.folder / shard.name) as stored:
                if len(stored):
                    writer.append(confident(stored.read(), job.min_confidence))


def confident(drawings: DrawingSet, least: float) -> DrawingSet:
    """The drawings whose confidence is at least `least`; all of them when that is 0."""
    return drawings if least <= 0 else drawings.select(np.flatnonzero(drawings.scores["confidence"] >= least))


@contextmanager
def keeping_shards(job: Job) -> Iterator[None]:
    """Say, when the work stops half-way, that it can go on; remove the folder when there is nothing to go on from."""
    try:
        yield
    except (StrokesError, OSError) as error:
        kind = type(error) if isinstance(error, StrokesError) else StoreError
        told = str(error) if isinstance(error, StrokesError) else f"can't write {job.out}: {reason(error)}"
        raise kind(f"{told.removesuffix('; nothing was written')}; {left_over(job)}") from error
    except KeyboardInterrupt:
        raise KeyboardInterrupt(left_over(job)) from None
    except BaseException:
        left_over(job)
        raise


def left_over(job: Job) -> str:
    """What is left when a build stops half-way, in words; a folder without a shard is removed."""
    done = sum(len(shard.pictures) for shard in job.shards if (job.folder / shard.name).exists())
    if not done:
        shutil.rmtree(job.folder, ignore_errors=True)
        return "no output was written or replaced"
    return (
        f"no output was written or replaced; {done:,} of {job.pictures:,} drawings are kept in {job.folder}, and "
        "the same command goes on from there"
    )


@contextmanager
def system_errors(out: Place) -> Iterator[None]:
    """Turn what the system refuses into a `StoreError`."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"can't write {out}: {reason(error)}; nothing was written") from error
