"""Proven wins and losses: what a result says of them, in both implementations."""

from typing import Any

import chess
import numpy as np
import pytest

from aztoolkit.evaluator import UniformEvaluator
from aztoolkit.mcts import SearchConfig, SearchResult, run
from aztoolkit.mcts.native import NativeSearch
from aztoolkit.mcts.reference import ReferenceSearch
from aztoolkit.model import ModelSpec

MATE_IN_TWO = "kbK5/pp6/1P6/8/8/8/8/R7 w - - 0 1"
KC4_IS_MATED = "2k3qr/1b2np2/1p1b2p1/1Np4p/4p1rP/1PQKPBP1/5P2/R5NR w - - 0 26"


def search(kind: Any, fen: str, spec: ModelSpec, simulations: int, **settings: Any) -> SearchResult:
    tree = kind(SearchConfig(**settings))
    tree.start(chess.Board(fen), simulations)
    run([tree], UniformEvaluator(spec))
    result: SearchResult = tree.result()
    return result


@pytest.mark.parametrize("algorithm", ["puct", "gumbel"])
@pytest.mark.parametrize("kind", [ReferenceSearch, NativeSearch])
def test_a_proven_win_ends_the_search_and_is_certain(
    kind: Any, algorithm: str, az_spec: ModelSpec
) -> None:
    result = search(kind, MATE_IN_TWO, az_spec, 5000, algorithm=algorithm)
    assert result.simulations < 5000
    assert result.wdl == (1.0, 0.0, 0.0)
    assert result.best_move == result.pv[0] == chess.Move.from_uci("a1a6")
    assert result.proofs is not None
    assert result.proofs[result.moves.index(result.best_move)] == 1
    assert result.policy(1.0)[result.moves.index(result.best_move)] == 1.0
    assert len(result.pv) == 3


@pytest.mark.parametrize("kind", [ReferenceSearch, NativeSearch])
def test_a_proven_loss_ends_the_search_with_a_move(kind: Any, az_spec: ModelSpec) -> None:
    board = chess.Board(MATE_IN_TWO)
    board.push_uci("a1a6")
    tree = kind(SearchConfig())
    tree.start(board, 5000)
    run([tree], UniformEvaluator(az_spec))
    result = tree.result()
    assert result.wdl == (0.0, 0.0, 1.0)
    assert set(result.proofs) == {-1}
    assert result.best_move in board.legal_moves
    assert result.policy(1.0).sum() == pytest.approx(1.0)
    tree.start(board, 5000)  # there is nothing left to search
    assert tree.done


@pytest.mark.parametrize("kind", [ReferenceSearch, NativeSearch])
def test_without_proofs_the_search_goes_on(kind: Any, az_spec: ModelSpec) -> None:
    result = search(kind, MATE_IN_TWO, az_spec, 800, prove_ends=False)
    assert result.simulations == 800
    assert result.wdl[0] < 1.0


@pytest.mark.parametrize("kind", [ReferenceSearch, NativeSearch])
def test_moves_that_lose_get_no_share_of_the_policy(kind: Any, az_spec: ModelSpec) -> None:
    result = search(kind, KC4_IS_MATED, az_spec, 400)
    loses = result.moves.index(chess.Move.from_uci("d3c4"))
    assert result.proofs is not None
    assert result.proofs[loses] == -1
    assert result.visits[loses] > 0
    assert result.policy(1.0)[loses] == 0.0
    assert result.values[loses] == -1.0
    assert len(result.moves) == 5


@pytest.mark.parametrize("kind", [ReferenceSearch, NativeSearch])
def test_a_decided_root_has_a_variation_though_nothing_was_searched(
    kind: Any, az_spec: ModelSpec
) -> None:
    board = chess.Board(MATE_IN_TWO)
    board.push_uci("a1a6")
    tree = kind(SearchConfig(algorithm="gumbel"))
    tree.start(board, 5000)
    run([tree], UniformEvaluator(az_spec))
    tree.start(board, 5000)
    result = tree.result()
    assert result.simulations == 0
    assert result.pv[0] == result.best_move


@pytest.mark.parametrize("kind", [ReferenceSearch, NativeSearch])
def test_one_simulation_plays_by_the_priors(kind: Any, az_spec: ModelSpec) -> None:
    result = search(kind, chess.STARTING_FEN, az_spec, 1)
    assert result.pv == (result.best_move,)
    assert result.best_move == result.moves[int(np.argmax(result.priors))]
    assert result.policy(1.0) == pytest.approx(result.priors)


def test_an_unvisited_move_goes_before_one_that_loses() -> None:
    moves = (chess.Move.from_uci("e2e4"), chess.Move.from_uci("d2d4"))
    result = SearchResult(
        moves=moves,
        visits=np.array([1, 0], np.int32),
        priors=np.array([0.6, 0.4], np.float32),
        values=np.array([-1.0, np.nan], np.float32),
        wdl=(0.0, 0.5, 0.5),
        pv=(moves[1],),
        simulations=2,
        proofs=np.array([-1, 0], np.int8),
    )
    assert result.best_move == moves[1]
    assert result.policy(1.0).tolist() == [0.0, 1.0]
