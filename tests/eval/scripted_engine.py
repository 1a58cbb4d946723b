"""A UCI engine that plays the alphabetically first move, until its fault: run as a program.

    python scripted_engine.py none|crash|illegal|silent|stall|late [MOVE] [LOG]

The fault comes at every `go` from its move number MOVE of a game on, counted from 0 and from each start
of the process. LOG is a file to which what it hears is added.
"""

import sys
import time
from pathlib import Path

import chess

DECLARATION = """id name Scripted
option name Fault type string default none
option name Threads type spin default 1 min 1 max 8
option name Hash type spin default 16 min 1 max 64
option name UCI_LimitStrength type check default false
option name UCI_Elo type spin default 1400 min 1350 max 2850
uciok"""
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
            print(DECLARATION, flush=True)
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
