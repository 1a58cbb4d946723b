"""The door: connections are bounded in number, and cut off when no request comes of them.

    accepted ──▶ place? ──no──▶ cut off
                   │yes
                   ▼           in time
               head comes ───────────────▶ request ──▶ answer ──▶ idle ──▶ next head comes
                   │too slow                  │WebSocket
                   ▼                          ▼
                cut off                keeps its place until it is closed

Bodies that do not come are the guard's to refuse.
"""

import sys
from asyncio import BaseTransport, TimerHandle, Transport
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from serve.clients import Places, client_at
from serve.config import ServeConfig

_AT_ONCE = 8
"""Connections that asyncio takes from the queue in a round of its loop. Those that are over the limit are
closed some four rounds later, and hold descriptors until then."""
_OTHER_FILES = 64
"""File descriptors for all but the connections inside: those just mentioned, models, the listener."""


class Door:
    """The connections of one server, whatever they turn into."""

    def __init__(self, config: ServeConfig) -> None:
        self.head_s = config.request_s
        most = max(min(config.max_connections, _descriptors() - _OTHER_FILES), 1)
        self._places = Places(most, all_for_local=True)
        self._clients: dict[BaseTransport, str] = {}

    def __len__(self) -> int:
        return len(self._places)

    def let_in(self, transport: BaseTransport) -> bool:
        """Returns whether a connection has a place."""
        peer = transport.get_extra_info("peername")
        client = client_at(str(peer[0])) if peer else ""
        if not self._places.take(client):
            return False
        self._clients[transport] = client
        return True

    def let_out(self, transport: BaseTransport) -> None:
        """Gives a connection's place, if it had one, to another."""
        if (client := self._clients.pop(transport, None)) is not None:
            self._places.leave(client)


class DoorConfig(uvicorn.Config):
    """Uvicorn's settings, with the door.

    What uvicorn calls the backlog is two things to asyncio: how many connections the system queues, and
    how many it takes at once. This is the latter; the former has to be set again once it listens.
    """

    def __init__(self, app: Any, door: Door, **settings: Any) -> None:  # Any: as uvicorn has them
        super().__init__(app, http=HttpProtocol, ws=SocketProtocol, backlog=_AT_ONCE, **settings)
        self.door = door


class HttpProtocol(H11Protocol):
    """HTTP on a connection that has a place, with time to send a request's head."""

    _late: TimerHandle | None = None
    """Runs while a head is awaited."""
    _is_socket = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Lets a connection in, or cuts it off."""
        super().connection_made(transport)
        if _door(self).let_in(transport):
            self._expect_head()
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Reads on; the time runs from a head's first byte, not from its last."""
        super().data_received(data)
        if self.cycle and not self.cycle.response_complete:
            self._stop_expecting()
        elif self._late is None and not self._is_socket:
            self._expect_head()

    def handle_websocket_upgrade(self, event: Any) -> None:  # Any: an event of h11
        """Hands the connection, with its place, to a WebSocket."""
        self._stop_expecting()
        self._is_socket = True
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Gives the place up."""
        self._stop_expecting()
        _door(self).let_out(self.transport)
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._late = self.loop.call_later(_door(self).head_s, self.transport.abort)

    def _stop_expecting(self) -> None:
        if self._late:
            self._late.cancel()
            self._late = None


class SocketProtocol(WebSocketsSansIOProtocol):
    """A WebSocket, which holds the place of the connection that it came on."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Gives the place up."""
        _door(self).let_out(self.transport)
        super().connection_lost(exc)


def _door(protocol: HttpProtocol | SocketProtocol) -> Door:
    return cast(DoorConfig, protocol.config).door


def _descriptors() -> int:
    """Returns how many files and connections the system lets this process have."""
    if sys.platform == "win32":
        return sys.maxsize
    import resource

    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft
