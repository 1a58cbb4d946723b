"""Writes the built-in book: random legal play from the start, kept where Stockfish finds it level.

    python -m eval.make_openings

The same seed and the same Stockfish (15.1 wrote the committed file) give the same book.
"""

import random
import shutil
import sys
from pathlib import Path

import chess
import chess.engine

from aztoolkit.errors import AztoolkitError, MachineError
from aztoolkit.files import write_text
from eval.built_in import BOOK
from eval.openings import MOVES_MARK

POSITIONS = 2500
PLIES = 8
"""Half-moves of random play: White is to move in every position."""
DEPTH = 9
"""Of the balance check."""
LIMIT_CP = 40
"""Greatest advantage of either side, in hundredths of a pawn."""
SEED = 20261121
_SEARCH_PATH = "/usr/games"
"""Where Debian puts games; often not on PATH."""


def main() -> int:
    """Writes the book and returns the exit code."""
    try:
        lines = make_openings(POSITIONS, seed=SEED)
    except AztoolkitError as error:
        print(f"make_openings: {error}", file=sys.stderr)
        return 2
    write_text(BOOK, "".join(f"{line}\n" for line in lines))
    print(f"{len(lines)} positions: {BOOK}")
    return 0


def make_openings(count: int, *, seed: int) -> list[str]:
    """Returns `count` distinct level positions as EPD lines with `ce` (centipawns) and `c0` (moves).

    Raises:
        MachineError: there is no Stockfish here.
    """
    rng = random.Random(seed)
    lines: dict[str, str] = {}
    with chess.engine.SimpleEngine.popen_uci(str(find_stockfish())) as engine:
        engine.configure({"Threads": 1, "Hash": 16})
        while len(lines) < count:
            board = _random_play(rng)
            if board is not None and board.epd() not in lines:
                advantage_cp = _advantage_cp(engine, board)
                if abs(advantage_cp) <= LIMIT_CP:
                    lines[board.epd()] = _line(board, advantage_cp)
    return list(lines.values())


def find_stockfish() -> Path:
    """Returns the path of Stockfish, on PATH or where Debian puts it.

    Raises:
        MachineError: there is none.
    """
    found = shutil.which("stockfish") or shutil.which("stockfish", path=_SEARCH_PATH)
    if found is None:
        raise MachineError(
            "expected Stockfish on PATH or in /usr/games, got none; install it with "
            "`apt-get install stockfish` or name its path as uci:PATH"
        )
    return Path(found)


def _random_play(rng: random.Random) -> chess.Board | None:
    """Returns a position after random moves, or None if it is check or the game has ended."""
    board = chess.Board()
    for _ in range(PLIES):
        moves = sorted(board.legal_moves, key=chess.Move.uci)
        if not moves:
            return None
        board.push(rng.choice(moves))
    return None if board.is_check() or not any(board.legal_moves) else board


def _advantage_cp(engine: chess.engine.SimpleEngine, board: chess.Board) -> int:
    """Returns the score for the side to move; each position is judged with an empty hash table."""
    info = engine.analyse(board, chess.engine.Limit(depth=DEPTH), game=object())
    return info["score"].relative.score(mate_score=100_000)


def _line(board: chess.Board, advantage_cp: int) -> str:
    moves = MOVES_MARK + " ".join(move.uci() for move in board.move_stack)
    return board.epd(ce=advantage_cp, c0=moves)


if __name__ == "__main__":
    raise SystemExit(main())
