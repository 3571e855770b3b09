"""The front door: pictures to pen strokes, and back to new handwriting, in a call each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from strokes import build, train_recipe
from strokes.datasets.choose import choose_pictures
from strokes.datasets.fetch import fetch
from strokes.datasets.given import Reading
from strokes.datasets.image_values import Picture, gather_grey, gather_images
from strokes.datasets.writers import FOLDER, PLACE
from strokes.errors import ConfigError
from strokes.evaluation import evaluate
from strokes.files.places import place_of
from strokes.formats import export, import_file
from strokes.formats.pens import load_pen_sets, load_pens
from strokes.generation.generator import RANDOMNESS
from strokes.generation.request import Wish, make_pictures, thinned
from strokes.ink.drawing import Drawing, DrawingSet, make_drawing_set
from strokes.ink.paper.polarity import check_ink
from strokes.ink.pictures import ImageSet
from strokes.ink.recordings import PenSet
from strokes.ink.rendering import centre_in_frame
from strokes.recovery.methods import Options, check_device

__all__ = ["build_dataset", "evaluate", "export", "import_file", "recover", "recover_many", "train", "write"]

Pictures = Path | str | Sequence[Picture] | NDArray[Any] | ImageSet | None
Taught = Path | str | Sequence[Drawing] | PenSet | None
OPTIONS_BY_METHOD = {
    "pointer": Options(),
    "published": Options(model="per-digit-samples"),
    "trace": Options(method="trace"),
}
"""Ways to recover strokes: a pen network that the labels choose, the post's best network, or tracing without any."""
FETCHED_PENS = "pendigits"


def recover(
    image: Picture,
    *,
    label: str | None = None,
    method: str = "pointer",
    seed: int = 0,
    ink: str = "auto",
    habits: Taught = None,
    writer: str = "",
) -> Drawing:
    """What the pen did to make one picture of handwriting.

    >>> import numpy as np, strokes
    >>> picture = np.full((60, 60), 255, np.uint8)  # white paper
    >>> picture[15:45, 28:32] = 0  # a line in black ink
    >>> drawing = strokes.recover(picture)
    >>> len(drawing.strokes), drawing.strokes[0].shape[1], drawing.flagged
    (1, 2, False)

    Args:
        image: an array (h, w), or (h, w, 3) or (h, w, 4) for RGB and RGBA, bool or numbers to 1, 16, 255 or
            more; a PIL image; or the path of a picture. Ink may be dark or light.
        label: the character, where it is known; None for any glyph, or a word.
        method: "pointer" for a pen network, "published" for a network that must know the digit, or "trace".
        seed: of the walks that are chosen from.
        ink: "dark" or "light", or "auto" for what the paper looks like.
        habits: drawings by the hand that wrote the picture, with their labels: a list of them, or the path of a file
            in any format that `import_file` reads. Those of the picture's label decide how it was written.
        writer: whose picture it is, where the habits are of several hands.

    Returns:
        the drawing, x and y in units of the picture's longer side; with its confidence, and flagged where doubtful.

    Raises:
        ShapeError: it is no picture.
        SourceError: the file can't be read.
        ConfigError: the method is unknown, or doesn't know the label.
    """
    labels, writers = None if label is None else [label], [writer] if writer else None
    return recover_many([image], labels, method=method, seed=seed, ink=ink, habits=habits, writers=writers)[0]


def recover_many(
    images: Pictures,
    labels: Sequence[Any] | None = None,
    *,
    method: str = "pointer",
    seed: int = 0,
    ink: str = "auto",
    habits: Taught = None,
    writers: Sequence[str] | str | None = None,
) -> DrawingSet:
    """What the pen did to make each of many pictures: as `recover` tells of one, but many times as fast.

    The same pictures in the same order give the same drawings, and those that `build_dataset` writes of them.

    >>> import strokes
    >>> with strokes.open_dataset("out/mnist-strokes.h5") as stored:
    ...     pictures = stored.read(range(3)).images
    >>> drawings = strokes.recover_many(pictures, labels=[5, 0, 4])
    >>> len(drawings), drawings[0].label, drawings.scores["confidence"].shape
    (3, '5', (3,))

    Args:
        images: each as `recover` takes it, such as an array (n, h, w); or a set that this package loaded; or the path
            or URL of an IDX file, an `.npz`, a picture, a folder of them, Parquet or tar shards.
        labels: one each: strings, None where unknown, or whole numbers, -1 where unknown.
        method: as for `recover`.
        seed: as for `recover`.
        ink: likewise; of all of them.
        habits: as for `recover`, of one or several hands; each picture goes by its own writer's.
        writers: one each, "" where unknown; of pictures at a path, what tells them, as `--writers` takes it: "folder",
            a pattern such as "{writer}-*.png", or a CSV file.

    Raises:
        ShapeError: one is no picture.
        SourceError: a file can't be read, or there aren't as many labels.
        ConfigError: the method is unknown, or doesn't know a label.
    """
    pictures = as_image_set(images, labels, ink=ink, writers=writers)
    return build.draw_pictures(pictures, options_of(method, seed=seed, habits=habits))


def build_dataset(
    images: Pictures,
    out: Path | str,
    *,
    labels: Sequence[Any] | Path | str | None = None,
    method: str = "pointer",
    seed: int = 0,
    ink: str = "auto",
    habits: Taught = None,
    writers: Sequence[str] | str | None = None,
    min_confidence: float = 0.0,
    overwrite: bool = False,
) -> int:
    """Recover pictures into a dataset file, which appears only when whole; a build that was broken off goes on.

    >>> import numpy as np, strokes
    >>> strokes.build_dataset(np.eye(28)[None], "out/line.h5", method="trace", overwrite=True)
    1

    Args:
        images: as for `recover_many`; None for all of the bundled thinned MNIST.
        out: the file to make (.h5).
        labels: as for `recover_many`; of an IDX file, the path of its labels.
        method: as for `recover`.
        seed: as for `recover`.
        ink: as for `recover_many`.
        habits: as for `recover_many`.
        writers: as for `recover_many`.
        min_confidence: leave drawings out that are less sure than this, 0 to 1.
        overwrite: replace an existing file.

    Returns:
        how many drawings the file holds.

    Raises:
        StoreError: `out` exists or can't be written.
        ShapeError, SourceError, ConfigError: as `recover_many`.
    """
    return build.build_dataset(
        as_image_set(images, labels, ink=ink, writers=writers),
        place_of(out),
        options=options_of(method, seed=seed, habits=habits),
        min_confidence=min_confidence,
        overwrite=overwrite,
    )


def train(
    recipe: str = "",
    out: Path | str | None = None,
    *,
    pens: Sequence[Path | str] = (),
    images: Sequence[str] = (),
    labels: Path | None = None,
    limit: int | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    device: str = "cpu",
    workers: int = 0,
    resume: bool = False,
    on_epoch: Callable[[int, dict[str, float]], None] | None = None,
) -> Path:
    """Train a stroke network or an image generator by a recipe, with a checkpoint an epoch.

    Without a name that is what `recover` takes for digits, the pen network `pen-digits`; then, without recordings,
    those of the UCI pen digits are fetched.

    >>> import strokes
    >>> strokes.train("single", "out/single", epochs=1, limit=200).name
    'checkpoint.safetensors'

    Args:
        recipe: a shipped recipe's name, or the path of a .toml file.
        out: a folder for checkpoints and logs; by default `runs/` and the recipe's name.
        pens: files of recordings for a pen recipe, in any format that `import_file` reads.
        images: names or paths of sets of pictures; by default MNIST's training digits.
        labels: the labels of an IDX file of pictures.
        limit: at most so many pictures of each set.
        epochs: instead of the recipe's.
        seed: instead of the recipe's.
        device: "cpu" or "cuda".
        workers: processes that make the examples ahead, for recipes whose examples are made; the result is the same.
        resume: go on from the checkpoint in `out`.
        on_epoch: called with each epoch and its mean losses.

    Returns:
        the checkpoint.

    Raises:
        ConfigError: the recipe is unknown, or what it learns from isn't given.
        SourceError: that can't be read or fetched.
        StoreError: `out` can't be written.
    """
    named = train_recipe.load_recipe(recipe or train_recipe.DEFAULT_RECIPE)
    chosen = train_recipe.adjusted(named, epochs=epochs, seed=seed)
    check_device(device)
    recordings = [Path(path) for path in pens] or ([] if recipe else [fetch(FETCHED_PENS)])
    return train_recipe.train(
        chosen,
        train_recipe.training_pictures(chosen, images, labels, limit=limit),
        Path("runs") / chosen.name if out is None else Path(out),
        pens=load_pen_sets(recordings) if recordings else None,
        device=device,
        workers=workers,
        resume=resume,
        on_epoch=on_epoch,
    )


def write(text: str, *, style: Any = None, randomness: float = RANDOMNESS, seed: int = 0) -> DrawingSet:
    """New handwriting: each character of a text as a drawing, white space left out.

    >>> import strokes
    >>> [drawing.label for drawing in strokes.write("4 2")]
    ['4', '2']

    Args:
        text: of digits and letters.
        style: a picture as `recover` takes it, or a list of them, or the path of a folder of them, whose style to take.
        randomness: 0 for always the same, 1 as varied as was learned.
        seed: of the pictures, and of the walks that are chosen from.

    Raises:
        ConfigError: no generator knows a character.
        ShapeError, SourceError: the style is no picture, or a blank one.
    """
    prompts = Path(style) if isinstance(style, str | Path) else None if style is None else gather_grey(style)
    made = make_pictures(Wish(text=text, style=prompts, randomness=randomness, seed=seed))
    return build.draw_pictures(thinned(made), Options(seed=seed))


def as_image_set(
    images: Pictures,
    labels: Sequence[Any] | Path | str | None = None,
    *,
    ink: str = "auto",
    writers: Sequence[str] | str | None = None,
) -> ImageSet:
    """Pictures, their labels and writers as a set, of the program or at a path.

    Raises:
        ConfigError: the labels are in another place than the pictures, or there is no such ink, or it is known already;
            or the writers' names can't be told so.
        ShapeError, SourceError: the pictures, or the labels, can't be used.
    """
    if writers is not None and not isinstance(writers, str):
        pictures = as_image_set(images, labels, ink=ink)
        return replace(pictures, writers=tuple(writers))
    if writers is not None and not isinstance(images, str | Path):
        raise ConfigError(
            f"{FOLDER}, {PLACE} and tables tell the writers of files; give the writers of these pictures as a list"
        )
    check_ink(ink)
    if ink != "auto" and (images is None or isinstance(images, ImageSet)):
        raise ConfigError(f"these pictures are ink already, so it can't be {ink}; leave ink out")
    if isinstance(images, ImageSet) and labels is None:
        return images
    if images is None or isinstance(images, str | Path):
        if labels is None or isinstance(labels, str | Path):
            return choose_pictures(images, labels, reading=Reading(ink=ink, writers=writers or ""))
    elif not isinstance(images, ImageSet) and not isinstance(labels, str | Path):
        return gather_images(images, labels, ink=ink)
    raise ConfigError("labels come as the pictures do: a list beside a list, a path beside a path, in a set none")


def options_of(method: str, *, seed: int, habits: Taught = None) -> Options:
    """How to recover by a method of `OPTIONS_BY_METHOD`. Raises `ConfigError` for another one."""
    if method not in OPTIONS_BY_METHOD:
        raise ConfigError(f"unknown method {method!r}; one of {', '.join(OPTIONS_BY_METHOD)}")
    return replace(OPTIONS_BY_METHOD[method], seed=seed, habits=as_pens(habits))


def as_pens(habits: Taught) -> PenSet | None:
    """Drawings in the frame, with their writers where a file tells them. Raises `SourceError`, `ShapeError`."""
    if habits is None or isinstance(habits, PenSet):
        return habits
    if isinstance(habits, str | Path):
        return load_pens(Path(habits))
    drawings = centre_in_frame(make_drawing_set(list(habits)))
    return PenSet(drawings, ("",) * len(drawings))
