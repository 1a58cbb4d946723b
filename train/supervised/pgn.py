"""PGN as training games: the move played is the policy target, the result that of the value.

Only main lines are read. Files are read as streams, a game's text at a time; a game that is broken or
that the settings leave out is skipped for a reason that can be counted.
"""

import bz2
import codecs
import gzip
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

import chess
import chess.pgn
import pyarrow as pa

from aztoolkit.encoding.az4672 import move_to_index
from aztoolkit.errors import DataError
from train.replay import Game
from train.supervised.settings import PgnSettings

_LONGEST_TEXT = 1 << 20
"""Bytes of one game; nobody plays so much."""
_RESULTS = {"1-0": 1, "0-1": -1, "1/2-1/2": 0}
_VARIANTS = {"", "standard", "chess", "normal", "from position"}
_TERMINATION = "pgn"


class SkippedGameError(Exception):
    """A game is not learned; the message is the reason, from a small set."""


def read_texts(paths: Iterable[Path]) -> Iterator[str]:
    """Yields the text of each game of PGN files, one after the other.

    Raises:
        DataError: a file is missing or cannot be read.
    """
    for path in paths:
        try:
            with _open(path) as stream:
                yield from split_games(stream)
        except (OSError, EOFError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise DataError(
                f"expected games in PGN at {path}, got: {reason}; check --from-pgn"
            ) from error


def split_games(stream: IO[bytes]) -> Iterator[str]:
    """Yields the text of each game: a block of headers, and what follows up to the next one.

    Of a text longer than any game, only the beginning is kept.
    """
    text: list[bytes] = []
    size, in_moves = 0, False
    while line := stream.readline(_LONGEST_TEXT).removeprefix(codecs.BOM_UTF8):
        is_header = line.startswith(b"[") and not line.startswith(b"[%")  # [%clk ...]: a comment's
        if is_header and in_moves:
            yield b"".join(text).decode(errors="replace")
            text, size, in_moves = [], 0, False
        in_moves = in_moves or bool(line.strip() and not is_header)
        size += len(line)
        if size <= _LONGEST_TEXT:
            text.append(line)
    if in_moves:
        yield b"".join(text).decode(errors="replace")


def _open(path: Path) -> IO[bytes]:
    match path.suffix.lower():
        case ".gz":
            return cast(IO[bytes], gzip.open(path))
        case ".bz2":
            return cast(IO[bytes], bz2.open(path))
        case ".zst":  # as Lichess publishes its games
            return io.BufferedReader(cast(io.RawIOBase, pa.input_stream(path, compression="zstd")))
        case _:
            return path.open("rb")


def parse_game(text: str, *, game_id: int, settings: PgnSettings) -> Game:
    """Returns the main line of a game in PGN.

    Raises:
        SkippedGameError: it is broken, or left out by the settings.
    """
    found = chess.pgn.read_game(io.StringIO(text), Visitor=lambda: _MainLine(settings))
    if found is None:
        raise SkippedGameError("no game")
    moves, start_fen, result = found
    if len(moves) < settings.pgn_min_plies:
        raise SkippedGameError("too short")
    plies = len(moves)
    return Game(
        game_id=game_id,
        seed=0,
        checkpoint_step=0,
        start_fen=start_fen,
        moves=[uci for uci, _ in moves],
        searched=[True] * plies,
        policy_index=[[index] for _, index in moves],
        policy_weight=[[1]] * plies,
        root_value=[float("nan")] * plies,
        result=result,
        termination=_TERMINATION,
    )


_Found = tuple[list[tuple[str, int]], str, int]
"""UCI and policy index of each move; FEN of the start; result."""


class _MainLine(chess.pgn.BaseVisitor[_Found]):
    """Hears of a game as it is parsed; keeps nothing but the moves of its main line."""

    def __init__(self, settings: PgnSettings) -> None:
        self._min_elo = settings.pgn_min_elo
        self._headers: dict[str, str] = {}
        self._start_fen = ""
        self._moves: list[tuple[str, int]] = []

    def visit_header(self, tagname: str, tagvalue: str) -> None:
        self._headers[tagname] = tagvalue

    def end_headers(self) -> None:
        if self._headers.get("Variant", "").lower() not in _VARIANTS:
            raise SkippedGameError("another variant")
        if self._headers.get("Result") not in _RESULTS:
            raise SkippedGameError("no result")
        if self._min_elo and min(self._elo("WhiteElo"), self._elo("BlackElo")) < self._min_elo:
            raise SkippedGameError("low Elo")

    def visit_board(self, board: chess.Board) -> None:
        if not self._start_fen:
            if not board.is_valid():
                raise SkippedGameError("impossible position")
            self._start_fen = board.fen()

    def visit_move(self, board: chess.Board, move: chess.Move) -> None:
        if not move:
            raise SkippedGameError("illegal move")  # a null move
        self._moves.append((board.uci(move), move_to_index(board, move)))

    def begin_variation(self) -> chess.pgn.SkipType:
        return chess.pgn.SKIP

    def handle_error(self, error: Exception) -> None:
        raise SkippedGameError("illegal move") from error

    def result(self) -> _Found:
        return self._moves, self._start_fen, _RESULTS[self._headers["Result"]]

    def _elo(self, name: str) -> int:
        text = self._headers.get(name, "")
        return int(text) if text.isdecimal() else 0
