"""Every plane of the AlphaZero input."""

import chess
import numpy as np
import pytest

from aztoolkit.encoding import az119

KINGSIDE_US, QUEENSIDE_US, KINGSIDE_THEM, QUEENSIDE_THEM = range(az119.CASTLING, az119.CASTLING + 4)


def played(*moves: str, fen: str = chess.STARTING_FEN) -> chess.Board:
    board = chess.Board(fen)
    for move in moves:
        board.push_uci(move)
    return board


def frame(planes: np.ndarray, t: int) -> np.ndarray:
    return planes[t * az119.FRAME_PLANES : (t + 1) * az119.FRAME_PLANES]


def squares(plane: np.ndarray) -> set[str]:
    return {chess.square_name(chess.square(file, rank)) for rank, file in np.argwhere(plane)}


def test_shape_and_type():
    planes = az119.encode(chess.Board())
    assert planes.shape == (119, 8, 8)
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
def test_piece_planes_of_the_start_position(plane: int, expected: set[str]):
    assert squares(az119.encode(chess.Board())[plane]) == expected


def test_black_sees_the_board_with_ranks_turned_over_and_colours_swapped():
    planes = az119.encode(played("e2e4"))
    assert squares(planes[0]) == {f"{file}2" for file in "abcdefgh"}  # Black's own pawns
    assert "e5" in squares(planes[6])  # White's pawn on e4
    assert squares(planes[5]) == {"e1"}  # files are not mirrored: the king stays on e


def test_history_frames_all_use_the_present_point_of_view():
    planes = az119.encode(played("e2e4", "c7c5", "g1f3"))
    own_pawns = [squares(frame(planes, t)[0]) for t in range(4)]
    assert ["c4" in pawns for pawns in own_pawns] == [True, True, False, False]
    their_knights = [squares(frame(planes, t)[7]) for t in range(4)]
    assert ["f6" in knights for knights in their_knights] == [True, False, False, False]


def test_frames_before_the_known_game_are_zero():
    planes = az119.encode(played("e2e4"))
    assert frame(planes, 1)[:12].any()
    assert not planes[2 * az119.FRAME_PLANES : az119.SIDE_TO_MOVE].any()


def test_only_eight_positions_are_kept():
    shuffle = ["g1f3", "g8f6", "f3g1", "f6g8"] * 3
    planes = az119.encode(played("e2e4", "e7e5", *shuffle))
    assert frame(planes, 7)[:12].any()


def test_repetition_planes_count_earlier_occurrences():
    shuffle = ["g1f3", "g8f6", "f3g1", "f6g8"]
    once, twice = az119.encode(played(*shuffle)), az119.encode(played(*shuffle * 2))
    assert once[az119.REPEATED_ONCE].all()
    assert not once[az119.REPEATED_TWICE].any()
    assert twice[az119.REPEATED_ONCE].all()
    assert twice[az119.REPEATED_TWICE].all()
    assert not frame(once, 1)[12:].any()  # the position before had not occurred before
    assert frame(twice, 4)[az119.REPEATED_ONCE].all()
    assert not frame(twice, 4)[az119.REPEATED_TWICE].any()


def test_repetition_is_broken_by_a_lost_castling_right():
    board = played("g1f3", "g8f6", "h1g1", "f6g8", "g1h1", "g8f6", "f3g1", "f6g8")
    assert not az119.encode(board)[az119.REPEATED_ONCE].any()


def test_side_to_move_plane():
    assert not az119.encode(chess.Board())[az119.SIDE_TO_MOVE].any()
    assert az119.encode(played("e2e4"))[az119.SIDE_TO_MOVE].all()


@pytest.mark.parametrize(("number", "value"), [(1, 1 / 99), (40, 40 / 99), (99, 1), (250, 1)])
def test_move_number_plane(number: int, value: float):
    planes = az119.encode(chess.Board(f"4k3/8/8/8/8/8/4P3/4K3 w - - 0 {number}"))
    assert np.all(planes[az119.MOVE_NUMBER] == np.float32(value))


@pytest.mark.parametrize(("clock", "value"), [(0, 0), (1, 1 / 99), (99, 1), (120, 1)])
def test_halfmove_clock_plane(clock: int, value: float):
    planes = az119.encode(chess.Board(f"4k3/8/8/8/8/8/4P3/4K3 w - - {clock} 80"))
    assert np.all(planes[az119.HALFMOVE_CLOCK] == np.float32(value))


@pytest.mark.parametrize(
    ("turn", "rights", "held"),
    [
        ("w", "K", KINGSIDE_US),
        ("w", "Q", QUEENSIDE_US),
        ("w", "k", KINGSIDE_THEM),
        ("w", "q", QUEENSIDE_THEM),
        ("b", "k", KINGSIDE_US),
        ("b", "q", QUEENSIDE_US),
        ("b", "K", KINGSIDE_THEM),
        ("b", "Q", QUEENSIDE_THEM),
    ],
)
def test_castling_planes(turn: str, rights: str, held: int):
    planes = az119.encode(chess.Board(f"r3k2r/8/8/8/8/8/8/R3K2R {turn} {rights} - 0 1"))
    for plane in range(az119.CASTLING, az119.CASTLING + 4):
        assert planes[plane].all() == (plane == held)


def test_every_value_is_a_multiple_of_one_ninety_ninth():
    board = played("e2e4", "c7c5", fen="r3k2r/pppppppp/8/8/8/8/PPPPPPPP/R3K2R w KQkq - 37 61")
    steps = az119.encode(board).astype(np.float64) * az119.COUNTER_LIMIT
    assert np.abs(steps - steps.round()).max() < 1e-5
    assert steps.min() >= 0
    assert steps.max() <= az119.COUNTER_LIMIT


def test_encoding_leaves_the_board_as_it_was():
    board = played("e2e4", "c7c5", "g1f3")
    before = (board.fen(), list(board.move_stack))
    az119.encode(board)
    assert (board.fen(), board.move_stack) == before
