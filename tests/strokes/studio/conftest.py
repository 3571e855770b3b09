"""A studio to ask: in this process for its protocol, as a command of its own for browsers and kills."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from strokes.studio.app import make_app
from strokes.studio.studio import Studio

PORT = 8765
ADDRESS = f"http://127.0.0.1:{PORT}"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
SEVEN = [
    [(0.3, 0.25), (0.5, 0.24), (0.7, 0.25), (0.62, 0.4), (0.55, 0.55), (0.48, 0.7), (0.44, 0.85)],
    [(0.35, 0.55), (0.5, 0.54), (0.68, 0.53)],
]
"""A seven with a bar, in the canvas' unit square."""


def pytest_terminal_summary(terminalreporter):
    """Say once that the browser's tests were skipped."""
    if CHROMIUM is None:
        terminalreporter.write_line("the studio's tests in a browser were skipped: chromium is not installed")


@pytest.fixture
def studio(tmp_path) -> Iterator[Studio]:
    """A studio over an empty folder."""
    made = Studio.over(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def client(studio) -> TestClient:
    """Asks the studio's application, with its token, as its own page would."""
    headers = {"authorization": f"Bearer {studio.keys.token}", "origin": ADDRESS}
    return TestClient(make_app(studio, port=PORT), base_url=ADDRESS, headers=headers)


@pytest.fixture
def page(client, studio) -> Iterator[Callable[..., dict]]:
    """Sends a message along a WebSocket; its answer, progress left out."""
    protocols = ["strokes-studio", f"token.{studio.keys.token}"]
    with client.websocket_connect(f"ws://127.0.0.1:{PORT}/socket", subprotocols=protocols) as socket:
        assert "key" in socket.receive_json()["hello"]

        def ask(what: str, **fields: object) -> dict:
            ask.number += 1
            socket.send_text(json.dumps({"id": ask.number, "do": what, **fields}))
            while True:
                answer = socket.receive()
                if "bytes" in answer and answer["bytes"] is not None:
                    return {"bytes": answer["bytes"][8:]}
                found = json.loads(answer["text"])
                if found.get("id") == ask.number and "progress" not in found:
                    return found

        ask.number = 0
        ask.socket = socket
        yield ask


@dataclass
class Running:
    """A studio that runs as a command."""

    process: subprocess.Popen
    address: str
    data: Path

    @property
    def origin(self) -> str:
        return self.address.partition("/#")[0]

    @property
    def token(self) -> str:
        return self.address.partition("#token=")[2]


def launch(data: Path, *arguments: str) -> Running:
    """Start `strokes studio` over a folder and wait for its line."""
    code = "from strokes.cli import main; main()"
    command = [sys.executable, "-c", code, "studio", "--no-open", "--data", str(data), *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    line = process.stdout.readline()
    assert line.startswith("Studio: http://127.0.0.1:"), line
    return Running(process, line.split()[1], data)


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Starts studios, and ends them after the test."""
    running = []

    def run(data: Path, *arguments: str) -> Running:
        running.append(launch(data, *arguments))
        return running[-1]

    yield run
    for one in running:
        one.process.kill()
        one.process.wait()
        one.process.stdout.close()


@pytest.fixture(scope="session")
def browser():
    """Chromium; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


def draw(page, canvas: str, strokes) -> None:
    """Draw strokes of the unit square on the canvas of that name, with the mouse."""
    box = page.get_by_role("img", name=canvas, exact=True).bounding_box()
    for stroke in strokes:
        for place, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if place == 0:
                page.mouse.down()
        page.mouse.up()
