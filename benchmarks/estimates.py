"""What a count of solved puzzles says: a share and a rating, each with its 95 % interval.

Both intervals hold every value that a score test (two-sided, 5 %) does not refute: those at which the
count lies within 1.96 standard deviations, as that value has them, of its expectation. For a share that
is Wilson's interval; of puzzles that are all rated alike, the interval of the rating is Wilson's too.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22
(1927); C. R. Rao's score test (1948). A puzzle's rating is that of an opponent: "each attempt to solve is
considered as a Glicko-2 rated game between the player and the puzzle" (database.lichess.org, Puzzles);
its scale is Elo's logistic one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from eval.stats import CONFIDENCE_95, score_from_elo, wilson_interval

_WIDEST_ELO = 4000.0
"""Elo points beyond the puzzles in which a rating is looked for."""
_BISECTION_STEPS = 60


@dataclass(frozen=True)
class Performance:
    """A rating with its 95 % interval; None where nothing bounds it: everything solved, or nothing."""

    rating: float | None
    low: float | None
    high: float | None


def share_interval(solved: int, asked: int) -> tuple[float, float]:
    """Returns the 95 % interval (Wilson's) of the share, 0 to 1, of which `solved` of `asked` is a sample."""
    assert 0 <= solved <= asked, "a count of those that were asked"
    assert asked, "a share of nothing is none"
    low, high = wilson_interval(solved / asked, asked)
    return max(low, 0.0), min(high, 1.0)


def performance(results: Sequence[tuple[float, bool]]) -> Performance:
    """Returns the most likely rating of a solver, who meets each puzzle as an opponent of its rating.

    The one at which as many are expected to be solved as were (the logistic model with Elo's slope).

    Args:
        results: the rating of each puzzle, and whether it was solved; not empty.
    """
    ratings = [rating for rating, _ in results]
    solved = sum(is_solved for _, is_solved in results)
    all_or_none = solved in (0, len(results))
    return Performance(
        rating=None if all_or_none else _rating_at(0.0, ratings, solved),
        low=None if solved == 0 else _rating_at(CONFIDENCE_95, ratings, solved),
        high=None if solved == len(results) else _rating_at(-CONFIDENCE_95, ratings, solved),
    )


def _rating_at(excess: float, ratings: Sequence[float], solved: int) -> float:
    """Returns the rating for which `solved` is so many standard deviations more than expected."""
    low, high = min(ratings) - _WIDEST_ELO, max(ratings) + _WIDEST_ELO
    for _ in range(_BISECTION_STEPS):
        middle = (low + high) / 2.0
        expected = [score_from_elo(middle - rating) for rating in ratings]
        deviation = math.sqrt(sum(p * (1.0 - p) for p in expected))
        is_too_low = solved - sum(expected) > excess * deviation
        low, high = (middle, high) if is_too_low else (low, middle)
    return (low + high) / 2.0
