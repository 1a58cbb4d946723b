"""One client takes all that it can get, and others still play."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.sync.client import ClientConnection

from serve.catalog import Catalog
from tests.conftest import REPOSITORY
from tests.serve.conftest import STOP_S, LiveServer, serving
from tests.serve.test_streams import LONG, WAIT_S, ask, closing_code, hear, new_game

NAME = "chess.example.org"
GREEDY, MODEST = "203.0.113.1", "203.0.113.2"
FILES, SLOW_CLIENTS, REQUEST_S = 120, 150, 1.0
_SERVER = """
import resource, sys
from pathlib import Path
from aztoolkit.model_files import find_models
from serve.catalog import open_catalog
from serve.config import ServeConfig
from serve.parts import Parts
from serve.server import listen, run, url_of

files = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
config = ServeConfig(request_s=float(sys.argv[3]))
catalog = open_catalog(find_models(Path(sys.argv[1])))
listener = listen(config.host, 0)
print(url_of(listener), flush=True)
run(Parts.create(catalog, config), listener, open_browser=False)
"""


@pytest.fixture
def live(catalog: Catalog) -> Iterator[LiveServer]:
    """A server behind a proxy, which tells its clients apart."""
    settings = {"rate_per_s": 1e6, "burst": 10**6, "searches": 8, "max_games": 12}
    with serving(catalog, public_name=NAME, max_streams=12, **settings) as server:
        yield server


def client_at(live: LiveServer, address: str) -> httpx.Client:
    """Returns a client as the proxy passes its requests on."""
    headers = {
        "X-Forwarded-For": f"127.0.0.1, {address}"
    }  # the first is the client's own invention
    return httpx.Client(base_url=live.url, timeout=WAIT_S, headers=headers)


def socket_at(live: LiveServer, address: str, path: str) -> ClientConnection:
    return live.websocket(path, additional_headers={"X-Forwarded-For": address})


def play(client: httpx.Client, path: str) -> int:
    """Makes a move, has the engine answer, and returns how many moves the game has then."""
    client.post(f"/api{path}/moves", json={"uci": "e2e4"}).raise_for_status()
    answer = client.post(f"/api{path}/engine-move").raise_for_status()
    return len(answer.json()["moves"])


def test_games_of_one_client_do_not_push_anothers_out(live: LiveServer) -> None:
    with client_at(live, MODEST) as modest, client_at(live, GREEDY) as greedy:
        path = new_game(modest)
        for _ in range(30):
            new_game(greedy)
        assert greedy.get("/api/health").json()["games"] == 5
        assert play(modest, path) == 2


def test_followed_games_of_one_client_leave_places_for_others(live: LiveServer) -> None:
    with client_at(live, MODEST) as modest, client_at(live, GREEDY) as greedy, ExitStack() as held:
        for _ in range(4):
            following = socket_at(live, GREEDY, f"{new_game(greedy)}/events")
            hear(held.enter_context(following))
        refused = greedy.post("/api/games", json={})
        assert refused.status_code == 503
        assert "games of one client" in refused.json()["error"]["message"]
        assert play(modest, new_game(modest)) == 2


def test_sockets_of_one_client_leave_places_for_others(live: LiveServer) -> None:
    with client_at(live, MODEST) as modest, ExitStack() as held:
        sockets = [held.enter_context(socket_at(live, GREEDY, "/analysis")) for _ in range(8)]
        assert [closing_code(extra) for extra in sockets[4:]] == [1013] * 4
        path = new_game(modest)
        with socket_at(live, MODEST, f"{path}/events") as following:
            assert hear(following)["game"]["moves"] == []
            assert play(modest, path) == 2


def test_searches_of_one_client_leave_room_for_others(catalog: Catalog) -> None:
    settings = {"rate_per_s": 1e6, "burst": 10**6, "searches": 8, "queue": 8}
    with (
        serving(catalog, public_name=NAME, **settings) as live,
        client_at(live, MODEST) as modest,
        ExitStack() as held,
    ):
        sockets = [held.enter_context(socket_at(live, GREEDY, "/analysis")) for _ in range(6)]
        for analysing in sockets:
            ask(analysing, id=1, simulations=LONG)
        answers = [hear(analysing) for analysing in sockets]
        assert [answer["type"] for answer in answers].count("analysis") == 4
        refusals = [answer["error"] for answer in answers if answer["type"] == "error"]
        assert [error["code"] for error in refusals] == ["busy"] * 2
        assert "searches of one client" in refusals[0]["message"]
        assert play(modest, new_game(modest)) == 2
        assert modest.get("/api/health").json()["searching"] == 4


@contextmanager
def server_with_few_files(run_folder: Path, log: Path) -> Iterator[str]:
    """The address of a server as a process that may open few files, and wants requests soon.

    Nothing may stand in its log in the end.
    """
    command = [sys.executable, "-c", _SERVER, run_folder, FILES, REQUEST_S]
    words = [str(word) for word in command]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            words, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
            process.terminate()
            assert process.wait(STOP_S) == 0
        finally:
            process.kill()
    assert log.read_text() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="sockets are no files there")
def test_clients_that_never_finish_a_request_do_not_shut_others_out(
    run_folder: Path, tmp_path: Path
) -> None:
    with server_with_few_files(run_folder, tmp_path / "log") as url, ExitStack() as held:
        address = urlsplit(url)
        slow = [
            held.enter_context(socket.create_connection((address.hostname, address.port), WAIT_S))
            for _ in range(SLOW_CLIENTS)
        ]
        for connection in slow:
            drip(connection, b"GET / HTTP/1.1\r\nX-Slow: ")
        give_up_s = time.monotonic() + STOP_S
        while not is_healthy(url):
            assert time.monotonic() < give_up_s, "others are shut out"
            for connection in slow:
                drip(connection, b"x")
        for connection in slow:
            assert is_cut_off(connection)


def drip(connection: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # it was cut off
        connection.sendall(data)


def is_healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}api/health", timeout=WAIT_S).status_code == 200
    except httpx.TransportError:
        return False


def is_cut_off(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
