"""Small UCI engines, as scripts: well-behaved, silent, or dying."""

import stat
import sys
from pathlib import Path

_SCRIPT = """#!{python}
import sys
import chess

board = chess.Board()
for line in sys.stdin:
    words = line.split()
    if words == ["uci"]:
        print("id name Tiny 1\\noption name MultiPV type spin default 1\\nuciok")
    elif words == ["isready"]:
        print("readyok")
    elif words[:2] == ["position", "fen"]:
        board = chess.Board(" ".join(words[2:8]))
        for uci in words[9:]:
            board.push_uci(uci)
    elif words[:1] == ["go"]:
        {answer}
    elif words == ["quit"]:
        break
    sys.stdout.flush()
"""
LABELS = """\
moves = sorted(move.uci() for move in board.legal_moves)[:2]
        for rank, move in enumerate(moves, 1):
            print(f"info depth 1 multipv {rank} score cp {10 - 20 * rank} nodes 1 pv {move}")
        print(f"bestmove {moves[0]}")"""
DIES = "sys.exit(3)"
NO_SCORE = 'print("bestmove e2e4")'


def write_engine(path: Path, answer: str = LABELS) -> Path:
    """Writes a script that answers every search with `answer`, and returns its path."""
    path.write_text(_SCRIPT.format(python=sys.executable, answer=answer))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
