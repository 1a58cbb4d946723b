"""What is kept between moves, and what is not."""

import time
from pathlib import Path

import chess
import pytest

from aztoolkit.mcts import best_backend
from aztoolkit.uci.clock import Budget, Watch
from aztoolkit.uci.commands import Go
from aztoolkit.uci.networks import Network
from aztoolkit.uci.settings import Settings
from aztoolkit.uci.thinking import Thinking
from aztoolkit.uci.tree import KeptTree
from tests.conftest import HashEvaluator

SETTINGS = Settings(hash_mb=32)


@pytest.fixture
def network(hash_evaluator: HashEvaluator) -> Network:
    return Network(Path("m.onnx"), hash_evaluator, batch=16)


def test_the_tree_stays_until_it_is_to_be_forgotten(network: Network):
    tree = KeptTree()
    first = tree.search_for(network, None, SETTINGS)
    assert tree.search_for(network, None, SETTINGS) is first
    tree.forget()
    second = tree.search_for(network, None, SETTINGS)
    assert second is not first
    assert tree.search_for(network, None, SETTINGS) is second


def test_another_network_or_memory_begins_anew(network: Network, hash_evaluator: HashEvaluator):
    tree = KeptTree()
    first = tree.search_for(network, None, SETTINGS)
    other = Network(Path("m.onnx"), hash_evaluator, batch=16)
    second = tree.search_for(other, None, SETTINGS)
    third = tree.search_for(other, None, Settings(hash_mb=64))
    assert len({id(first), id(second), id(third)}) == 3
    assert third.config.memory_mb == 60


def test_a_search_apart_is_new_each_time(network: Network):
    tree = KeptTree()
    kept = tree.search_for(network, None, SETTINGS)
    assert tree.search_apart(network, SETTINGS) is not tree.search_apart(network, SETTINGS)
    assert tree.search_for(network, None, SETTINGS) is not kept


def test_the_next_move_goes_on_with_what_was_found(network: Network):
    tree, board = KeptTree(), chess.Board()
    first = think(tree.search_for(network, None, SETTINGS), network, board, nodes=400)
    board.push(first.pv[0])
    board.push(first.pv[1])
    second = think(tree.search_for(network, None, SETTINGS), network, board, nodes=100)
    assert second.simulations == 100
    assert int(second.visits.sum()) > 100


@pytest.mark.skipif(best_backend() == "python", reason="the reference has no bound of memory")
def test_a_tree_that_is_full_still_has_a_move_and_the_next_one_room(network: Network):
    tree, board, small = KeptTree(), chess.Board(), Settings(hash_mb=16)
    full = False
    for _ in range(6):
        result = think(tree.search_for(network, None, small), network, board, nodes=20_000)
        assert result.best_move in board.legal_moves
        assert result.simulations > 0
        full = full or result.simulations < 20_000
        board.push(result.best_move)
    assert full


def think(search, network: Network, board: chess.Board, *, nodes: int):
    go = Go(nodes=nodes)
    watch = Watch(go, Budget(), began_s=time.monotonic())
    return Thinking(search, network.evaluator, board, go, watch, network.batch).run()
