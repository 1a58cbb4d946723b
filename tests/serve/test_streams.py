"""WebSockets: games as they go on, positions analysed while one looks."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from serve import limiter
from serve.catalog import Catalog
from tests.serve.conftest import LiveServer, WaitingEvaluator, serving

WAIT_S = 20
LONG = 50_000
"""Simulations that no test waits for."""
MATED = "rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq - 1 3"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def live(catalog: Catalog) -> Iterator[LiveServer]:
    with serving(catalog) as server:
        yield server


@pytest.fixture
def client(live: LiveServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live.url, timeout=WAIT_S) as connected:
        yield connected


@pytest.fixture
def analysis(live: LiveServer) -> Iterator[ClientConnection]:
    with live.websocket("/analysis") as socket:
        yield socket


def hear(socket: ClientConnection) -> Json:
    message: Json = json.loads(socket.recv(WAIT_S))
    return message


def ask(socket: ClientConnection, **request: object) -> None:
    socket.send(json.dumps(request))


def hear_all(socket: ClientConnection, request_id: int) -> list[Json]:
    """Returns the updates of a request until it is done; those of others are passed over."""
    updates: list[Json] = []
    while not (updates and updates[-1]["done"]):
        message = hear(socket)
        if message["id"] == request_id:
            assert message["type"] == "analysis", message
            updates.append(message)
    return updates


def closing_code(socket: ClientConnection) -> int:
    """Hears everything until the connection is closed, and returns with which code."""
    try:
        while True:
            socket.recv(WAIT_S)
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else 1006


def new_game(client: httpx.Client, **wanted: object) -> str:
    answer = client.post("/api/games", json=wanted)
    assert answer.status_code == 201, answer.text
    return f"/games/{answer.json()['id']}"


def test_follower_sees_the_game_and_each_change(live: LiveServer, client: httpx.Client) -> None:
    path = new_game(client)
    with live.websocket(f"{path}/events") as socket:
        assert hear(socket)["game"]["moves"] == []
        moved = client.post(f"/api{path}/moves", json={"uci": "e2e4"}).json()
        assert hear(socket) == {"type": "game", "game": moved}
        client.post(f"/api{path}/engine-move")
        heard = hear(socket)
        while heard["type"] == "thinking" or heard["game"]["thinking"]:
            heard = hear(socket)
        assert len(heard["game"]["moves"]) == 2
        client.post(f"/api{path}/resign")
        assert hear(socket)["game"]["end"] == "resignation"


def test_follower_sees_how_the_search_comes_on(
    waiting: WaitingEvaluator, waiting_catalog: Catalog
) -> None:
    with serving(waiting_catalog) as live, httpx.Client(base_url=live.url) as client:
        path = new_game(client, white={"engine": "fp32", "simulations": 200}, black={})
        with live.websocket(f"{path}/events") as socket:
            hear(socket)
            with pytest.raises(httpx.ReadTimeout):
                client.post(f"/api{path}/engine-move", timeout=0.3)
            assert hear(socket)["game"]["thinking"]
            waiting.open.set()
            analysis = hear(socket)["analysis"]
            assert analysis["engine"] == "fp32"
            assert 0 < analysis["simulations"] < 200


def test_unknown_and_deleted_games_are_told_and_closed(
    live: LiveServer, client: httpx.Client
) -> None:
    path = new_game(client)
    with live.websocket(f"{path}/events") as socket, live.websocket("/games/none/events") as none:
        hear(socket)
        client.delete(f"/api{path}")
        for closed in (socket, none):
            assert hear(closed)["error"]["code"] == "not_found"
            assert closing_code(closed) == 4404


def test_analysis_deepens_until_it_is_done(analysis: ClientConnection) -> None:
    ask(
        analysis, id=5.0, moves=["e2e4"], engine="fp32", simulations=600.0, lines=3.0
    )  # as JSON may
    updates = hear_all(analysis, 5)
    visits = [update["visits"] for update in updates]
    assert visits == sorted(visits)
    assert visits[-1] == 600
    last = updates[-1]["analysis"]
    assert (last["engine"], last["simulations"]) == ("fp32", 600)
    assert len(last["lines"]) == 3
    assert last["lines"][0]["san"][0] == last["pv"][0] == last["top_moves"][0]["san"]
    assert len({line["uci"][0] for line in last["lines"]}) == 3
    assert updates[-1]["nodes_per_s"] > 0
    assert updates[-1]["depth"] == len(last["lines"][0]["uci"])


def test_new_request_replaces_the_one_before(analysis: ClientConnection, live: LiveServer) -> None:
    ask(analysis, id=1, simulations=LONG)
    assert hear(analysis)["id"] == 1
    ask(analysis, id=2, moves=["e2e4"], simulations=50)
    assert hear_all(analysis, 2)[-1]["analysis"]["simulations"] == 50
    assert live.parts.searches.pending == 0


def test_closing_ends_the_analysis(live: LiveServer, client: httpx.Client) -> None:
    with live.websocket("/analysis") as socket:
        ask(socket, id=1, simulations=LONG)
        hear(socket)
        assert client.get("/api/health").json()["searching"] == 1
    for _ in range(1000):
        health = client.get("/api/health").json()
        if (health["searching"], health["streams"]) == (0, 0):
            return
    raise AssertionError(f"the search goes on: {health}")


@pytest.mark.parametrize(
    ("message", "request_id", "code"),
    [
        ('{"id": 3, "fen": "8/8"}', 3, "bad_position"),
        (json.dumps({"id": 4, "fen": MATED}), 4, "bad_position"),
        ('{"id": 5, "moves": ["e2e5"]}', 5, "bad_position"),
        ('{"id": 6, "engine": "../../etc/passwd"}', 6, "not_found"),
        ('{"id": 7, "simulations": 0}', 7, "bad_request"),
        ('{"id": 8, "lines": 100}', 8, "bad_request"),
        ('{"id": -1}', None, "bad_request"),
        ('{"id": true}', None, "bad_request"),
        ("{}", None, "bad_request"),
        ("[" * 10_000, None, "bad_request"),
        ("no json", None, "bad_request"),
        (b"\xff\xfe\x00", None, "bad_request"),
    ],
)
def test_refusal_is_told_and_the_connection_stays(
    analysis: ClientConnection, message: str | bytes, request_id: int | None, code: str
) -> None:
    analysis.send(message)
    refused = hear(analysis)
    assert (refused["type"], refused["id"], refused["error"]["code"]) == ("error", request_id, code)
    ask(analysis, id=99, simulations=5)
    assert hear_all(analysis, 99)


def test_too_big_a_message_closes_the_connection(analysis: ClientConnection) -> None:
    analysis.send("x" * 20_000)
    assert closing_code(analysis) == 1009


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[x"}, 403),
    ],
)
def test_handshake_of_another_site_is_refused(
    live: LiveServer, headers: dict[str, str], status: int
) -> None:
    with (
        pytest.raises(InvalidStatus) as error,
        live.websocket("/analysis", additional_headers=headers),
    ):
        pass
    assert error.value.response.status_code == status
    assert b"foreign_origin" in (error.value.response.body or b"")


def test_connections_are_bounded(catalog: Catalog) -> None:
    with serving(catalog, max_streams=1) as live, live.websocket("/analysis") as first:
        ask(first, id=1, simulations=5)
        hear_all(first, 1)
        with live.websocket("/analysis") as second:
            assert closing_code(second) == 1013


def test_analyses_are_limited_by_address(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "LOCAL_GENEROSITY", 1)
    with serving(catalog, rate_per_s=1e-6, burst=1) as live, live.websocket("/analysis") as socket:
        ask(socket, id=1, simulations=1)
        hear_all(socket, 1)
        ask(socket, id=2, simulations=1)
        assert hear(socket)["error"]["code"] == "too_many_requests"


def test_shutdown_says_goodbye(catalog: Catalog) -> None:
    with serving(catalog) as live:
        with httpx.Client(base_url=live.url) as client:
            path = new_game(client)
        with (
            live.websocket("/analysis") as searching,
            live.websocket(f"{path}/events") as following,
        ):
            ask(searching, id=1, simulations=LONG)
            hear(searching)
            hear(following)
            live.server.should_exit = True
            for socket in (searching, following):
                assert closing_code(socket) == 1001
