"""Is a published dataset whole? Every file by its checksum, the card, the Croissant and the drawings by each other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from strokes.datasets.parquet_pictures import load_pyarrow
from strokes.errors import StoreError
from strokes.files import file_sha256
from strokes.publishing.croissant import NAME, files_of

CHECKSUMS = "checksums.sha256"
SUM = re.compile(r"([0-9a-f]{64})  (\S.*)")
LARGEST_TEXT = 64 << 20


def write_checksums(folder: Path) -> None:
    """Write `CHECKSUMS` into a folder, as `sha256sum` does: a line for every other file."""
    lines = [f"{file_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files_of(folder)]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def verify_published(folder: Path) -> int:
    """Check a published folder completely.

    Returns:
        how many drawings it holds.

    Raises:
        ConfigError: pyarrow is not installed.
        StoreError: a file is missing, added or changed, or two of them disagree; the message names it.
    """
    sums = read_checksums(folder)
    here = {path.relative_to(folder).as_posix() for path in files_of(folder)} - {CHECKSUMS}
    for name in sorted(set(sums) - here):
        raise StoreError(f"{folder} lacks {name}, which {CHECKSUMS} lists")
    for name in sorted(here - set(sums)):
        raise StoreError(f"{folder} has {name}, which {CHECKSUMS} doesn't list")
    for name, expected in sums.items():
        if file_sha256(folder / name) != expected:
            raise StoreError(f"{folder / name} was changed: its sha256 is not the one in {CHECKSUMS}")
    _check_croissant(folder, sums)
    return _check_splits(folder)


def read_checksums(folder: Path) -> dict[str, str]:
    """Each file's sha256. Raises `StoreError` when there are none."""
    path = folder / CHECKSUMS
    if not path.is_file() or path.stat().st_size > LARGEST_TEXT:
        raise StoreError(f"{folder} has no {CHECKSUMS}; expected a folder made by strokes publish")
    found = [SUM.fullmatch(line) for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    sums = {match[2]: match[1] for match in found if match}
    if len(sums) != len(found) or any(".." in Path(name).parts or name.startswith("/") for name in sums):
        raise StoreError(f"{path} is no list of checksums")
    return sums


def _check_croissant(folder: Path, sums: dict[str, str]) -> None:
    """Raise `StoreError` unless the Croissant tells every file's sha256, but its own."""
    try:
        described: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        told = {file["contentUrl"]: file["sha256"] for file in described["distribution"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{folder / NAME} can't be read: {error}") from None
    expected = {name: value for name, value in sums.items() if name != NAME}
    if told != expected:
        wrong = sorted({name for name in {*told, *expected} if told.get(name) != expected.get(name)})
        raise StoreError(f"{folder / NAME} tells another sha256 of {wrong[0]}")


def _check_splits(folder: Path) -> int:
    """How many drawings there are. Raises `StoreError` where the card tells other numbers."""
    pyarrow = load_pyarrow()
    card = (folder / "README.md").read_text(encoding="utf-8").partition("\n---\n")[0]
    told = {
        name: int(count) for name, count in re.findall(r"- name: (\w+)\n +num_bytes: \d+\n +num_examples: (\d+)", card)
    }
    counts: dict[str, int] = {}
    for path in sorted((folder / "data").glob("*.parquet")):
        try:
            rows = pyarrow.parquet.ParquetFile(path).metadata.num_rows
        except (OSError, pyarrow.ArrowException) as error:
            raise StoreError(f"{path} is no whole Parquet: {error}") from None
        name = path.name.partition("-")[0]
        counts[name] = counts.get(name, 0) + rows
    if counts != told:
        raise StoreError(f"{folder} holds {counts} drawings, and its card tells {told}")
    return sum(counts.values())
