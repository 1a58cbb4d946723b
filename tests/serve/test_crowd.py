"""Many at once, and worse: fifty players, a killed server, floods of garbage."""

import asyncio
import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import websockets

from serve.batcher import Job, Progress
from serve.catalog import Catalog, Engine
from serve.searches import Searches
from tests.serve.conftest import STOP_S, LiveServer, ServerProcess, WaitingEvaluator, serving

PLAYERS = 50
MOVES = 2
SIMULATIONS = 8
WAIT_S = 60


@pytest.fixture(scope="module")
def live(catalog: Catalog) -> Iterator[LiveServer]:
    with serving(catalog, simulations=SIMULATIONS, searches=8, queue=PLAYERS) as server:
        yield server


async def play(client: httpx.AsyncClient, live: LiveServer, seed: int) -> list[int]:
    """Plays a few moves and follows the game; returns how long the queue was, seen now and then."""
    chance, pending = random.Random(seed), []
    engine = {"engine": chance.choice(["int8", "fp32"])}
    game = (await client.post("/api/games", json={"black": engine})).raise_for_status().json()
    path = f"/api/games/{game['id']}"
    address = f"{live.url.replace('http', 'ws')}{path[1:]}/events"
    async with websockets.connect(address, open_timeout=WAIT_S) as events:
        for _ in range(MOVES):
            body = {"uci": chance.choice(game["legal_moves"])}
            game = (await client.post(f"{path}/moves", json=body)).raise_for_status().json()
            if game["result"] != "*":
                break
            game = (await client.post(f"{path}/engine-move")).raise_for_status().json()
            pending.append(live.parts.searches.pending)
        heard = json.loads(await events.recv())
        while heard["type"] == "thinking" or len(heard["game"]["moves"]) < len(game["moves"]):
            heard = json.loads(await events.recv())
    return pending


@pytest.mark.anyio
async def test_fifty_players_at_once_meet_no_error(live: LiveServer) -> None:
    limits = httpx.Limits(max_connections=PLAYERS)
    async with httpx.AsyncClient(base_url=live.url, timeout=WAIT_S, limits=limits) as client:
        queues = await asyncio.gather(*(play(client, live, seed) for seed in range(PLAYERS)))
        health = (await client.get("/api/health")).json()
    assert max(map(max, queues)) <= live.parts.searches.capacity
    assert health["searching"] == 0
    assert health["games"] == PLAYERS


class Order:
    """In which order the searches of a server began and ended."""

    def __init__(self, searches: Searches) -> None:
        self._begin = searches.begin
        self.began: list[Job] = []
        self.ended: list[Job] = []

    def begin(self, engine: Engine, job: Job, *, client: str) -> "asyncio.Future[Progress]":
        """Begins a search as the server does."""
        self.began.append(job)
        job.found.add_done_callback(lambda _: self.ended.append(job))
        return self._begin(engine, job, client=client)

    def overtaken(self) -> list[int]:
        """Returns for each search how many ended before it that had begun after it."""
        numbers = [self.began.index(job) for job in self.ended]
        return [
            sum(later > number for later in numbers[:place]) for place, number in enumerate(numbers)
        ]


@pytest.mark.anyio
async def test_nobody_in_a_crowd_is_overtaken_for_long(
    waiting: WaitingEvaluator, waiting_catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulations, at_once = 4, 4
    settings = {"simulations": simulations, "searches": at_once, "queue": PLAYERS}
    with serving(waiting_catalog, batch=1, **settings) as crowded:
        searches = crowded.parts.searches
        order = Order(searches)
        monkeypatch.setattr(searches, "begin", order.begin)
        async with httpx.AsyncClient(base_url=crowded.url, timeout=WAIT_S) as client:
            asked = [asyncio.create_task(first_move(client)) for _ in range(PLAYERS)]
            while searches.pending < PLAYERS:
                await asyncio.sleep(0.01)
            waiting.open.set()
            assert await asyncio.gather(*asked) == [1] * PLAYERS
    turns = simulations + 1  # of a search at the most: one for the root
    assert max(order.overtaken()) <= (at_once - 1) * turns < PLAYERS / 2


async def first_move(client: httpx.AsyncClient) -> int:
    """Has the engine begin a game; returns how many moves the game has then."""
    body = {"white": {"engine": "fp32"}, "black": {}}
    game = (await client.post("/api/games", json=body)).raise_for_status().json()
    answer = await client.post(f"/api/games/{game['id']}/engine-move")
    return len(answer.raise_for_status().json()["moves"])


def test_killed_server_is_started_again_and_the_game_goes_on(run_folder: Path) -> None:
    players = {"white": {}, "black": {"engine": "int8", "simulations": SIMULATIONS}}
    first = ServerProcess(run_folder)
    with httpx.Client(base_url=first.url, timeout=WAIT_S) as client:
        path = f"/api/games/{client.post('/api/games', json=players).json()['id']}"
        client.post(f"{path}/moves", json={"uci": "e2e4"})
        lost = client.post(f"{path}/engine-move").json()
    first.process.kill()
    first.process.communicate(timeout=STOP_S)
    second = ServerProcess(run_folder)
    with httpx.Client(base_url=second.url, timeout=WAIT_S) as client:
        assert client.get(path).status_code == 404
        moves = [played["uci"] for played in lost["moves"]]
        body = {**lost["players"], "fen": lost["start_fen"], "moves": moves}
        back = client.post("/api/games", json=body).json()
        assert (back["fen"], back["legal_moves"]) == (lost["fen"], lost["legal_moves"])
        path = f"/api/games/{back['id']}"
        client.post(f"{path}/moves", json={"uci": back["legal_moves"][0]})
        assert len(client.post(f"{path}/engine-move").json()["moves"]) == 4
    assert second.stop() == (0, "", "")


def test_garbage_does_no_harm(live: LiveServer) -> None:
    chance = random.Random(0)
    for size in (0, 1, 100, 5_000):
        with socket.create_connection(live.listener.getsockname(), timeout=WAIT_S) as raw:
            raw.sendall(chance.randbytes(size))
    with live.websocket("/analysis") as talking:
        for _ in range(200):
            talking.send(chance.randbytes(chance.randrange(300)))
        for _ in range(200):
            assert json.loads(talking.recv(WAIT_S))["error"]["code"] == "bad_request"
    with httpx.Client(base_url=live.url, timeout=WAIT_S) as client:
        for _ in range(50):
            content = chance.randbytes(chance.randrange(2_000))
            assert client.post("/api/games", content=content).status_code == 422
        path = f"/api/games/{client.post('/api/games', json={}).json()['id']}"
        with live.websocket(f"{path[4:]}/events") as following:
            for _ in range(200):
                following.send(chance.randbytes(chance.randrange(300)))
            assert json.loads(following.recv(WAIT_S))["type"] == "game"
            client.post(f"{path}/moves", json={"uci": "e2e4"})
            assert len(json.loads(following.recv(WAIT_S))["game"]["moves"]) == 1
        assert client.get("/api/health").json()["status"] == "ok"
