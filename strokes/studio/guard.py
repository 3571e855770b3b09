"""What stands before every request: whom it was sent to, who sent it, how long it is, and what goes with the answer.

A page of another site can send requests to this machine, and by a name that it points here even read the answers: so
the Host must be one of the names that the studio goes by, and the Origin its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from strokes.studio.keys import Keys

NAMES = ("127.0.0.1", "localhost")
OPEN_METHODS = ("GET", "HEAD")
SUBPROTOCOL = "strokes-studio"
TOKEN_PREFIX = "token."
"""Before the token among a WebSocket's subprotocols, the only header that a page can set there."""


class Guard:
    """Lets through what this machine's own page asks.

    Args:
        app: what answers.
        port: that the studio listens on.
        keys: that open `/api` and `/socket`; the static page itself is no secret.
        body_bytes: the longest body of a request.
    """

    def __init__(self, app: ASGIApp, *, port: int, keys: Keys, body_bytes: int) -> None:
        self.app, self.keys, self.body_bytes = app, keys, body_bytes
        self.hosts = {f"{name}:{port}" for name in NAMES} | ({*NAMES} if port == 80 else set())
        self.origins = {f"http://{host}" for host in self.hosts}
        sockets = " ".join(sorted(f"ws://{host}" for host in self.hosts))
        self.headers = [(name.encode(), value.encode()) for name, value in response_headers(sockets)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = self.refusal(scope)
        if refusal is None:
            await self._pass(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            status, why = refusal
            await PlainTextResponse(why + "\n", status)(scope, receive, self._with_headers(send))

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """The status and the reason to refuse a request with; None to let it through."""
        if single(scope, b"host") not in self.hosts:
            return 421, "this is the studio of another name"
        origin = single(scope, b"origin")
        is_read = scope["type"] == "http" and scope["method"] in OPEN_METHODS
        if origin not in self.origins and not (is_read and not has(scope, b"origin")):
            return 403, "only the studio's own page may ask this"
        path = scope["path"]
        if (scope["type"] == "websocket" or path.startswith("/api")) and not self.keys.admits(shown_token(scope)):
            return 401, "this needs the token that the studio printed"
        length = single(scope, b"content-length") or "0"
        if not (length.isascii() and length.isdecimal() and len(length) < 15) or int(length) > self.body_bytes:
            return 413, f"a request may be {self.body_bytes} bytes long"
        return None

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.body_bytes:
                raise HTTPException(413, f"a request may be {self.body_bytes} bytes long")
            return message

        await self.app(scope, counted, self._with_headers(send))

    def _with_headers(self, send: Send) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *self.headers]}
            await send(message)

        return with_headers


def response_headers(sockets: str) -> Iterable[tuple[str, str]]:
    """Headers of every answer; the page runs what this server sent and nothing else, and talks to nobody else."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob:",
        "connect-src": f"'self' {sockets}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    yield "content-security-policy", "; ".join(f"{name} {value}" for name, value in policy.items())
    yield "x-content-type-options", "nosniff"
    yield "cache-control", "no-store"
    yield "referrer-policy", "no-referrer"
    yield "cross-origin-opener-policy", "same-origin"
    yield "cross-origin-resource-policy", "same-origin"


def has(scope: Scope, name: bytes) -> bool:
    """Whether a request has a header."""
    return any(key == name for key, _ in scope["headers"])


def single(scope: Scope, name: bytes) -> str | None:
    """The value of a header that is there once; None for none or several."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None


def shown_token(scope: Scope) -> str:
    """The token that a request shows: a bearer's, or among a WebSocket's subprotocols; "" for none."""
    if scope["type"] == "websocket":
        offered = (name for name in scope.get("subprotocols", ()) if name.startswith(TOKEN_PREFIX))
        return str(next(offered, "")).removeprefix(TOKEN_PREFIX)
    kind, _, token = (single(scope, b"authorization") or "").partition(" ")
    return token if kind.lower() == "bearer" else ""
