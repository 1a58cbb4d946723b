"""Suites of tactics: positions of which the best move is known.

.epd   one position a line, with `bm` (the best moves) or `am` (moves to avoid); where they are, these are
       used too: `id "fork.0012"`, kind and number; `dm 2`, mate in two; and, as in books of openings,
       `c0 "moves e2e4 e7e5 ..."`, how the position came about
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import chess

from aztoolkit.errors import DataError
from aztoolkit.files import sha256
from eval.built_in import SUITE
from eval.openings import Opening, opening_from_epd, playable_board
from eval.tactics_mates import LONGEST, forces_mate

NO_KIND = "tactics"
"""Kind of a position without an id."""

_Operations = dict[str, Any]  # Any: EPD operands, as python-chess types them


@dataclass(frozen=True)
class Problem:
    """A position, and what is to be found in it."""

    name: str
    kind: str
    opening: Opening
    best: tuple[chess.Move, ...]
    avoid: tuple[chess.Move, ...]
    mate_in: int | None
    """Moves to mate, if the suite says so."""

    def board(self) -> chess.Board:
        """Returns a new board of the position with its history."""
        return self.opening.board()

    def is_solved_by(self, move: chess.Move) -> bool:
        """Returns whether a legal move is what is to be found, or another mate as short."""
        if self.best and move not in self.best:
            return self._mates_as_fast(move)
        return move not in self.avoid

    def _mates_as_fast(self, move: chess.Move) -> bool:
        if self.mate_in is None or not 1 <= self.mate_in <= LONGEST:
            return False
        return forces_mate(self.board(), move, self.mate_in)


@dataclass(frozen=True)
class Suite:
    """Distinct positions, in the order of their file."""

    problems: tuple[Problem, ...]
    source: Path
    sha256: str


def read_suite(source: Path | None) -> Suite:
    """Returns the positions of an .epd file, each once.

    Args:
        source: the built-in suite if None.

    Raises:
        DataError: the file is missing or malformed, holds no position, or one with nothing to find.
    """
    return _read(source) if source else _read_built_in()


@cache
def _read_built_in() -> Suite:
    return _read(SUITE)


def _read(source: Path) -> Suite:
    problems: dict[str, Problem] = {}
    for number, line in enumerate(_lines(source), 1):
        if line.strip():
            position, problem = _read_problem(line.strip(), f"{source}, line {number}", number)
            problems.setdefault(position, problem)
    if not problems:
        raise DataError(f"expected tactical positions, got an empty file: {source}")
    return Suite(tuple(problems.values()), source, sha256(source))


def _lines(source: Path) -> Sequence[str]:
    if not source.is_file():
        raise DataError(
            f"expected an .epd file of tactics, got nothing at {source}; check the path"
        )
    try:
        return source.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"expected a readable .epd file, got {source}: {error}") from error


def _read_problem(line: str, where: str, number: int) -> tuple[str, Problem]:
    """Returns the position of a line, without its clocks, and what is to be found in it."""
    opening = opening_from_epd(line, where)
    position = playable_board(opening, where).epd()
    operations: _Operations = chess.Board.from_epd(line)[1]
    best, avoid = (_moves(operations, code, where) for code in ("bm", "am"))
    if not best and not avoid:
        raise DataError(f"expected `bm` or `am` with moves in {where}, got {line!r}")
    name = str(operations.get("id") or f"line {number}")
    kind = name.rpartition(".")[0] or NO_KIND
    return position, Problem(name, kind, opening, best, avoid, _mate_in(operations, where))


def _moves(operations: _Operations, code: str, where: str) -> tuple[chess.Move, ...]:
    moves = operations.get(code) or []
    if not isinstance(moves, list):
        raise DataError(f"expected moves after `{code}` in {where}, got {moves!r}")
    return tuple(moves)


def _mate_in(operations: _Operations, where: str) -> int | None:
    moves = operations.get("dm")
    if moves is not None and not isinstance(moves, int):
        raise DataError(f"expected a number of moves after `dm` in {where}, got {moves!r}")
    return moves
