"""The pen sets that pen networks are trained and measured on, as files of one folder.

`glyph-strokes.npz` is made by `scripts/release/make_glyph_strokes`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from strokes.evaluation import choose_pens
from strokes.formats.pens import load_pens
from strokes.ink.recordings import Part, PenSet, to_choose_by

FILES = {
    "pendigits": "pendigits-train.npz",
    "UNIPEN digits": "unipen-digits-dev.npz",
    "UNIPEN capitals": "unipen-upper-dev.npz",
    "UNIPEN lower case": "unipen-lower-dev.npz",
    "UNIPEN symbols": "unipen-symbols-dev.npz",
    "alphabets": "omniglot-dev.npz",
    "characters": "glyph-strokes.npz",
}
DIGITS = ("pendigits", "UNIPEN digits")
LETTERS = ("UNIPEN capitals", "UNIPEN lower case")
TAUGHT = {"pen-digits": DIGITS, "pen-letters": (*DIGITS, *LETTERS), "pen-any": tuple(FILES)}
"""What each recipe of pens learns from."""
CAPITALS = (*DIGITS, "UNIPEN capitals")
GENERATED = {"cvae-capitals": CAPITALS, "sharp-cvae-capitals": CAPITALS, "cvae-letters": (*DIGITS, *LETTERS)}
GENERATED |= {"conditional-gan-letters": (*DIGITS, *LETTERS)}
"""What pictures are rendered from, for the generators that need it."""


def paths_of(names: tuple[str, ...], folder: Path) -> list[Path]:
    """The files of pen sets. Ends the program when one is missing."""
    paths = [folder / FILES[name] for name in names]
    for path in paths:
        if not path.exists():
            sys.exit(f"{path} is missing; give a folder with {', '.join(FILES.values())} by --data")
    return paths


def held_out_pens(
    name: str, folder: Path, *, part: Part = "all", per_writer: int = 20, limit: int | None = None
) -> PenSet:
    """Recordings of one set by writers, or of alphabets, that no network has seen: all, or one half of those.

    Of `CHARACTER_SETS`, whose writers have a drawing a character, all are taken.
    """
    pens = load_pens(paths_of((name,), folder)[0])
    if part != "all":
        pens = pens.select(np.flatnonzero(to_choose_by(pens.writers, pens.names) == (part == "choose")))
    return choose_pens(pens, held_out=True, per_writer=0 if name == "characters" else per_writer, limit=limit)
