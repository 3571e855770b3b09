"""A studio to ask: in this process for its protocol, as a command of its own for browsers and kills."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from studio_page import ARGUMENTS, CHROMIUM, Running, launch

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
