"""Real positions: every mate in one or two moves of the WAC set is found, knowing nothing but the rules."""

from pathlib import Path

import chess
import pytest

from aztoolkit.evaluator import UniformEvaluator
from aztoolkit.mcts import SearchConfig, run
from aztoolkit.mcts.native import NativeSearch
from aztoolkit.model import ModelSpec

SIMULATIONS = 200_000
BATCH = 16
MATES_IN_TWO = [1, 4, 5, 12, 27, 54, 60, 61, 84, 99, 154, 156, 160, 184, 188, 246]
"""Numbers of the positions; no position of the set is a mate in one."""


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
