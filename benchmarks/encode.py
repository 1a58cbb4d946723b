"""Encoding: positions a second from games to `az119` planes, on one core, in batches of 64.

python -m benchmarks.encode
"""

import json
import random
import sys
from typing import Any

import chess
import numpy as np

from aztoolkit._native import Game, encode_batch
from aztoolkit.encoding import get_encoding
from aztoolkit.measure import rates_side_by_side
from benchmarks.measure import document

NAME = "encode"
BATCH = 64
PLIES = 40
ENCODINGS = {"az119": 119, "lc0_112": 112}


def encode() -> dict[str, Any]:  # Any: a JSON document
    """Returns `positions_per_s` (az119, float32), that of the Python reference, and the spread."""
    moves = [_random_moves(seed) for seed in range(BATCH)]
    games = [Game(moves=line) for line in moves]
    board = chess.Board()
    for uci in moves[0]:
        board.push_uci(uci)
    reference = get_encoding("az119").encode

    def native(encoding: str) -> int:
        encode_batch(games, buffers[encoding], encoding=encoding)
        return BATCH

    def python() -> int:
        reference(board)
        return 1

    buffers = {
        name: np.empty((BATCH, planes, 8, 8), np.float32) for name, planes in ENCODINGS.items()
    }
    works = {
        "positions": lambda: native("az119"),
        "lc0_112_positions": lambda: native("lc0_112"),
        "python_positions": python,
    }
    rates = rates_side_by_side(works)
    figures: dict[str, Any] = {f"{name}_per_s": rate.round().median for name, rate in rates.items()}
    for name, rate in rates.items():
        figures[f"{name}_per_s_range"] = [rate.round().lowest, rate.round().highest]
    return document(NAME, {"batch": BATCH, **figures})


def _random_moves(seed: int) -> list[str]:
    rng, board = random.Random(seed), chess.Board()
    for _ in range(PLIES):
        moves = list(board.legal_moves)
        if not moves:
            break
        board.push(rng.choice(moves))
    return [move.uci() for move in board.move_stack]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(encode(), indent=2) + "\n")
