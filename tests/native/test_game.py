"""Games through the native door: moves, endings, errors."""

import chess
import pytest

from aztoolkit._native import START_FEN, Game, Outcome
from aztoolkit.errors import PositionError

SHUFFLE = ["g1f3", "g8f6", "f3g1", "f6g8"]


def test_game_starts_at_the_start_position() -> None:
    game = Game()
    assert game.fen() == START_FEN == chess.STARTING_FEN
    assert game.turn == chess.WHITE
    assert sorted(game.legal_moves()) == sorted(move.uci() for move in chess.Board().legal_moves)


def test_pop_undoes_push() -> None:
    game = Game(START_FEN, ["e2e4", "c7c5"])
    game.pop()
    game.pop()
    assert (game.fen(), game.plies) == (START_FEN, 0)
    with pytest.raises(PositionError, match="expected a move to take back"):
        game.pop()


def test_copy_is_independent() -> None:
    game = Game(START_FEN, ["e2e4"])
    other = game.copy()
    other.push_uci("e7e5")
    assert game.legal_moves() != other.legal_moves()
    assert (game.plies, other.plies) == (1, 2)


def test_repetitions_are_counted_in_the_known_game() -> None:
    game = Game(START_FEN, SHUFFLE)
    assert game.repetitions() == 1
    assert game.key == Game().key
    for move in SHUFFLE:
        game.push_uci(move)
    assert game.repetitions() == 2
    assert game.outcome() is None
    assert game.outcome(claim_draw=True) == Outcome("threefold_repetition", None)
    game.push_uci("e2e4")
    assert game.repetitions() == 0


def test_castling_right_lost_when_rook_captured() -> None:
    game = Game("4k2r/8/8/8/8/8/8/R3K2R b KQk - 0 1", ["h8h1"])
    assert game.fen().split()[2] == "Q"


def test_en_passant_square_is_written_only_where_a_capture_is_legal() -> None:
    pinned = Game("8/8/8/8/k2p3R/8/4P3/4K3 w - - 0 1", ["e2e4"])
    assert not pinned.has_legal_en_passant()
    assert pinned.fen().split()[3] == "-"
    assert pinned.fen(always_en_passant=True).split()[3] == "e3"


@pytest.mark.parametrize(
    ("fen", "outcome"),
    [
        ("rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq - 1 3", ("checkmate", False)),
        ("7k/5Q2/6K1/8/8/8/8/8 b - - 0 1", ("stalemate", None)),
        ("7k/8/6K1/8/8/8/8/6B1 b - - 0 1", ("insufficient_material", None)),
        ("7k/8/6K1/8/8/8/8/6R1 b - - 150 99", ("seventyfive_moves", None)),
        ("7k/8/6K1/8/8/8/8/6R1 b - - 149 99", None),
    ],
)
def test_outcome(fen: str, outcome: tuple[str, bool | None] | None) -> None:
    assert Game(fen).outcome() == outcome


@pytest.mark.parametrize(
    ("fen", "message"),
    [
        ("", "expected 1 to 6 fields in a FEN, got ''"),
        ("8/8/8/8/8/8/8", "expected 8 ranks in a FEN board, got '8/8/8/8/8/8/8'"),
        ("8/8/8/8/8/8/8/8", "expected exactly one king for white, got 0"),
        (START_FEN.replace(" w ", " x "), "expected 'w' or 'b' as the turn in a FEN, got 'x'"),
        (START_FEN + " 7", "expected 1 to 6 fields in a FEN"),
        ("k7/R7/8/8/8/8/8/K7 w - -", "expected no check while the other side is to move"),
        ("k7/8/8/8/8/8/8/K6\ud800", "surrogates not allowed"),
    ],
)
def test_broken_fen_is_refused_with_one_line(fen: str, message: str) -> None:
    with pytest.raises(PositionError) as error:
        Game(fen)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("uci", ["e2e5", "e7e5", "", "castle", "e2e4q", "e2\x00e4"])
def test_move_that_is_not_legal_is_refused(uci: str) -> None:
    with pytest.raises(PositionError, match="expected a legal move in"):
        Game().push_uci(uci)


def test_x_fen_names_the_file_of_an_inner_rook() -> None:
    fen = "1rr1k1r1/8/8/8/8/8/8/1RR1K1R1 w GCgc - 0 1"
    expected = chess.Board(fen, chess960=True).fen()
    assert Game(fen, chess960=True).fen() == expected
    assert expected.split()[2] == "KCkc"
