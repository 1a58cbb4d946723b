"""What `position` and `go` say: lines of text made into a board and into limits."""

from collections.abc import Sequence
from dataclasses import dataclass

import chess

from aztoolkit.errors import ConfigError, PositionError

_CURABLE = chess.STATUS_BAD_CASTLING_RIGHTS | chess.STATUS_INVALID_EP_SQUARE
_MOST = 2**31 - 1
"""No number of a `go` counts for more; as milliseconds, 24 days."""
_DIGITS, _SHOWN = 30, 40
"""Digits of a number that are read, and characters of another word that are repeated."""


@dataclass(frozen=True)
class Go:
    """A `go` command; times in seconds."""

    clock_s: tuple[float | None, float | None] = (None, None)
    """Left to Black and to White, as `chess.Color` numbers them."""
    increment_s: tuple[float, float] = (0.0, 0.0)
    moves_to_go: int | None = None
    movetime_s: float | None = None
    nodes: int | None = None
    depth: int | None = None
    mate: int | None = None
    infinite: bool = False
    ponder: bool = False
    searchmoves: tuple[chess.Move, ...] = ()
    complaints: tuple[str, ...] = ()
    """What was not understood, and left out."""

    @property
    def endless(self) -> bool:
        """Whether only `stop` ends it: so it was asked for, or nothing else was."""
        limits = (self.movetime_s, self.nodes, self.depth, self.mate, *self.clock_s)
        return self.infinite or all(limit is None for limit in limits)


def parse_position(words: Sequence[str], *, chess960: bool) -> chess.Board:
    """Returns the board of `startpos moves ...` or `fen ... moves ...`, its history on the stack.

    Raises:
        PositionError: the FEN or a move is wrong.
    """
    kind, *rest = words or ("",)
    split = rest.index("moves") if "moves" in rest else len(rest)
    if kind == "fen":
        board = _parse_fen(" ".join(rest[:split]), chess960=chess960)
    elif kind == "startpos":
        board = chess.Board(chess960=chess960)
    else:
        raise PositionError(f"expected startpos or fen after position, got {kind!r}")
    for text in rest[split + 1 :]:
        try:
            board.push(_parse_move(board, text))
        except ValueError as error:
            raise PositionError(
                f"expected a legal move in {board.fen()!r}, got {text!r}; the position stays as it was"
            ) from error
    return board


def parse_go(words: Sequence[str], board: chess.Board) -> Go:
    """Returns the limits that follow `go`; what makes no sense is left out and complained of."""
    said = _Arguments(list(words), board)
    seconds = {name: max(0, said.numbers[name]) / 1000.0 for name in _TIMES if name in said.numbers}
    return Go(
        clock_s=(seconds.get("btime"), seconds.get("wtime")),
        increment_s=(seconds.get("binc", 0.0), seconds.get("winc", 0.0)),
        moves_to_go=said.numbers.get("movestogo"),
        movetime_s=seconds.get("movetime"),
        nodes=said.numbers.get("nodes"),
        depth=said.numbers.get("depth"),
        mate=said.numbers.get("mate"),
        infinite="infinite" in said.flags,
        ponder="ponder" in said.flags,
        searchmoves=tuple(dict.fromkeys(said.moves)),
        complaints=tuple(said.complaints),
    )


_COUNTS = ("nodes", "depth", "mate", "movestogo")
_TIMES = ("wtime", "btime", "winc", "binc", "movetime")
"""In milliseconds; less than nothing, where a clock has run out, counts as nothing."""
_FLAGS = ("infinite", "ponder")
_WORDS = (*_COUNTS, *_TIMES, *_FLAGS, "searchmoves")


class _Arguments:
    """The words after `go`, sorted by what they are."""

    def __init__(self, words: list[str], board: chess.Board) -> None:
        self.numbers: dict[str, int] = {}
        self.flags: set[str] = set()
        self.moves: list[chess.Move] = []
        self.complaints: list[str] = []
        self._words, self._board = words, board
        while words:
            self._take(words.pop(0))

    def _take(self, word: str) -> None:
        if word in _FLAGS:
            self.flags.add(word)
        elif word == "searchmoves":
            self._take_moves()
        elif word in _WORDS:
            self._take_number(word)
        else:
            self.complaints.append(f"expected an argument of go, got {word!r}")

    def _take_number(self, name: str) -> None:
        text = self._words.pop(0) if self._words and self._words[0] not in _WORDS else "nothing"
        least = 1 if name in _COUNTS else -_MOST
        digits = text.removeprefix("-")
        if digits.isdecimal() and len(digits) <= _DIGITS and int(text) >= least:
            self.numbers[name] = min(int(text), _MOST)
            return
        kind = "a number of at least 1" if name in _COUNTS else "milliseconds"
        self.complaints.append(f"expected {kind} after {name}, got {text[:_SHOWN]!r}")

    def _take_moves(self) -> None:
        while self._words and self._words[0] not in _WORDS:
            text = self._words.pop(0)
            try:
                self.moves.append(_parse_move(self._board, text))
            except ValueError:
                self.complaints.append(f"expected a legal move after searchmoves, got {text!r}")


def _parse_fen(fen: str, *, chess960: bool) -> chess.Board:
    try:
        board = chess.Board(fen, chess960=chess960)
    except ValueError as error:
        raise PositionError(f"expected a FEN, got {fen!r}: {error}") from error
    if board.status() & ~_CURABLE:
        raise PositionError(f"expected a position that can be played, got {fen!r}")
    board.castling_rights = board.clean_castling_rights()
    if not board.has_legal_en_passant():
        board.ep_square = None
    return board


def _parse_move(board: chess.Board, text: str) -> chess.Move:
    """Returns a legal move, castling in either notation; raises ValueError."""
    move = board.parse_uci(text.lower())
    if not move:
        raise chess.IllegalMoveError("a null move")
    return move


def parse_option(words: Sequence[str]) -> tuple[str, str]:
    """Returns name and value of `name ... value ...`; without a value, an empty one.

    Raises:
        ConfigError: there is no name.
    """
    if not words or words[0] != "name":
        raise ConfigError(f"expected setoption name ..., got {' '.join(words)!r}")
    split = words.index("value") if "value" in words else len(words)
    return " ".join(words[1:split]), " ".join(words[split + 1 :])
