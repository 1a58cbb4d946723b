"""The server: seconds for an answer beside the bare search, alone and with many players at once.

python -m benchmarks.serve [MODEL.onnx]

- *start*: from the start of the process to its address, and to the first move.
- *page*: from the start of a visit, in a headless Chromium that runs, until one can move; at the first visit
  and at the next. Left out, and said so, where there is no playwright or no Chromium.
- *alone*: one player; each answer takes turns with the same search in this process, without a server.
- *crowd*: players who ask all at once, again and again; and how long `/api/health` takes meanwhile.

Every search begins with an empty tree. Without MODEL a network of 192 filters and 15 blocks with random
weights is made, and quantized to INT8.
"""

import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chess
import httpx
import psutil

from aztoolkit.backends import open_evaluator
from aztoolkit.errors import MachineError, MissingDependencyError
from aztoolkit.mcts import SearchConfig
from aztoolkit.player import Limit, Player
from benchmarks.measure import document
from benchmarks.page import VISITS, visit
from benchmarks.search import make_model, openings

NAME = "serve"
SIMULATIONS = 800
MOVES = 8
"""Of one player alone."""
PLAYERS = 50
CROWD_SIMULATIONS = 50
CROWD_MOVES = 2
"""Of each player of the crowd."""
OPENINGS = 8
_TIMEOUT_S = 600.0
_HEALTH_PERIOD_S = 0.05

Figures = dict[str, Any]  # Any: a JSON document


def serve(
    model: Path | None = None,
    *,
    simulations: int = SIMULATIONS,
    moves: int = MOVES,
    players: int = PLAYERS,
    crowd_simulations: int = CROWD_SIMULATIONS,
    visits: int = VISITS,
) -> Figures:
    """Returns latencies, visits of the page, evaluations a second and memory of a server of its own process.

    Args:
        model: the network; None makes one.

    Raises:
        MachineError: the server does not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = model or make_model(Path(folder), filters=192, blocks=15)
        with _server(path) as server:
            figures = {
                "model": path.name,
                "simulations": simulations,
                "start_s": server.start_s,
                "first_move_s": server.first_move_s(simulations),
                "memory_mib": server.memory_mib(),
                **_page(server, visits),
                **_alone(server, path, simulations, moves),
                **_crowd(server, players, crowd_simulations),
                "memory_after_mib": server.memory_mib(),
            }
    return document(NAME, figures)


@dataclass
class _Server:
    """A server and a client of it."""

    process: "subprocess.Popen[str]"
    client: httpx.Client
    engine: str
    began_s: float
    start_s: float

    def memory_mib(self) -> float:
        """Returns what the server's process holds."""
        return psutil.Process(self.process.pid).memory_info().rss / 2**20

    def first_move_s(self, simulations: int) -> float:
        """Returns seconds from the start of the process to the first move; asked first."""
        self.move(chess.Board(), simulations)
        return time.perf_counter() - self.began_s

    def move(self, board: chess.Board, simulations: int) -> float:
        """Returns seconds from the request for the engine's move to the answer."""
        engine = {"engine": self.engine, "simulations": simulations}
        body = {"white": engine, "black": engine, "fen": board.fen()}
        game = self.client.post("/api/games", json=body).raise_for_status().json()
        path = f"/api/games/{game['id']}"
        began_s = time.perf_counter()
        self.client.post(f"{path}/engine-move").raise_for_status()
        took_s = time.perf_counter() - began_s
        self.client.delete(path).raise_for_status()
        return took_s

    def evaluations(self) -> float:
        """Returns how many positions the network was asked about so far."""
        text = self.client.get("/metrics").raise_for_status().text
        found = re.search(r"^aztoolkit_evaluations_total\{.*\} (\S+)$", text, re.MULTILINE)
        return float(found.group(1)) if found else 0.0


@contextmanager
def _server(model: Path) -> Iterator[_Server]:
    began_s = time.perf_counter()
    command = [sys.executable, "-m", "aztoolkit", "serve", str(model), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = _read_address(process)
            start_s = time.perf_counter() - began_s
            limits = httpx.Limits(max_connections=None)
            with httpx.Client(base_url=address, timeout=_TIMEOUT_S, limits=limits) as client:
                engine = client.get("/api/engines").raise_for_status().json()["default"]
                yield _Server(process, client, engine, began_s, start_s)
        finally:
            process.terminate()


def _read_address(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    if found is None:
        raise MachineError(f"expected a server that starts, got {line!r}")
    return found.group()


def _page(server: _Server, visits: int) -> Figures:
    try:
        times = visit(str(server.client.base_url), visits=visits)
    except MissingDependencyError as error:
        return {"page": f"not measured: {error}"}
    return {
        "page": f"median of {visits} visits in Chromium",
        **_latency("page_first_visit", times.first_s),
        **_latency("page_next_visit", times.again_s),
    }


def _alone(server: _Server, model: Path, simulations: int, moves: int) -> Figures:
    evaluator = open_evaluator(model)
    player, limit = Player(evaluator, SearchConfig()), Limit(simulations=simulations)
    served_s, bare_s, asked = [], [], 0.0
    for number in range(moves):
        board = openings(OPENINGS)[number % OPENINGS]
        before = server.evaluations()
        served_s.append(server.move(board, simulations))
        asked += server.evaluations() - before
        began_s = time.perf_counter()
        player.think([player.new_game()], [chess.Board(board.fen())], limit)
        bare_s.append(time.perf_counter() - began_s)
    evaluator.close()
    return {
        **_latency("answer", served_s),
        **_latency("bare_search", bare_s),
        "answer_over_bare_search": statistics.median(served_s) / statistics.median(bare_s),
        "evals_per_s": asked / sum(served_s),
    }


def _crowd(server: _Server, players: int, simulations: int) -> Figures:
    boards = openings(OPENINGS)

    def play(seed: int) -> list[float]:
        places = [boards[(seed + move) % OPENINGS] for move in range(CROWD_MOVES)]
        return [server.move(board, simulations) for board in places]

    before, began_s = server.evaluations(), time.perf_counter()
    with _health_watched(server) as health_s, ThreadPoolExecutor(players) as crowd:
        answers_s = [took_s for one in crowd.map(play, range(players)) for took_s in one]
    took_s = time.perf_counter() - began_s
    return {
        "players": players,
        "crowd_simulations": simulations,
        **_latency("crowd_answer", answers_s),
        **_latency("crowd_health", health_s),
        "crowd_evals_per_s": (server.evaluations() - before) / took_s,
    }


@contextmanager
def _health_watched(server: _Server) -> Iterator[list[float]]:
    """Yields a list that fills with the seconds that `/api/health` takes while the block runs."""
    took_s: list[float] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_HEALTH_PERIOD_S):
            began_s = time.perf_counter()
            server.client.get("/api/health").raise_for_status()
            took_s.append(time.perf_counter() - began_s)

    thread = threading.Thread(target=watch, name="health", daemon=True)
    thread.start()
    try:
        yield took_s
    finally:
        over.set()
        thread.join()


def _latency(name: str, seconds: Sequence[float]) -> Figures:
    """Returns median and 95th percentile in milliseconds."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))] if ordered else 0.0
    return {
        f"{name}_ms": 1000.0 * statistics.median(ordered or [0.0]),
        f"{name}_p95_ms": 1000.0 * p95,
    }


if __name__ == "__main__":
    print(json.dumps(serve(*map(Path, sys.argv[1:2])), indent=2))
