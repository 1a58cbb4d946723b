"""The gate: may this model replace that one? A list of stages, cheapest first; a rejection ends it.

numeric distance     X.compare.json, if it stands beside the candidate
equal simulations    game pairs and a sequential test of the Elo difference
"""

from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from rich.console import Console

from aztoolkit.errors import ConfigError, DataError
from eval.openings import read_book
from eval.opponents import model_opponent
from eval.series import Series
from eval.settings import GateRule, MatchSettings
from eval.stages.distance import judge_distance
from eval.stages.simulations import play_equal_simulations
from eval.trial import Stage, StageReport, Trial
from eval.verdict import Verdict

STAGES: tuple[Stage, ...] = (judge_distance, play_equal_simulations)


@dataclass(frozen=True)
class GateResult:
    """The verdict of all stages."""

    verdict: Verdict
    reason: str
    stages: tuple[StageReport, ...]

    @property
    def series(self) -> Series | None:
        """The games at equal simulations, if it came to them."""
        return next((stage.series for stage in self.stages if stage.series), None)


def prepare_trial(
    baseline: Path,
    candidate: Path,
    *,
    rule: GateRule,
    settings: MatchSettings,
    openings: Path | None,
    console: Console,
) -> Trial:
    """Returns a trial whose files are all there.

    Raises:
        ConfigError: the rule contradicts itself.
        ModelError: a model is missing.
        DataError: the openings are missing, malformed, or fewer than the least number of pairs.
    """
    _check_rule(rule)
    engines = model_opponent(baseline), model_opponent(candidate)
    book = read_book(openings, count=rule.max_pairs, seed=settings.seed)
    if len(book.openings) < rule.min_pairs:
        raise DataError(
            f"expected at least {rule.min_pairs} distinct openings in {book.source}, one a pair, "
            f"got {len(book.openings)}; name a larger book, or lower --min-pairs"
        )
    return Trial(*engines, candidate, rule, settings, book, console)


def run_gate(trial: Trial) -> GateResult:
    """Runs the stages in order and returns the verdict.

    Raises:
        ModelError: a model is broken, or the comparison beside it is of another file.
        InputError: the folder of the candidate cannot be written.
    """
    reports: list[StageReport] = []
    for stage in STAGES:
        begin_s = monotonic()
        report = stage(trial)
        reports.append(replace(report, duration_s=monotonic() - begin_s))
        if report.verdict == "rejected":
            break
    decisive = _worst(reports)
    assert decisive.verdict, "the last stage always judges"
    return GateResult(decisive.verdict, decisive.reason, tuple(reports))


def _check_rule(rule: GateRule) -> None:
    if rule.elo0 >= rule.elo1:
        raise ConfigError(f"expected --elo0 below --elo1, got {rule.elo0} and {rule.elo1}")
    if rule.min_pairs > rule.max_pairs:
        raise ConfigError(
            f"expected --min-pairs up to --max-pairs, got {rule.min_pairs} and {rule.max_pairs}"
        )


def _worst(reports: list[StageReport]) -> StageReport:
    """Returns the report that settles the verdict: the first rejection, or else the last doubt."""
    for verdict in ("rejected", "inconclusive"):
        found = [report for report in reports if report.verdict == verdict]
        if found:
            return found[0]
    return reports[-1]
