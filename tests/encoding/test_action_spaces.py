"""What holds for the policy indices of every action space."""

import random

import chess
import pytest

from aztoolkit.encoding import ActionSpace, get_action_space
from aztoolkit.errors import ModelError, PositionError
from tests.encoding.boards import random_positions

PROMOTIONS = "n1n5/PPPk4/8/8/8/8/4Kppp/5N1N b - - 0 1"
CASTLING = "r3k2r/8/8/8/8/8/8/R3K2R b KQkq - 0 1"


@pytest.fixture(params=["az4672", "lc0_1858"])
def space(request: pytest.FixtureRequest) -> ActionSpace:
    return get_action_space(request.param)


def assert_indices_lead_back(space: ActionSpace, board: chess.Board) -> None:
    moves = list(board.legal_moves)
    indices = [space.move_to_index(board, move) for move in moves]
    assert len(set(indices)) == len(moves)
    assert all(0 <= index < space.size for index in indices)
    assert [space.index_to_move(board, index) for index in indices] == moves


def test_an_unknown_name_is_refused():
    with pytest.raises(ModelError, match=r"an action space among \['az4672', 'lc0_1858'\]"):
        get_action_space("x")


@pytest.mark.parametrize("chess960", [False, True])
def test_every_legal_move_has_an_index_of_its_own_that_leads_back(
    space: ActionSpace, chess960: bool
):
    for board in random_positions(random.Random(7), games=30, chess960=chess960):
        assert_indices_lead_back(space, board)


@pytest.mark.parametrize("chess960", [False, True])
@pytest.mark.parametrize("fen", [PROMOTIONS, CASTLING])
def test_promotions_and_castling_lead_back(space: ActionSpace, fen: str, chess960: bool):
    board = chess.Board(fen, chess960=chess960)
    for seen in (board, board.mirror()):
        assert_indices_lead_back(space, seen)


def test_black_moves_are_seen_from_blacks_side(space: ActionSpace):
    white = chess.Board()
    black = white.mirror()
    for move in white.legal_moves:
        turned = chess.Move(
            chess.square_mirror(move.from_square), chess.square_mirror(move.to_square)
        )
        assert space.move_to_index(black, turned) == space.move_to_index(white, move)


def test_index_out_of_range_is_refused(space: ActionSpace):
    for bad in (-1, space.size):
        with pytest.raises(PositionError, match="policy index"):
            space.index_to_move(chess.Board(), bad)
