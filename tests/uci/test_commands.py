"""`position`, `go` and `setoption`, word by word."""

import chess
import pytest

from aztoolkit.errors import ConfigError, PositionError
from aztoolkit.uci.commands import parse_go, parse_option, parse_position


def position(text: str, *, chess960: bool = False) -> chess.Board:
    return parse_position(text.split(), chess960=chess960)


def test_the_history_is_on_the_stack():
    board = position("startpos moves g1f3 g8f6 f3g1 f6g8")
    assert len(board.move_stack) == 4
    assert board.is_repetition(2)


def test_castling_is_understood_in_both_notations():
    fen = "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1"
    for move in ("e1g1", "e1h1"):
        assert position(f"fen {fen} moves {move}").king(chess.WHITE) == chess.G1
    assert position(f"fen {fen} moves e1h1", chess960=True).king(chess.WHITE) == chess.G1


def test_capital_letters_of_a_promotion_are_forgiven():
    board = position("fen 4k3/P7/8/8/8/8/8/4K3 w - - 0 1 moves A7A8Q")
    assert board.piece_at(chess.A8) == chess.Piece(chess.QUEEN, chess.WHITE)


def test_a_fen_without_counters_will_do():
    assert position("fen 4k3/P7/8/8/8/8/8/4K3 w - -").fullmove_number == 1


def test_castling_rights_that_nobody_can_have_are_dropped():
    assert position("fen 4k3/8/8/8/8/8/8/4K3 w KQkq - 0 1").castling_rights == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fen",
        "moves e2e4",
        "startpos moves e2e5",
        "startpos moves 0000",
        "startpos moves e2e4 nonsense",
        "fen 8/8/8/8/8/8/8/8 w - - 0 1",
        "fen kk6/8/8/8/8/8/8/K7 w - - 0 1",
        "fen 4k3/4R3/8/8/8/8/8/4K3 w - - 0 1",
        "fen P3k3/8/8/8/8/8/8/4K3 w - - 0 1",
    ],
)
def test_a_wrong_position_is_refused(text: str):
    with pytest.raises(PositionError, match="expected"):
        position(text)


def test_every_argument_of_go():
    words = (
        "searchmoves e2e4 d2d4 ponder wtime 1000 btime 2000 winc 30 binc 40 movestogo 5 "
        "depth 6 nodes 7 mate 8 movetime 900 infinite"
    )
    go = parse_go(words.split(), chess.Board())
    assert go.clock_s == (2.0, 1.0)
    assert go.increment_s == (0.04, 0.03)
    assert (go.moves_to_go, go.depth, go.nodes, go.mate, go.movetime_s) == (5, 6, 7, 8, 0.9)
    assert go.infinite
    assert go.ponder
    assert go.searchmoves == (chess.Move.from_uci("e2e4"), chess.Move.from_uci("d2d4"))
    assert go.complaints == ()


def test_a_clock_below_nothing_is_at_nothing():
    assert parse_go(["wtime", "-5"], chess.Board()).clock_s == (None, 0.0)


@pytest.mark.parametrize(
    "words",
    [
        "nodes",
        "nodes x",
        "nodes -1",
        "depth 0",
        "wtime 1.5",
        "wtime ²",
        "dance",
        "searchmoves e2e5",
    ],
)
def test_what_makes_no_sense_is_complained_of_and_left_out(words: str):
    go = parse_go(words.split(), chess.Board())
    assert len(go.complaints) == 1
    assert go.endless


def test_an_argument_without_its_number_does_not_swallow_the_next():
    assert parse_go(["nodes", "depth", "3"], chess.Board()).depth == 3


def test_option_names_and_values_may_have_spaces():
    words = ["name", "Move", "Overhead", "value", "1", "2"]
    assert parse_option(words) == ("Move Overhead", "1 2")
    assert parse_option(["name", "Clear", "Hash"]) == ("Clear Hash", "")
    with pytest.raises(ConfigError):
        parse_option(["Hash", "value", "1"])
