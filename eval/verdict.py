"""May the candidate replace the baseline? A pure function of the pairs played so far."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from eval import stats
from eval.settings import GateRule

Verdict = Literal["accepted", "rejected", "inconclusive"]


@dataclass(frozen=True)
class Decision:
    """A verdict, and the reason in words."""

    verdict: Verdict
    reason: str


def decide(counts: stats.Counts, rule: GateRule, *, max_pairs: int) -> Decision | None:
    """Returns the decision that the sequential test has come to, or None if it wants more pairs.

    Args:
        counts: pentanomial, from the candidate's side.
        max_pairs: the cap; less than the rule's where there are fewer openings.
    """
    pairs, score = sum(counts), stats.score(counts)
    if pairs < min(rule.min_pairs, max_pairs):
        return None
    ratio = log_likelihood_ratio(counts, rule)
    limits = stats.bounds(alpha=rule.alpha, beta=rule.beta)
    if ratio <= limits.lower:
        return Decision("rejected", f"weaker than {rule.elo0:+.0f} Elo: LLR {ratio:.2f}")
    if ratio >= limits.upper and score >= rule.min_score:
        return Decision(
            "accepted",
            f"stronger than {rule.elo0:+.0f} Elo: LLR {ratio:.2f}, score {score:.1%}",
        )
    return _decide_at_cap(counts, rule) if pairs >= max_pairs else None


def log_likelihood_ratio(counts: stats.Counts, rule: GateRule) -> float:
    """Returns the test's log-likelihood ratio; positive speaks for the candidate."""
    return stats.log_likelihood_ratio(counts, elo0=rule.elo0, elo1=rule.elo1)


def _decide_at_cap(counts: stats.Counts, rule: GateRule) -> Decision:
    """Accepts if the score, and its one-sided lower limit at the risk alpha, are high enough."""
    score, least = stats.score(counts), stats.score_from_elo(rule.elo0)
    quantile = NormalDist().inv_cdf(1.0 - rule.alpha)
    lower = score - quantile * math.sqrt(stats.variance(counts) / sum(counts))
    pairs = f"after the last of {sum(counts)} pairs"
    if score >= rule.min_score and lower > least:
        return Decision("accepted", f"score {score:.1%}, at least {lower:.1%}, {pairs}")
    return Decision(
        "inconclusive",
        f"score {score:.1%}, at least {lower:.1%}, {pairs}; expected {rule.min_score:.1%}, "
        f"at least {least:.1%}",
    )
