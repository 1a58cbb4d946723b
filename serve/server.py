"""The running server: its socket, its signals, its farewell."""

import errno
import os
import signal
import socket
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import uvicorn

from aztoolkit.errors import BusyPortError, ConfigError, MachineError
from serve.app import create_app
from serve.config import ANY_HOST, ServeConfig
from serve.door import Door, DoorConfig
from serve.parts import Parts

_BACKLOG = 128
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHUTDOWN_S = 5
_KEEP_ALIVE_S = 75
"""Longer than a player thinks, mostly: a request must not meet a connection that is just being closed."""


def listen(host: str, port: int) -> socket.socket:
    """Returns a socket that listens; port 0 takes a free one.

    Raises:
        BusyPortError: another program listens there.
        ConfigError: `host` is not an address of this machine.
        MachineError: the system refuses, such as for ports below 1024.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
    except OSError as error:
        raise ConfigError(f"expected a host name or address, got {host!r}: {error}") from error
    try:
        if os.name == "posix":  # elsewhere it would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _refused(host, port, error) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Returns the address to type into a browser."""
    host, port = listener.getsockname()[:2]
    if host in ANY_HOST:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def run(parts: Parts, listener: socket.socket, *, open_browser: bool) -> None:
    """Serves until SIGINT or SIGTERM."""
    if open_browser:
        url = entrance_of(listener, parts.config)
        threading.Thread(target=webbrowser.open, args=[url], daemon=True).start()
    with _quiet_signals(), listener:
        create_server(parts).run(sockets=[listener])
    parts.catalog.close()


def create_server(parts: Parts) -> uvicorn.Server:
    """Returns the server of some parts: ending, it ends searches, answers requests, closes WebSockets."""
    settings = DoorConfig(
        create_app(parts),
        Door(parts.config),
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # serve.proxy reads them, where a proxy is announced
        ws_max_size=parts.config.max_message_bytes,
        ws_per_message_deflate=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )
    return _Server(settings, parts)


def entrance_of(listener: socket.socket, config: ServeConfig) -> str:
    """Returns the address to open, with the token if there is one."""
    query = f"?{urlencode({'token': config.token})}" if config.token else ""
    return url_of(listener) + query


class _Server(uvicorn.Server):
    """Uvicorn, which before it shuts down ends what clients wait for."""

    def __init__(self, config: uvicorn.Config, parts: Parts) -> None:
        super().__init__(config)
        self._parts = parts

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen, with a queue that holds a crowd."""
        await super().startup(sockets)
        for listener in sockets or []:
            listener.listen(_BACKLOG)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Says goodbye to everyone."""
        self._parts.searches.stop()
        await self._parts.streams.close()
        await super().shutdown(sockets)


@contextmanager
def _quiet_signals() -> Iterator[None]:
    """Makes the signals harmless that uvicorn, once it has shut down, raises again."""
    before = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _refused(host: str, port: int, error: OSError) -> MachineError | ConfigError:
    if error.errno == errno.EADDRINUSE:
        return BusyPortError(
            f"expected a free port, got {port}, where another program listens; "
            "choose another with --port, or --port 0 for any"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return ConfigError(f"expected an address of this machine, got {host!r}; see --host")
    return MachineError(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port")
