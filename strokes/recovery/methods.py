"""Which way pictures are recovered: a published network, a pen network, or tracing; chosen by name or by the labels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from strokes.errors import ConfigError
from strokes.ink.drawing import DrawingSet
from strokes.ink.labels import DIGITS, as_digits
from strokes.ink.pictures import ImageSet
from strokes.ink.recordings import PenSet
from strokes.layout.page import check_direction
from strokes.recovery.pointer.habits import Habits
from strokes.recovery.pointer.recipe import PENS
from strokes.recovery.pointer.recover import PenRecovery, load_pen_network
from strokes.recovery.pointer.second_network import SecondWalks
from strokes.recovery.published.recover import Recovery, check_labels, load_network
from strokes.recovery.refinement import Refinement
from strokes.recovery.tracing.trace import trace_block
from strokes.recovery.words.pictures import MANY_STROKES, WORDS, shipped_strips
from strokes.training.checkpoints import PUBLISHED, Model, find_model, read_model

METHODS = ("network", "trace")
MOST_HYPOTHESES = 1000


@dataclass(frozen=True)
class Options:
    """How pictures are to be recovered.

    Attributes:
        method: "network", or "trace" for the classical baseline, which knows nothing of pens.
        model: a shipped network's name or a checkpoint; "" lets the labels choose.
        hypotheses: walks a picture, for pen networks; 0 for as many as the recipe says, at most 1,000.
        refine: gradient steps a drawing at most, for pen networks.
        scores: whether to score each drawing against its picture.
        seed: of the hypotheses.
        device: "cpu" or "cuda"; pen networks walk on the processor.
        habits: drawings of the hands that wrote the pictures, in the frame, for pen networks.
        direction: of the writing on pages: "ltr", "rtl" or "ttb".
    """

    method: str = "network"
    model: str = ""
    hypotheses: int = 0
    refine: int = 0
    scores: bool = True
    seed: int = 0
    device: str = "cpu"
    habits: PenSet | None = None
    direction: str = "ltr"

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ConfigError(f"unknown method {self.method!r}; one of {', '.join(METHODS)}")
        if self.method == "trace" and self.model:
            raise ConfigError(f"tracing needs no model, and {self.model!r} was named; leave one of them out")
        if self.hypotheses < 0:
            raise ConfigError(f"{self.hypotheses} hypotheses were asked for; expected 1 or more, or 0 for the recipe's")
        if self.hypotheses > MOST_HYPOTHESES:
            raise ConfigError(
                f"{self.hypotheses} hypotheses were asked for; at most {MOST_HYPOTHESES} of a picture fit in memory, "
                "as each is compared with every other"
            )
        if self.refine < 0:
            raise ConfigError(f"{self.refine} steps of refinement were asked for; expected 0 or more")
        if not -(2**63) <= self.seed < 2**63:
            raise ConfigError(f"the seed is {self.seed}; expected a whole number of 64 bits")
        check_direction(self.direction)


@dataclass(frozen=True)
class Method:
    """What draws the blocks of a build.

    Attributes:
        pictures: those to be drawn, their labels as the method numbers them.
        draw: a block of them to their drawings; the same bytes for the same block.
        attributes: of the dataset: model, recipe and all that the drawings depend on.
        needs_labels: whether every picture must have a label.
        tells_confidence: whether drawings come with the score `confidence`.
        helpers: the shipped networks that walk beside the model.
        check: raises `ConfigError` for a block with labels that the method can't draw.
    """

    pictures: ImageSet
    draw: Callable[[ImageSet], DrawingSet]
    attributes: Mapping[str, object]
    needs_labels: bool = False
    tells_confidence: bool = False
    helpers: Sequence[str] = ()
    check: Callable[[ImageSet], None] = field(default=lambda pictures: None)


def choose_method(pictures: ImageSet, options: Options) -> Method:
    """The way to draw these pictures.

    Raises:
        ConfigError: the model is unknown, broken, or does not know a picture's class.
    """
    if options.method == "trace":
        refuse_habits(options)
        way = {"method": "trace"} | direction_of(pictures, options)
        return Method(
            pictures, lambda block: trace_block(block, scores=options.scores, direction=options.direction), way
        )
    model = read_model(find_model(options.model or model_for(pictures)))
    makers = {PUBLISHED: published_method, PENS: pointer_method}
    if model.kind not in makers:
        raise ConfigError(f"{model.path} is a network of a {model.kind} recipe, which draws no strokes")
    attributes = {"model": model.settings["name"], "model_sha256": model.sha256}
    return makers[model.kind](pictures, options, model, attributes)


def published_method(pictures: ImageSet, options: Options, model: Model, attributes: Mapping[str, object]) -> Method:
    """The way of a published network, which must be told every digit."""
    refuse_habits(options)
    network, recipe = load_network(model, device=options.device)
    recovery = Recovery(network, recipe, scores=options.scores, device=options.device)
    numbered = as_digits(pictures)
    check_labels(numbered.select(numbered.labels >= 0), recipe)
    return Method(
        numbered,
        lambda block: recovery.block(as_digits(block)),
        {**attributes, "recipe": recipe.as_dict()},
        needs_labels=True,
        check=lambda block: check_labels(block, recipe),
    )


def pointer_method(pictures: ImageSet, options: Options, model: Model, attributes: Mapping[str, object]) -> Method:
    """The way of a pen network."""
    if options.habits is not None:
        refuse_strange_hands(pictures, options.habits)
    network, recipe, calibration = load_pen_network(model)
    alone = options.model or recipe.class_names
    second = None if alone else SecondWalks(shipped_strips(MANY_STROKES, options.seed, options.hypotheses))
    walker = PenRecovery(
        network,
        recipe,
        calibration,
        hypotheses=options.hypotheses,
        refinement=Refinement(steps=options.refine),
        scores=options.scores,
        seed=options.seed,
        habits=None if options.habits is None else Habits.of(options.habits, recipe.network),
        direction=options.direction,
        strips=not (options.model or options.habits is not None),
        second=second,
    )
    how: dict[str, object] = {
        "recipe": recipe.as_dict(),
        "hypotheses": walker.walks,
        "refine": options.refine,
        **({} if options.habits is None else {"habits_sha256": sha256_of_pens(options.habits)}),
        **direction_of(pictures, options),
    }
    return Method(
        pictures,
        walker.block,
        {**attributes, **how},
        tells_confidence=calibration is not None,
        helpers=(WORDS, MANY_STROKES) if pictures.fine is not None else () if alone else (MANY_STROKES,),
    )


def refuse_strange_hands(pictures: ImageSet, habits: PenSet) -> None:
    """Raise `ConfigError` where habits are of several hands and nobody says which of them wrote the pictures."""
    hands = set(habits.writers)
    if len(hands) > 1 and pictures.writers is None:
        raise ConfigError(
            f"the habits are of {len(hands)} writers and the pictures have none; say who wrote each picture with "
            "--writers, or give drawings by one hand"
        )
    known = set(pictures.writers or ()) - {""}
    if known and "" not in hands and not known & hands:
        raise ConfigError(
            f"the pictures are by {', '.join(sorted(known)[:3])} and the habits by {', '.join(sorted(hands)[:3])}; "
            "expected a writer whom both have"
        )


def refuse_habits(options: Options) -> None:
    """Raise `ConfigError` where habits are given to a way that knows no hands."""
    if options.habits is not None:
        raise ConfigError("only pen networks take up a hand's habits; leave --habits out, or choose one of them")


def sha256_of_pens(pens: PenSet) -> str:
    """A checksum of recordings, their labels and writers."""
    digest = hashlib.sha256(repr((pens.names, pens.writers)).encode())
    for name in ("points", "stroke_offsets", "drawing_offsets"):
        digest.update(np.ascontiguousarray(getattr(pens.drawings, name)).tobytes())
    return digest.hexdigest()


def direction_of(pictures: ImageSet, options: Options) -> dict[str, str]:
    """The attribute that tells how pages were read, where there are any."""
    return {} if pictures.fine is None else {"direction": options.direction}


def model_for(pictures: ImageSet) -> str:
    """The shipped network that the labels ask for: of digits, of digits and letters, or of anything."""
    return model_of({pictures.classes[label] for label in np.unique(pictures.labels) if label >= 0})


def model_of(used: Collection[str]) -> str:
    """The shipped network that knows these labels: of digits, of digits and letters, or of anything."""
    if used and set(used) <= set(DIGITS):
        return "pen-digits"
    if used and all(len(name) == 1 and name.isascii() and name.isalnum() for name in used):
        return "pen-letters"
    return "pen-any"


def check_device(device: str) -> str:
    """`device` when torch has it. Raises `ConfigError` otherwise."""
    if device == "cpu" or (device.startswith("cuda") and torch.cuda.is_available()):
        return device
    raise ConfigError(
        f"there is no device {device!r} here; use cpu" + (" or cuda" if torch.cuda.is_available() else "")
    )
