"""What a search says of the moves: what the policy learns, and which one is played.

Both follow from a *weight* for each legal move: its visits, or for Gumbel its share of the improved
policy. Moves proven to lose weigh nothing as long as there are others, and a proven win leaves
nothing to the rest; where no move left was visited, the priors stand in. These are the rules of
`aztoolkit.mcts.SearchResult.policy`, read here from the native result without python-chess.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from aztoolkit._native import RootResult

if TYPE_CHECKING:
    from aztoolkit._native import PlainMove

WHOLE = 65535
"""What the replay schema can hold; an improved policy adds up to it."""
_LOSS, _WIN = 1, 3
_FILES, _RANKS, _PROMOTIONS = "abcdefgh", "12345678", ("", "", "n", "b", "r", "q")


def move_weights(result: RootResult) -> list[float]:
    """Returns the weight of each move of `result.rows`; whole numbers where they are visits."""
    rows = result.rows
    weights: list[float] = result.improved or [row[2] for row in rows]
    eligible = _eligible([row[5] for row in rows])
    if eligible is not None:
        weights = [weight if yes else 0 for weight, yes in zip(weights, eligible, strict=True)]
    if any(weights):
        return weights
    priors = [row[3] for row in rows]
    return (
        priors if eligible is None else [p * yes for p, yes in zip(priors, eligible, strict=True)]
    )


def policy_target(result: RootResult, weights: Sequence[float]) -> tuple[list[int], list[int]]:
    """Returns policy indices and weights, 1 to 65535, of the moves that weigh something.

    Visits stay visits, as long as they fit; shares become 65535ths, and vanish below half of one.
    """
    most = max(weights)
    if isinstance(most, int) and most <= WHOLE:
        whole: Sequence[int] = [int(weight) for weight in weights]
    else:
        scale = WHOLE / (most if isinstance(most, int) else sum(weights))
        whole = [round(weight * scale) for weight in weights]
    kept = [(row[1], weight) for row, weight in zip(result.rows, whole, strict=True) if weight]
    return [index for index, _ in kept], [weight for _, weight in kept]


def choose_move(
    result: RootResult,
    weights: Sequence[float],
    *,
    temperature: float,
    rng: np.random.Generator,
) -> int:
    """Returns which of `result.rows` to play: drawn by weight ** (1 / temperature), at 0 the best."""
    if temperature == 0:
        return _best(result, weights)
    most = max(weights)
    powers = [(weight / most) ** (1 / temperature) for weight in weights]
    sums = list(accumulate(powers))
    return min(bisect_right(sums, rng.random() * sums[-1]), len(sums) - 1)


@cache
def uci(move: "PlainMove") -> str:
    """Returns a move in UCI notation."""
    start, end, promotion = move
    return _square(start) + _square(end) + _PROMOTIONS[promotion]


def _best(result: RootResult, weights: Sequence[float]) -> int:
    """Returns the move that Gumbel chose, unless there is a win; else the one that weighs most."""
    if result.chosen is not None and not any(row[5] == _WIN for row in result.rows):
        return result.chosen
    return weights.index(max(weights))


def _eligible(ends: Sequence[int]) -> list[bool] | None:
    """Returns which moves are not proven worse than others; None where all are alike."""
    if _WIN in ends:
        return [end == _WIN for end in ends]
    if _LOSS not in ends or all(end == _LOSS for end in ends):
        return None
    return [end != _LOSS for end in ends]


def _square(index: int) -> str:
    return _FILES[index % 8] + _RANKS[index // 8]
