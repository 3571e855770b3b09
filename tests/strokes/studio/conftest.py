"""A studio to ask: in this process for its protocol, as a command of its own for browsers and kills."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient
from studio_page import ARGUMENTS, CHROMIUM, Running, launch

from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.store.writer import DatasetWriter
from strokes.studio.app import make_app
from strokes.studio.studio import Studio

PORT = 8765
ADDRESS = f"http://127.0.0.1:{PORT}"


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
def ask(client, studio) -> Iterator[Callable[..., dict]]:
    """Sends a message along a WebSocket; its answer, progress left out."""
    protocols = ["strokes-studio", f"token.{studio.keys.token}"]
    with client.websocket_connect(f"ws://127.0.0.1:{PORT}/socket", subprotocols=protocols) as socket:
        assert "key" in socket.receive_json()["hello"]

        def send(what: str, **fields: object) -> dict:
            send.number += 1
            socket.send_text(json.dumps({"id": send.number, "do": what, **fields}))
            while True:
                answer = socket.receive()
                if "bytes" in answer and answer["bytes"] is not None:
                    return {"bytes": answer["bytes"][8:]}
                found = json.loads(answer["text"])
                if found.get("id") == send.number and "progress" not in found:
                    return found

        send.number = 0
        send.socket = socket
        yield send


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Starts studios, and ends them after the test."""
    running = []

    def run(data: Path, *arguments: str) -> Running:
        running.append(launch(data, *arguments))
        return running[-1]

    yield run
    for one in running:
        one.kill()


@pytest.fixture(scope="session")
def browser():
    """Chromium; the test is skipped where there is none."""
    if CHROMIUM is None:
        assert os.environ.get("STROKES_BROWSER") != "required", "chromium is not installed, and its tests are required"
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A studio with a dataset of 2,000 lines to browse."""
    folder = tmp_path_factory.mktemp("studio")
    lines = [Drawing((np.array([[0.2, 0.2], [0.8, i / 2000]], np.float32),), "ab"[i % 2]) for i in range(2000)]
    with DatasetWriter(folder / "lines.h5", attributes={"source": "lines"}, classes=("a", "b")) as writer:
        writer.append(make_drawing_set(lines, scores={"confidence": np.linspace(1, 0, 2000, dtype=np.float32)}))
    one = launch(folder / "data", str(folder / "lines.h5"))
    yield one
    one.kill()


@pytest.fixture
def page(browser, running):
    """The studio's page; nothing of it may go wrong unnoticed."""
    made = browser.new_page(viewport={"width": 1280, "height": 900})
    faults = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    made.goto(running.address)
    expect(made.get_by_role("status", name="Connection")).to_have_text("on this machine only")
    yield made
    made.close()
    assert faults == []
