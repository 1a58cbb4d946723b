"""What holds for the planes of every encoding; what only one does is in its own file."""

from types import ModuleType

import chess
import numpy as np
import pytest

from aztoolkit.encoding import az119, get_encoding, lc0_112
from aztoolkit.errors import ModelError
from tests.encoding.boards import SHUFFLE, played, squares

CASTLING_ORDER = {"az119": "KQkq", "lc0_112": "QKqk"}
"""The rights in the order of their planes, own ones in capitals."""


@pytest.fixture(params=[az119, lc0_112], ids=lambda encoding: encoding.NAME)
def encoding(request: pytest.FixtureRequest) -> ModuleType:
    return request.param


def frames(encoding: ModuleType, board: chess.Board) -> np.ndarray:
    """Returns the history: `[8, frame planes, 8, 8]`, the position itself first."""
    planes = encoding.encode(board)[: encoding.HISTORY * encoding.FRAME_PLANES]
    return planes.reshape(encoding.HISTORY, encoding.FRAME_PLANES, 8, 8)


def test_it_is_known_by_its_name(encoding: ModuleType):
    known = get_encoding(encoding.NAME)
    assert (known.name, known.planes, known.encode) == (
        encoding.NAME,
        encoding.PLANES,
        encoding.encode,
    )


def test_an_unknown_name_is_refused():
    with pytest.raises(ModelError, match=r"expected an encoding among \['az119', 'lc0_112'\]"):
        get_encoding("x")


def test_shape_and_type(encoding: ModuleType):
    planes = encoding.encode(chess.Board())
    assert planes.shape == (encoding.PLANES, 8, 8)
    assert planes.dtype == np.float32


@pytest.mark.parametrize(
    ("plane", "expected"),
    [
        (0, {f"{file}2" for file in "abcdefgh"}),
        (1, {"b1", "g1"}),
        (2, {"c1", "f1"}),
        (3, {"a1", "h1"}),
        (4, {"d1"}),
        (5, {"e1"}),
        (6, {f"{file}7" for file in "abcdefgh"}),
        (7, {"b8", "g8"}),
        (8, {"c8", "f8"}),
        (9, {"a8", "h8"}),
        (10, {"d8"}),
        (11, {"e8"}),
    ],
)
def test_piece_planes_of_the_start_position(encoding: ModuleType, plane: int, expected: set[str]):
    assert squares(encoding.encode(chess.Board())[plane]) == expected


def test_black_sees_the_board_with_ranks_turned_over_and_colours_swapped(encoding: ModuleType):
    planes = encoding.encode(played("e2e4"))
    assert squares(planes[0]) == {f"{file}2" for file in "abcdefgh"}  # Black's own pawns
    assert "e5" in squares(planes[6])  # White's pawn on e4
    assert squares(planes[5]) == {"e1"}  # files are not mirrored: the king stays on e


def test_history_frames_all_use_the_present_point_of_view(encoding: ModuleType):
    history = frames(encoding, played("e2e4", "c7c5", "g1f3"))
    own_pawns = [squares(frame[0]) for frame in history[:4]]
    assert ["c4" in pawns for pawns in own_pawns] == [True, True, False, False]
    their_knights = [squares(frame[7]) for frame in history[:4]]
    assert ["f6" in knights for knights in their_knights] == [True, False, False, False]


def test_frames_before_the_start_position_are_zero(encoding: ModuleType):
    history = frames(encoding, played("e2e4"))
    assert history[1, :12].any()
    assert not history[2:].any()


def test_only_eight_positions_are_kept(encoding: ModuleType):
    history = frames(encoding, played("e2e4", "e7e5", *SHUFFLE * 3))
    assert all(frame[:12].any() for frame in history)
    assert all("e4" in squares(frame[0]) for frame in history)


def test_a_repeated_position_is_marked_in_its_own_frame(encoding: ModuleType):
    repeated = frames(encoding, played(*SHUFFLE, "g1f3"))[:, encoding.REPEATED_ONCE]
    assert repeated[:2].all()
    assert not repeated[2:].any()


def test_repetition_is_broken_by_a_lost_castling_right(encoding: ModuleType):
    board = played("g1f3", "g8f6", "h1g1", "f6g8", "g1h1", "g8f6", "f3g1", "f6g8")
    assert not frames(encoding, board)[0, encoding.REPEATED_ONCE].any()


def test_side_to_move_plane(encoding: ModuleType):
    assert not encoding.encode(chess.Board())[encoding.SIDE_TO_MOVE].any()
    assert (encoding.encode(played("e2e4"))[encoding.SIDE_TO_MOVE] == 1).all()


@pytest.mark.parametrize("turn", "wb")
@pytest.mark.parametrize("right", "KQkq")
@pytest.mark.parametrize(
    ("rank", "chess960"), [("r3k2r", False), ("r3k2r", True), ("1r2kr2", True)]
)
def test_castling_planes(encoding: ModuleType, rank: str, chess960: bool, right: str, turn: str):
    fen = f"{rank}/8/8/8/8/8/8/{rank.upper()} {turn} {right} - 0 1"
    planes = encoding.encode(chess.Board(fen, chess960=chess960))
    seen = right if turn == "w" else right.swapcase()
    for plane, held in enumerate(CASTLING_ORDER[encoding.NAME], start=encoding.CASTLING):
        assert (planes[plane] == (held == seen)).all()


def test_encoding_leaves_the_board_as_it_was(encoding: ModuleType):
    board = played("e7e5", "g1f3", fen="4k3/4p3/8/8/3pP3/8/8/4K1N1 b - e3 0 1")
    before = (board.fen(), board.root().fen(), list(board.move_stack))
    encoding.encode(board)
    assert (board.fen(), board.root().fen(), board.move_stack) == before
