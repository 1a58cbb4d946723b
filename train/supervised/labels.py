"""What an engine said of a position, as targets: a soft policy and win/draw/loss in 1/65535ths.

    weight of a move  ~  exp((score - best score) / tolerance)
    tolerance         =  30 centipawns + 5 % of the best score's size, at most 150

The tolerance grows with the score because the difference between +9 and +8 pawns decides less than
that between level and a pawn; a mate counts 30 pawns and more, a near one more than a far one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import chess.engine

UNIT = 65535
"""A share of one in the replay schema."""
_TOLERANCE_CP, _TOLERANCE_SHARE, _LARGEST_TOLERANCE_CP = 30.0, 0.05, 150.0
_LARGEST_CP = 2500
_MATE_CP, _FARTHEST_MATE, _CP_A_MOVE = 3000, 20, 100
"""A mate in n is worth 3000 + 100 * (20 - n), and at least 3000."""
_PER_MILLE = 1000


@dataclass(frozen=True)
class Line:
    """One of the engine's candidate moves; scores are the mover's."""

    move: str
    """UCI."""
    score: chess.engine.Score
    wdl: tuple[int, int, int] | None
    """Win, draw and loss in 1/1000; None where the engine does not tell."""


def policy_weights(lines: Sequence[Line]) -> list[int]:
    """Returns the weights of the lines' moves in 1/65535, best about as they come; 0 is possible."""
    scores = [_value_cp(line.score) for line in lines]
    best = max(scores)
    tolerance = min(_TOLERANCE_CP + _TOLERANCE_SHARE * abs(best), _LARGEST_TOLERANCE_CP)
    shares = [math.exp((score - best) / tolerance) for score in scores]
    return [round(UNIT * share / sum(shares)) for share in shares]


def wdl_weights(line: Line, *, ply: int) -> list[int]:
    """Returns win, draw and loss for the side to move, in 1/65535; they sum up to 65535.

    Args:
        line: the best.
        ply: of the game, for engines that tell a score alone: python-chess turns it into chances as
            Stockfish 16 does.
    """
    wdl = line.wdl
    if wdl is None:
        chances = line.score.wdl(model="sf16", ply=ply)
        wdl = (chances.wins, chances.draws, chances.losses)
    win, loss = (round(UNIT * chance / _PER_MILLE) for chance in (wdl[0], wdl[2]))
    return [win, UNIT - win - loss, loss]


def _value_cp(score: chess.engine.Score) -> float:
    mate = score.mate()
    if mate is None:
        return max(-_LARGEST_CP, min(_LARGEST_CP, score.score() or 0))
    size = _MATE_CP + _CP_A_MOVE * max(_FARTHEST_MATE - abs(mate), 0)
    return size if mate > 0 else -size
