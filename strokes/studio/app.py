"""The web application: the static page, one WebSocket, pictures in and files out."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from strokes.studio import limits
from strokes.studio.connection import Page
from strokes.studio.guard import Guard
from strokes.studio.recover_tab import PICTURE
from strokes.studio.studio import Studio

TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}


def make_app(studio: Studio, *, port: int) -> ASGIApp:
    """The application for a studio that listens on `port`."""
    static = load_static()
    connected: set[Page] = set()

    async def page(request: Request) -> Response:
        name = request.path_params.get("name") or "index.html"
        if name not in static:
            return PlainTextResponse("there is nothing of that name\n", 404)
        content, kind = static[name]
        return Response(content, media_type=kind)

    async def socket(websocket: WebSocket) -> None:
        if len(connected) >= limits.CONNECTIONS:
            await websocket.close(1013)
            return
        one = Page(studio, websocket)
        connected.add(one)
        try:
            await one.serve()
        finally:
            connected.discard(one)

    async def take_picture(request: Request) -> Response:
        identifier, path = studio.shelf.place(PICTURE)
        with path.open("wb") as file:
            async for piece in request.stream():
                file.write(piece)
        return JSONResponse({"picture": identifier})

    async def give_file(request: Request) -> Response:
        kept = studio.shelf.find(request.path_params["identifier"])
        if kept is None:
            return PlainTextResponse("that file is gone; make it again\n", 404)
        return FileResponse(kept.path, filename=kept.name, media_type=mimetypes.guess_type(kept.name)[0])

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        studio.close()

    routes = [
        WebSocketRoute("/socket", socket),
        Route("/api/pictures", take_picture, methods=["POST"]),
        Route("/api/files/{identifier}", give_file),
        Route("/", page),
        Route("/{name}", page),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    return Guard(app, port=port, keys=studio.keys, body_bytes=limits.PICTURE_BYTES)


def load_static() -> Mapping[str, tuple[bytes, str]]:
    """The page's files by name, and their types; nothing else is ever served from the disk."""
    found = {}
    for entry in files("strokes.studio").joinpath("static").iterdir():
        kind = TYPES.get("." + entry.name.rpartition(".")[2])
        if kind is not None:
            found[entry.name] = (entry.read_bytes(), kind)
    return found
