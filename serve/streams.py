"""WebSockets: so many at once, and so many of one client; closed with a word when the server ends."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from fastapi import WebSocket
from pydantic import BaseModel
from starlette.websockets import WebSocketDisconnect

from serve.clients import Places, client_of
from serve.config import ServeConfig

NORMAL, GOING_AWAY, TRY_AGAIN_LATER, NO_SUCH_GAME = 1000, 1001, 1013, 4404
"""Codes that connections are closed with (RFC 6455 and its registry; from 4000 on they are our own)."""

Talk = Coroutine[Any, Any, int]  # Any: what a coroutine yields to the loop
"""A conversation; it returns the code to close the connection with."""


class Streams:
    """The connections of one server."""

    def __init__(self, config: ServeConfig) -> None:
        self._places = Places(config.max_streams, all_for_local=config.is_generous)
        self._open: set[asyncio.Task[int]] = set()
        self._closing = False
        self._empty = asyncio.Event()

    def __len__(self) -> int:
        return len(self._open)

    async def serve(self, socket: WebSocket, talk: Callable[[], Talk]) -> None:
        """Accepts a connection and keeps it while `talk` goes on, the client stays and the server lives."""
        await socket.accept()
        client = client_of(socket)
        if self._closing or not self._places.take(client):
            await socket.close(TRY_AGAIN_LATER, "too many connections")
            return
        task = asyncio.create_task(talk())
        self._open.add(task)
        self._empty.clear()
        try:
            await asyncio.wait([task])
            with suppress(WebSocketDisconnect):
                await self._end(socket, task)
        finally:
            task.cancel()
            self._open.discard(task)
            self._places.leave(client)
            if not self._open:
                self._empty.set()

    async def close(self) -> None:
        """Closes every connection, with 1001, and refuses new ones."""
        self._closing = True
        for task in self._open:
            task.cancel()
        if self._open:
            await self._empty.wait()

    async def _end(self, socket: WebSocket, task: "asyncio.Task[int]") -> None:
        if task.cancelled():
            await socket.close(GOING_AWAY, "the server is shutting down")
        else:
            await socket.close(task.result())


async def send(socket: WebSocket, message: BaseModel) -> None:
    """Sends a message; raises WebSocketDisconnect if the client has left."""
    await socket.send_text(message.model_dump_json())


async def receive(socket: WebSocket) -> str:
    """Returns the client's next message; raises WebSocketDisconnect if it has left."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", GOING_AWAY))
    text = message.get("text")
    return text if text is not None else bytes(message.get("bytes") or b"").decode(errors="replace")


async def first_of(*talks: Coroutine[Any, Any, None]) -> None:  # Any: as above
    """Returns, or raises, as the first of some coroutines does; the others are cancelled."""
    tasks = [asyncio.create_task(talk) for talk in talks]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
