"""Connections: bounded, for each client too; cut off if no request comes, and left alone if one has."""

import socket
from asyncio import Transport
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import httpx
import pytest
from websockets.exceptions import InvalidHandshake

from serve import door
from serve.catalog import Catalog
from serve.config import ServeConfig
from serve.door import Door
from tests.serve.conftest import STOP_S, LiveServer, WaitingEvaluator, serving
from tests.serve.test_streams import WAIT_S, new_game

T = TypeVar("T")
SOON_S = 0.5
HALF_A_HEAD = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-"
WHOLE_HEAD = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HALF_A_BODY = b"POST /api/games HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90\r\n\r\n{"


class From(Transport):
    """A connection from somewhere."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1)})


def knock(entered: Door, address: str, times: int) -> list[From]:
    """Returns those of some connections that are let in."""
    return [one for one in (From(address) for _ in range(times)) if entered.let_in(one)]


def dial(live: LiveServer) -> socket.socket:
    """Returns a connection to a server."""
    return socket.create_connection(live.listener.getsockname(), timeout=WAIT_S)


def ask(live: LiveServer, sent: bytes) -> tuple[socket.socket, bytes]:
    """Returns a connection and the beginning of its answer; again, if this machine was too slow to ask."""
    while True:
        connection = dial(live)
        connection.sendall(sent)
        with suppress(ConnectionResetError):
            if answer := connection.recv(65_536):
                return connection, answer
        connection.close()


def insist(action: Callable[[], T]) -> T:
    """Returns what an action returns; again and again, if this machine was too slow for the limit."""
    while True:
        with suppress(httpx.TransportError, InvalidHandshake, EOFError, OSError):
            return action()


def hear_all(connection: socket.socket) -> bytes:
    """Returns what comes until the connection is closed; the test fails if that takes too long."""
    heard = b""
    try:
        while more := connection.recv(65_536):
            heard += more
    except ConnectionResetError:
        pass
    return heard


def test_one_client_cannot_take_all_connections() -> None:
    entered = Door(ServeConfig(max_connections=40))
    assert len(knock(entered, "203.0.113.1", 100)) == 10
    assert len(knock(entered, "203.0.113.2", 5)) == 5
    assert len(knock(entered, "127.0.0.1", 100)) == 25
    assert len(entered) == 40


def test_connection_that_ends_makes_room_once() -> None:
    entered = Door(ServeConfig(max_connections=4))
    inside = knock(entered, "127.0.0.1", 10)
    for _ in range(2):
        entered.let_out(inside[0])
    entered.let_out(From("127.0.0.1"))
    assert len(knock(entered, "127.0.0.1", 10)) == 1


def test_connections_are_fewer_where_the_system_allows_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_descriptors", lambda: 200)
    assert len(knock(Door(ServeConfig()), "127.0.0.1", 1000)) == 136


@pytest.mark.parametrize("sent", [b"", b"G", HALF_A_HEAD])
def test_connection_without_a_whole_head_is_cut_off(catalog: Catalog, sent: bytes) -> None:
    with serving(catalog, request_s=SOON_S) as live, dial(live) as connection:
        connection.sendall(sent)
        assert hear_all(connection) == b""


def test_second_head_must_come_too(catalog: Catalog) -> None:
    with serving(catalog, request_s=SOON_S) as live:
        connection, answer = ask(live, WHOLE_HEAD)
        with connection:
            assert answer.startswith(b"HTTP/1.1 200")
            connection.sendall(HALF_A_HEAD)
            assert b"HTTP/1.1" not in hear_all(connection)


def test_body_that_does_not_come_is_refused_and_ends_the_connection(catalog: Catalog) -> None:
    with serving(catalog, request_s=SOON_S) as live:
        connection, answer = ask(live, HALF_A_BODY)
        with connection:
            answer += hear_all(connection)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"too_slow" in answer


def test_body_that_nobody_wants_ends_the_connection(catalog: Catalog) -> None:
    with serving(catalog) as live, dial(live) as connection:
        connection.sendall(HALF_A_BODY.replace(b"127.0.0.1", b"evil.example"))
        assert hear_all(connection).startswith(b"HTTP/1.1 421")


def test_answers_and_sockets_may_take_their_time(
    waiting: WaitingEvaluator, waiting_catalog: Catalog
) -> None:
    with (
        serving(waiting_catalog, request_s=SOON_S) as live,
        httpx.Client(base_url=live.url, timeout=STOP_S) as client,
        ThreadPoolExecutor() as threads,
    ):
        path = insist(lambda: new_game(client, white={"engine": "fp32"}, black={}))
        with insist(lambda: live.websocket(f"{path}/events")) as following:
            moved = threads.submit(insist, lambda: client.post(f"/api{path}/engine-move"))
            assert waiting.asked.wait(STOP_S), "no search began"
            with dial(live) as later:  # once it is cut off, the limit has passed for the others too
                assert hear_all(later) == b""
            waiting.open.set()
            assert len(moved.result().json()["moves"]) == 1
            while '"moves":[{' not in str(following.recv(WAIT_S)):
                pass


def test_connection_over_the_limit_is_cut_off_and_the_others_stay(catalog: Catalog) -> None:
    with serving(catalog, max_connections=2) as live, live.websocket("/analysis") as first:
        with dial(live) as second, dial(live) as third:
            assert hear_all(third) == b""
            second.sendall(WHOLE_HEAD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            assert b'"streams":1' in hear_all(second)
        first.send("?")
        assert "bad_request" in first.recv(WAIT_S)
