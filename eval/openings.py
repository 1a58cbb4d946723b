"""Openings to play from: the built-in book, or a file of the user's, in a seeded order.

.epd   one position a line; the operation `c0 "moves e2e4 e7e5 ..."`, where there is one, holds the
       moves that led there from the start, so that networks which look at the past can see it
.pgn   each game is an opening as far as it goes
.zip   with one .epd or .pgn in it
"""

import io
import random
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import chess
import chess.pgn

from aztoolkit.errors import DataError
from aztoolkit.files import sha256
from eval.built_in import BOOK

MOVES_MARK = "moves "


@dataclass(frozen=True)
class Opening:
    """A position to start from, and how it came about as far as that is known."""

    start: str
    """FEN of the first position known."""
    moves: tuple[chess.Move, ...] = ()
    """From there to the position that the engines begin with."""

    def board(self) -> chess.Board:
        """Returns a new board of the position with its history."""
        board = chess.Board(self.start)
        for move in self.moves:
            board.push(move)
        return board


@dataclass(frozen=True)
class Book:
    """Distinct openings, in the order in which they are played."""

    openings: tuple[Opening, ...]
    source: Path
    sha256: str


def read_book(source: Path | None, *, count: int, seed: int) -> Book:
    """Returns up to `count` openings of distinct positions, chosen and ordered by `seed`.

    Fewer are returned only where the file holds fewer; no position is ever returned twice.

    Args:
        source: an .epd, .pgn or .zip file; the built-in book if None.

    Raises:
        DataError: the file is missing, malformed, or holds no opening.
    """
    source = source or BOOK
    name, text = _read_text(source)
    parse, entries = _split(name, text)
    random.Random(seed).shuffle(entries)
    openings: list[Opening] = []
    seen: set[str] = set()
    for number, entry in entries:
        if len(openings) == count:
            break
        where = f"{source}, {'game' if parse is _from_pgn else 'line'} {number}"
        opening = parse(entry, where)
        position = playable_board(opening, where).epd()
        if position not in seen:
            seen.add(position)
            openings.append(opening)
    if not openings:
        raise DataError(f"expected openings, got an empty file: {source}")
    return Book(tuple(openings), source, sha256(source))


_Entry = tuple[int, str]
_Parser = Callable[[str, str], Opening]


_UNREADABLE = (OSError, UnicodeDecodeError, zipfile.BadZipFile, zlib.error, RuntimeError)
"""The last two: a damaged archive, and one that is encrypted or packed in an unknown way."""


def _read_text(source: Path) -> tuple[str, str]:
    """Returns the name and the text of a book, taken out of its archive if it is in one."""
    if not source.is_file():
        raise DataError(f"expected a book of openings, got nothing at {source}; check the path")
    try:
        if source.suffix.lower() != ".zip":
            return source.name, source.read_text("utf-8-sig")
        with zipfile.ZipFile(source) as archive:
            books = [name for name in archive.namelist() if name.lower().endswith((".epd", ".pgn"))]
            if len(books) != 1:
                raise DataError(
                    f"expected one .epd or .pgn in {source}, got {len(books)}; unpack it and name one"
                )
            return books[0], archive.read(books[0]).decode("utf-8-sig")
    except _UNREADABLE as error:
        raise DataError(f"expected a readable book of openings, got {source}: {error}") from error


def _split(name: str, text: str) -> tuple[_Parser, list[_Entry]]:
    """Returns the entries of a book, unread, with the number of each, and what reads one."""
    suffix = Path(name).suffix.lower()
    if suffix == ".epd":
        lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
        return opening_from_epd, [(number, line) for number, line in lines if line]
    if suffix == ".pgn":
        return _from_pgn, list(enumerate(_split_games(text), 1))
    raise DataError(f"expected a book ending in .epd, .pgn or .zip, got {name!r}")


def _split_games(text: str) -> Iterator[str]:
    """Yields the text of each game: a block of headers and what follows up to the next one."""
    game: list[str] = []
    in_moves = False
    for line in text.splitlines():
        is_header = line.startswith("[") and not line.startswith("[%")  # [%clk ...] is a comment's
        if is_header and in_moves:
            yield "\n".join(game)
            game, in_moves = [], False
        in_moves = in_moves or bool(line.strip() and not is_header)
        game.append(line)
    if in_moves:
        yield "\n".join(game)


def opening_from_epd(line: str, where: str) -> Opening:
    """Returns the opening in a line of EPD; raises DataError that says `where`."""
    board = chess.Board()
    try:
        operations = board.set_epd(line)
    except ValueError as error:
        raise DataError(f"expected a position in EPD in {where}, got {line!r}: {error}") from error
    comment = operations.get("c0")
    if isinstance(comment, str) and comment.startswith(MOVES_MARK):
        return _with_history(board, comment.removeprefix(MOVES_MARK).split(), where)
    return Opening(board.fen())


def _with_history(board: chess.Board, moves: Sequence[str], where: str) -> Opening:
    replayed = chess.Board()
    try:
        for move in moves:
            replayed.push_uci(move)
    except ValueError as error:
        raise DataError(f"expected legal moves in c0 of {where}, got {error}") from error
    if replayed.epd() != board.epd():
        raise DataError(f"expected the moves in c0 to lead to {board.epd()!r} in {where}")
    return Opening(chess.STARTING_FEN, tuple(replayed.move_stack))


def _from_pgn(text: str, where: str) -> Opening:
    game = chess.pgn.read_game(io.StringIO(text))
    if game is None or game.errors:
        reason = game.errors[0] if game else "no game"
        raise DataError(f"expected a game in PGN in {where}, got {reason}")
    if not game.variations and not text.lstrip().startswith("["):
        raise DataError(f"expected headers or moves in PGN in {where}, got {text.strip()[:40]!r}")
    return Opening(game.board().fen(), tuple(game.mainline_moves()))


def playable_board(opening: Opening, where: str) -> chess.Board:
    """Returns the board of an opening that can be played on from; raises DataError that says `where`."""
    board = opening.board()
    if not board.is_valid():
        raise DataError(f"expected a valid position in {where}, got {board.fen()!r}")
    if board.is_game_over():
        raise DataError(f"expected a game that goes on in {where}, got {board.fen()!r}")
    return board
