"""A UCI engine that plays the alphabetically first move, until its fault: run as a program.

    python scripted_engine.py none|crash|illegal|silent|stall|late [MOVE] [LOG]

The fault comes at every `go` from its move number MOVE of a game on, counted from 0 and from each start
of the process. LOG is a file to which what it hears is added.
"""

import sys
import time
from pathlib import Path

import chess

LATE_S = 1.0
"""How long it takes to answer when it is late."""


def main() -> None:
    """Speaks UCI until `quit`."""
    fault, first_fault, log = (*sys.argv[1:], "none", "0", "")[:3]
    board, moves = chess.Board(), 0
    for line in sys.stdin:
        if log:
            with Path(log).open("a") as stream:
                stream.write(line)
        words = line.split()
        if words[0] == "uci":
            print("id name Scripted\noption name Fault type string default none\nuciok", flush=True)
        elif words[0] == "isready":
            print("readyok", flush=True)
        elif words[0] == "ucinewgame":
            moves = 0
        elif words[0] == "position":
            board = _position(words)
        elif words[0] == "go":
            _go(fault if moves >= int(first_fault) else "none", board)
            moves += 1
        elif words[0] == "quit":
            break


def _position(words: list[str]) -> chess.Board:
    board = chess.Board(" ".join(words[2:8])) if words[1] == "fen" else chess.Board()
    for move in words[words.index("moves") + 1 :] if "moves" in words else []:
        board.push_uci(move)
    return board


def _go(fault: str, board: chess.Board) -> None:
    if fault == "crash":
        sys.exit(3)
    if fault == "silent":
        return
    if fault == "stall":
        time.sleep(3600)
    if fault == "late":
        time.sleep(LATE_S)
    move = min(board.legal_moves, key=chess.Move.uci)
    print("info score cp 30")
    print("bestmove", "a1a1" if fault == "illegal" else move.uci(), flush=True)


if __name__ == "__main__":
    main()
