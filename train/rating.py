"""Elo of checkpoints from the matches between them, all taken together.

    P(a beats b) = 1 / (1 + 10 ** ((elo_b - elo_a) / 400))

The most likely ratings, the anchor's fixed at 0. A draw is half a win and half a loss. Every match counts
two drawn games more than were played, so that a clean sweep has a finite rating. Intervals come from the
curvature of the likelihood, as if every game were won or lost and hung on no other: draws vary less than
that, and games of a pair, with colours swapped, tend to make up for each other, so the intervals are
rather too wide than too narrow.

Sources: R. A. Bradley and M. E. Terry, "Rank analysis of incomplete block designs" (1952); R. Coulom's
BayesElo for the prior draws.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_SCALE = math.log(10.0) / 400.0
"""Nats of odds in one Elo point."""
_CONFIDENCE_95 = NormalDist().inv_cdf(0.975)
_PRIOR_GAMES = 2.0
"""Drawn ones, a match."""
_STEPS = 100
_TOLERANCE_ELO = 1e-6
_LARGEST_STEP_ELO = 400.0


@dataclass(frozen=True)
class Result:
    """What a match came to."""

    player: int
    opponent: int
    score: float
    """The player's share of the points, 0 to 1."""
    games: int


@dataclass(frozen=True)
class Rating:
    """Elo and its 95 % interval."""

    elo: float
    low: float
    high: float


def rate(results: Iterable[Result], *, anchor: int) -> Mapping[int, Rating]:
    """Returns the rating of every player, `anchor`'s being 0.

    Args:
        results: matches that connect every player with the anchor, directly or through others.
        anchor: the player that all others are compared with.
    """
    results = [result for result in results if result.player != result.opponent]
    players = {result.player for result in results} | {result.opponent for result in results}
    others = sorted(players - {anchor})
    place = {player: index for index, player in enumerate(others)}
    elo = np.zeros(len(others))
    for _ in range(_STEPS):
        gradient, curvature = _slopes(results, place, elo)
        step = np.linalg.solve(curvature, gradient)
        largest = float(np.abs(step).max(initial=0.0))
        elo += step * min(1.0, _LARGEST_STEP_ELO / max(largest, _TOLERANCE_ELO))
        if largest < _TOLERANCE_ELO:
            break
    _, curvature = _slopes(results, place, elo)
    margins = _CONFIDENCE_95 * np.sqrt(np.diag(np.linalg.inv(curvature)))
    rated = {
        player: Rating(float(elo[index]), float(elo[index] - margin), float(elo[index] + margin))
        for (player, index), margin in zip(place.items(), margins, strict=True)
    }
    return {anchor: Rating(0.0, 0.0, 0.0), **rated}


def _slopes(
    results: Iterable[Result], place: Mapping[int, int], elo: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the log-likelihood's gradient `[n]` and its negated second derivatives `[n, n]`."""
    gradient, curvature = np.zeros(len(elo)), np.zeros((len(elo), len(elo)))
    for result in results:
        ends = [
            (place[player], sign)
            for player, sign in ((result.player, 1.0), (result.opponent, -1.0))
            if player in place
        ]
        expected = 1.0 / (1.0 + math.exp(-_SCALE * sum(sign * elo[index] for index, sign in ends)))
        games = result.games + _PRIOR_GAMES
        points = result.score * result.games + _PRIOR_GAMES / 2
        for index, sign in ends:
            gradient[index] += sign * _SCALE * (points - games * expected)
            for other, other_sign in ends:
                weight = sign * other_sign * _SCALE**2 * games
                curvature[index, other] += weight * expected * (1.0 - expected)
    return gradient, curvature
