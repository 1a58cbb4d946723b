"""Puzzles of Lichess, read and played."""

from pathlib import Path

import chess
import pytest

from aztoolkit.errors import DataError
from benchmarks.lichess_puzzles import Puzzle, read_puzzles
from tests.benchmarks.puzzle_files import HEADER, ONE_MOVE, TWO_MOVES

LADDER = "ladder,8/4k3/R6Q/8/8/8/8/1R4K1 b - - 0 1,e7e8 b1b7 e8d8 a6a8,1400,75,mate\n"
"""The queen mates as well in the end."""
FEN = "6k1/p4ppp/8/8/8/8/5PPP/4R1K1 b - - 0 1"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "puzzles.csv"


@pytest.fixture
def ladder(source: Path) -> Puzzle:
    source.write_text(HEADER + LADDER)
    (puzzle,) = read_puzzles(source)
    return puzzle


def play(puzzle: Puzzle, *moves: str) -> list[bool | None]:
    board = puzzle.board()
    return [puzzle.play(board, board.parse_uci(move)) for move in moves]


def test_the_first_move_is_the_opponents_and_is_history(ladder: Puzzle):
    board = ladder.board()
    assert [move.uci() for move in board.move_stack] == ["e7e8"]
    assert board.turn == chess.WHITE
    assert (ladder.name, ladder.rating, ladder.moves) == ("ladder", 1400.0, 2)


def test_every_move_of_the_solver_must_be_found(ladder: Puzzle):
    assert play(ladder, "b1b7", "a6a8") == [None, True]
    assert play(ladder, "b1b7", "a6a7") == [None, False]
    assert play(ladder, "h6h8") == [False]


def test_another_mate_solves(ladder: Puzzle):
    assert play(ladder, "b1b7", "h6f8") == [None, True]


def test_castling_is_read_in_either_notation(source: Path):
    fen = "4k3/8/8/8/8/8/5r2/4K2R b K - 0 1"
    source.write_text(f"{HEADER}a,{fen},f2a2 e1g1,1500,,\nb,{fen},f2b2 e1h1,1500,,\n")
    for puzzle in read_puzzles(source):
        assert play(puzzle, "e1g1") == [True]


def test_a_position_is_read_once(source: Path):
    source.write_text(HEADER + TWO_MOVES + ONE_MOVE + TWO_MOVES)
    assert [puzzle.name for puzzle in read_puzzles(source)] == ["two", "one"]


def test_what_lies_beyond_the_first_puzzles_is_not_read(source: Path):
    source.write_text(HEADER + TWO_MOVES + ONE_MOVE + "broken\n")
    assert [puzzle.name for puzzle in read_puzzles(source, first=2)] == ["two", "one"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("", "expected puzzles below the header, got none"),
        ("x,nonsense,a7a5 e1e8,1000,,\n", "expected a FEN and legal moves in .*, line 2, got"),
        (f"x,{FEN},a7a5 e1h8,1000,,\n", "legal moves in .*illegal uci: 'e1h8'"),
        (f"x,{FEN},a7a5 0000,1000,,\n", "legal moves in .*a null move"),
        (f"x,{FEN},a7a5,1000,,\n", "to the solver's last in .*got 1 moves: 'a7a5'"),
        (f"x,{FEN},a7a5 e1e7 h7h6,1000,,\n", "to the solver's last in .*got 3 moves"),
        (f"x,{FEN},a7a5 e1e8,strong,,\n", "a whole number as Rating in .*got 'strong'"),
        (f"{TWO_MOVES}x,{FEN},a7a5 e1e8\n", "expected a Rating in .*, line 3, got none"),
        (f'x,"{FEN},a7a5 e1e8,1000,,\n', "expected a readable .csv file"),
        (
            "x,6k1/p7/8/8/8/8/8/R7 b - - 0 1,a7a5 a1a5,1000,,\n",
            "expected a valid position in .*line 2",
        ),
    ],
)
def test_a_malformed_file_is_told_in_one_line(source: Path, rows: str, said: str):
    source.write_text(HEADER + rows)
    with pytest.raises(DataError, match=said) as error:
        read_puzzles(source)
    assert "\n" not in str(error.value)


def test_a_file_of_another_kind_is_refused(source: Path):
    source.write_text("FEN,Solution\n")
    with pytest.raises(DataError, match="got no PuzzleId, Moves, Rating;"):
        read_puzzles(source)
    source.write_bytes(b"PuzzleId,\xff\xfe\n")
    with pytest.raises(DataError, match="expected a readable"):
        read_puzzles(source)
