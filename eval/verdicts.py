"""The rule of `eval.verdict` for many matches at once, as simulations want it; the tests hold them together.

Where a match has come to the cap, few are left: `decide` itself is asked.
"""

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from eval import stats
from eval.settings import GateRule
from eval.verdict import Verdict, decide

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""By their codes."""
UNDECIDED = -1
PAIR_SCORES = (0.0, 0.25, 0.5, 0.75, 1.0)
_SCORES = np.array(PAIR_SCORES)
_STEPS = 100
_TOLERANCE = 1e-12

Floats = NDArray[np.float64]


def decide_all(counts: NDArray[np.int64], rule: GateRule, *, max_pairs: int) -> NDArray[np.int64]:
    """Returns the code of each match's verdict, or `UNDECIDED`: `[N]` int64.

    Args:
        counts: `[N, 5]` int64, pentanomial, all of as many pairs.
        max_pairs: the cap.
    """
    found = np.full(len(counts), UNDECIDED)
    pairs = int(counts[0].sum()) if len(counts) else 0
    if pairs < min(rule.min_pairs, max_pairs):
        return found
    if pairs >= max_pairs:
        decisions = [decide(match.tolist(), rule, max_pairs=max_pairs) for match in counts]
        return np.array([VERDICTS.index(one.verdict) for one in decisions if one])
    ratios, limits = ratios_of(counts, rule), stats.bounds(alpha=rule.alpha, beta=rule.beta)
    scores = counts @ _SCORES / pairs
    found[(ratios >= limits.upper) & (scores >= rule.min_score)] = VERDICTS.index("accepted")
    found[ratios <= limits.lower] = VERDICTS.index("rejected")
    return found


def ratios_of(counts: NDArray[np.int64], rule: GateRule) -> Floats:
    """Returns the log-likelihood ratio of each match (see `eval.stats`): `[N, 5]` to `[N]` float64."""
    regularised = np.where(counts == 0, stats.EMPTY_COUNT, counts)
    totals = regularised.sum(axis=1)
    shares = regularised / totals[:, None]
    tilted = []
    for elo in (rule.elo0, rule.elo1):
        away = _SCORES - stats.score_from_elo(elo)
        tilted.append(1.0 + _tilts(shares, away)[:, None] * away)
    terms = shares * np.log(tilted[0] / tilted[1])
    return np.asarray(totals * terms.sum(axis=1))


def _tilts(shares: Floats, away: Floats) -> Floats:
    """Returns the roots t of sum p a / (1 + t a) by Newton's steps, halving where they would leave.

    Args:
        shares: p, `[N, 5]`.
        away: a, `[5]`: scores less the mean that is wanted.
    """
    inside = 1.0 - stats.POLE_MARGIN
    low = np.full(len(shares), -inside / away.max())
    high = np.full(len(shares), -inside / away.min())
    tilts = np.zeros(len(shares))
    for _ in range(_STEPS):
        ratios = away / (1.0 + tilts[:, None] * away)
        values = (shares * ratios).sum(axis=1)
        low, high = np.where(values > 0, tilts, low), np.where(values > 0, high, tilts)
        following = tilts + values / (shares * ratios**2).sum(axis=1)
        outside = (following <= low) | (following >= high)
        following = np.where(outside, (low + high) / 2.0, following)
        done = np.abs(following - tilts) <= _TOLERANCE * np.maximum(1.0, np.abs(tilts))
        tilts = following
        if done.all():
            break
    return tilts
