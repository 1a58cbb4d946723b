"""The gate: may this model replace that one? A list of stages, cheapest first; a rejection ends it.

    numeric distance     X.compare.json, if it stands beside the candidate
    equal simulations    game pairs and a sequential test of the Elo difference

A stage is a function of the trial that returns what it found; one that has nothing to judge by says so
and has no verdict.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console

from aztoolkit.errors import ConfigError, DataError, ModelError
from aztoolkit.files import sha256
from aztoolkit.model import sidecar
from eval.journal import Journal
from eval.openings import Book, read_book
from eval.opponents import Opponent, model_opponent
from eval.progress import show_match
from eval.records import Side
from eval.series import Series, identify, play_series
from eval.settings import GateRule, MatchSettings
from eval.tally import Tally
from eval.verdict import Decision, Verdict, decide, log_likelihood_ratio

CANDIDATE, BASELINE = Side.A, Side.B
JOURNAL_SUFFIX = ".gate.games.jsonl"


@dataclass(frozen=True)
class Trial:
    """What is put to the gate."""

    baseline: Opponent
    candidate: Opponent
    model: Path
    """The candidate's file; reports are written beside it."""
    rule: GateRule
    settings: MatchSettings
    book: Book
    console: Console
    """For progress."""

    @property
    def max_pairs(self) -> int:
        """Most pairs that can be played: no opening is played twice."""
        return min(self.rule.max_pairs, len(self.book.openings))


@dataclass(frozen=True)
class StageReport:
    """What a stage found."""

    name: str
    verdict: Verdict | None
    """None if the stage only reports, or had nothing to judge by."""
    reason: str
    duration_s: float = 0.0
    numbers: Mapping[str, Any] = field(default_factory=dict)  # Any: whatever json can hold
    series: Series | None = None
    """The games, if any were played."""


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


Stage = Callable[[Trial], StageReport]


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


def judge_distance(trial: Trial) -> StageReport:
    """Reports the numeric distance to the baseline; rejects only by limits that were given."""
    name, path, rule = "numeric distance", sidecar(trial.model, "compare"), trial.rule
    limits = {"kl_mean": rule.max_kl, "winrate_error_p99": rule.max_winrate_error}
    given = {key: limit for key, limit in limits.items() if limit is not None}
    if not path.is_file():
        if given:
            raise ModelError(
                f"expected {path} for --max-kl and --max-winrate-error, got none; "
                f"make it with `aztoolkit compare {trial.baseline.source} {trial.model}`"
            )
        return StageReport(name, None, f"not measured: no {path.name} beside the candidate")
    numbers = _read_distance(path, trial)
    for key, limit in given.items():
        if not numbers[key] <= limit:
            reason = f"{key} is {numbers[key]:.3g}, above {limit:g}"
            return StageReport(name, "rejected", reason, numbers=numbers)
    reason = ", ".join(f"{key} {numbers[key]:.3g}" for key in limits)
    return StageReport(name, "accepted" if given else None, reason, numbers=numbers)


def play_equal_simulations(trial: Trial) -> StageReport:
    """Plays game pairs until the sequential test decides, the cap is reached, or an engine fails."""
    opponents = (trial.candidate, trial.baseline)
    identity = identify(opponents, trial.book, trial.settings)
    journal = Journal(trial.model.with_suffix(JOURNAL_SUFFIX), identity)
    shown = show_match(
        trial.console,
        pairs=trial.max_pairs,
        extra=lambda tally: f"· LLR {_ratio(trial, tally):.2f}",
    )
    try:
        with shown as watch:
            series = play_series(
                opponents,
                trial.book,
                trial.settings,
                journal=journal,
                is_over=lambda tally: _decide(trial, tally) is not None,
                watch=watch,
            )
    finally:
        journal.close()
    decision = _decide(trial, series.tally)
    assert decision, "a series that has ended is decided"
    return StageReport("equal simulations", decision.verdict, decision.reason, series=series)


STAGES: tuple[Stage, ...] = (judge_distance, play_equal_simulations)


def _check_rule(rule: GateRule) -> None:
    if rule.elo0 >= rule.elo1:
        raise ConfigError(f"expected --elo0 below --elo1, got {rule.elo0} and {rule.elo1}")
    if rule.min_pairs > rule.max_pairs:
        raise ConfigError(
            f"expected --min-pairs up to --max-pairs, got {rule.min_pairs} and {rule.max_pairs}"
        )


def _decide(trial: Trial, tally: Tally) -> Decision | None:
    if failures := tally.failures(CANDIDATE):
        _, failure = failures[0]
        return Decision("rejected", f"the candidate failed ({failure.kind}): {failure.detail}")
    if failures := tally.failures(BASELINE):
        _, failure = failures[0]
        return Decision(
            "inconclusive",
            f"the baseline failed ({failure.kind}), so that nothing can be said of the candidate: "
            f"{failure.detail}",
        )
    return decide(tally.pentanomial, trial.rule, max_pairs=trial.max_pairs)


def _ratio(trial: Trial, tally: Tally) -> float:
    return log_likelihood_ratio(tally.pentanomial, trial.rule)


def _read_distance(path: Path, trial: Trial) -> dict[str, Any]:
    """Returns the comparison beside the candidate; raises ModelError if it is not of this file."""
    try:
        numbers = json.loads(path.read_text())
        for key in ("kl_mean", "winrate_error_p99"):
            numbers[key] = float(numbers[key])
        compared = numbers.get("second", {}).get("sha256")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"expected a comparison in {path}, got {type(error).__name__}: {error}; "
            "make it anew with `aztoolkit compare`, or delete it"
        ) from error
    if compared is not None and compared != sha256(trial.model):
        raise ModelError(
            f"expected a comparison of {trial.model}, got one of an older file: {path}; "
            "make it anew with `aztoolkit compare`, or delete it"
        )
    return dict(numbers)


def _worst(reports: list[StageReport]) -> StageReport:
    """Returns the report that settles the verdict: the first rejection, or else the last doubt."""
    for verdict in ("rejected", "inconclusive"):
        found = [report for report in reports if report.verdict == verdict]
        if found:
            return found[0]
    return reports[-1]
