"""The cache of evaluations changes what is asked of the network, never what is found."""

import random

import chess
import numpy as np
import pytest
from numpy.typing import NDArray

from aztoolkit._native import EvaluationCache
from aztoolkit.evaluator import Evaluation
from aztoolkit.mcts import SearchConfig, create_cache, create_mcts, run
from aztoolkit.mcts.native import NativeSearch
from aztoolkit.model import ModelSpec
from tests.mcts.trees import ExactEvaluator, random_board, rows


class CountingEvaluator(ExactEvaluator):
    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self.positions = 0

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        self.positions += len(planes)
        return super().evaluate(planes)


def search(
    board: chess.Board, cache: EvaluationCache | None, evaluator: ExactEvaluator, **settings: object
) -> NativeSearch:
    tree = NativeSearch(SearchConfig.model_validate({"batch_size": 1, **settings}), cache)
    tree.start(board, 100)
    run([tree], evaluator)
    return tree


@pytest.mark.parametrize("algorithm", ["puct", "gumbel"])
def test_the_tree_is_the_same_with_a_cache(az_spec: ModelSpec, algorithm: str) -> None:
    rng, cache = random.Random(1), create_cache(8)
    for _ in range(6):
        board = random_board(rng)
        plain = search(board, None, CountingEvaluator(az_spec), algorithm=algorithm)
        for _ in range(2):
            evaluator = CountingEvaluator(az_spec)
            cached = search(board, cache, evaluator, algorithm=algorithm)
            assert rows(cached) == rows(plain)
        assert evaluator.positions < 5  # the second time nearly all is known


def test_the_same_position_with_another_history_is_another_position(az_spec: ModelSpec) -> None:
    cache, evaluator = create_cache(8), CountingEvaluator(az_spec)
    lines = (["g1f3", "g8f6", "b1c3"], ["b1c3", "g8f6", "g1f3"], ["g1f3", "g8f6", "b1c3"])
    asked = []
    for line in lines:
        board = chess.Board()
        for uci in line:
            board.push_uci(uci)
        before = evaluator.positions
        search(board, cache, evaluator)
        asked.append(evaluator.positions - before)
    assert asked[0] == asked[1] > 90
    assert asked[2] < 5


def test_clocks_and_castling_are_part_of_a_position(az_spec: ModelSpec) -> None:
    cache, evaluator = create_cache(1), CountingEvaluator(az_spec)
    rooks = "r3k2r/8/8/8/8/8/8/R3K2R w"
    for rest in ("KQkq - 0 1", "Kkq - 0 1", "KQkq - 5 9", "KQkq - 0 9"):
        before = evaluator.positions
        search(chess.Board(f"{rooks} {rest}"), cache, evaluator)
        assert evaluator.positions > before


def test_memory_is_bounded_and_can_be_cleared(az_spec: ModelSpec) -> None:
    cache, evaluator = EvaluationCache(1), CountingEvaluator(az_spec)
    assert cache.memory_bytes <= 2**20
    search(chess.Board(), cache, evaluator)
    lookups, asked = cache.lookups, evaluator.positions
    cache.clear()
    search(chess.Board(), cache, evaluator)
    assert evaluator.positions == 2 * asked
    assert (cache.lookups, cache.hits) == (2 * lookups, 0)
    search(chess.Board(), cache, evaluator)
    assert cache.hits > 0.9 * lookups


def test_no_cache_of_no_size() -> None:
    assert create_cache(0) is None
    assert isinstance(create_mcts(SearchConfig(), cache=create_cache(1)), NativeSearch)
