"""When a search ends, what it says, and that an error still makes a move."""

import math
import time

import chess
import numpy as np
import pytest
from numpy.typing import NDArray

from aztoolkit.encoding import az4672
from aztoolkit.evaluator import Evaluation, Evaluator, UniformEvaluator
from aztoolkit.mcts import SearchConfig, SearchResult, create_mcts
from aztoolkit.model import ModelSpec
from aztoolkit.uci.clock import Budget, Watch
from aztoolkit.uci.commands import Go
from aztoolkit.uci.lines import Progress, best_lines, bestmove_line, info_lines, mate_distance
from aztoolkit.uci.thinking import Thinking
from tests.conftest import HashEvaluator

E2E4 = chess.Move.from_uci("e2e4")
ONE_MOVE = "7k/8/8/8/8/8/1r6/K7 w - - 0 1"
MATE_IN_TWO = "7k/8/8/8/8/8/R7/1R2K3 w - - 0 1"
CLOCK = Go(clock_s=(60.0, 60.0))
PROGRESS = Progress(depth=3, elapsed_s=0.5, table_hits=0, hash_permille=0)


def thinking(
    evaluator: Evaluator,
    go: Go,
    *,
    fen: str = chess.STARTING_FEN,
    budget: Budget | None = None,
    **rest: object,
) -> Thinking:
    spec = evaluator.spec
    search = create_mcts(SearchConfig(encoding=spec.encoding, action_space=spec.action_space))
    watch = Watch(go, budget or Budget(), began_s=time.monotonic())
    return Thinking(search, evaluator, chess.Board(fen), go, watch, 16, **rest)


class Sure(UniformEvaluator):
    """Wants e2e4, and takes its time."""

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        time.sleep(0.002)
        answer = super().evaluate(planes)
        answer.policy[:, az4672.move_to_index(chess.Board(), E2E4)] = 12.0
        return answer


class Broken(HashEvaluator):
    """Answers NaN from the fifth call on."""

    calls = 0

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        self.calls += 1
        answer = super().evaluate(planes)
        if self.calls >= 5:
            answer.wdl[:] = math.nan
        return answer.check_finite()


def test_exactly_the_nodes_asked_for(hash_evaluator: HashEvaluator):
    assert thinking(hash_evaluator, Go(nodes=123)).run().simulations == 123


def test_an_only_move_is_played_at_once(az_spec: ModelSpec):
    began_s = time.monotonic()
    result = thinking(
        Sure(az_spec), CLOCK, fen=ONE_MOVE, budget=Budget(60.0, 90.0, thrifty=True)
    ).run()
    assert time.monotonic() - began_s < 20
    assert result.best_move == chess.Move.from_uci("a1b2")


def test_a_search_ends_once_the_second_move_cannot_catch_up(az_spec: ModelSpec):
    search = thinking(Sure(az_spec), CLOCK, budget=Budget(6.0, 60.0, thrifty=True))
    assert search.run().best_move == E2E4
    assert search.watch.target_left_s() > 0


def test_analysis_uses_its_time(hash_evaluator: HashEvaluator):
    budget = Budget(0.6, 0.6, thrifty=True)
    began_s = time.monotonic()
    thinking(hash_evaluator, CLOCK, fen=ONE_MOVE, budget=budget, analyse=True).run()
    assert time.monotonic() - began_s >= 0.5


def test_without_time_the_root_alone_is_evaluated(hash_evaluator: HashEvaluator):
    search = thinking(hash_evaluator, CLOCK, budget=Budget(0.0, 0.0, thrifty=True))
    assert search.run().simulations == 1


def test_batches_shrink_with_the_time_left(az_spec: ModelSpec):
    class Slow(UniformEvaluator):
        sizes: list[int] = []  # noqa: RUF012

        def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
            self.sizes.append(len(planes))
            time.sleep(0.05 * len(planes))
            return super().evaluate(planes)

    evaluator = Slow(az_spec)
    began_s = time.monotonic()
    thinking(evaluator, CLOCK, budget=Budget(0.8, 0.8)).run()
    assert time.monotonic() - began_s < 5.0
    assert max(evaluator.sizes) <= 4


def test_an_error_of_the_network_leaves_what_was_seen(az_spec: ModelSpec):
    search = thinking(Broken(az_spec), Go(nodes=500))
    with pytest.raises(Exception, match="finite wdl"):
        search.run()
    assert search.seen is not None
    assert search.seen.best_move in search.board.legal_moves


def test_go_mate_ends_with_a_mate_in_so_many(hash_evaluator: HashEvaluator):
    search = thinking(hash_evaluator, Go(mate=2), fen=MATE_IN_TWO)
    result = search.run()
    assert mate_distance(search.board, result.pv) in (1, 2)


def test_every_line_is_a_legal_continuation(hash_evaluator: HashEvaluator):
    search = thinking(hash_evaluator, Go(nodes=600))
    result = search.run()
    lines = best_lines(search.search, result, 5)
    assert len({line[0] for line in lines}) == 5
    assert lines[0] == result.pv
    for line in lines:
        board = search.board.copy()
        for move in line:
            assert move in board.legal_moves
            board.push(move)
    assert max(map(len, lines[1:])) > 1


def test_lines_come_from_most_to_least_visited(hash_evaluator: HashEvaluator):
    search = thinking(hash_evaluator, Go(nodes=300))
    result = search.run()
    visits = [
        result.visits[result.moves.index(line[0])] for line in best_lines(search.search, result, 20)
    ]
    assert visits == sorted(visits, reverse=True)


def result_of(value: float, *, draw: float = 0.2, proof: int = 0) -> SearchResult:
    return SearchResult(
        moves=(chess.Move.from_uci("e2e4"),),
        visits=np.array([9], np.int32),
        priors=np.array([1.0], np.float32),
        values=np.array([value], np.float32),
        wdl=((1 - draw + value) / 2, draw, (1 - draw - value) / 2),
        pv=(chess.Move.from_uci("e2e4"),),
        simulations=9,
        proofs=np.array([proof], np.int8),
    )


@pytest.mark.parametrize(
    ("value", "score"), [(0.0, "cp 0 "), (0.5, "cp 89 "), (1.0, "cp 12780 "), (-1.0, "cp -12780 ")]
)
def test_values_become_centipawns_by_lc0s_formula(value: float, score: str):
    result = result_of(value)
    (line,) = info_lines(chess.Board(), result, [result.pv], PROGRESS, show_wdl=False)
    assert f" score {score}" in line


def test_chances_sum_to_a_thousand_and_agree_with_the_value():
    result = result_of(0.5)
    (line,) = info_lines(chess.Board(), result, [result.pv], PROGRESS, show_wdl=True)
    win, draw, loss = map(int, line.partition(" wdl ")[2].split()[:3])
    assert win + draw + loss == 1000
    assert win - loss == 500
    assert draw == 200


def test_a_move_and_the_answer_that_is_expected():
    line = (chess.Move.from_uci("e2e4"), chess.Move.from_uci("e7e5"), chess.Move.from_uci("g1f3"))
    assert bestmove_line(chess.Board(), line) == "bestmove e2e4 ponder e7e5"
    assert bestmove_line(chess.Board(), line[:1]) == "bestmove e2e4"
