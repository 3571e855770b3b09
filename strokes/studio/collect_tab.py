"""The tab "Collect": samples of a hand, kept for good, exported, and learned from."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from strokes.errors import ConfigError
from strokes.formats.importing import natural
from strokes.ink.labels import expand_ranges
from strokes.ink.recordings import held_out
from strokes.recovery.methods import model_of
from strokes.studio import limits
from strokes.studio.exports import downloads, find_download, write_samples
from strokes.studio.messages import MessageError, drawing_of, text_of, whole_of
from strokes.studio.samples import Sample, Samples
from strokes.studio.studio import TRAINED, Studio
from strokes.studio.training import ADAPT, Lesson, Training, learn, new_folder, ways
from strokes.studio.worker import Tell

PLAN = "collecting"
SHOWN = 60
MOST_ROUNDS = 1000


async def collection(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Where the collection stands; a message with `classes` or `writer` chooses these for it first."""
    return await studio.store(stand, studio, message)


async def keep(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Keep a sample; answered once it is on the disk."""
    drawn = drawing_of(message)
    writer, label, key = (required(message, name) for name in ("writer", "label", "key"))
    number = await studio.store(studio.samples.keep, key, writer, label, drawn)
    return {"kept": number, **await studio.store(stand, studio, {})}


async def older(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """A writer's samples that were kept before the one numbered `before`, the newest first."""
    writer, before = required(message, "writer"), whole_of(message, "before", least=0, most=2**53)
    found = await studio.store(studio.samples.newest, writer, SHOWN, before)
    return {"samples": cards(found)}


async def delete(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Delete a sample by its number, or with `last` the one that the writer kept last."""
    number = whole_of(message, "sample", least=0, most=2**53)

    def work() -> dict[str, Any]:
        which = number or studio.samples.last(required(message, "writer"))
        gone = which is not None and studio.samples.delete(which)
        return {"deleted": which if gone else None, **stand(studio, {})}

    return await studio.store(work)


async def export(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Write all samples, or a writer's, in a format; the file can then be fetched."""
    chosen = find_download(text_of(message, "format"), films=False)
    writer = text_of(message, "of_writer")
    identifier, path = studio.shelf.place(f"samples{chosen.ending}")
    await studio.worker.run(export_job, str(studio.data), writer, str(path), chosen.name, tell=tell)
    return {"file": identifier, "name": path.name}


async def start_training(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Learn from the samples, the writer's to adapt a network, everybody's to train one; see `follow_training`."""
    if studio.training is not None and not studio.training.is_over:
        raise ConfigError("a network is in training; stop it first, or wait")
    recipe = text_of(message, "recipe", default=ADAPT)
    writer = required(message, "writer") if recipe == ADAPT else ""
    kept = await studio.store(studio.samples.labels, writer or None)
    lesson = Lesson(recipe, whole_of(message, "rounds", least=1, most=MOST_ROUNDS, default=1), model_of(kept))
    out = new_folder(studio.data, lesson.name)

    async def learning(tell: Tell) -> dict[str, Any]:
        _, pens = studio.shelf.place("samples.ndjson")
        await studio.worker.run(pens_job, str(studio.data), writer, str(pens), tell=tell)
        await learn(lesson, pens, out, tell=tell)
        studio.networks.use(out)
        name = str(out.relative_to(studio.data))
        await studio.store(studio.samples.set, TRAINED, name)
        return {"model": name}

    studio.training = Training(learning)
    return await follow_training(studio, message, tell)


async def follow_training(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """What is learned, by which drawings are recovered from then on; a page that goes stops nothing."""
    if studio.training is None:
        raise ConfigError("nothing is in training")
    learned: dict[str, Any] = await studio.training.follow(tell)
    return learned


async def stop_training(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """End what is in training."""
    return {"stopped": studio.training is not None and studio.training.stop()}


async def use_model(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Recover with the networks that ship again."""
    studio.networks.use(None)
    await studio.store(studio.samples.set, TRAINED, "")
    return {"model": ""}


def export_job(tell: Tell, data: str, writer: str, out: str, form: str) -> None:
    """Write the samples of a data folder to a file."""
    samples = Samples(Path(data))
    try:
        write_samples(samples.all(writer or None), Path(out), form)
    finally:
        samples.close()


def pens_job(tell: Tell, data: str, writer: str, out: str) -> None:
    """Write samples of a data folder, all or a writer's, as pens to learn from.

    No writer's code there is one that is kept for measuring.
    """
    samples = Samples(Path(data))
    try:
        every = [replace(sample, writer=code_to_learn_from(sample.writer)) for sample in samples.all(writer or None)]
        write_samples(every, Path(out), "ndjson")
    finally:
        samples.close()


def code_to_learn_from(writer: str) -> str:
    """A writer's code that training doesn't leave out."""
    return next(code for i in itertools.count() if not held_out(code := f"{writer} {i}"))


def stand(studio: Studio, message: Mapping[str, Any]) -> dict[str, Any]:
    """The plan, the writer, the counts and the latest samples; see `collection`."""
    samples = studio.samples
    plan = json.loads(samples.setting(PLAN, "{}"))
    for name, most in (("classes", limits.CLASSES_LETTERS), ("writer", limits.NAME_LETTERS)):
        if name in message:
            plan[name] = text_of(message, name, most=most).strip()
    text, writer = plan.get("classes") or "0-9", plan.get("writer") or "me"
    classes = class_list(text)
    if message:
        samples.set(PLAN, json.dumps({"classes": text, "writer": writer}))
    counts = samples.counts(writer)
    others = sorted(set(counts) - set(classes), key=natural)
    return {
        "classes": text,
        "writer": writer,
        "writers": samples.writers(),
        "counts": [[name, counts.get(name, 0)] for name in [*classes, *others]],
        "asked": classes,
        "total": samples.count(),
        "samples": cards(samples.newest(writer, SHOWN)),
        "formats": [download.name for download in downloads(films=False)],
        "recipes": ways(),
        "training": studio.training is not None and not studio.training.is_over,
        "model": samples.setting(TRAINED, ""),
    }


def cards(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Samples as the page shows them."""
    return [{"id": s.id, "label": s.label, "strokes": thin_out(s.strokes)} for s in samples]


def class_list(text: str) -> list[str]:
    """The classes of a text such as "0-9,A-Z". Raises `MessageError` when it is none, or too many."""
    names = list(dict.fromkeys(name.strip() for name in expand_ranges(text.replace("\n", ",")) if name.strip()))
    if not 1 <= len(names) <= limits.CLASSES:
        raise MessageError(f"{len(names)} classes are listed; expected 1 to {limits.CLASSES}, such as 0-9,A-Z")
    return names


def thin_out(strokes: Sequence[Sequence[Sequence[float]]], most: int = 24) -> list[list[list[float]]]:
    """Strokes with fewer points, for a small picture."""
    return [
        [[round(row[0], 3), round(row[1], 3)] for row in [*stroke[:: max(1, len(stroke) // most)], stroke[-1]]]
        for stroke in strokes
    ]


def required(message: Mapping[str, Any], name: str) -> str:
    """A text field that isn't empty. Raises `MessageError` when it is."""
    value = text_of(message, name).strip()
    if not value:
        raise MessageError(f"`{name}` is empty")
    return value


ACTIONS = {
    "collection": collection,
    "keep": keep,
    "older samples": older,
    "delete sample": delete,
    "export samples": export,
    "train": start_training,
    "follow training": follow_training,
    "stop training": stop_training,
    "use shipped": use_model,
}
