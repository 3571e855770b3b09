"""The files of a report: its figures as JSON, and its page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from strokes.atomic import atomic_path, check_free


def check_outputs(*outputs: Path | None, overwrite: bool = False) -> None:
    """Raise `StoreError` unless each file that is to be written may be."""
    for out in outputs:
        if out is not None:
            check_free(out, overwrite=overwrite)


def write_outputs(
    figures: Mapping[str, Any],
    lines: Iterable[str],
    *,
    json_file: Path | None,
    page: Path | None,
    overwrite: bool = False,
) -> None:
    """Write figures as JSON, lines of HTML as a page, or both; each file appears only when whole.

    Raises:
        StoreError: one exists or can't be written.
    """
    if json_file is not None:
        with atomic_path(json_file, overwrite=overwrite) as partial:
            partial.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if page is not None:
        with atomic_path(page, overwrite=overwrite) as partial:
            partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
