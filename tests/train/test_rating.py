import numpy as np
import pytest

from train.rating import Result, rate


def test_one_match_gives_the_elo_of_its_score() -> None:
    rated = rate([Result(2, 1, 0.75, 100_000)], anchor=1)
    assert rated[2].elo == pytest.approx(190.85, abs=0.1)  # 400 log10(3)
    assert rated[1].elo == 0


def test_the_interval_is_that_of_independent_games() -> None:
    rating = rate([Result(2, 1, 0.5, 998)], anchor=1)[2]
    # Standard error of the score 0.5 / sqrt(1000), by the slope of Elo there: 4 * 400 / ln 10.
    margin = 1.96 * 0.5 / np.sqrt(1000) * 4 * 400 / np.log(10)
    assert (rating.low, rating.high) == pytest.approx((-margin, margin), rel=0.01)


def test_a_clean_sweep_is_finite_and_wide() -> None:
    rating = rate([Result(2, 1, 1.0, 20)], anchor=1)[2]
    assert 300 < rating.elo < 1000
    assert rating.low > 0
    assert rating.high - rating.low > 300


def test_a_chain_goes_on_where_the_anchor_is_always_beaten() -> None:
    chain = [Result(n + 1, n, 0.85, 200) for n in range(6)]
    swept = [Result(n, 0, 1.0, 200) for n in range(3, 7)]
    rated = rate(chain + swept, anchor=0)
    curve = [rated[n].elo for n in range(7)]
    assert np.diff(curve).min() > 150
    assert curve[6] > 1500


def test_matches_against_two_opponents_are_reconciled() -> None:
    # Both opponents are at 0, so that together they are one with the mean of the scores.
    first, second = 0.64, 0.76
    results = [
        Result(1, 0, 0.5, 10**6),
        Result(2, 0, first, 10_000),
        Result(2, 1, second, 10_000),
    ]
    expected = 400 * np.log10(0.70 / 0.30)
    assert rate(results, anchor=0)[2].elo == pytest.approx(expected, abs=0.5)  # the prior games


def test_simulated_ratings_lie_within_their_intervals() -> None:
    rng = np.random.default_rng(1)
    true = np.array([0.0, 120.0, 200.0, 340.0])
    misses = 0
    for _ in range(100):
        results = []
        for player, opponent in [(1, 0), (2, 1), (2, 0), (3, 2), (3, 0)]:
            expected = 1 / (1 + 10 ** ((true[opponent] - true[player]) / 400))
            wins = int(rng.binomial(100, expected))
            results.append(Result(player, opponent, wins / 100, 100))
        rated = rate(results, anchor=0)
        misses += sum(not rated[p].low <= true[p] <= rated[p].high for p in (1, 2, 3))
    assert 3 <= misses <= 30  # of 300, 15 are expected
