"""One page's WebSocket: each message is answered on its own, and a broken one disturbs no other.

A page sends `{"id": 7, "do": "draw", …}` and gets any number of `{"id": 7, "progress": …}`, then `{"id": 7, "done": …}`
or `{"id": 7, "error": "…"}`; bytes begin with the id as a float64. `{"do": "cancel", "of": 7}` ends what 7 began.
"""

from __future__ import annotations

import asyncio
import json
import struct
import traceback
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from strokes.errors import StrokesError
from strokes.studio import limits
from strokes.studio.actions import ACTIONS
from strokes.studio.guard import SUBPROTOCOL
from strokes.studio.messages import MessageError, explain, parse_message, whole_of
from strokes.studio.studio import Studio


class Page:
    """A page that is connected."""

    def __init__(self, studio: Studio, socket: WebSocket) -> None:
        self.studio, self.socket = studio, socket
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(limits.WAITING_MESSAGES)
        self._sending = asyncio.Lock()

    async def serve(self) -> None:
        """Answer until the page goes; then end what it began."""
        await self.socket.accept(subprotocol=SUBPROTOCOL)
        await self._send({"hello": {"key": self.studio.keys.give()}})
        warming = asyncio.ensure_future(self.studio.warm_up())
        try:
            while True:
                await self._room.acquire()
                self._take(await self._next_text())
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            warming.add_done_callback(lambda done: done.cancelled() or done.exception())
            for task in list(self._tasks.values()):
                task.cancel()

    async def _next_text(self) -> str | None:
        """The next message, None when it is bytes."""
        message = await self.socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        text: str | None = message.get("text")
        return text

    def _take(self, text: str | None) -> None:
        number = None
        try:
            if text is None:
                raise MessageError("the message is bytes; expected JSON")
            message = parse_message(text)
            number = message["id"]
            if number in self._tasks:
                raise MessageError("there is work of that `id`")
            if message["do"] == "cancel":
                self._cancel(message)
                return
            if message["do"] not in ACTIONS:
                raise MessageError(f"the studio can't do {message['do'][: limits.NAME_LETTERS]!r}")
        except MessageError as error:
            self._soon({"id": number, "error": str(error)})
            return
        task = asyncio.ensure_future(self._answer(number, message))
        self._tasks[number] = task
        task.add_done_callback(lambda _: self._finish(number))

    def _finish(self, number: int) -> None:
        self._tasks.pop(number, None)
        self._room.release()

    def _soon(self, answer: dict[str, Any]) -> None:
        task = asyncio.ensure_future(self._send(answer))
        task.add_done_callback(lambda _: self._room.release())

    def _cancel(self, message: dict[str, Any]) -> None:
        of = whole_of(message, "of", least=0, most=2**53)
        task = self._tasks.get(of)
        if task is not None:
            task.cancel()
        self._soon({"id": message["id"], "done": {"cancelled": task is not None}})

    async def _answer(self, number: int, message: dict[str, Any]) -> None:
        progress: set[asyncio.Future[None]] = set()

        def tell(what: dict[str, Any]) -> None:
            sent = asyncio.ensure_future(self._send({"id": number, "progress": what}))
            progress.add(sent)
            sent.add_done_callback(progress.discard)

        try:
            done = await ACTIONS[message["do"]](self.studio, message, tell)
            answer = (
                struct.pack("<d", number) + done if isinstance(done, bytes) else encode({"id": number, "done": done})
            )
        except StrokesError as error:
            await self._send({"id": number, "error": explain(error)})
        except asyncio.CancelledError:
            await self._send({"id": number, "error": "cancelled", "cancelled": True})
        except Exception as error:
            traceback.print_exc()
            await self._send({"id": number, "error": explain(error)})
        else:
            if progress:
                await asyncio.wait(progress)
            await self._send(answer)

    async def _send(self, answer: dict[str, Any] | str | bytes) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            async with self._sending:
                if isinstance(answer, bytes):
                    await self.socket.send_bytes(answer)
                else:
                    await self.socket.send_text(answer if isinstance(answer, str) else encode(answer))


def encode(answer: dict[str, Any]) -> str:
    """An answer as JSON. Raises `ValueError` where it holds what JSON doesn't, such as NaN."""
    return json.dumps(answer, allow_nan=False, separators=(",", ":"))
