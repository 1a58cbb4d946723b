"""Policy indices that lc0 itself printed for real positions, most of them with a history."""

import json
from pathlib import Path

import chess
import pytest

from aztoolkit._native import Game, move_indices
from aztoolkit.encoding import lc0_1858
from tests.encoding.boards import played


def board_of(uci_position: str, *, chess960: bool) -> chess.Board:
    """Returns the board of ``startpos moves ...`` or ``fen ... moves ...``."""
    start, _, moves = uci_position.partition(" moves ")
    fen = chess.STARTING_FEN if start == "startpos" else start.removeprefix("fen ")
    return played(*moves.split(), fen=fen, chess960=chess960)


@pytest.mark.parametrize("chess960", [False, True])
def test_indices_are_those_that_lc0_prints(shared_data: Path, chess960: bool):
    lines = (shared_data / "golden" / "lc0_maia-1100.jsonl").read_text().splitlines()
    assert len(lines) == 254
    for line in lines:
        record = json.loads(line)
        board = board_of(record["position"], chess960=chess960)
        printed = {
            board.parse_uci(uci): index
            for uci, (_, index) in record["policy_pct_and_index"].items()
        }
        ours = {move: lc0_1858.move_to_index(board, move) for move in board.legal_moves}
        assert ours == printed, record["position"]
        assert native_indices(board) == printed, record["position"]


def native_indices(board: chess.Board) -> dict[chess.Move, int]:
    moves = [move.uci() for move in board.move_stack]
    game = Game(board.root().fen(), moves, chess960=board.chess960)
    indices = move_indices(game, action_space="lc0_1858")
    return {chess.Move.from_uci(uci): index for uci, index in indices.items()}
