"""What tests of searches share: whole trees as rows, random games, a network that is the same everywhere."""

import random
import zlib
from collections.abc import Iterator

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_action_space
from aztoolkit.evaluator import Evaluation
from aztoolkit.mcts.native import NativeSearch
from aztoolkit.mcts.node import Node
from aztoolkit.mcts.reference import ReferenceSearch
from aztoolkit.model import ModelSpec

Row = tuple[int, str, int, float, float, float, float | None]
"""Depth, move, visits, prior, sum of values, sum of draws, end."""
_ENDS = (None, -1.0, 0.0, 1.0)


def rows(search: ReferenceSearch | NativeSearch) -> list[Row]:
    """Returns every visited node, parents before children."""
    if isinstance(search, ReferenceSearch):
        return list(_walk(search.root, 0))
    return [
        (depth, _uci(depth, *move), visits, prior if depth else 1.0, value, draw, _ENDS[end])
        for depth, move, visits, prior, value, draw, end in search.native.rows()
    ]


def _walk(node: Node, depth: int) -> Iterator[Row]:
    move, prior = (node.move.uci(), node.prior) if depth else ("", 1.0)
    yield depth, move, node.visits, prior, node.value_sum, node.draw_sum, node.end
    for child in node.children:
        if child.visits:
            yield from _walk(child, depth + 1)


def _uci(depth: int, origin: int, target: int, promotion: int) -> str:
    return chess.Move(origin, target, promotion or None).uci() if depth else ""


def random_board(rng: random.Random, *, most_plies: int = 120) -> chess.Board:
    """Returns a position of a random game that is not over; three in ten are Chess960."""
    while True:
        kind = rng.random()
        board = chess.Board()
        if kind < 0.3:
            board = chess.Board.from_chess960_pos(rng.randrange(960))
        elif kind < 0.4:  # few pieces, near the fifty-move rule
            board = chess.Board(f"8/8/8/4k3/8/8/3Q4/4K3 w - - {rng.randrange(70, 98)} 90")
        for _ in range(rng.randrange(most_plies)):
            moves = list(board.legal_moves)
            if not moves:
                break
            board.push(rng.choice(moves))
        if not board.is_game_over():
            return board


class ExactEvaluator:
    """Answers that follow from a checksum of the planes by integers alone: alike on every machine."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec
        self._steps = np.arange(get_action_space(spec.action_space).size + 3, dtype=np.uint32)

    @property
    def spec(self) -> ModelSpec:
        return self._spec

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        keys = np.array([zlib.crc32(position.tobytes()) for position in planes], dtype=np.uint32)
        mixed = (keys[:, None] ^ self._steps * np.uint32(2654435761)) * np.uint32(2246822519)
        logits = (mixed >> np.uint32(8)).astype(np.float32) / np.float32(1 << 22) - np.float32(2)
        return Evaluation(np.ascontiguousarray(logits[:, 3:]), np.ascontiguousarray(logits[:, :3]))

    def close(self) -> None:
        pass
