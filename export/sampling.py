"""Stratified sampling: positions of every phase, evaluation and balance of material alike.

Games stand in the middle game with even chances most of the time, but a network also has to answer
where little is left and where all is lost. So candidates are sorted into strata, and every stratum gives
as many positions as any other while it has some.

    phase        opening, middle, ending     by the pieces left, pawns and kings not counted
    evaluation   lost ... won, five steps    by the FP32 network's own expected score, where it is known
    material     behind, even, ahead         by the piece values 1 3 3 5 9, a pawn or more apart
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence

import chess
import numpy as np
from numpy.typing import NDArray

_PIECE_VALUES = {
    chess.PAWN: 1,
    chess.KNIGHT: 3,
    chess.BISHOP: 3,
    chess.ROOK: 5,
    chess.QUEEN: 9,
}
_OPENING_PIECES = 12
"""Of 14 at the start: with so many left it is still the opening."""
_ENDING_PIECES = 6
_SCORE_STEPS = (0.1, 0.35, 0.65, 0.9)


def stratum(board: chess.Board, score: float | None = None) -> Hashable:
    """Returns the stratum of a position.

    Args:
        score: expected for the side to move, 0 to 1; None where it is not known.
    """
    pieces = chess.popcount(board.knights | board.bishops | board.rooks | board.queens)
    phase = int(pieces <= _ENDING_PIECES) - int(pieces >= _OPENING_PIECES)
    balance = material(board)
    step = -1 if score is None else int(np.searchsorted(_SCORE_STEPS, score))
    return phase, step, (balance > 0) - (balance < 0)


def material(board: chess.Board) -> int:
    """Returns by how many pawns the side to move is ahead."""
    ahead = sum(
        value * (len(board.pieces(piece, chess.WHITE)) - len(board.pieces(piece, chess.BLACK)))
        for piece, value in _PIECE_VALUES.items()
    )
    return ahead if board.turn == chess.WHITE else -ahead


def stratified(
    strata: Sequence[Hashable], count: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Returns the places, ascending, of `count` candidates drawn from all strata alike.

    A stratum that runs out leaves its share to the others.
    """
    members: dict[Hashable, list[int]] = defaultdict(list)
    for place in rng.permutation(len(strata)):
        members[strata[place]].append(int(place))
    # The n-th of every stratum comes before the (n + 1)-th of any.
    ranked = sorted(
        (rank, place) for places in members.values() for rank, place in enumerate(places)
    )
    return np.sort(np.array([place for _, place in ranked[:count]], dtype=np.intp))
