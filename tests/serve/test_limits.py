"""What the server holds everyone to: bodies, hosts, origins, queue, games; and its headers."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from aztoolkit.evaluator import Evaluation
from aztoolkit.model import ModelSpec
from serve import api, limiter, report
from serve.catalog import Catalog
from serve.pgn import ScoreSheet, write_pgn
from serve.report import describe
from serve.schemas import GameState
from serve.sessions import Game
from tests.conftest import HashEvaluator
from tests.serve.conftest import STOP_S, Client, WaitingEvaluator, connect, only
from tests.serve.test_api import begin, engine_move, move, new_game, refusal

pytestmark = pytest.mark.anyio

MANY_SIMULATIONS = 800
SLOW_S = 0.01
HEALTH_S = 0.5


class SlowEvaluator(HashEvaluator):
    """Takes its time."""

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        time.sleep(SLOW_S)
        return super().evaluate(planes)


async def thinking_game(client: Client) -> tuple[str, asyncio.Task[httpx.Response]]:
    """Returns the path of a game and the request for the engine's move that hangs."""
    game = await new_game(client, "black")
    path = f"/api/games/{game['id']}"
    return path, asyncio.create_task(client.post(f"{path}/engine-move"))


async def until_asked(waiting: WaitingEvaluator) -> None:
    assert await asyncio.to_thread(waiting.asked.wait, 10), "no search began"


async def test_body_over_the_limit_is_413(client: Client) -> None:
    await refusal(client, "POST", "/api/games", 413, content=b" " * 70_000)


async def test_streamed_body_over_the_limit_is_413(client: Client) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * 14_000

    await refusal(client, "POST", "/api/games", 413, content=stream())


@pytest.mark.parametrize("length", ["-1", "many", "99999999999999999999"])
async def test_strange_content_length_is_413(client: Client, length: str) -> None:
    headers = {"Content-Length": length}
    await refusal(client, "POST", "/api/games", 413, content=b"{}", headers=headers)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "[", "127.0.0.1.evil.example"])
async def test_foreign_host_is_refused(client: Client, host: str) -> None:
    error = await refusal(client, "GET", "/api/health", 421, headers={"Host": host})
    assert error["code"] == "foreign_host"


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:1", "[::1]:8000", "LOCALHOST"])
async def test_own_names_are_accepted(client: Client, host: str) -> None:
    assert (await client.get("/api/health", headers={"Host": host})).status_code == 200


async def test_any_host_is_accepted_on_any_address(catalog: Catalog) -> None:
    secret = "a secret of theirs"
    headers = {"Host": "chess.local", "Authorization": f"Bearer {secret}"}
    async with connect(catalog, host="0.0.0.0", token=secret) as client:
        answer = await client.get("/api/health", headers=headers)
        assert answer.status_code == 200


async def test_page_of_another_site_is_refused(client: Client) -> None:
    for origin in ("https://evil.example", "null"):
        error = await refusal(
            client, "POST", "/api/games", 403, headers={"Origin": origin}, json={}
        )
        assert error["code"] == "foreign_origin"
    own = await client.post("/api/games", headers={"Origin": "http://127.0.0.1"}, json={})
    assert own.status_code == 201


async def test_every_answer_carries_security_headers(client: Client) -> None:
    for path in ("/", "/api/health", "/api/nowhere"):
        headers = (await client.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


async def test_missing_page_says_how_to_build_it(client: Client) -> None:
    answer = await client.get("/")
    assert answer.status_code == 503
    assert "make setup" in answer.text


async def test_long_search_does_not_delay_health(az_spec: ModelSpec, run_folder: Path) -> None:
    async with connect(only(SlowEvaluator(az_spec), run_folder)) as client:
        game = await new_game(client, "black", simulations=MANY_SIMULATIONS)
        search = asyncio.create_task(engine_move(client, game))
        slowest_s, asked = 0.0, 0
        while not search.done():
            start_s = asyncio.get_running_loop().time()
            assert (await client.get("/api/health")).status_code == 200
            slowest_s = max(slowest_s, asyncio.get_running_loop().time() - start_s)
            asked += 1
            await asyncio.sleep(0.01)
        assert asked > 3
        assert slowest_s < HEALTH_S
        assert (await search)["moves"][0]["analysis"]["simulations"] == MANY_SIMULATIONS


async def test_full_queue_is_503_and_the_game_goes_on_later(
    waiting: WaitingEvaluator, waiting_catalog: Catalog
) -> None:
    async with connect(waiting_catalog, searches=2, queue=1) as client:
        searches = [await thinking_game(client) for _ in range(3)]  # two search, one waits
        await until_asked(waiting)
        game = await new_game(client, "black")
        answer = await client.post(f"/api/games/{game['id']}/engine-move")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json()["error"]["code"] == "busy"
        assert (await client.get("/api/health")).json()["searching"] == 3
        waiting.open.set()
        for _, search in searches:
            await search
        assert (await engine_move(client, game))["turn"] == "black"


async def test_second_request_waits_for_the_same_move(
    waiting: WaitingEvaluator, waiting_catalog: Catalog
) -> None:
    async with connect(waiting_catalog) as client:
        path, first = await thinking_game(client)
        await until_asked(waiting)
        assert (await client.get(path)).json()["thinking"]
        second = asyncio.create_task(client.post(f"{path}/engine-move"))
        await asyncio.sleep(0.05)
        waiting.open.set()
        await asyncio.gather(first, second)
        assert second.result().status_code == 200
        assert len(second.result().json()["moves"]) == 1


async def test_move_is_played_though_nobody_waits_for_it(
    waiting: WaitingEvaluator, waiting_catalog: Catalog
) -> None:
    async with connect(waiting_catalog) as client:
        path, search = await thinking_game(client)
        await until_asked(waiting)
        search.cancel()
        waiting.open.set()
        while (await client.get(path)).json()["thinking"]:
            await asyncio.sleep(0.01)
        assert len((await client.get(path)).json()["moves"]) == 1


async def test_take_back_ends_the_search(
    waiting: WaitingEvaluator, waiting_catalog: Catalog
) -> None:
    async with connect(waiting_catalog, simulations=5000) as client:
        game = await new_game(client)
        path = f"/api/games/{game['id']}"
        await move(client, game, "e2e4")
        search = asyncio.create_task(client.post(f"{path}/engine-move"))
        await until_asked(waiting)
        back = asyncio.create_task(client.post(f"{path}/take-back"))
        await asyncio.sleep(0.05)
        waiting.open.set()
        assert (await back).json()["moves"] == []
        assert (await search).json()["error"]["code"] == "search_given_up"
        assert not (await client.get(path)).json()["thinking"]


async def test_take_back_repeated_during_a_search_takes_back_once(
    waiting: WaitingEvaluator, waiting_catalog: Catalog
) -> None:
    async with connect(waiting_catalog, simulations=5000) as client:
        pgn = "1. a3 a6 2. b3 b6 3. c3"
        game = await begin(client, pgn=pgn)
        path = f"/api/games/{game['id']}"
        search = asyncio.create_task(client.post(f"{path}/engine-move"))
        await until_asked(waiting)
        back = [client.post(f"{path}/take-back", json={"plies": 5}) for _ in range(2)]
        asked = [asyncio.create_task(one) for one in back]
        await asyncio.sleep(0.05)
        waiting.open.set()
        assert [len((await one).json()["moves"]) for one in asked] == [4, 4]
        assert (await search).status_code == 409


async def test_deleted_game_frees_its_worker(
    waiting: WaitingEvaluator, waiting_catalog: Catalog
) -> None:
    async with connect(waiting_catalog, simulations=5000) as client:
        path, search = await thinking_game(client)
        await until_asked(waiting)
        await client.delete(path)
        waiting.open.set()
        await search
        assert (await client.get("/api/health")).json()["searching"] == 0


async def test_too_many_requests_are_429_and_say_when_to_come_back(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "LOCAL_GENEROSITY", 1)
    async with connect(catalog, rate_per_s=1e-4, burst=2) as client:
        for _ in range(2):
            await new_game(client)
        answer = await client.post("/api/games", json={})
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json()["error"]["code"] == "too_many_requests"
        assert (await client.get("/api/health")).status_code == 200


async def test_too_many_games_that_go_on_are_503(
    waiting: WaitingEvaluator, waiting_catalog: Catalog
) -> None:
    async with connect(waiting_catalog, max_games=2) as client:
        searches = [(await thinking_game(client))[1] for _ in range(2)]
        await until_asked(waiting)
        assert (await refusal(client, "POST", "/api/games", 503, json={}))["code"] == "busy"
        waiting.open.set()
        await asyncio.gather(*searches)
        await new_game(client)


async def test_body_that_does_not_come_is_408(catalog: Catalog) -> None:
    async def stall() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(STOP_S)

    async with connect(catalog, request_s=0.1) as client:
        error = await refusal(client, "POST", "/api/games", 408, content=stall())
        assert error["code"] == "too_slow"
        assert "got 1 bytes" in error["message"]


async def test_game_is_told_anew_after_each_change_only(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = []

    def noting(game: Game) -> GameState:
        described.append(len(game.played))
        return describe(game)

    monkeypatch.setattr(report, "describe", noting)
    game = await new_game(client)
    path = f"/api/games/{game['id']}"
    assert [(await client.get(path)).json() for _ in range(3)] == [game] * 3
    moved = await move(client, game, "e2e4")
    assert (await client.get(path)).json() == moved
    assert described == [0, 1]


async def test_pgn_costs_like_a_search(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "LOCAL_GENEROSITY", 1)
    async with connect(catalog, rate_per_s=1e-4, burst=2) as client:
        path = f"/api/games/{(await new_game(client))['id']}/pgn"
        assert (await client.get(path)).status_code == 200
        assert (await refusal(client, "GET", path, 429))["code"] == "too_many_requests"


async def test_game_may_go_on_while_its_pgn_is_written(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(sheet: ScoreSheet) -> str:
        begun.set()
        assert go_on.wait(STOP_S), "nobody let it go on"
        return write_pgn(sheet)

    monkeypatch.setattr(api, "write_pgn", slow)
    game = await new_game(client)
    writing = asyncio.create_task(client.get(f"/api/games/{game['id']}/pgn"))
    assert await asyncio.to_thread(begun.wait, STOP_S)
    await move(client, game, "e2e4")
    go_on.set()
    assert "e4" not in (await writing).text


async def test_bug_is_told_without_its_traceback(
    waiting: WaitingEvaluator, waiting_catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_planes: object) -> None:
        raise RuntimeError("a secret path")

    monkeypatch.setattr(waiting, "evaluate", broken)
    async with connect(waiting_catalog) as client:
        path, search = await thinking_game(client)
        answer = await search
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert (await client.get(path)).json()["thinking"] is False
