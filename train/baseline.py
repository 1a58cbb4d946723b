"""The starting point that this project is measured against, as people put it together from parts.

    four threads, one Python search each  ->  a queue  ->  batches of up to 32, waited for 1 ms  ->  FP32

Everything is right and nothing is fast: rules, tree and bookkeeping run in Python under one lock, batches
wait for threads that wait for the lock, and no two stages overlap. Used by `aztoolkit train --benchmark
--baseline` and by nothing else.
"""

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import pairwise

import chess
import numpy as np
import torch
from numpy.typing import NDArray

from aztoolkit.errors import EvaluationError
from aztoolkit.evaluator import Evaluation, Evaluator
from aztoolkit.mcts import Search, SearchConfig, create_mcts
from aztoolkit.measure import Rate, summarise
from train.settings import TrainConfig
from train.utilisation import Meter, Reading

ACTORS = 4
BATCH = 32
TIMEOUT_S = 0.001
_LEAVES = BATCH // ACTORS
_SHAPE = (119, 8, 8)
_STOP_POLL_S = 0.1


@dataclass(frozen=True)
class BaselineFigures:
    """What the starting point does on this machine, in steady state."""

    evals_per_s: Rate
    fill_rate: float
    """Positions in a batch over those there is room for."""
    latency_ms: float
    """From asking to the answer."""
    utilisation: float | None
    """Of the device, 0 to 1; None where it cannot be measured."""


@dataclass
class _Request:
    planes: NDArray[np.float32]
    began_s: float = field(default_factory=time.perf_counter)
    answered: threading.Event = field(default_factory=threading.Event)
    answer: Evaluation | None = None


class _Batcher:
    """Collects requests into batches and evaluates them in a thread of its own."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()
        self._counts = np.zeros(4, dtype=np.float64)
        self._waited = threading.Lock()
        self.error: BaseException | None = None

    def counts(self) -> NDArray[np.float64]:
        """Returns requests, batches, positions and the seconds that requests have waited."""
        return self._counts.copy()

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        """Returns the answer for `[B, C, 8, 8]` planes; blocks until their batch is done."""
        request = _Request(planes.copy())
        self._requests.put(request)
        while not request.answered.wait(_STOP_POLL_S):
            if self.error is not None:
                raise EvaluationError("the network of the baseline failed") from self.error
        assert request.answer is not None
        with self._waited:
            self._counts[0] += 1
            self._counts[3] += time.perf_counter() - request.began_s
        return request.answer

    def serve(self, stop: threading.Event) -> None:
        """Evaluates batches until `stop`."""
        torch.set_num_threads(1)
        try:
            while not stop.is_set():
                if batch := self._collect():
                    self._answer(batch)
        except BaseException as error:
            self.error = error
            raise

    def _collect(self) -> list[_Request]:
        batch: list[_Request] = []
        end_s = time.perf_counter() + TIMEOUT_S
        while sum(len(request.planes) for request in batch) < BATCH:
            left_s = end_s - time.perf_counter()
            try:
                batch.append(self._requests.get(timeout=max(left_s, 0.0)))
            except queue.Empty:
                break
        return batch

    def _answer(self, batch: list[_Request]) -> None:
        answer = self._evaluator.evaluate(np.concatenate([request.planes for request in batch]))
        first = 0
        for request in batch:
            end = first + len(request.planes)
            request.answer = Evaluation(answer.policy[first:end], answer.wdl[first:end])
            first = end
            request.answered.set()
        self._counts[1:3] += (1, first)


def measure_baseline(
    config: TrainConfig,
    evaluator: Evaluator,
    device: Meter,
    *,
    warm_up_s: float,
    seconds: float,
    rounds: int = 1,
) -> BaselineFigures:
    """Plays with the network and the simulations of `config` for so many rounds of so long.

    Raises:
        EvaluationError: the network answered NaN or infinity.
    """
    batcher, stop, over = _Batcher(evaluator), threading.Event(), threading.Event()
    with ThreadPoolExecutor(ACTORS + 1, thread_name_prefix="baseline") as threads:
        server = threads.submit(batcher.serve, over)
        actors = [threads.submit(_play, config, batcher, seed, stop) for seed in range(ACTORS)]
        try:
            time.sleep(warm_up_s)
            looks = [_Look.at(batcher, device)]
            for _ in range(rounds):
                time.sleep(seconds)
                looks.append(_Look.at(batcher, device))
        finally:
            stop.set()
            wait(actors)  # each is answered once more
            over.set()
    for future in (server, *actors):
        future.result()
    first, last = looks[0], looks[-1]
    requests, batches, positions, waited_s = (last.counts - first.counts).tolist()
    return BaselineFigures(
        evals_per_s=summarise([_evals_per_s(*pair) for pair in pairwise(looks)]),
        fill_rate=positions / max(batches, 1) / BATCH,
        latency_ms=1000 * waited_s / max(requests, 1),
        utilisation=last.busy.since(first.busy),
    )


@dataclass(frozen=True)
class _Look:
    """Everything that grows, at one moment."""

    at_s: float
    counts: NDArray[np.float64]
    """See `_Batcher.counts`."""
    busy: Reading

    @classmethod
    def at(cls, batcher: _Batcher, device: Meter) -> "_Look":
        return cls(time.perf_counter(), batcher.counts(), device.read())


def _evals_per_s(earlier: _Look, later: _Look) -> float:
    return float(later.counts[2] - earlier.counts[2]) / (later.at_s - earlier.at_s)


def _play(config: TrainConfig, batcher: _Batcher, seed: int, stop: threading.Event) -> None:
    """Plays game after game until `stop` or an error of the network."""
    rng = np.random.default_rng(seed)
    while not stop.is_set() and batcher.error is None:
        board = chess.Board()
        search = create_mcts(_search_config(config, seed), backend="python")
        while not board.is_game_over(claim_draw=True) and len(board.move_stack) < config.max_plies:
            search.start(board, config.simulations)
            if not _search(search, batcher, stop):
                return
            result = search.result()
            board.push(result.moves[rng.choice(len(result.moves), p=result.policy(1.0))])


def _search(search: Search, batcher: _Batcher, stop: threading.Event) -> bool:
    """Searches one move; returns whether it came to its end."""
    planes = np.zeros((_LEAVES, *_SHAPE), dtype=np.float32)
    while not search.done:
        if stop.is_set() or batcher.error is not None:
            return False
        if filled := search.gather(planes):
            answer = batcher.evaluate(planes[:filled])
            search.apply(answer.policy, answer.wdl)
    return True


def _search_config(config: TrainConfig, seed: int) -> SearchConfig:
    """AlphaZero's own search, whatever the run uses: eight leaves at once from each of four trees."""
    changed = {
        "algorithm": "puct",
        "batch_size": _LEAVES,
        "seed": seed,
        "find_mates": False,  # in Python that would cost more than it did to those who left it out
    }
    return config.search.model_copy(update=changed)
