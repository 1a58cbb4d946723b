"""Mates in one at once, those in two of the WAC set by search, knowing nothing but the rules."""

import random
from pathlib import Path

import chess
import pytest

from aztoolkit.evaluator import UniformEvaluator
from aztoolkit.mcts import Search, SearchConfig, run
from aztoolkit.mcts.native import NativeSearch
from aztoolkit.mcts.node import find_mate
from aztoolkit.mcts.reference import ReferenceSearch
from aztoolkit.model import ModelSpec
from tests.mcts.trees import random_board

SIMULATIONS = 200_000
BATCH = 16
MATES_IN_TWO = [1, 4, 5, 12, 27, 54, 60, 61, 84, 99, 154, 156, 160, 184, 188, 246]
"""Numbers of the positions; no position of the set is a mate in one."""
PROMOTES = "7k/1P4pp/8/8/8/8/6PP/7K w - - 0 1"
SCHOLARS = "r1bqkb1r/pppp1ppp/2n2n2/4p2Q/2B1P3/8/PPPP1PPP/RNB1K1NR w KQkq - 4 4"


def mates(board: chess.Board, moves: int) -> bool:
    """Returns whether the side to move can mate in at most so many moves."""
    return any(_mates_by(board, move, moves) for move in list(board.legal_moves))


def _mates_by(board: chess.Board, move: chess.Move, moves: int) -> bool:
    board.push(move)
    found = board.is_checkmate()
    if not found and moves > 1 and any(board.legal_moves):
        found = all(_still_mates(board, reply, moves - 1) for reply in list(board.legal_moves))
    board.pop()
    return found


def _still_mates(board: chess.Board, reply: chess.Move, moves: int) -> bool:
    board.push(reply)
    found = mates(board, moves)
    board.pop()
    return found


@pytest.mark.parametrize("number", MATES_IN_TWO)
def test_finds_mate_in_two(number: int, shared_data: Path, az_spec: ModelSpec) -> None:
    board = _wac(shared_data, f"WAC.{number:03}")
    tree = NativeSearch(SearchConfig(batch_size=BATCH))
    tree.start(board, SIMULATIONS)
    run([tree], UniformEvaluator(az_spec), stop=lambda: tree.native.result().end == 3)
    assert _mates_by(board, tree.result().best_move, 2)


@pytest.mark.slow
def test_no_other_position_of_the_set_is_a_mate_in_two(shared_data: Path) -> None:
    found = []
    for line in (shared_data / "epd" / "wac.epd").read_text().splitlines():
        if line.strip():
            board = chess.Board()
            name = str(board.set_epd(line)["id"])
            if mates(board, 2):
                found.append(int(name.removeprefix("WAC.")))
    assert found == MATES_IN_TWO


def _wac(shared_data: Path, name: str) -> chess.Board:
    for line in (shared_data / "epd" / "wac.epd").read_text().splitlines():
        if f'"{name}"' in line:
            board = chess.Board()
            board.set_epd(line)
            return board
    raise LookupError(name)


@pytest.mark.parametrize("algorithm", ["puct", "gumbel"])
@pytest.mark.parametrize("kind", [ReferenceSearch, NativeSearch])
@pytest.mark.parametrize("fen", [SCHOLARS, PROMOTES])
def test_one_simulation_is_enough_for_a_mate_in_one(
    fen: str, kind: type[Search], algorithm: str, az_spec: ModelSpec
) -> None:
    tree = kind(SearchConfig.model_validate({"algorithm": algorithm, "considered_moves": 2}))
    board = chess.Board(fen)
    tree.start(board, 1)
    run([tree], UniformEvaluator(az_spec))
    result = tree.result()
    board.push(result.best_move)
    assert board.is_checkmate()
    assert result.wdl == (1.0, 0.0, 0.0)
    assert result.pv == (result.best_move,)


@pytest.mark.parametrize("kind", [ReferenceSearch, NativeSearch])
def test_a_move_into_a_mate_in_one_is_lost_at_its_first_visit(
    kind: type[Search], az_spec: ModelSpec
) -> None:
    board = chess.Board()
    for uci in ["f2f3", "e7e5"]:
        board.push_uci(uci)
    tree = kind(SearchConfig(batch_size=1))
    tree.start(board, 60)
    run([tree], UniformEvaluator(az_spec))
    result = tree.result()
    fools = result.moves.index(chess.Move.from_uci("g2g4"))
    assert result.proofs is not None
    assert (result.proofs[fools], result.visits[fools]) == (-1, 1)


@pytest.mark.parametrize("kind", [ReferenceSearch, NativeSearch])
def test_the_mate_that_decides_a_line_ends_it(kind: type[Search], az_spec: ModelSpec) -> None:
    board = chess.Board("kbK5/pp6/1P6/8/8/8/8/R7 w - - 0 1")
    tree = kind(SearchConfig())
    tree.start(board, 2000)
    run([tree], UniformEvaluator(az_spec))
    for move in tree.result().pv:
        board.push(move)
    assert board.is_checkmate()


@pytest.mark.parametrize("settings", [{"find_mates": False}, {"prove_ends": False}])
@pytest.mark.parametrize("kind", [ReferenceSearch, NativeSearch])
def test_not_looked_for_unless_asked(
    kind: type[Search], settings: dict[str, bool], az_spec: ModelSpec
) -> None:
    tree = kind(SearchConfig.model_validate(settings))
    tree.start(chess.Board(SCHOLARS), 1)
    run([tree], UniformEvaluator(az_spec))
    result = tree.result()
    assert (result.simulations, result.visits.sum()) == (1, 0)


def test_every_mate_in_one_of_random_games_is_found_and_no_other(az_spec: ModelSpec) -> None:
    rng, found = random.Random(5), 0
    for _ in range(2500):
        board = random_board(rng)
        expected = find_mate(board)
        tree = NativeSearch(SearchConfig(batch_size=1))
        tree.start(board, 1)
        run([tree], UniformEvaluator(az_spec))
        result = tree.result()
        assert (result.wdl == (1.0, 0.0, 0.0)) == (expected is not None), board.fen()
        if expected is not None:
            found += 1
            assert result.best_move == expected, board.fen()
    assert found > 20
