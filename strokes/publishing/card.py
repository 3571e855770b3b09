"""The card of a published dataset: README.md, as Hugging Face shows it, with tables, figures and a citation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from strokes.evaluation.report import Report
from strokes.evaluation.svg import draw_histogram
from strokes.formats.parquet import Part, card_of, one_line
from strokes.publishing.shows import FILM, SHEET
from strokes.store.reader import DatasetFile

HISTOGRAM = "confidence.svg"
TOLD = (
    "source",
    "source_url",
    "model",
    "model_sha256",
    "method",
    "hypotheses",
    "refine",
    "min_confidence",
    "seed",
    "job",
)
MOST_CLASSES = 200


@dataclass(frozen=True)
class About:
    """What is said of a dataset: its title, licence, authors, address, and the names of its file and its folder."""

    title: str
    licence: str
    authors: str
    url: str
    dataset: str
    out: str

    @property
    def command(self) -> str:
        """The command that makes the folder."""
        return f"strokes publish {self.dataset} {self.out}"

    @property
    def citation(self) -> str:
        """A BibTeX entry."""
        key = re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-") or "strokes"
        address = f",\n  url = {{{self.url}}}" if self.url else ""
        return f"@misc{{{key},\n  title = {{{self.title}}},\n  author = {{{self.authors}}}{address}\n}}"


def write_card(stored: DatasetFile, parts: list[Part], folder: Path, about: About, report: Report | None) -> None:
    """Write README.md and its histogram into a folder."""
    confidence = stored.column("scores/confidence") if "confidence" in stored.score_names else np.zeros(0)
    drawn = draw_histogram(confidence, span=(0.0, 1.0))
    if drawn:
        style = "<style>.bar{fill:#2563eb}.label,text{font:11px sans-serif;fill:#555}</style>"
        head, _, rest = drawn.partition(">")
        named = head if "xmlns" in head else head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        (folder / HISTOGRAM).write_text(f"{named}>{style}{rest}", encoding="utf-8")
    yaml = card_of(stored, parts, folder, pretty_name=about.title)
    body = "\n".join(body_of(stored, parts, folder, about, report))
    (folder / "README.md").write_text(f"---\n{yaml}\n---\n\n{body}\n", encoding="utf-8")


def body_of(stored: DatasetFile, parts: list[Part], folder: Path, about: About, report: Report | None) -> Iterator[str]:
    """The lines that a person reads."""
    yield f"# {about.title}\n"
    yield (
        f"{len(stored):,} drawings of handwriting as the pen made them: strokes in writing order, each a list of "
        "points in the pen's direction.\n"
    )
    if (folder / FILM).exists():
        yield f"![The pen at work]({FILM})\n\n![Drawings, a class a row]({SHEET})\n"
    yield "## What is in it\n"
    yield from markdown_table(
        ["split", "drawings", "files"], [[p.name, f"{p.count:,}", str(len(p.files))] for p in parts]
    )
    yield "\n`drawing` is a list of strokes `{x, y, t}`: x right, y down, the picture's longer side is 1; t in ms,"
    yield "empty where nobody knows it. `picture` is what was read, or the strokes drawn. `width` and `height` are the"
    yield "picture's sides, `source_index` its place in the source. `flagged` drawings are doubtful.\n"
    yield '```python\nfrom datasets import load_dataset\n\nloaded = load_dataset("PATH/OF/THIS/FOLDER")\n'
    yield 'print(loaded["train"][0]["drawing"])\n```\n'
    yield "## Classes\n"
    yield from classes_of(stored)
    if (folder / HISTOGRAM).exists():
        yield "\n## Confidence\n\nHow sure each drawing is of its order and direction, 0 to 1, as its network told.\n"
        yield f"![How often each confidence occurs]({HISTOGRAM})\n"
    if report is not None:
        yield "\n## Figures\n\nDrawings judged by the pictures that they were read from (`strokes evaluate`).\n"
        yield f"```\n{report.as_text()}\n```\n"
    yield "## Where it comes from\n"
    yield from markdown_table(["", ""], told_of(stored, about))
    yield f"\n## Licence\n\n{about.licence}\n\n## Citation\n\n```bibtex\n{about.citation}\n```\n"
    yield "## Checking it\n\n`checksums.sha256` lists every file, `croissant.json` describes the data for machines: "
    yield f"`strokes verify {about.out}`."


def classes_of(stored: DatasetFile) -> Iterator[str]:
    """A table of classes: drawings, mean strokes, points and confidence, and how many are doubtful."""
    labels, strokes = stored.column("labels"), stored.column("drawing_offsets")
    points = np.diff(stored.column("stroke_offsets")[strokes])
    sure = stored.column("scores/confidence") if "confidence" in stored.score_names else None
    flagged = stored.column("flagged").astype(bool)
    rows = []
    for number, name in [*enumerate(stored.classes), (-1, "unknown")][: MOST_CLASSES + 1]:
        own = labels == number
        if own.any():
            row = [f"`{one_line(name)}`", f"{own.sum():,}", f"{np.diff(strokes)[own].mean():.2f}"]
            row += [f"{points[own].mean():.1f}", f"{flagged[own].sum():,}"]
            rows.append(row + ([] if sure is None else [f"{np.nanmean(sure[own]):.3f}"]))
    head = ["class", "drawings", "strokes", "points", "doubtful", *([] if sure is None else ["confidence"])]
    yield from markdown_table(head, rows)


def told_of(stored: DatasetFile, about: About) -> list[list[str]]:
    """What the file says of how it was made."""
    rows = [[name, f"`{one_line(stored.attributes[name])[:200]}`"] for name in TOLD if name in stored.attributes]
    return [*rows, ["format", f"`{stored.attributes['version']}`"], ["command", f"`{about.command}`"]]


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, after the empty line that it needs; bars inside of cells are escaped."""
    yield ""
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
