"""The tab "Collect": samples of a hand, kept for good, exported, and learned from."""

from __future__ import annotations

import asyncio
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
from strokes.studio import limits
from strokes.studio.exports import downloads, find_download, write_samples
from strokes.studio.messages import MessageError, drawing_of, text_of, whole_of
from strokes.studio.samples import Samples
from strokes.studio.studio import TRAINED, Studio
from strokes.studio.training import new_folder, pen_recipes, train
from strokes.studio.worker import Tell

PLAN = "collecting"
SHOWN = 60
MOST_EPOCHS = 1000


async def collection(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Where the collection stands; a message with `classes` or `writer` chooses these for it first."""
    return await studio.store(stand, studio, message)


async def keep(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Keep a sample; answered once it is on the disk."""
    drawn = drawing_of(message)
    writer, label, key = (required(message, name) for name in ("writer", "label", "key"))
    number = await studio.store(studio.samples.keep, key, writer, label, drawn)
    return {"kept": number, **await studio.store(stand, studio, {})}


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
    """Train a recipe on the samples; drawings are recovered with what it learned from then on."""
    if studio.training is not None and not studio.training.done():
        raise ConfigError("a network is in training; stop it first, or wait")
    recipe = text_of(message, "recipe", default="pen-any")
    epochs = whole_of(message, "epochs", least=1, most=MOST_EPOCHS, default=1)
    out = new_folder(studio.data, recipe)
    studio.training = asyncio.current_task()
    _, pens = studio.shelf.place("samples.ndjson")
    await studio.worker.run(pens_job, str(studio.data), str(pens), tell=tell)
    await train(recipe, pens, out, epochs=epochs, tell=tell)
    studio.networks.use(out)
    name = str(out.relative_to(studio.data))
    await studio.store(studio.samples.set, TRAINED, name)
    return {"model": name}


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


def pens_job(tell: Tell, data: str, out: str) -> None:
    """Write all samples of a data folder as pens to learn from; no writer's code is one that is kept for measuring."""
    samples = Samples(Path(data))
    try:
        every = [replace(sample, writer=code_to_learn_from(sample.writer)) for sample in samples.all()]
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
    newest = samples.newest(writer, SHOWN)
    return {
        "classes": text,
        "writer": writer,
        "writers": samples.writers(),
        "counts": [[name, counts.get(name, 0)] for name in [*classes, *others]],
        "asked": classes,
        "total": samples.count(),
        "samples": [{"id": s.id, "label": s.label, "strokes": thin_out(s.strokes)} for s in newest],
        "formats": [download.name for download in downloads(films=False)],
        "recipes": pen_recipes(),
        "model": samples.setting(TRAINED, ""),
    }


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
    "delete sample": delete,
    "export samples": export,
    "train": start_training,
    "use shipped": use_model,
}
