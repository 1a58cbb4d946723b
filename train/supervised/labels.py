"""What an engine said of a position, as targets: a soft policy and win/draw/loss in 1/65535ths.

    weight of a move  ~  exp((score - best score) / tolerance)
    tolerance         =  30 centipawns + 5 % of the best score's size, at most 150

The tolerance grows with the score because the difference between +9 and +8 pawns decides less than
that between level and a pawn; a mate counts 30 pawns and more, a near one more than a far one.

    win  =  1 / (1 + exp((100 - score) / 150)),  loss likewise of -score, and what is left is a draw

                    score  0     +1    +3    +5    +9    a mate
                    win    0.34  0.50  0.79  0.94  0.995 1
                    loss   0.34  0.21  0.06  0.02  0.001 0

These are chances among players who err. Those that Stockfish tells are of its own games, where two pawns
ahead is won (99.5 %, and 100 % from three on): they teach no difference between a piece ahead and a queen.
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
_EVEN_CP, _SPREAD_CP = 100.0, 150.0
"""The score at which half of the games are won, and how fast that changes."""


@dataclass(frozen=True)
class Line:
    """One of the engine's candidate moves; scores are the mover's."""

    move: str
    """UCI."""
    score: chess.engine.Score


def policy_weights(lines: Sequence[Line]) -> list[int]:
    """Returns the weights of the lines' moves in 1/65535, best about as they come; 0 is possible."""
    scores = [_value_cp(line.score) for line in lines]
    best = max(scores)
    tolerance = min(_TOLERANCE_CP + _TOLERANCE_SHARE * abs(best), _LARGEST_TOLERANCE_CP)
    shares = [math.exp((score - best) / tolerance) for score in scores]
    return [round(UNIT * share / sum(shares)) for share in shares]


def wdl_weights(score: chess.engine.Score) -> list[int]:
    """Returns win, draw and loss for the side to move, in 1/65535; they sum up to 65535."""
    win, loss = round(UNIT * _chance_of(score)), round(UNIT * _chance_of(-score))
    return [win, UNIT - win - loss, loss]


def _chance_of(score: chess.engine.Score) -> float:
    """Returns how likely the side with that score wins, 0 to 1."""
    if score.is_mate():
        return 1.0 if score > chess.engine.Cp(0) else 0.0
    return 1 / (1 + math.exp((_EVEN_CP - _bounded_cp(score)) / _SPREAD_CP))


def _value_cp(score: chess.engine.Score) -> float:
    mate = score.mate()
    if mate is None:
        return _bounded_cp(score)
    size = _MATE_CP + _CP_A_MOVE * max(_FARTHEST_MATE - abs(mate), 0)
    return size if mate > 0 else -size


def _bounded_cp(score: chess.engine.Score) -> int:
    """Returns the centipawns of a score that is no mate, at most 2500 either way."""
    centipawns = score.score()
    assert centipawns is not None, "it is no mate"
    return max(-_LARGEST_CP, min(_LARGEST_CP, centipawns))
