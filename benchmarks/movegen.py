"""Legal moves: leaf counts a second of the native generator, python-chess and, if there, Stockfish.

    python -m benchmarks.movegen

All three count the last ply instead of playing it, on one core, in turns.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import IO, Any

import chess

from aztoolkit._native import START_FEN, perft
from aztoolkit.measure import rates_side_by_side
from benchmarks.measure import document

NAME = "movegen"
DEPTH = 6
NODES = 119_060_324
PYTHON_CHESS_DEPTH = 4
"""python-chess is some 300 times slower, so it counts a smaller tree of the same root."""
STOCKFISH_PATHS = f"{os.environ.get('PATH', '')}:/usr/games"


def movegen() -> dict[str, Any]:  # Any: a JSON document
    """Returns nodes a second from the start position: `perft_nps`, `python_chess_nps`, and the spread."""
    works: dict[str, Callable[[], int]] = {"perft": _native, "python_chess": _python_chess}
    stockfish = _open_stockfish()
    if stockfish is not None:
        works["stockfish"] = lambda: _stockfish(stockfish)
    try:
        rates = rates_side_by_side(works)
    finally:
        if stockfish is not None:
            stockfish.kill()
            stockfish.communicate()
    figures: dict[str, Any] = {f"{name}_nps": rate.round().median for name, rate in rates.items()}
    for name, rate in rates.items():
        figures[f"{name}_nps_range"] = [rate.round().lowest, rate.round().highest]
    return document(NAME, {"depth": DEPTH, **figures})


def _native() -> int:
    nodes = perft(START_FEN, DEPTH)
    assert nodes == NODES
    return nodes


def _python_chess() -> int:
    return _leaves(chess.Board(), PYTHON_CHESS_DEPTH)


def _leaves(board: chess.Board, depth: int) -> int:
    if depth == 1:
        return board.legal_moves.count()
    leaves = 0
    for move in board.legal_moves:
        board.push(move)
        leaves += _leaves(board, depth - 1)
        board.pop()
    return leaves


def _open_stockfish() -> "subprocess.Popen[str] | None":
    path = shutil.which("stockfish", path=STOCKFISH_PATHS)
    if path is None:
        return None
    pipe = subprocess.PIPE
    process = subprocess.Popen([path], stdin=pipe, stdout=pipe, text=True, bufsize=1)
    _ask(process, "isready", "readyok")
    return process


def _stockfish(process: "subprocess.Popen[str]") -> int:
    nodes = int(_ask(process, f"go perft {DEPTH}", "Nodes searched").split(":")[1])
    assert nodes == NODES
    return nodes


def _ask(process: "subprocess.Popen[str]", command: str, answer: str) -> str:
    questions, answers = _pipe(process.stdin), _pipe(process.stdout)
    questions.write(f"{command}\n")
    for line in answers:
        if line.startswith(answer):
            return line
    raise RuntimeError(f"expected {answer!r} from Stockfish, got the end of its output")


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


if __name__ == "__main__":
    sys.stdout.write(json.dumps(movegen(), indent=2) + "\n")
