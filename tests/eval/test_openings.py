"""Books of openings: the built-in one, and files of the user's."""

import zipfile

import chess
import pytest

from aztoolkit.errors import DataError
from eval.built_in import BOOK
from eval.make_openings import LIMIT_CP, PLIES, make_openings
from eval.openings import read_book

PGN = """[Event "one"]

1. e4 { best by test } e5 2. Nf3 *

[Event "two"]
[FEN "6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1"]
[SetUp "1"]

1. h3 {
[%clk 0:01:00] } h6 *

[Event "same as one"]

1. Nf3 e5 2. e4 *
"""


def test_built_in_book_has_2000_distinct_level_positions_with_their_history():
    book = read_book(None, count=10_000, seed=0)
    assert len(book.openings) >= 2000
    assert len({opening.board().epd() for opening in book.openings}) == len(book.openings)
    assert all(len(opening.moves) == PLIES for opening in book.openings)
    scores = [chess.Board().set_epd(line)["ce"] for line in BOOK.read_text().splitlines()]
    assert max(map(abs, scores)) <= LIMIT_CP


def test_seed_decides_the_order_and_nothing_else():
    one, same, other = (read_book(None, count=50, seed=seed).openings for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert read_book(None, count=80, seed=1).openings[:50] == one


def test_pgn_openings_carry_their_moves_and_are_distinct(tmp_path):
    path = tmp_path / "book.pgn"
    path.write_text(PGN)
    openings = read_book(path, count=10, seed=0).openings
    assert len(openings) == 2
    found = {opening.board().epd(): opening for opening in openings}
    king_knight = chess.Board()
    for move in ("e2e4", "e7e5", "g1f3"):
        king_knight.push_uci(move)
    assert len(found[king_knight.epd()].moves) == 3
    other = next(opening for opening in openings if opening.start != chess.STARTING_FEN)
    assert [move.uci() for move in other.moves] == ["h2h3", "h7h6"]


@pytest.mark.parametrize("name", ["book.epd", "book.pgn"])
def test_zipped_books_are_read(tmp_path, name):
    text = PGN if name.endswith("pgn") else "6k1/5ppp/8/8/8/8/5PPP/R5K1 w - -\n"
    path = tmp_path / "book.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, text)
    assert read_book(path, count=1, seed=0).openings


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.epd", "this is no position\n", "expected a position in EPD in .*line 1"),
        ("a.epd", "8/8/8/8/8/8/8/8 w - -\n", "expected a valid position"),
        ("a.epd", "7k/5KQ1/8/8/8/8/8/8 b - -\n", "expected a game that goes on"),
        ("a.epd", "\n\n", "got an empty file"),
        ("a.epd", '6k1/8/8/8/8/8/8/R5K1 w - - c0 "moves e2e4";\n', "to lead to"),
        ("a.epd", '6k1/8/8/8/8/8/8/R5K1 w - - c0 "moves e2e5";\n', "expected legal moves"),
        ("a.pgn", '[Event "x"]\n\n1. e4 e5 2. Ke3 *\n', "expected a game in PGN"),
        ("a.txt", "anything", "ending in .epd, .pgn or .zip"),
        ("a.zip", "no archive", "expected a readable book"),
    ],
)
def test_malformed_books_are_refused_in_one_clear_line(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        read_book(path, count=5, seed=0)


def test_a_byte_order_mark_is_no_part_of_a_book(tmp_path):
    path = tmp_path / "windows.pgn"
    path.write_text('[Event "x"]\n\n1. e4 e5 *\n', encoding="utf-8-sig")
    (opening,) = read_book(path, count=1, seed=0).openings
    assert [move.uci() for move in opening.moves] == ["e2e4", "e7e5"]


def test_a_damaged_archive_is_refused_in_one_clear_line(tmp_path):
    path = tmp_path / "book.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("book.epd", "4k3/8/8/8/8/8/4P3/4K3 w - -\n" * 200)
    data = bytearray(path.read_bytes())
    data[45:60] = bytes(15)
    path.write_bytes(data)
    with pytest.raises(DataError, match="expected a readable book"):
        read_book(path, count=5, seed=0)


def test_missing_book_is_refused(tmp_path):
    with pytest.raises(DataError, match="got nothing at"):
        read_book(tmp_path / "none.epd", count=5, seed=0)


@pytest.mark.stockfish
@pytest.mark.usefixtures("stockfish")
def test_generated_openings_are_distinct_and_the_same_for_a_seed():
    lines = make_openings(3, seed=5)
    assert make_openings(3, seed=5) == lines
    assert len(set(lines)) == 3


def test_real_book_of_pgn_games_is_read(shared_data):
    book = read_book(shared_data / "books" / "8moves_v3.pgn.zip", count=100, seed=0)
    assert len(book.openings) == 100
    assert all(len(opening.moves) == 16 for opening in book.openings)


def test_a_pgn_of_something_else_is_one_clear_line(tmp_path):
    path = tmp_path / "book.pgn"
    path.write_text("Dear reader,\nthis is no book of openings.\n")
    with pytest.raises(DataError, match=r"expected headers or moves in PGN in .*, game 1"):
        read_book(path, count=1, seed=1)
