"""Who solved what, counted, and the exact test of whether one solves less than the other."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

Solved = tuple[bool, bool]
"""By the baseline, by the candidate."""


@dataclass(frozen=True)
class Counts:
    """Positions by who solved them."""

    both: int = 0
    baseline_only: int = 0
    candidate_only: int = 0
    neither: int = 0

    @property
    def baseline(self) -> int:
        """Solved by the baseline."""
        return self.both + self.baseline_only

    @property
    def candidate(self) -> int:
        """Solved by the candidate."""
        return self.both + self.candidate_only


def count(solved: Iterable[Solved]) -> Counts:
    """Returns how many positions both, one, or none solved."""
    found = list(solved)
    return Counts(
        found.count((True, True)),
        found.count((True, False)),
        found.count((False, True)),
        found.count((False, False)),
    )


def mcnemar(baseline_only: int, candidate_only: int) -> float:
    """Returns the probability that equals differ so much or more to the candidate's disadvantage.

    The exact, one-sided test of McNemar: each position that only one of them solved is the toss of a
    coin, so that the count of the baseline's is binomial with a half. Positions that both solved, or
    none, say nothing. (Q. McNemar, "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12, 1947.)
    """
    tosses = baseline_only + candidate_only
    as_bad = sum(math.comb(tosses, heads) for heads in range(baseline_only, tosses + 1))
    return float(as_bad / 2**tosses)
