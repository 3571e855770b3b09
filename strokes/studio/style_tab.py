"""The tab "Style": writing like the hand in a few examples, as lines of text or a full set, and its strokes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from strokes.generation.generator import RANDOMNESS, ImageGenerator, known_generators
from strokes.generation.lines import Sheet, set_lines
from strokes.generation.request import Wish, choose_generator, read_labels, thinned
from strokes.generation.style import take_style, write_in_style
from strokes.generation.text import set_text
from strokes.ink.drawing import UNLABELLED
from strokes.ink.labels import expand_ranges
from strokes.ink.pictures import GreySet
from strokes.recovery.methods import Options, choose_method
from strokes.studio import limits
from strokes.studio.draw_tab import pen_width
from strokes.studio.messages import MessageError, drawing_of, flag_of, number_of, text_of, whole_of
from strokes.studio.reading import frame, read
from strokes.studio.studio import Studio
from strokes.studio.worker import Tell

ANY = "cvae"
"""Stands for what draws the characters best: of its family where there are examples to take a style from."""
EVERYTHING = "0123456789\nABCDEFGHIJKLM\nNOPQRSTUVWXYZ\nabcdefghijklm\nnopqrstuvwxyz"
EXAMPLES = 5
UNASKED = 30
"""Pictures of a generator that can't be asked for characters."""
X_HEIGHT_PX = 40.0


async def generators(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """The generators that ship."""
    return {"generators": known_generators(), "chosen": ANY}


async def read_example(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """What an example is read as, digits and letters alike."""
    drawn, width_px = drawing_of(message), pen_width(message)
    answers = await studio.read(lambda: read(frame(drawn.drawing, width_px=width_px).grey, "all"))
    return {"reading": answers}


async def write(studio: Studio, message: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Write words, or every character, like the examples; their picture can then be fetched, their strokes come along.

    Characters that can't be had are left out and named.
    """
    words = text_of(message, "words", most=limits.TEXT_LETTERS)
    wish: dict[str, Any] = {
        "words": EVERYTHING if flag_of(message, "full_set") else words,
        "full_set": flag_of(message, "full_set"),
        "generator": text_of(message, "generator") or ANY,
        "average": flag_of(message, "average", default=True),
        "randomness": number_of(message, "randomness", least=0, most=5, default=RANDOMNESS),
        "seed": whole_of(message, "seed", least=0, most=2**31),
    }
    if wish["generator"] not in known_generators():
        raise MessageError(f"there is no generator {wish['generator']!r}; one of {', '.join(known_generators())}")
    if not wish["full_set"] and not words.strip():
        raise MessageError("there is nothing to write; give some words")
    width_px = pen_width(message)
    examples = message.get("examples", [])
    if not isinstance(examples, list) or len(examples) > EXAMPLES or not all(isinstance(one, dict) for one in examples):
        raise MessageError(f"`examples` is no list of at most {EXAMPLES} drawings")
    drawn = [(drawing_of(one), text_of(one, "label")) for one in examples]
    pictures = [frame(one.drawing, width_px=width_px).grey[0] for one, _ in drawn]
    identifier, path = studio.shelf.place("written.png")
    labels = [label for _, label in drawn]
    found: dict[str, Any] = await studio.worker.run(write_job, wish, pictures, labels, str(path), tell=tell)
    return {"file": identifier, **found}


def write_job(
    tell: Tell, wish: Mapping[str, Any], pictures: Sequence[Any], labels: Sequence[str], out: str
) -> dict[str, Any]:
    """Write, in the worker's process."""
    tell({"stage": "drawing"})
    examples = as_examples(pictures, labels)
    generator, words, missing = able_generator({**wish, "styled": examples is not None})
    made, words, used = make(generator, words, wish, examples)
    sheet = set_lines(words, list(made.images))
    Image.fromarray(255 - sheet.picture(x_height_px=X_HEIGHT_PX)).save(out)
    tell({"stage": "recovering the strokes"})
    return {
        "strokes": strokes_of(sheet, made),
        "width": sheet.width,
        "height": sheet.height,
        "missing": missing,
        "examples": used,
        "averaged": bool(wish["average"]) and used > 1,
        "generator": generator.recipe.name,
        "written": len(made),
    }


def able_generator(wish: Mapping[str, Any]) -> tuple[ImageGenerator, str, list[str]]:
    """The generator, the words without what can't be had, and that. Raises `MessageError` when nothing can be had."""
    asked = [c for c in dict.fromkeys(wish["words"]) if not c.isspace()]
    every = expand_ranges("0-9A-Za-z")
    name = wish["generator"]
    chosen = "" if name == ANY and not wish["styled"] else name
    generator = choose_generator(chosen, [c for c in asked if c in every], styled=wish["styled"])
    if not generator.classes:
        return generator, wish["words"], []
    missing = [c for c in asked if c not in generator.classes]
    kept = "".join(c for c in wish["words"] if c not in missing)
    words = "\n".join(" ".join(line.split()) for line in kept.strip().split("\n"))
    if not words.strip():
        raise MessageError(f"{generator.recipe.name} can't draw {' '.join(missing)}; choose another generator")
    return generator, words, [] if wish["full_set"] else missing


def make(
    generator: ImageGenerator, words: str, wish: Mapping[str, Any], examples: GreySet | None
) -> tuple[GreySet, str, int]:
    """Pictures of the words' characters, the words, and how many examples' style they have.

    A generator that can't be asked draws what comes; its words are what is read in that.
    """
    how = {"randomness": wish["randomness"], "seed": wish["seed"]}
    if not generator.classes:
        if not wish["full_set"]:
            raise MessageError(f"{generator.recipe.name} can't be asked for characters; choose Full set, or a cvae")
        made = read_labels(generator.generate(UNASKED, **how))
        names = [made.classes[label] for label in made.labels]
        return made, "\n".join("".join(names[i : i + 10]) for i in range(0, len(names), 10)), 0
    characters = [c for c in words if not c.isspace()]
    if examples is None or not len(examples):
        return set_text(Wish(generator.recipe.name, text=words, **how))[1], words, 0
    style = take_style(generator, examples, average=wish["average"])
    return write_in_style(generator, style, characters, **how), words, len(examples)


def as_examples(pictures: Sequence[Any], labels: Sequence[str]) -> GreySet | None:
    """Examples as labelled pictures; None for none."""
    if not pictures:
        return None
    classes = tuple(dict.fromkeys(label for label in labels if label))
    numbers = [classes.index(label) if label else UNLABELLED for label in labels]
    return GreySet(np.stack(pictures), np.array(numbers, np.int64), classes)


def strokes_of(sheet: Sheet, made: GreySet) -> list[list[list[float]]]:
    """The strokes of all characters on the sheet, in units of its longer side."""
    pictures = thinned(made)
    found = choose_method(pictures, Options()).draw(pictures)
    return [np.round(stroke, 5).tolist() for stroke in sheet.strokes(found)]


ACTIONS = {"generators": generators, "read example": read_example, "write": write}
