"""The rule of the gate as a function of counts."""

import numpy as np
import pytest
from pydantic import ValidationError

from eval.settings import GateRule
from eval.verdict import decide, log_likelihood_ratio
from eval.verdicts import UNDECIDED, VERDICTS, decide_all, ratios_of

RULE = GateRule()


def test_no_verdict_before_the_least_number_of_pairs():
    assert decide((0, 0, 0, 0, 19), RULE, max_pairs=400) is None
    found = decide((0, 0, 0, 0, 21), RULE, max_pairs=400)
    assert found is not None
    assert found.verdict == "accepted"


def test_an_equal_engine_that_always_splits_pairs_is_accepted():
    found = decide((0, 0, 21, 0, 0), RULE, max_pairs=400)
    assert found is not None
    assert found.verdict == "accepted"


def test_a_weak_engine_is_rejected():
    found = decide((20, 10, 10, 0, 0), RULE, max_pairs=400)
    assert found is not None
    assert found.verdict == "rejected"
    assert "-50 Elo" in found.reason


def test_undecided_goes_on_until_the_cap():
    counts = (5, 6, 12, 5, 3)
    assert abs(log_likelihood_ratio(counts, RULE)) < 2.9
    assert decide(counts, RULE, max_pairs=400) is None
    found = decide(counts, RULE, max_pairs=31)
    assert found is not None
    assert found.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ((6, 6, 12, 10, 6), "accepted"),  # 52.5 %, at least 44 %
        ((7, 9, 12, 7, 5), "inconclusive"),  # 46 %, but perhaps only 38 %
        ((8, 9, 12, 7, 4), "inconclusive"),  # 44 %
    ],
)
def test_at_the_cap_score_and_its_lower_limit_decide(counts, verdict):
    assert decide(counts, RULE, max_pairs=sum(counts) + 1) is None
    found = decide(counts, RULE, max_pairs=sum(counts))
    assert found is not None
    assert found.verdict == verdict


def test_the_sequential_test_does_not_accept_below_the_least_score():
    counts = (10, 20, 30, 5, 2)
    lenient = GateRule(elo0=-400, elo1=-200, min_score=0.2)
    found = decide(counts, lenient, max_pairs=400)
    assert found is not None
    assert found.verdict == "accepted"
    strict = GateRule(elo0=-400, elo1=-200, min_score=0.45)
    assert decide(counts, strict, max_pairs=400) is None
    at_cap = decide(counts, strict, max_pairs=sum(counts))
    assert at_cap is not None
    assert at_cap.verdict == "inconclusive"


@pytest.mark.parametrize("elo", [float("nan"), float("-inf"), -200_000.0])
def test_elo_that_no_score_belongs_to_is_refused(elo):
    for name in ("elo0", "elo1"):
        with pytest.raises(ValidationError, match=name):
            GateRule(**{name: elo})


@pytest.mark.parametrize("rule", [RULE, GateRule(alpha=0.1, beta=0.2, elo1=20, min_score=0.48)])
@pytest.mark.parametrize("pairs", [1, 19, 30, 45, 60])
def test_many_matches_are_decided_as_each_would_be(pairs, rule):
    rng = np.random.default_rng(pairs)
    counts = np.concatenate(
        [rng.multinomial(pairs, rng.dirichlet([1] * 5), size=20) for _ in range(20)]
    )
    ratios = [log_likelihood_ratio(match.tolist(), rule) for match in counts]
    assert ratios_of(counts, rule) == pytest.approx(ratios, rel=1e-9, abs=1e-9)
    each = [decide(match.tolist(), rule, max_pairs=60) for match in counts]
    codes = [UNDECIDED if one is None else VERDICTS.index(one.verdict) for one in each]
    assert decide_all(counts, rule, max_pairs=60).tolist() == codes
    assert len(set(codes)) == (1 if pairs < 20 else 3)
