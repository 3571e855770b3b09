"""Starts `strokes studio` as a command, and draws on its page."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SEVEN = [
    [(0.3, 0.25), (0.5, 0.24), (0.7, 0.25), (0.62, 0.4), (0.55, 0.55), (0.48, 0.7), (0.44, 0.85)],
    [(0.35, 0.55), (0.5, 0.54), (0.68, 0.53)],
]
"""A seven with a bar, in the canvas' unit square."""
SLOW_MS = 60_000
"""The first recovery of a machine compiles."""


@dataclass
class Running:
    """A studio that runs as a command."""

    process: subprocess.Popen
    address: str
    data: Path

    @property
    def origin(self) -> str:
        """Where it is, without the token."""
        return self.address.partition("/#")[0]

    @property
    def token(self) -> str:
        """Of this launch."""
        return self.address.partition("#token=")[2]

    def kill(self) -> None:
        """End it as nothing gentle does."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def launch(data: Path, *arguments: str) -> Running:
    """Start `strokes studio` over a folder and wait for its line."""
    code = "from strokes.cli import main; main()"
    command = [sys.executable, "-c", code, "studio", "--no-open", "--data", str(data), *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    line = process.stdout.readline()
    assert line.startswith("Studio: http://127.0.0.1:"), line
    return Running(process, line.split()[1], data)


def draw(page, canvas: str, strokes) -> None:
    """Draw strokes of the unit square on the canvas of that name, with the mouse."""
    box = page.get_by_role("img", name=canvas, exact=True).bounding_box()
    for stroke in strokes:
        for place, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if place == 0:
                page.mouse.down()
        page.mouse.up()


def go(page, tab: str) -> None:
    """Choose a tab of the page."""
    page.get_by_role("tab", name=tab, exact=True).click()
