"""Films of the pen at work: GIF, APNG, WebP, MP4 and animated SVG, of one drawing, of a sheet of them, or one each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from strokes.errors import ConfigError
from strokes.files import atomic_folder, atomic_path, check_free, check_free_folder
from strokes.formats.films.encoding import ENCODERS, find_encoder
from strokes.formats.films.frames import Scene
from strokes.formats.films.moving_svg import write_moving_svg
from strokes.formats.films.settings import FilmSettings
from strokes.formats.glyphs import Glyph, glyphs_of
from strokes.ink.drawing import BoolArray
from strokes.store.reader import open_dataset

__all__ = ["ENDINGS", "FilmSettings", "animate", "parse_numbers"]

ENDINGS = (*ENCODERS, ".svg")
FIRST = 10
"""How many drawings are shown where none are named."""
MOST_DRAWINGS = 2000


def animate(
    dataset: Path,
    out: Path,
    drawings: str = "",
    *,
    format: str = "",
    settings: FilmSettings | None = None,
    overwrite: bool = False,
) -> int:
    """Write a film of some drawings of a dataset file, or a film of each into a folder.

    Args:
        dataset: the file.
        out: a film by its ending, one of `ENDINGS`; any other name is a folder to make, with a film each, named by
            label and place in the source.
        drawings: which, such as "0-9,42"; "" for the first ten.
        format: of the films in a folder: gif, apng, webp, mp4 or svg; "" for gif.
        settings: how films look.
        overwrite: replace an existing file, or a folder of films.

    Returns:
        how many drawings are shown.

    Raises:
        ConfigError: the drawings are no numbers, beyond the file's end or too many, or a package is missing.
        SourceError: a background can't be read.
        StoreError: the dataset can't be read, or `out` exists or can't be written.
    """
    chosen = settings or FilmSettings()
    ending = out.suffix.lower()
    alone = ending in ENDINGS
    if alone:
        check_free(out, overwrite=overwrite)
    elif f".{format or 'gif'}" not in ENDINGS:
        raise ConfigError(f"unknown kind of film {format!r}; one of {', '.join(name[1:] for name in ENDINGS)}")
    else:
        check_free_folder(out, overwrite=overwrite)
    with open_dataset(dataset) as stored:
        indices = choose(drawings, len(stored), str(dataset))
        block = stored.read(indices)
    found = list(glyphs_of(block, indices))
    pictures: Sequence[BoolArray | None] = [None] * len(found) if block.images is None else list(block.images)
    if alone:
        with atomic_path(out, overwrite=overwrite) as partial:
            write_film(found, pictures, partial, ending, chosen)
        return len(found)
    ending = f".{format or 'gif'}"
    with atomic_folder(out, overwrite=overwrite) as folder:
        for glyph, picture in zip(found, pictures, strict=True):
            write_film([glyph], [picture], folder / f"{film_name(glyph)}{ending}", ending, chosen)
    return len(found)


def write_film(
    found: Sequence[Glyph], pictures: Sequence[BoolArray | None], path: Path, ending: str, settings: FilmSettings
) -> None:
    """Write one film of drawings and, where they are known, their thinned pictures (h, w)."""
    scene = Scene(found, pictures, settings)
    if ending == ".svg":
        write_moving_svg(scene, path)
    else:
        find_encoder(ending)(scene, path)


def film_name(glyph: Glyph) -> str:
    """A file's name: the label, the picture's file where it is known, and the place in the source."""
    file = Path(str(glyph.metadata.get("file", ""))).stem
    parts = (glyph.label or "unlabelled", file, str(glyph.source_index))
    return "-".join(re.sub(r"[^\w.-]", "_", part)[:60] for part in parts if part) + f"-{glyph.number}" * (
        glyph.number != glyph.source_index
    )


def choose(text: str, count: int, dataset: str) -> list[int]:
    """The drawings that are named, or the first ten. Raises `ConfigError` for what isn't there."""
    chosen = parse_numbers(text) if text else list(range(min(FIRST, count)))
    beyond = [i for i in chosen if i >= count]
    if beyond:
        raise ConfigError(f"there is no drawing {beyond[0]}; {dataset} holds 0 to {count - 1}")
    if not 1 <= len(chosen) <= MOST_DRAWINGS:
        raise ConfigError(f"{len(chosen)} drawings are chosen; a film shows 1 to {MOST_DRAWINGS}")
    return chosen


def parse_numbers(text: str) -> list[int]:
    """Whole numbers from text such as "0-9,42". Raises `ConfigError` for anything else, and names it."""
    numbers: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or len(part) > 20:
            raise ConfigError(f"{part!r} names no drawings; expected something like 0-9,42")
        if dash and int(last) < int(first):
            raise ConfigError(f"the range {part.strip()!r} ends before it begins; expected {last}-{first}")
        numbers += range(int(first), min(int(last or first), int(first) + MOST_DRAWINGS) + 1)
    return numbers
