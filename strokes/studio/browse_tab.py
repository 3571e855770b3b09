"""The tab "Browse": datasets filtered, sorted, looked at, and marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from strokes.store.selection import write_selection
from strokes.studio import limits
from strokes.studio.browsing import Filter
from strokes.studio.messages import MessageError, flag_of, number_of, text_of, whole_of, wholes_of
from strokes.studio.studio import Action, Studio
from strokes.studio.worker import Tell

FLAGGED = ("all", "flagged", "unflagged")
MOST_DATASETS = 10_000


async def datasets(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The datasets that there are."""
    return {"datasets": await studio.store(studio.library.about)}


async def find(studio: Studio, message: Mapping[str, Any], tell: Tell) -> bytes:
    """The numbers (uint32) of the drawings that a filter leaves, in its order."""
    place, wanted = dataset_of(message), filter_of(message)
    volume = await studio.store(studio.library.volume, place)
    found = await studio.store(volume.find, wanted)
    studio.load(volume)
    return found.astype("<u4").tobytes()


async def ink(studio: Studio, message: Mapping[str, Any], tell: Tell) -> bytes:
    """The ink of some drawings; see `browsing`."""
    place, numbers = dataset_of(message), wholes_of(message, "numbers", most=limits.DRAWINGS_AT_ONCE)
    return await studio.store(lambda: studio.library.volume(place).pack(numbers))


async def show(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """All of one drawing."""
    place, number = dataset_of(message), whole_of(message, "number", least=0, most=2**40)
    return await studio.store(lambda: studio.library.volume(place).show(number))


async def marks(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The drawings of a dataset that are marked."""
    place = dataset_of(message)
    return await studio.store(marked, studio, place)


async def mark(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Mark a drawing as `right` or not, or without that field take its mark away; answered once it is on the disk."""
    place, number = dataset_of(message), whole_of(message, "number", least=0, most=2**40)
    is_right = flag_of(message, "right") if "right" in message else None

    def work() -> dict[str, Any]:
        volume = studio.library.volume(place)
        volume.check([number])
        if is_right is None:
            studio.marks.unset(volume.identity, number)
        else:
            studio.marks.set(volume.identity, number, is_right=is_right)
        return {}

    return await studio.store(work)


async def export_marks(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Write what is marked as a selection, as `build-dataset` and `export` take it; the file can then be fetched."""
    place, keep_only = dataset_of(message), flag_of(message, "keep_only")
    identifier, path = studio.shelf.place("selection.json")

    def write() -> None:
        chosen = marked(studio, place)["right" if keep_only else "wrong"]
        volume = studio.library.volume(place)
        write_selection(volume.selection(chosen, "keep" if keep_only else "drop"), path)

    await studio.store(write)
    return {"file": identifier, "name": path.name}


def marked(studio: Studio, place: int) -> dict[str, Any]:
    """The numbers of a dataset's drawings that are marked as right and as wrong."""
    identity = studio.library.volume(place).identity
    return {name: studio.marks.of(identity, is_right=name == "right") for name in ("right", "wrong")}


def dataset_of(message: Mapping[str, Any]) -> int:
    """A dataset's place in the list."""
    return whole_of(message, "dataset", least=0, most=MOST_DATASETS)


def filter_of(message: Mapping[str, Any]) -> Filter:
    """The filter that a message describes. Raises `MessageError` when it describes none."""
    flagged = text_of(message, "flagged", default="all")
    if flagged not in FLAGGED:
        raise MessageError(f"`flagged` is none of {', '.join(FLAGGED)}")
    return Filter(
        label=text_of(message, "label"),
        split=text_of(message, "split", default="all"),
        flagged=flagged,
        score=text_of(message, "score"),
        least=number_of(message, "least", least=-1e30, most=1e30, default=-np.inf) if "least" in message else -np.inf,
        most=number_of(message, "most", least=-1e30, most=1e30, default=np.inf) if "most" in message else np.inf,
        sort=text_of(message, "sort", default="index"),
        descending=flag_of(message, "descending"),
    )


ACTIONS: dict[str, Action] = {
    "datasets": datasets,
    "find": find,
    "ink": ink,
    "show": show,
    "marks": marks,
    "mark": mark,
    "export marks": export_marks,
}
