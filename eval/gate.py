"""The gate: may this model replace that one? A list of stages, cheapest first; a rejection ends it.

distance       X.compare.json, if it stands beside the candidate
tactics        positions whose best move is known: what does the candidate no longer see?
simulations    game pairs at equal simulations, and a sequential test of the Elo difference
time           the same at equal time, if `--movetime` is given
ladder         games against Stockfish, if `--stockfish-elo` is given: reported only
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from rich.console import Console

from aztoolkit.errors import ConfigError, DataError
from eval.openings import Book, read_book
from eval.opponents import model_opponent
from eval.series import Series
from eval.settings import GateRule, LadderSettings, MatchSettings
from eval.stages.distance import judge_distance
from eval.stages.ladder import climb_ladder
from eval.stages.simulations import play_equal_simulations
from eval.stages.tactics import veto_tactics
from eval.stages.time import play_equal_time
from eval.stockfish import find_stockfish
from eval.tactics import read_suite
from eval.trial import Stage, StageReport, Trial
from eval.verdict import Verdict

STAGES: dict[str, Stage] = {
    "distance": judge_distance,
    "tactics": veto_tactics,
    "simulations": play_equal_simulations,
    "time": play_equal_time,
    "ladder": climb_ladder,
}
"""By the name that `--skip` takes."""
NO_GAMES = "nothing speaks against it, but no games were played: they alone can accept"


@dataclass(frozen=True)
class GateResult:
    """The verdict of all stages."""

    verdict: Verdict
    reason: str
    stages: tuple[StageReport, ...]

    @property
    def series(self) -> Series | None:
        """The games of the first stage that played any: those at equal simulations, if not skipped."""
        return next((stage.series for stage in self.stages if stage.series), None)


def prepare_trial(
    baseline: Path,
    candidate: Path,
    *,
    rule: GateRule,
    settings: MatchSettings,
    openings: Path | None,
    tactics: Path | None = None,
    console: Console,
    ladder: LadderSettings = LadderSettings(),  # noqa: B008, frozen
) -> Trial:
    """Returns a trial whose files are all there, and Stockfish if it is asked for.

    Raises:
        ConfigError: the rule contradicts itself, or Stockfish does not play at an Elo of the ladder.
        ModelError: a model is missing.
        MachineError: there is no Stockfish.
        DataError: the openings or the tactics are missing or malformed, or there are fewer openings than
            the least number of pairs.
    """
    _check_rule(rule)
    engines = model_opponent(baseline), model_opponent(candidate)
    book = read_book(openings, count=rule.max_pairs, seed=settings.seed)
    if len(book.openings) < rule.min_pairs:
        raise DataError(
            f"expected at least {rule.min_pairs} distinct openings in {book.source}, one a pair, "
            f"got {len(book.openings)}; name a larger book, or lower --min-pairs"
        )
    if ladder.stockfish_elo or ladder.stockfish:
        find_stockfish(ladder.stockfish).check_elo(ladder.stockfish_elo)
    suite, ladder_book = read_suite(tactics), _ladder_book(openings, ladder, settings)
    return Trial(*engines, candidate, rule, settings, book, suite, console, ladder, ladder_book)


def run_gate(trial: Trial, *, skip: Sequence[str] = ()) -> GateResult:
    """Runs the stages in order and returns the verdict.

    Args:
        skip: names of stages that are left out.

    Raises:
        ConfigError: there is no such stage to leave out, or none left that judges.
        ModelError: a model is broken, or the comparison beside it is of another file.
        InputError: the folder of the candidate cannot be written.
    """
    names = _stages_left(trial, skip)
    reports: list[StageReport] = []
    for name in names:
        begin_s = monotonic()
        report = STAGES[name](trial)
        reports.append(replace(report, duration_s=monotonic() - begin_s))
        if report.verdict == "rejected":
            break
    decisive = _worst(reports)
    assert decisive.verdict, "a stage that judges is left"
    if decisive.verdict == "accepted" and not any(report.series for report in reports):
        return GateResult("inconclusive", NO_GAMES, tuple(reports))
    return GateResult(decisive.verdict, decisive.reason, tuple(reports))


def _ladder_book(
    openings: Path | None, ladder: LadderSettings, settings: MatchSettings
) -> Book | None:
    """Returns as many openings as a ladder's games want, which the match may be too short for."""
    if not ladder.stockfish_elo:
        return None
    return read_book(openings, count=ladder.games // 2, seed=settings.seed)


def _stages_left(trial: Trial, skip: Collection[str]) -> list[str]:
    """Returns the names of the stages to run, in order; raises ConfigError if none of them judges."""
    for name in skip:
        if name not in STAGES:
            raise ConfigError(f"expected a stage after --skip ({', '.join(STAGES)}), got {name!r}")
    left = [name for name in STAGES if name not in skip and name not in _unasked(trial)]
    if not _judges(trial.rule) & set(left):
        raise ConfigError(
            f"expected a stage that judges, got only {', '.join(left) or 'none'}; --skip fewer, "
            "or judge by time with --movetime, or by distance with --max-kl or --max-winrate-error"
        )
    return left


def _unasked(trial: Trial) -> set[str]:
    """Returns the names of the stages that run only with an option that was not given."""
    asked = {
        "time": trial.settings.movetime_ms is not None,
        "ladder": bool(trial.ladder.stockfish_elo),
    }
    return {name for name, given in asked.items() if not given}


def _judges(rule: GateRule) -> set[str]:
    """Returns the names of the stages that come to a verdict under a rule."""
    names = {"tactics", "simulations", "time"}
    if rule.max_kl is not None or rule.max_winrate_error is not None:
        names.add("distance")
    return names


def _check_rule(rule: GateRule) -> None:
    if rule.elo0 >= rule.elo1:
        raise ConfigError(f"expected --elo0 below --elo1, got {rule.elo0} and {rule.elo1}")
    if rule.min_pairs > rule.max_pairs:
        raise ConfigError(
            f"expected --min-pairs up to --max-pairs, got {rule.min_pairs} and {rule.max_pairs}"
        )


def _worst(reports: list[StageReport]) -> StageReport:
    """Returns the report that settles the verdict: a rejection, else a doubt, else the last acceptance."""
    for verdict in ("rejected", "inconclusive"):
        found = [report for report in reports if report.verdict == verdict]
        if found:
            return found[0]
    return [report for report in reports if report.verdict][-1]
