"""Statistics of a match, as pure functions of counts.

Counts are either *trinomial*, of games: `[losses, draws, wins]`, or *pentanomial*, of game pairs (one
opening, colours swapped): `[LL, LD, LW + DD, DW, WW]`, in both cases in order of rising score. Prefer
pairs: the two games of an opening are not independent, and only pairs carry that.

    unit   scores of the counts       one game  0    1/2    1
                                      a pair    0    1/4    1/2    3/4    1

Sources: M. Van den Bergh, "A practical introduction to the GSPRT" and "Comments on Normalized Elo";
A. Wald, "Sequential Analysis" (1947). The numbers agree with those of fishtest and fastchess.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

ELO_SCALE = 400.0
"""Elo points that make the odds ten times better."""
NORMALISED_SCALE = 800.0 / math.log(10.0)
"""Normalised Elo of one standard deviation of one game."""
CONFIDENCE_95 = NormalDist().inv_cdf(0.975)
EMPTY_COUNT = 1e-3
"""Stands in for a count of zero, so that logarithms and variances exist."""
_SCORE_MARGIN = 1e-3
"""Elo of a score this close to 0 or 1 is cut off: at most 1200 points."""
_NEWTON_STEPS = 100
_BISECTION_STEPS = 60
_NEWTON_TOLERANCE = 1e-14
POLE_MARGIN = 1e-12
"""Share of the way to a pole that a search for a root keeps off: beside one, Newton's steps are too short."""

Counts = Sequence[int]


@dataclass(frozen=True)
class EloEstimate:
    """Elo difference with its 95 % interval."""

    elo: float
    low: float
    high: float


@dataclass(frozen=True)
class Bounds:
    """Log-likelihood ratios at which the sequential test ends."""

    lower: float
    upper: float


def score(counts: Counts) -> float:
    """Returns the mean score, 0 to 1: points over games; 0.5 where nothing was played."""
    units = sum(counts)
    if not units:
        return 0.5
    return sum(n * a for n, a in zip(counts, _scores(counts), strict=True)) / units


def variance(counts: Counts) -> float:
    """Returns the variance of the score of one game or pair."""
    probabilities = _probabilities(counts)
    mean = _mean(probabilities)
    scores = _scores(counts)
    return sum(p * (a - mean) ** 2 for p, a in zip(probabilities, scores, strict=True))


def standard_error(counts: Counts) -> float:
    """Returns the standard error of the mean score."""
    return math.sqrt(variance(counts) / sum(_regularised(counts)))


def elo_from_score(mean: float) -> float:
    """Returns the Elo difference of an expected score, cut off at 1200 points."""
    mean = min(max(mean, _SCORE_MARGIN), 1.0 - _SCORE_MARGIN)
    return -ELO_SCALE * math.log10(1.0 / mean - 1.0)


def score_from_elo(elo: float) -> float:
    """Returns the expected score, 0 to 1, of an Elo difference (the logistic model)."""
    return 1.0 / (1.0 + math.pow(10.0, -elo / ELO_SCALE))


def elo_estimate(counts: Counts) -> EloEstimate:
    """Returns Elo and its 95 % interval: the transformed interval of the score.

    Of a match that a sequential test stopped, the estimate is biased away from zero.
    """
    mean = _mean(_probabilities(counts))
    margin = CONFIDENCE_95 * standard_error(counts)
    return EloEstimate(
        elo_from_score(mean), elo_from_score(mean - margin), elo_from_score(mean + margin)
    )


def ladder_estimate(results: Mapping[float, Counts]) -> EloEstimate:
    """Returns the most likely Elo, with its 95 % interval, of a player met by others of known Elo.

    The most likely one is that at which the expected score over all games is the score that was made
    (the logistic model, a draw as half a win). The interval is that of the score, as many times as wide as
    the opponents disagree (`ladder_misfit`), transformed likewise; of a single opponent both are his Elo and
    `elo_estimate`. At most 1200 points beyond the opponents.

    Args:
        results: counts, from the player's side, by the opponent's Elo; not empty.
    """
    units = {elo: sum(_regularised(counts)) for elo, counts in results.items()}
    total = sum(units.values())
    mean = sum(n * _mean(_probabilities(results[elo])) for elo, n in units.items()) / total
    spread = math.hypot(*(n * standard_error(results[elo]) for elo, n in units.items())) / total
    shares = {elo: n / total for elo, n in units.items()}
    elo = _elo_of_ladder(shares, mean)
    margin = CONFIDENCE_95 * spread * ladder_misfit(results, elo)
    return EloEstimate(elo, *(_elo_of_ladder(shares, m) for m in (mean - margin, mean + margin)))


def ladder_misfit(results: Mapping[float, Counts], elo: float) -> float:
    """Returns how many times farther than by chance the scores lie from those of one Elo; at least 1.

    Birge's ratio, by which the Particle Data Group widens what disagrees: the root of chi-square by its
    degrees of freedom. On a scale made among other players, at other times, no one Elo need explain all.

    Args:
        results: counts, from the player's side, by the opponent's Elo; not empty.
        elo: of the player.
    """
    chi_square = 0.0
    for opponent, counts in results.items():
        expected = score_from_elo(elo - opponent)
        variance = expected * (1.0 - expected) / (sum(counts) * _games(counts))
        chi_square += (score(counts) - expected) ** 2 / variance
    return math.sqrt(max(1.0, chi_square / max(1, len(results) - 1)))


def ladder_limit(results: Mapping[float, Counts], *, upper: bool) -> float:
    """Returns the Elo that a player is below (above) with 97.5 % certainty, however lopsided his score.

    Where he lost all games or nearly so, `ladder_estimate` knows no interval. This is Wilson's bound of the
    score, each game taken by itself, which with draws is more than certain enough.

    Args:
        results: counts, from the player's side, by the opponent's Elo; not empty.
    """
    games = {elo: sum(counts) * _games(counts) for elo, counts in results.items()}
    total = sum(games.values())
    mean = sum(n * score(results[elo]) for elo, n in games.items()) / total
    bound = wilson_interval(mean, total)[1 if upper else 0]
    return _elo_of_ladder({elo: n / total for elo, n in games.items()}, bound)


def wilson_interval(share: float, trials: float) -> tuple[float, float]:
    """Returns the 95 % interval of a share, 0 to 1, that was seen in so many trials (E. B. Wilson, 1927)."""
    square = CONFIDENCE_95**2 / trials
    spread = math.sqrt(square * (share * (1.0 - share) + square / 4.0))
    low, high = ((share + square / 2.0 + sign * spread) / (1.0 + square) for sign in (-1.0, 1.0))
    return low, high


def normalised_elo(counts: Counts) -> float:
    """Returns normalised Elo: the score in standard deviations of one game, times 800 / ln 10."""
    deviation = math.sqrt(variance(counts) * _games(counts))
    return (_mean(_probabilities(counts)) - 0.5) / deviation * NORMALISED_SCALE


def likelihood_of_superiority(counts: Counts) -> float:
    """Returns the probability, 0 to 1, that the true score is above one half."""
    excess = _mean(_probabilities(counts)) - 0.5
    return NormalDist().cdf(excess / standard_error(counts))


def log_likelihood_ratio(counts: Counts, *, elo0: float, elo1: float) -> float:
    """Returns the generalised log-likelihood ratio of "Elo is `elo1`" over "Elo is `elo0`".

    Each hypothesis fixes only the mean score; the rest of the distribution is the most likely one
    with that mean (Van den Bergh; exact, not the normal approximation).
    """
    probabilities, scores = _probabilities(counts), _scores(counts)
    if not sum(counts):
        return 0.0
    tilt0, tilt1 = (_tilt(probabilities, scores, score_from_elo(elo)) for elo in (elo0, elo1))
    mean0, mean1 = score_from_elo(elo0), score_from_elo(elo1)
    total = sum(
        p * math.log((1.0 + tilt0 * (a - mean0)) / (1.0 + tilt1 * (a - mean1)))
        for p, a in zip(probabilities, scores, strict=True)
    )
    return sum(_regularised(counts)) * total


def bounds(*, alpha: float, beta: float) -> Bounds:
    """Returns Wald's bounds for the two risks.

    Args:
        alpha: probability of accepting where elo0 is true.
        beta: probability of rejecting where elo1 is true.
    """
    return Bounds(math.log(beta / (1.0 - alpha)), math.log((1.0 - beta) / alpha))


def acceptance_probability(
    elo: float,
    pair_variance: float,
    *,
    elo0: float,
    elo1: float,
    alpha: float = 0.05,
    beta: float = 0.05,
) -> float:
    """Returns the probability of accepting if the true difference is `elo` (see `expected_pairs`)."""
    return _walk(elo, pair_variance, elo0, elo1, bounds(alpha=alpha, beta=beta))[0]


def expected_pairs(
    elo: float,
    pair_variance: float,
    *,
    elo0: float,
    elo1: float,
    alpha: float = 0.05,
    beta: float = 0.05,
) -> float:
    """Returns the mean number of pairs until a decision if the true difference is `elo`.

    Wald's approximation: the ratio is a Brownian motion with the drift and variance of one pair.
    """
    return _walk(elo, pair_variance, elo0, elo1, bounds(alpha=alpha, beta=beta))[1]


def _walk(
    elo: float, unit_variance: float, elo0: float, elo1: float, limits: Bounds
) -> tuple[float, float]:
    """Returns the probability of ending above, and the mean length, of a walk between two bounds."""
    mean, mean0, mean1 = (score_from_elo(e) for e in (elo, elo0, elo1))
    drift = (mean1 - mean0) * (2.0 * mean - mean0 - mean1) / (2.0 * unit_variance)
    spread = (mean1 - mean0) ** 2 / unit_variance
    lean = 2.0 * drift / spread
    if abs(lean) < 1e-9:
        above = -limits.lower / (limits.upper - limits.lower)
        return above, -limits.lower * limits.upper / spread
    above = -math.expm1(-lean * limits.lower) / (
        math.exp(-lean * limits.upper) - math.exp(-lean * limits.lower)
    )
    return above, (above * limits.upper + (1.0 - above) * limits.lower) / drift


def _elo_of_ladder(shares: Mapping[float, float], mean: float) -> float:
    """Returns the Elo whose expected score is `mean`, against opponents by their share of the games."""
    widest = elo_from_score(1.0)
    low, high = min(shares) - widest, max(shares) + widest
    for _ in range(_BISECTION_STEPS):
        middle = (low + high) / 2.0
        expected = sum(share * score_from_elo(middle - elo) for elo, share in shares.items())
        low, high = (middle, high) if expected < mean else (low, middle)
    return (low + high) / 2.0


def _scores(counts: Counts) -> list[float]:
    assert len(counts) in (3, 5), "counts are trinomial or pentanomial"
    return [i / (len(counts) - 1) for i in range(len(counts))]


def _games(counts: Counts) -> int:
    """Returns how many games one unit of the counts is."""
    return (len(counts) - 1) // 2


def _regularised(counts: Counts) -> list[float]:
    return [float(n) if n else EMPTY_COUNT for n in counts]


def _probabilities(counts: Counts) -> list[float]:
    regularised = _regularised(counts)
    total = sum(regularised)
    return [n / total for n in regularised]


def _mean(probabilities: Sequence[float]) -> float:
    last = len(probabilities) - 1
    return sum(p * i / last for i, p in enumerate(probabilities))


def _tilt(probabilities: Sequence[float], scores: Sequence[float], mean: float) -> float:
    """Returns t such that the distribution p_i / (1 + t (a_i - mean)) has that mean.

    It is the root of sum p_i (a_i - mean) / (1 + t (a_i - mean)), which falls from +infinity to
    -infinity on (-1 / (1 - mean), 1 / mean): Newton's steps, halving where they would leave.
    """
    inside = 1.0 - POLE_MARGIN
    low, high, tilt = -inside / (1.0 - mean), inside / mean, 0.0
    terms = [(p, a - mean) for p, a in zip(probabilities, scores, strict=True)]
    for _ in range(_NEWTON_STEPS):
        ratios = [(p, d / (1.0 + tilt * d)) for p, d in terms]
        value = sum(p * r for p, r in ratios)
        low, high = (tilt, high) if value > 0 else (low, tilt)
        following = tilt + value / sum(p * r * r for p, r in ratios)
        if not low < following < high:
            following = (low + high) / 2.0
        if abs(following - tilt) <= _NEWTON_TOLERANCE * max(1.0, abs(tilt)):
            break
        tilt = following
    return tilt
