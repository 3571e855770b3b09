"""What the scripts that show and measure share: fragments of the docs' pages, tables, the machine's description."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
CURIOSITIES = DOCS / "curiosities.md"


def write_fragment(page: Path, name: str, text: str) -> None:
    """Put `text` between the markers `<!-- name:begin -->` and `<!-- name:end -->` of a Markdown page."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    whole = page.read_text(encoding="utf-8")
    found = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(found.findall(whole)) != 1:
        sys.exit(f"{page} should hold the markers {begin} and {end} once; put them where the figures belong")
    page.write_text(found.sub(lambda _: f"{begin}\n\n{text.strip()}\n\n{end}", whole), encoding="utf-8")


def read_rows(page: Path, name: str) -> list[list[str]]:
    """The cells of the rows, without the head, of the table that `write_fragment` put there; none without one."""
    _, begun, rest = page.read_text(encoding="utf-8").partition(f"<!-- {name}:begin -->")
    lines = [line for line in rest.partition(f"<!-- {name}:end -->")[0].splitlines() if line.startswith("| ")]
    return [line.strip("| ").split(" | ") for line in lines[2:]] if begun else []


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def machine() -> str:
    """What a figure was measured on: processor, cores, torch, and how busy it was."""
    name, facts = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if facts.exists():
        models = [line for line in facts.read_text().splitlines() if line.startswith("model name")]
        name = models[0].partition(":")[2].strip() if models else name
    return (
        f"{name} ({platform.machine()}), {os.cpu_count()} cores; Python {platform.python_version()}, "
        f"torch {version('torch')}; load average {os.getloadavg()[0]:.1f} before the first measurement"
    )
