"""Searches that share network calls: the same moves as alone, nobody starved, nobody harmed."""

import threading
from collections.abc import Iterator
from concurrent.futures import wait

import chess
import numpy as np
import pytest
from numpy.typing import NDArray

from aztoolkit.errors import EvaluationError, PositionError
from aztoolkit.evaluator import Evaluation, Evaluator
from aztoolkit.mcts import SearchConfig
from aztoolkit.model import ModelSpec
from aztoolkit.player import Limit, Player
from serve.batcher import Batcher, Job, Progress, Watch
from serve.errors import ApiError
from tests.conftest import HashEvaluator

SIMULATIONS = 100
BATCH = 48
"""Room for three searches of sixteen leaves."""
WAIT_S = 20
OPENINGS = ["", "e2e4", "d2d4", "c2c4", "g1f3", "e2e4 e7e5", "d2d4 d7d5", "e2e4 c7c5"]


class CountingEvaluator(HashEvaluator):
    """Notes the size of each call, and waits for `open` before the first."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self.sizes: list[int] = []
        self.asked, self.open = threading.Event(), threading.Event()

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        self.asked.set()
        assert self.open.wait(WAIT_S)
        self.sizes.append(len(planes))
        return super().evaluate(planes)


@pytest.fixture
def counting(az_spec: ModelSpec) -> CountingEvaluator:
    return CountingEvaluator(az_spec)


@pytest.fixture
def batcher(counting: CountingEvaluator) -> Iterator[Batcher]:
    """A batcher whose network waits until `open` is set."""
    batcher = Batcher(counting, batch=BATCH, searches=16)
    yield batcher
    counting.open.set()
    batcher.close()


def board_after(moves: str) -> chess.Board:
    board = chess.Board()
    for uci in moves.split():
        board.push_uci(uci)
    return board


def job_of(
    evaluator: Evaluator, moves: str = "", simulations: int = SIMULATIONS, **watch: Watch
) -> Job:
    return Job(
        Player(evaluator, SearchConfig()).new_game(), board_after(moves), simulations, **watch
    )


def hold(batcher: Batcher, counting: CountingEvaluator) -> Job:
    """Submits a job and returns it when the network has been asked about it."""
    job = job_of(counting)
    batcher.submit(job)
    assert counting.asked.wait(WAIT_S)
    return job


def test_searches_find_together_what_each_finds_alone(
    batcher: Batcher, counting: CountingEvaluator, hash_evaluator: HashEvaluator
) -> None:
    jobs = [job_of(counting, moves, SIMULATIONS + 10 * i) for i, moves in enumerate(OPENINGS)]
    for job in jobs:
        batcher.submit(job)
    counting.open.set()
    player = Player(hash_evaluator, SearchConfig())
    for job in jobs:
        found = job.found.result(WAIT_S).result
        limit = Limit(simulations=job.simulations)
        (alone,) = player.think([player.new_game()], [job.board], limit)
        assert found.moves == alone.moves
        assert found.visits.tolist() == alone.visits.tolist()
        assert found.wdl == pytest.approx(alone.wdl)


def test_calls_are_shared_and_bounded(batcher: Batcher, counting: CountingEvaluator) -> None:
    hold(batcher, counting)
    jobs = [job_of(counting, moves) for moves in OPENINGS]
    for job in jobs:
        batcher.submit(job)
    counting.open.set()
    wait([job.found for job in jobs], WAIT_S)
    assert 16 < max(counting.sizes) <= BATCH
    assert sum(counting.sizes) == batcher.counts.evaluations
    assert len(counting.sizes) == batcher.counts.network_calls
    assert sum(counting.sizes) / len(counting.sizes) > 16


def test_short_search_overtakes_long_ones(batcher: Batcher, counting: CountingEvaluator) -> None:
    long = [job_of(counting, moves, 100_000) for moves in OPENINGS]
    for job in long:
        batcher.submit(job)
    short = job_of(counting, "b1c3", SIMULATIONS)
    batcher.submit(short)
    counting.open.set()
    assert short.found.result(WAIT_S).result.simulations == SIMULATIONS
    assert not any(job.found.done() for job in long)


def test_stopped_search_ends_and_others_go_on(
    batcher: Batcher, counting: CountingEvaluator
) -> None:
    stopped = hold(batcher, counting)
    other = job_of(counting, "e2e4")
    batcher.submit(other)
    stopped.stop()
    counting.open.set()
    with pytest.raises(ApiError, match="ended before it had a move"):
        stopped.found.result(WAIT_S)
    assert other.found.result(WAIT_S).result.simulations == SIMULATIONS


def test_finished_position_is_told_to_its_own_caller(
    batcher: Batcher, counting: CountingEvaluator
) -> None:
    mated = job_of(counting, "f2f3 e7e5 g2g4 d8h4")
    fine = job_of(counting, "e2e4")
    counting.open.set()
    batcher.submit(mated)
    batcher.submit(fine)
    with pytest.raises(PositionError):
        mated.found.result(WAIT_S)
    assert fine.found.result(WAIT_S).result.simulations == SIMULATIONS


def test_broken_network_is_told_and_the_thread_lives(
    batcher: Batcher, counting: CountingEvaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_planes: object) -> Evaluation:
        raise EvaluationError("not a number")

    counting.open.set()
    with monkeypatch.context() as patch:
        patch.setattr(counting, "evaluate", broken)
        job = job_of(counting)
        batcher.submit(job)
        with pytest.raises(EvaluationError):
            job.found.result(WAIT_S)
    job = job_of(counting)
    batcher.submit(job)
    assert job.found.result(WAIT_S).result.simulations == SIMULATIONS


def test_watch_is_told_of_the_variations_it_wants(
    batcher: Batcher, counting: CountingEvaluator
) -> None:
    told: list[Progress] = []
    job = job_of(counting, "e2e4", watch=Watch(told.append, lines=3))
    unwanted = job_of(counting, "d2d4", watch=Watch(told.append, wanted=lambda: False))
    counting.open.set()
    batcher.submit(job)
    batcher.submit(unwanted)
    assert len(job.found.result(WAIT_S).lines) == 3
    unwanted.found.result(WAIT_S)
    assert told
    assert all(progress.board is job.board for progress in told)
    assert told[0].result.simulations < SIMULATIONS


def test_closing_gives_everything_up(counting: CountingEvaluator) -> None:
    batcher = Batcher(counting, batch=BATCH, searches=1)
    first, waiting = hold(batcher, counting), job_of(counting)
    batcher.submit(waiting)
    batcher.stop()
    counting.open.set()
    batcher.close()
    late = job_of(counting)
    batcher.submit(late)
    for job in (first, waiting, late):
        with pytest.raises(ApiError, match="shutting down"):
            job.found.result(WAIT_S)
