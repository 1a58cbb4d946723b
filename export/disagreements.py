"""The positions on which two models are farthest from each other, as `X.compare.json` lists them."""

from collections.abc import Sequence
from typing import Any

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_encoding
from aztoolkit.evaluator import Evaluation, Evaluator
from export.distances import Distances, legal_indices, log_softmax, winrate

WORST = 10
"""Positions listed for each of the two measures, policy and value."""
Document = dict[str, Any]  # Any: a JSON document


def list_worst(
    found: Distances, boards: Sequence[chess.Board], first: Evaluator, second: Evaluator
) -> list[Document]:
    """Returns the positions with the largest divergence of policies or error of win rate.

    In order of falling divergence. Each has `start_fen` and the `moves` from there, `kl` in nats,
    `winrate_error`, and of either model the likeliest `move`, its `probability` and the `winrate`, the
    expected score of the side to move.

    Args:
        boards: the positions that `found` is of, in order, with the moves that led to them.
    """
    farthest = {*np.argsort(-found.kl)[:WORST], *np.argsort(-found.winrate)[:WORST]}
    places = sorted(map(int, farthest), key=lambda place: -float(found.kl[place]))
    if not places:
        return []
    encode = get_encoding(first.spec.encoding).encode
    planes = np.stack([encode(boards[place]) for place in places])
    answers = first.evaluate(planes), second.evaluate(planes)
    worst = []
    for row, place in enumerate(places):
        board = boards[place]
        legal = legal_indices(board, first.spec.action_space)
        opinions = (_opinion(board, answer, row, legal) for answer in answers)
        worst.append(
            {
                "start_fen": board.root().fen(),
                "moves": [move.uci() for move in board.move_stack],
                "kl": float(found.kl[place]),
                "winrate_error": float(found.winrate[place]),
                **dict(zip(("first", "second"), opinions, strict=True)),
            }
        )
    return worst


def _opinion(board: chess.Board, answer: Evaluation, row: int, legal: NDArray[np.intp]) -> Document:
    chances = np.exp(log_softmax(answer.policy[row][legal]))
    best = int(chances.argmax())
    return {
        "move": list(board.legal_moves)[best].uci(),
        "probability": float(chances[best]),
        "winrate": float(winrate(answer.wdl[row : row + 1])[0]),
    }
