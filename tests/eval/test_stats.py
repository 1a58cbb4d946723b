"""The statistics against published records, brute force and simulation."""

import math
import random

import pytest

from eval import stats
from eval.settings import GateRule
from eval.simulate import pair_distribution, simulate

# Records of fishtest and fastchess with the values those programs print, rounded as they round them.
# Pentanomial [LL, LD, LW + DD, DW, WW]; trinomial [losses, draws, wins].
PUBLISHED_LLR = [
    ((21184, 40708, 21404), 0.5, 2.5, -1.57),
    ((57030, 106593, 57433), 0.0, 2.0, -2.59),
    ((223, 9863, 21279, 10037, 246), 0.5, 2.5, -3.07),
    ((871, 26175, 55983, 26678, 821), 0.0, 2.0, -4.98),
]
PUBLISHED_ELO = [
    ((34, 54, 63, 64, 75), 55.58, 27.65),
    ((332, 433, 498, 333, 334), -8.64, 10.33),
    ((7895, 8757, 5685, 568, 9999), -21.04, 2.95),
    ((96, 111, 136), 40.70, 30.43),
]
PUBLISHED_NORMALISED_ELO = [
    ((34, 54, 63, 64, 75), 57.94),
    ((332, 433, 498, 333, 334), -9.17),
    ((7895, 8757, 5685, 568, 9999), -19.01),
    ((89, 123, 76), -20.76),
    ((96, 111, 136), 49.77),
    ((356, 0, 34), -508.44),
]
PUBLISHED_LOS = [
    ((332, 433, 498, 333, 334), 0.0505),
    ((89, 123, 76), 0.1553),
    ((96, 111, 136), 0.9960),
]
GATE = {"elo0": -50.0, "elo1": 0.0}


@pytest.mark.parametrize(("counts", "elo0", "elo1", "expected"), PUBLISHED_LLR)
def test_llr_of_published_records(counts, elo0, elo1, expected):
    found = stats.log_likelihood_ratio(counts, elo0=elo0, elo1=elo1)
    assert found == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(("counts", "elo", "margin"), PUBLISHED_ELO)
def test_elo_of_published_records(counts, elo, margin):
    found = stats.elo_estimate(counts)
    assert found.elo == pytest.approx(elo, abs=0.005)
    assert (found.high - found.low) / 2 == pytest.approx(margin, abs=0.005)


@pytest.mark.parametrize(("counts", "expected"), PUBLISHED_NORMALISED_ELO)
def test_normalised_elo_of_published_records(counts, expected):
    assert stats.normalised_elo(counts) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("counts", "expected"), PUBLISHED_LOS)
def test_los_of_published_records(counts, expected):
    assert stats.likelihood_of_superiority(counts) == pytest.approx(expected, abs=5e-5)


def brute_force_log_likelihood(counts, mean):
    """Returns the greatest log-likelihood of a distribution over five scores with a given mean.

    Coordinate search over the three free probabilities, the others following from mean and sum.
    """

    def likelihood(free):
        p1, p2, p3 = free
        # a = 0, 1/4, 1/2, 3/4, 1: sum p = 1 and sum p a = mean
        p4 = mean - p1 / 4 - p2 / 2 - 3 * p3 / 4
        p0 = 1 - p1 - p2 - p3 - p4
        p = (p0, p1, p2, p3, p4)
        if min(p) <= 0:
            return -math.inf
        return sum(n * math.log(q) for n, q in zip(counts, p, strict=True))

    point = [0.01, 0.01, 0.01]
    step = 0.05
    while step > 1e-9:
        moves = [
            [x + step * d for x, d in zip(point, direction, strict=True)]
            for direction in DIRECTIONS
        ]
        best = max(moves, key=likelihood)
        if likelihood(best) > likelihood(point):
            point = best
        else:
            step /= 2
    return likelihood(point)


DIRECTIONS = [
    (i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1) if (i, j, k) != (0, 0, 0)
]


@pytest.mark.parametrize(
    "counts", [(3, 10, 25, 12, 4), (9, 2, 11, 5, 1), (1, 1, 1, 1, 30), (40, 6, 2, 1, 1)]
)
def test_llr_equals_brute_force_maximisation(counts):
    mean0, mean1 = (stats.score_from_elo(elo) for elo in GATE.values())
    expected = brute_force_log_likelihood(counts, mean1) - brute_force_log_likelihood(counts, mean0)
    assert stats.log_likelihood_ratio(counts, **GATE) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("counts", [(3, 10, 25, 12, 4), (9, 2, 11, 5, 1), (0, 0, 20, 0, 0)])
def test_swapping_sides_mirrors_everything(counts):
    swapped = counts[::-1]
    assert stats.score(swapped) == pytest.approx(1 - stats.score(counts))
    assert stats.variance(swapped) == pytest.approx(stats.variance(counts))
    assert stats.elo_estimate(swapped).elo == pytest.approx(-stats.elo_estimate(counts).elo)
    assert stats.elo_estimate(swapped).low == pytest.approx(-stats.elo_estimate(counts).high)
    assert stats.likelihood_of_superiority(swapped) == pytest.approx(
        1 - stats.likelihood_of_superiority(counts)
    )
    mirrored = stats.log_likelihood_ratio(swapped, elo0=-GATE["elo1"], elo1=-GATE["elo0"])
    assert mirrored == pytest.approx(-stats.log_likelihood_ratio(counts, **GATE))


def test_score_and_elo_transform_into_each_other():
    assert stats.score_from_elo(-50) == pytest.approx(0.42854, abs=5e-6)
    assert stats.elo_from_score(0.45) == pytest.approx(-34.86, abs=0.005)
    for elo in (-300.0, -50.0, 0.0, 120.0):
        assert stats.elo_from_score(stats.score_from_elo(elo)) == pytest.approx(elo)


@pytest.mark.parametrize("counts", [(3, 10, 25, 12, 4), (9, 2, 11, 5, 1), (30, 40, 30)])
def test_a_ladder_of_one_rung_is_the_match_against_it(counts):
    found, match = stats.ladder_estimate({1500.0: counts}), stats.elo_estimate(counts)
    for name in ("elo", "low", "high"):
        assert getattr(found, name) == pytest.approx(1500 + getattr(match, name), abs=1e-6)


def test_a_ladder_has_the_elo_of_greatest_likelihood():
    """Against a search of the log-likelihood, over trinomial counts with draws as half wins."""
    rungs = {1400.0: (10, 8, 32), 1600.0: (20, 12, 18), 1900.0: (41, 5, 4)}

    def likelihood(elo):
        total = 0.0
        for rung, (losses, draws, wins) in rungs.items():
            win = stats.score_from_elo(elo - rung)
            total += (wins + draws / 2) * math.log(win) + (losses + draws / 2) * math.log(1 - win)
        return total

    best = max((1200 + step / 100 for step in range(80_000)), key=likelihood)
    found = stats.ladder_estimate(rungs)
    assert found.elo == pytest.approx(best, abs=0.02)
    assert found.low < found.elo < found.high
    alone = stats.ladder_estimate({1600.0: rungs[1600.0]})
    assert found.high - found.low < alone.high - alone.low


def test_the_interval_of_a_ladder_holds_the_truth_95_times_in_100():
    rng, truth, hits, runs = random.Random(4), 1650.0, 0, 400
    for _ in range(runs):
        rungs = {}
        for rung in (1500.0, 1700.0):
            weights = pair_distribution(truth - rung, 0.2)
            drawn = rng.choices(range(5), weights, k=40)
            rungs[rung] = tuple(drawn.count(i) for i in range(5))
        found = stats.ladder_estimate(rungs)
        hits += found.low <= truth <= found.high
    assert 0.91 <= hits / runs <= 0.985  # four standard errors


def test_rungs_that_disagree_widen_the_interval_of_a_ladder():
    """The counts of a network that beat 1700 as one of 1960 does, and lost to 2000 as one of 1700 does."""
    rungs = {1700.0: (2, 1, 12, 1, 34), 2000.0: (35, 4, 9, 0, 2)}
    found = stats.ladder_estimate(rungs)
    misfit = stats.ladder_misfit(rungs, found.elo)
    deviations = []
    for rung, counts in rungs.items():
        expected = stats.score_from_elo(found.elo - rung)
        deviations.append(
            (stats.score(counts) - expected) / math.sqrt(expected * (1 - expected) / 100)
        )
    assert misfit == pytest.approx(math.hypot(*deviations))
    assert misfit > 4
    agreeing = {1700.0: (2, 1, 12, 1, 34), 2000.0: (9, 7, 25, 4, 5)}
    agreed = stats.ladder_estimate(agreeing)
    assert stats.ladder_misfit(agreeing, agreed.elo) < 1.5
    assert found.high - found.low > 3 * (agreed.high - agreed.low)
    assert found.low < 1750
    assert found.high > 1950


def test_one_rung_cannot_disagree():
    counts = {1500.0: (5, 5, 20, 10, 10)}
    assert stats.ladder_misfit(counts, stats.ladder_estimate(counts).elo) == pytest.approx(1)


def test_a_ladder_won_or_lost_throughout_has_finite_numbers():
    for counts in [(30, 0, 0, 0, 0), (0, 0, 0, 0, 30)]:
        found = stats.ladder_estimate({1400.0: counts, 1800.0: counts})
        assert all(map(math.isfinite, (found.elo, found.low, found.high)))
        assert 200 <= found.low <= found.elo <= found.high <= 3000


def test_one_sided_counts_have_finite_numbers():
    for counts in [(30, 0, 0, 0, 0), (0, 0, 0, 0, 30), (0, 0, 30, 0, 0)]:
        found = stats.elo_estimate(counts)
        assert all(map(math.isfinite, (found.elo, found.low, found.high)))
        assert found.low <= found.elo <= found.high
        assert math.isfinite(stats.log_likelihood_ratio(counts, **GATE))
        assert math.isfinite(stats.normalised_elo(counts))


def test_the_ratio_is_right_where_newtons_first_step_meets_a_pole():
    """Of these counts it leads to 2, where a term is infinite, and would stop there: 74.6."""
    before, at, after = (
        stats.log_likelihood_ratio((2, 2, 18 + shift, 22 - shift, 1), **GATE)
        for shift in (1, 0, -1)
    )
    assert before < at < after
    assert at == pytest.approx((before + after) / 2, abs=0.05)


def test_no_games_say_nothing():
    assert stats.score((0,) * 5) == 0.5
    assert stats.log_likelihood_ratio((0,) * 5, **GATE) == 0


def test_bounds_are_walds():
    limits = stats.bounds(alpha=0.05, beta=0.05)
    assert limits.upper == pytest.approx(2.944, abs=5e-4)
    assert limits.lower == pytest.approx(-2.944, abs=5e-4)
    assert stats.bounds(alpha=0.01, beta=0.1).upper == pytest.approx(math.log(0.9 / 0.01))


@pytest.mark.parametrize(("elo", "factor"), [(0, 1038), (-50, 1038), (-25, 1698)])
def test_expected_pairs_are_those_of_the_specification(elo, factor):
    assert stats.expected_pairs(elo, 0.05, **GATE) == pytest.approx(factor * 0.05, rel=0.001)


def test_acceptance_probability_is_the_risk_at_the_hypotheses():
    assert stats.acceptance_probability(-50, 0.1, **GATE) == pytest.approx(0.05)
    assert stats.acceptance_probability(0, 0.1, **GATE) == pytest.approx(0.95)
    assert stats.acceptance_probability(-25, 0.1, **GATE) == pytest.approx(0.5, abs=0.01)


def test_pair_distribution_has_the_mean_of_its_elo():
    weights = pair_distribution(-50, 0.4)
    assert sum(weights) == pytest.approx(1)
    assert sum(p * i / 4 for i, p in enumerate(weights)) == pytest.approx(0.42854, abs=5e-6)


@pytest.mark.parametrize("draw_rate", [0.1, 0.3, 0.6])
def test_error_rates_in_simulated_matches(draw_rate):
    """At most 6 % of engines at -50 Elo are accepted, at least 94 % of equals; the margin is chance's."""
    weak = simulate(-50, draw_rate=draw_rate, runs=1000, seed=3)
    assert weak.share("accepted") <= 0.06 + 0.01
    equal = simulate(0, draw_rate=draw_rate, runs=1000, seed=3)
    assert equal.share("accepted") >= 0.94 - 0.01


def test_a_much_weaker_engine_is_rejected_soon():
    found = simulate(-150, draw_rate=0.3, runs=30, seed=1, rule=GateRule())
    assert found.share("rejected") == 1
    assert found.mean_pairs < 45
