"""Plays the gate's sequential test on made-up matches of known Elo, and counts its errors.

    python -m eval.simulate                  half a minute: rates to within 0.5 percentage points
    python -m eval.simulate --runs 6000      minutes: to within 0.3

A pair is two independent games of a given draw rate; its score is right on average. What is printed
beside the mean number of pairs is Wald's approximation: with the default risks 1,121 times the pair variance
for an equal engine, 1,832 times in the middle and 1,061 times at -50 Elo (1,038, 1,698 and 1,038 times at
risks of 5 %), which knows neither the minimum nor the cap.
"""

from dataclasses import dataclass

import cyclopts
import numpy as np

from eval import stats
from eval.settings import GateRule
from eval.verdict import Verdict
from eval.verdicts import PAIR_SCORES, VERDICTS, decide_all

TRUE_ELO = (0.0, -25.0, -50.0, -100.0)


@dataclass(frozen=True)
class Outcome:
    """What the test made of many matches of one true Elo difference."""

    verdicts: dict[Verdict, int]
    mean_pairs: float

    def share(self, verdict: Verdict) -> float:
        """Returns the share of matches, 0 to 1, that ended with a verdict."""
        return self.verdicts[verdict] / sum(self.verdicts.values())


def simulate(
    elo: float, *, draw_rate: float, runs: int, seed: int, rule: GateRule | None = None
) -> Outcome:
    """Returns the outcome of `runs` matches, each until the test decides or reaches the cap."""
    rng, rule = np.random.default_rng(seed), rule or GateRule()
    weights = pair_distribution(elo, draw_rate)
    verdicts: dict[Verdict, int] = dict.fromkeys(VERDICTS, 0)
    counts, total = np.zeros((runs, len(weights)), dtype=np.int64), 0
    while len(counts):
        counts += rng.multinomial(1, weights, size=len(counts))
        total += len(counts)
        found = decide_all(counts, rule, max_pairs=rule.max_pairs)
        for code, verdict in enumerate(VERDICTS):
            verdicts[verdict] += int((found == code).sum())
        counts = counts[found < 0]
    return Outcome(verdicts, total / runs)


def pair_distribution(elo: float, draw_rate: float) -> list[float]:
    """Returns the probabilities of a pair's five scores, its two games being independent.

    Args:
        draw_rate: of a game; lowered where Elo leaves no room for so many draws.
    """
    mean = stats.score_from_elo(elo)
    draw = min(draw_rate, 2.0 * min(mean, 1.0 - mean))
    game = (1.0 - mean - draw / 2.0, draw, mean - draw / 2.0)
    pair = [0.0] * len(PAIR_SCORES)
    for i, p in enumerate(game):
        for j, q in enumerate(game):
            pair[i + j] += p * q
    return pair


def main(
    *,
    runs: int = 2000,
    draw_rate: tuple[float, ...] = (0.1, 0.3, 0.6),
    seed: int = 0,
    max_pairs: int = 400,
) -> None:
    """Print the error rates of the gate's test.

    Parameters
    ----------
    runs: int
        Matches for each true Elo difference and draw rate.
    draw_rate: tuple[float, ...]
        Of a game, 0 to 1; can be given several times.
    seed: int
        Of all chance.
    max_pairs: int
        The cap.
    """
    rule = GateRule(max_pairs=max_pairs)
    print(
        f"runs {runs}, seed {seed}, {rule.elo0:+.0f} against {rule.elo1:+.0f} Elo, "
        f"alpha {rule.alpha:g}, beta {rule.beta:g}, cap {max_pairs}"
    )
    print("draws  pair variance  true Elo  accepted  rejected  inconclusive  pairs  pairs (Wald)")
    accepted: dict[float, list[float]] = {elo: [] for elo in TRUE_ELO}
    for draws in draw_rate:
        for elo in TRUE_ELO:
            found = simulate(elo, draw_rate=draws, runs=runs, seed=seed, rule=rule)
            _print_row(draws, elo, found, rule)
            accepted[elo].append(found.share("accepted"))
    print(
        f"accepted: {min(accepted[rule.elo1]):.1%} or more of the engines at {rule.elo1:+.0f} Elo, "
        f"{max(accepted[rule.elo0]):.1%} or less of those at {rule.elo0:+.0f} Elo"
    )


def _print_row(draws: float, elo: float, found: Outcome, rule: GateRule) -> None:
    weights = pair_distribution(elo, draws)
    mean = stats.score_from_elo(elo)
    variance = sum(p * (a - mean) ** 2 for p, a in zip(weights, PAIR_SCORES, strict=True))
    wald = stats.expected_pairs(
        elo, variance, elo0=rule.elo0, elo1=rule.elo1, alpha=rule.alpha, beta=rule.beta
    )
    shares = [found.share(verdict) for verdict in VERDICTS]
    print(
        f"{draws:5.2f}  {variance:13.3f}  {elo:8.0f}  {shares[0]:8.1%}  {shares[1]:8.1%}  "
        f"{shares[2]:12.1%}  {found.mean_pairs:5.0f}  {wald:12.0f}",
        flush=True,
    )


if __name__ == "__main__":
    cyclopts.run(main)
