"""Starts the studio on this machine alone, says where it is, and opens it."""

from __future__ import annotations

import json
import socket
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import torch
import uvicorn

from strokes.errors import ConfigError, StoreError
from strokes.files import atomic_path, reason
from strokes.studio import limits
from strokes.studio.app import make_app
from strokes.studio.studio import Studio

ADDRESS = "127.0.0.1"
REMEMBERED = "studio.json"
"""In the data folder: the port of the last launch, which is taken again so that open pages find the studio."""


def serve(files: Sequence[Path], *, port: int = 0, data: Path | None = None, open_browser: bool = True) -> None:
    """Serve the studio until it is interrupted.

    Args:
        files: datasets to browse.
        port: to listen on; 0 for that of the last launch, or any that is free.
        data: the folder for samples and models; by default one of the user's.
        open_browser: open the page.

    Raises:
        ConfigError: the port can't be had, or a file isn't there.
        StoreError: the folder can't be used.
    """
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise ConfigError(f"there is no file {missing[0]}; give datasets made by strokes build-dataset")
    folder = data if data is not None else default_data()
    studio = Studio.over(folder.resolve(), tuple(path.resolve() for path in files))
    torch.set_num_threads(1)
    listening = listen(port, remembered_port(folder))
    taken = listening.getsockname()[1]
    remember_port(folder, taken)
    config = uvicorn.Config(
        make_app(studio, port=taken),
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=limits.FRAME_BYTES,
        ws_per_message_deflate=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        limit_concurrency=4 * limits.CONNECTIONS,
    )
    address = f"http://{ADDRESS}:{taken}/#token={studio.keys.token}"
    print(f"Studio: {address}", flush=True)
    if open_browser:
        with suppress(webbrowser.Error):
            webbrowser.open(address)
    uvicorn.Server(config).run(sockets=[listening])


def default_data() -> Path:
    """The user's own folder for the studio."""
    from platformdirs import user_data_path

    return user_data_path("penstrokes") / "studio"


def listen(port: int, remembered: int) -> socket.socket:
    """A socket on the loopback address. Raises `ConfigError` when the port can't be had."""
    wished = [port] if port else [*([remembered] if remembered else []), 0]
    for candidate in wished:
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((ADDRESS, candidate))
            listening.listen(128)
            return listening
        except (OSError, OverflowError) as error:
            listening.close()
            last = error
    raise ConfigError(f"port {port} can't be had ({reason(last)}); choose another --port") from None


def remembered_port(data: Path) -> int:
    """The port of the last launch over a data folder, 0 where there was none."""
    try:
        port = json.loads((data / REMEMBERED).read_text(encoding="utf-8"))["port"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return port if type(port) is int and 0 < port < 65536 else 0


def remember_port(data: Path, port: int) -> None:
    """Note the port for the next launch; a folder that refuses it is no matter."""
    with suppress(StoreError), atomic_path(data / REMEMBERED, overwrite=True) as partial:
        partial.write_text(json.dumps({"port": port}) + "\n", encoding="utf-8")
