"""What a count of solved puzzles says."""

import pytest

from benchmarks.estimates import performance, share_interval
from eval.stats import elo_from_score, score_from_elo


@pytest.mark.parametrize(
    ("solved", "asked", "low", "high"),
    [
        (7, 20, 0.1812, 0.5671),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (84, 85, 0.9363, 0.9979),
    ],
)  # SciPy's binomtest(...).proportion_ci(method="wilson")
def test_the_interval_of_a_share_is_wilsons(solved: int, asked: int, low: float, high: float):
    assert share_interval(solved, asked) == pytest.approx((low, high), abs=5e-5)


def test_of_puzzles_rated_alike_the_performance_is_the_share_as_elo():
    found = performance([(1500.0, True)] * 15 + [(1500.0, False)] * 5)
    assert found.rating == pytest.approx(1500.0 + elo_from_score(0.75))
    ends = [1500.0 + elo_from_score(end) for end in share_interval(15, 20)]
    assert [found.low, found.high] == pytest.approx(ends)


def test_at_the_performance_as_many_are_expected_as_were_solved():
    results = [(900.0 + 40.0 * number, number % 3 != 0) for number in range(40)]
    found = performance(results)
    assert found.rating is not None
    expected = sum(score_from_elo(found.rating - rating) for rating, _ in results)
    assert expected == pytest.approx(sum(solved for _, solved in results))


def test_where_all_or_none_are_solved_one_end_is_open():
    everything = performance([(1200.0, True), (2000.0, True)])
    assert (everything.rating, everything.high) == (None, None)
    assert everything.low is not None
    nothing = performance([(1200.0, False), (2000.0, False)])
    assert (nothing.rating, nothing.low) == (None, None)
    assert nothing.high is not None
    assert nothing.high - 1600.0 == pytest.approx(1600.0 - everything.low)
