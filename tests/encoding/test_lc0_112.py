"""What only lc0's input has; the rest is in test_encodings.py."""

import chess
import numpy as np
import pytest

from aztoolkit.encoding import lc0_112
from tests.encoding.boards import SHUFFLE, played, squares

START_WITH_BLACK_TO_MOVE = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR b KQkq - 0 1"
START_WITHOUT_CASTLING = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQ - 0 1"


def frames(board: chess.Board) -> np.ndarray:
    return lc0_112.encode(board)[: lc0_112.CASTLING].reshape(8, lc0_112.FRAME_PLANES, 8, 8)


@pytest.mark.parametrize("clock", [0, 1, 99, 120])
def test_halfmove_clock_is_not_scaled(clock: int):
    planes = lc0_112.encode(chess.Board(f"4k3/8/8/8/8/8/4P3/4K3 w - - {clock} 80"))
    assert (planes[lc0_112.HALFMOVE_CLOCK] == clock).all()


def test_last_planes_are_zeros_and_ones():
    planes = lc0_112.encode(played("e2e4"))
    assert not planes[lc0_112.ZEROS].any()
    assert (planes[lc0_112.ONES] == 1).all()


def test_a_third_occurrence_looks_like_a_second():
    once, twice = frames(played(*SHUFFLE)), frames(played(*SHUFFLE * 2))
    np.testing.assert_array_equal(once[0], twice[0])


@pytest.mark.parametrize(
    "fen",
    [
        "4k3/8/8/8/8/8/4P3/4K3 w - - 7 9",
        "4k3/8/8/8/8/8/4P3/4K3 b - - 7 9",
        START_WITH_BLACK_TO_MOVE,
        START_WITHOUT_CASTLING,
    ],
)
def test_history_before_a_fen_repeats_its_position(fen: str):
    history = frames(chess.Board(fen))
    assert history[0].any()
    assert (history == history[0]).all()


def test_made_up_history_is_not_repeated_however_often_the_first_position_was():
    board = played("e1d1", "e8d8", "d1e1", "d8e8", fen="4k3/8/8/8/8/8/4P3/4K3 w - - 0 1")
    history = frames(board)
    assert history[0, lc0_112.REPEATED_ONCE].all()
    assert not history[1:, lc0_112.REPEATED_ONCE].any()
    assert (history[4:] == history[4]).all()


@pytest.mark.parametrize("chess960", [False, True])
def test_history_before_the_start_position_is_empty_with_any_counters(chess960: bool):
    fen = chess.STARTING_FEN.replace(" 0 1", " 30 40")
    history = frames(chess.Board(fen, chess960=chess960))
    assert not history[1:].any()


def test_history_before_another_chess960_start_is_filled():
    history = frames(chess.Board.from_chess960_pos(0))
    assert (history == history[0]).all()


@pytest.mark.parametrize(
    ("fen", "pawns", "here", "home"),
    [
        ("4k3/8/8/8/3pP3/8/8/4K3 b - e3 0 1", 6, "e5", "e7"),
        ("4k3/8/8/3pP3/8/8/8/4K3 w - d6 0 1", 6, "d5", "d7"),
    ],
)
def test_history_before_a_double_step_has_the_pawn_at_home(
    fen: str, pawns: int, here: str, home: str
):
    history = frames(chess.Board(fen))
    assert squares(history[0, pawns]) == {here}
    assert all(squares(frame[pawns]) == {home} for frame in history[1:])


def test_a_pawn_put_home_is_seen_by_the_present_side_to_move():
    history = frames(played("e8d8", fen="4k3/8/8/8/3pP3/8/8/4K3 b - e3 0 1"))
    own_pawns = [squares(frame[0]) for frame in history]
    assert own_pawns == [{"e4"}, {"e4"}] + [{"e2"}] * 6


def test_a_double_step_inside_the_known_game_is_not_made_up():
    own_pawns = [squares(frame[0]) for frame in frames(played("e2e4", "d7d5"))]
    assert ["e4" in pawns for pawns in own_pawns] == [True, True] + [False] * 6


@pytest.mark.parametrize(
    "ranks",
    [
        "8/8/8",  # no pawn
        "8/8/3n4",  # not a pawn
        "3p4/8/3p4",  # its home is taken
        "8/3n4/3p4",  # it would have jumped
    ],
)
def test_an_impossible_en_passant_square_puts_no_pawn_home(ranks: str):
    history = frames(chess.Board(f"4k3/{ranks}/8/8/8/4K3 w - d6 0 1"))
    assert (history == history[0]).all()
