"""Whether a written model answers as its original: the positions it is tried on, and how far it may be."""

from pathlib import Path

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.backends.ort import OrtEvaluator
from aztoolkit.encoding import get_encoding
from aztoolkit.errors import ModelError
from aztoolkit.evaluator import Evaluation
from aztoolkit.model import OUTPUTS, Precision

TOLERANCES: dict[Precision, float] = {"fp32": 1e-4, "fp16": 3e-2}
"""Largest accepted distance of a logit from the original's, as a share of the largest logit or of 1."""
_CHECKED_GAMES = 4
_CHECKED_PLIES = 16
_RANDOM_BOARDS = 16


def check_planes(encoding: str, *, seed: int = 0) -> NDArray[np.float32]:
    """Returns planes that a written model is tried on: positions of random games, then noise.

    Returns:
        `[B, C, 8, 8]` float32.
    """
    rng = np.random.default_rng(seed)
    encode = get_encoding(encoding).encode
    boards = [board for _ in range(_CHECKED_GAMES) for board in _random_game(rng)]
    real = np.stack([encode(board) for board in boards])
    noise = rng.random((_RANDOM_BOARDS, *real.shape[1:]), dtype=np.float32)
    return np.concatenate([real, noise])


def answers_of(model: Path, planes: NDArray[np.float32]) -> Evaluation:
    """Returns what a model file answers on the processor."""
    evaluator = OrtEvaluator(model, threads=1)
    try:
        return evaluator.evaluate(planes)
    finally:
        evaluator.close()


def check_answers(
    expected: Evaluation, model: Path, planes: NDArray[np.float32], *, precision: Precision
) -> None:
    """Raises ModelError if a model answers further from `expected` than its precision may.

    Args:
        expected: the original's answers to `planes`.
    """
    got = answers_of(model, planes)
    tolerance = TOLERANCES[precision]
    for name in OUTPUTS:
        error = distance(getattr(expected, name), getattr(got, name))
        if error > tolerance:
            raise ModelError(
                f"expected the {precision} model to answer as its original within {tolerance:g}, got "
                f"{name} logits off by {error:.2g}; the network leaves the range of this precision"
            )


def distance(expected: NDArray[np.float32], got: NDArray[np.float32]) -> float:
    """Returns the largest difference of two arrays, relative to the largest expected value or 1."""
    largest = max(1.0, float(np.abs(expected).max()))
    return float(np.abs(expected - got).max()) / largest


def _random_game(rng: np.random.Generator) -> list[chess.Board]:
    """Returns the positions of the first plies of a game of random moves."""
    board, boards = chess.Board(), []
    for _ in range(_CHECKED_PLIES):
        moves = list(board.legal_moves)
        if not moves:
            break
        board.push(moves[rng.integers(len(moves))])
        boards.append(board.copy())
    return boards
