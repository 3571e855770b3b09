"""UCI's pen digits as recorded: `pendigits-orig.tra` and `.tes`, also gzipped (https://doi.org/10.24432/C5MG6K).

UNIPEN's keywords, with `.COMMENT digit writer sample` after each segment; a tablet of 500 units, y up. The writers of
the two files are different people: they become "train-12" and "test-3".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from strokes.formats.recording import Recording
from strokes.formats.text_files import files_in
from strokes.formats.unipen import Units, read_segments

DIGITS = tuple("0123456789")
PENDIGITS_ENDINGS = (".tra", ".tes", ".tra.gz", ".tes.gz")


def read(path: Path) -> Iterator[Recording]:
    """The digits of one of the two files, or of those in a folder. Raises `SourceError` where one is broken."""
    for file in files_in(path, "pendigits-orig.t*"):
        if file == path or file.name.lower().endswith(PENDIGITS_ENDINGS):
            yield from read_pendigits_file(file)


def read_pendigits_file(path: Path) -> Iterator[Recording]:
    """The digits of one file. Raises `SourceError` where it is broken."""
    name = path.name.lower().removesuffix(".gz")
    split = {".tra": "train", ".tes": "test"}.get(name[-4:], "none")
    for segment, table, lengths, _ in read_segments(path, Units()):
        comment = segment.comments[0].split() if segment.comments else []
        writer = comment[1] if len(comment) == 3 and comment[1].isdigit() else None
        yield Recording(
            table[:, :2] * (1, -1),
            lengths,
            label=segment.label or None,
            split=split,
            metadata={} if writer is None else {"writer": f"{split}-{writer}", "sample": comment[2]},
        )


def classes_of(path: Path) -> tuple[str, ...]:
    """The ten digits."""
    return DIGITS
