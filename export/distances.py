"""How far one evaluator's answers are from another's: a truth and its rendering.

policy    softmax over the legal moves            kl      KL(first || second), nats
value     P(win) - P(loss)                        top1    share with the same most likely move
winrate   (1 + P(win) - P(loss)) / 2              *_rmse  root of the mean squared difference
"""

from collections.abc import Sequence
from dataclasses import dataclass

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.errors import ModelError
from aztoolkit.evaluator import Evaluation, Evaluator
from export.progress import BATCH, Progress, ignore_progress

_TAIL_PERCENT = 99


@dataclass(frozen=True)
class Distances:
    """Distance of each of `N` positions."""

    kl: NDArray[np.float64]
    """`[N]` nats."""
    same_top: NDArray[np.bool_]
    """`[N]`."""
    winrate: NDArray[np.float64]
    """`[N]` absolute differences, 0 to 1."""
    policy_squares: NDArray[np.float64]
    """Squared difference of the probability of every legal move of every position, in one row."""

    def summary(self) -> dict[str, float | int]:
        """Returns the figures of a comparison, by their names in `X.compare.json`."""
        return {
            "positions": len(self.kl),
            "kl_mean": float(self.kl.mean()),
            "kl_p99": float(np.percentile(self.kl, _TAIL_PERCENT)),
            "top1": float(self.same_top.mean()),
            "winrate_error_mean": float(self.winrate.mean()),
            "winrate_error_p99": float(np.percentile(self.winrate, _TAIL_PERCENT)),
            "winrate_error_max": float(self.winrate.max()),
            "policy_rmse": float(np.sqrt(self.policy_squares.mean())),
            "value_rmse": float(np.sqrt(np.mean((2 * self.winrate) ** 2))),
        }


def compare_evaluators(
    first: Evaluator,
    second: Evaluator,
    boards: Sequence[chess.Board],
    *,
    progress: Progress = ignore_progress,
) -> Distances:
    """Returns the distances of `second` from `first` on positions that have a legal move.

    Raises:
        ModelError: the models differ in encoding or action space.
        EvaluationError: a model answers NaN or infinity.
    """
    _check_alike(first, second)
    encode = get_encoding(first.spec.encoding).encode
    parts = []
    for start in range(0, len(boards), BATCH):
        batch = boards[start : start + BATCH]
        planes = np.stack([encode(board) for board in batch])
        legal = [legal_indices(board, first.spec.action_space) for board in batch]
        parts.append(distances(first.evaluate(planes), second.evaluate(planes), legal))
        progress(len(batch))
    return Distances(
        kl=np.concatenate([part.kl for part in parts]),
        same_top=np.concatenate([part.same_top for part in parts]),
        winrate=np.concatenate([part.winrate for part in parts]),
        policy_squares=np.concatenate([part.policy_squares for part in parts]),
    )


def distances(
    first: Evaluation, second: Evaluation, legal: Sequence[NDArray[np.intp]]
) -> Distances:
    """Returns the distances of `B` answers from `B` others.

    Args:
        legal: for each position the policy indices of its legal moves, at least one.
    """
    kl, same_top, squares = [], [], []
    for truth, rendering, moves in zip(first.policy, second.policy, legal, strict=True):
        p, q = log_softmax(truth[moves]), log_softmax(rendering[moves])
        kl.append(float(np.sum(np.exp(p) * (p - q))))
        same_top.append(bool(p.argmax() == q.argmax()))
        squares.append((np.exp(p) - np.exp(q)) ** 2)
    return Distances(
        kl=np.maximum(kl, 0.0),  # rounding can bring the sum a hair below
        same_top=np.array(same_top),
        winrate=np.abs(winrate(first.wdl) - winrate(second.wdl)),
        policy_squares=np.concatenate(squares),
    )


def winrate(wdl: NDArray[np.float32]) -> NDArray[np.float64]:
    """Returns the expected score, 0 to 1, for `[B, 3]` win, draw and loss logits: `[B]`."""
    probability = np.exp(log_softmax(wdl))
    result: NDArray[np.float64] = (1 + probability[:, 0] - probability[:, 2]) / 2
    return result


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Returns the logarithms of the probabilities along the last axis, in the same shape."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def legal_indices(board: chess.Board, action_space: str) -> NDArray[np.intp]:
    """Returns the policy indices of the legal moves of a position: `[M]`."""
    index = get_action_space(action_space).move_to_index
    return np.array([index(board, move) for move in board.legal_moves], dtype=np.intp)


def _check_alike(first: Evaluator, second: Evaluator) -> None:
    a, b = ((one.spec.encoding, one.spec.action_space) for one in (first, second))
    if a != b:
        raise ModelError(
            f"expected two models of the same encoding and action space, got {a} and {b}"
        )
