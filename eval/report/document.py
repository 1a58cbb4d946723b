"""The documents of a match and of a gate: every number, and all that is needed to play it again.

A gate's document is all that its page is drawn from. What no game was played for is null. The numbers of
the first stage that played stand at the top too, where older readers look for them.

    verdict, reason                    of all stages together
    stages[]                           name, verdict, reason, duration_s
        .numbers                       what that stage measured
        .games                         score, Elo, counts, LLR and its path, failures, moments
    rule, settings, seed, openings     how it was played
    identity                           what makes a verdict the same verdict
"""

import platform
from collections.abc import Collection, Mapping
from importlib import metadata
from typing import Any

from aztoolkit import __version__
from aztoolkit.backends.setting import this_machine
from aztoolkit.hardware import installed_runtimes
from aztoolkit.mcts import best_backend
from eval import stats
from eval.built_in import tell_path
from eval.gate import GateResult
from eval.openings import Book
from eval.opponents import Opponent
from eval.records import Failure, GameRecord, Side
from eval.report.identity import gate_identity
from eval.report.moments import worst_moments
from eval.series import Series
from eval.settings import GateRule, MatchSettings
from eval.tally import Tally
from eval.trial import BASELINE, CANDIDATE, StageReport, Trial
from eval.verdict import log_likelihood_ratio

FORMAT_VERSION = 1
BIAS_NOTE = (
    "The test stopped when it had seen enough, so the Elo estimate is biased away from zero; "
    "the verdict's error rates are not affected."
)
_SIDES = ("candidate", "baseline")
_DIGITS = 6
_PACKAGES = ("chess", "numpy", "pydantic")

Document = dict[str, Any]  # Any: whatever json can hold


def gate_document(trial: Trial, result: GateResult, *, skip: Collection[str] = ()) -> Document:
    """Returns the content of `X.gate.json` (see the module).

    Args:
        skip: stages that were left out.
    """
    series = result.series
    tally = series.tally if series else Tally()
    return {
        "format_version": FORMAT_VERSION,
        "verdict": result.verdict,
        "reason": result.reason,
        **score_numbers(tally),
        **_test_numbers(tally, trial.rule),
        "note": BIAS_NOTE,
        "failures": _failures(tally, _SIDES),
        "stages": [_stage(report, trial.rule) for report in result.stages],
        "rule": trial.rule.model_dump(mode="json"),
        **_circumstances(trial.settings, trial.book, series),
        "identity": gate_identity(trial, skip=skip),
        "baseline": _engine(trial.baseline, series, BASELINE),
        "candidate": _engine(trial.candidate, series, CANDIDATE),
    }


def match_document(
    opponents: tuple[Opponent, Opponent], book: Book, settings: MatchSettings, series: Series
) -> Document:
    """Returns what a match found, from A's side."""
    return {
        "format_version": FORMAT_VERSION,
        **score_numbers(series.tally),
        "failures": _failures(series.tally, ("A", "B")),
        **_circumstances(settings, book, series),
        "a": _engine(opponents[Side.A], series, Side.A),
        "b": _engine(opponents[Side.B], series, Side.B),
    }


def score_numbers(tally: Tally) -> Document:
    """Returns score, Elo and counts of the pairs counted, from A's side; null if there are none."""
    counts = tally.pentanomial
    document: Document = dict.fromkeys(
        ("score", "elo", "elo_low", "elo_high", "normalised_elo", "los", "pair_variance")
    )
    if tally.pairs:
        elo = stats.elo_estimate(counts)
        found = {
            "score": stats.score(counts),
            "elo": elo.elo,
            "elo_low": elo.low,
            "elo_high": elo.high,
            "normalised_elo": stats.normalised_elo(counts),
            "los": stats.likelihood_of_superiority(counts),
            "pair_variance": stats.variance(counts),
        }
        document.update({name: round(value, _DIGITS) for name, value in found.items()})
    return {
        **document,
        "pairs": tally.pairs,
        "pentanomial": list(counts),
        "trinomial": list(tally.trinomial),
        "games_finished": len(tally.games),
        "games_capped": tally.capped(),
    }


def llr_path(tally: Tally, rule: GateRule) -> list[float]:
    """Returns the log-likelihood ratio after each counted pair, in order."""
    counted, path = Tally(games=tally.games), []
    for _ in range(tally.pairs):
        counted.count_next()
        path.append(round(log_likelihood_ratio(counted.pentanomial, rule), _DIGITS))
    return path


def _test_numbers(tally: Tally, rule: GateRule) -> Document:
    limits = stats.bounds(alpha=rule.alpha, beta=rule.beta)
    ratio = log_likelihood_ratio(tally.pentanomial, rule) if tally.pairs else None
    return {
        "llr": None if ratio is None else round(ratio, _DIGITS),
        "llr_lower": round(limits.lower, _DIGITS),
        "llr_upper": round(limits.upper, _DIGITS),
    }


def _stage(report: StageReport, rule: GateRule) -> Document:
    return {
        "name": report.name,
        "verdict": report.verdict,
        "reason": report.reason,
        "duration_s": round(report.duration_s, 3),
        **({"numbers": dict(report.numbers)} if report.numbers else {}),
        **({"games": _games(report.series, rule)} if report.series else {}),
    }


def _games(series: Series, rule: GateRule) -> Document:
    """Returns all that the games of one stage say, from the candidate's side."""
    return {
        **score_numbers(series.tally),
        **_test_numbers(series.tally, rule),
        "llr_path": llr_path(series.tally, rule),
        "failures": _failures(series.tally, _SIDES),
        "moments": worst_moments(series.tally, CANDIDATE),
        **_pace(series),
        **{
            name: _work(series, side)
            for name, side in zip(_SIDES, (CANDIDATE, BASELINE), strict=True)
        },
    }


def _circumstances(settings: MatchSettings, book: Book, series: Series | None) -> Document:
    """Returns how it was played: all that is needed to play it again, and how fast it went."""
    return {
        "settings": {**settings.model_dump(mode="json"), "workers": settings.worker_count()},
        "seed": settings.seed,
        "temperature": 0,
        "openings": {
            "path": tell_path(book.source),
            "sha256": book.sha256,
            "distinct": len(book.openings),
        },
        "search": best_backend(),
        "aztoolkit": __version__,
        "versions": _versions(),
        "machine": this_machine(),
        **(_pace(series) if series else dict.fromkeys(_PACE)),
    }


_PACE = (
    "duration_s",
    "games_resumed",
    "games_per_hour",
    "evaluations_per_s",
    "raw_evaluations_per_s",
    "efficiency",
)


def _pace(series: Series) -> Document:
    found = (
        round(series.duration_s, 3),
        series.resumed_games,
        round(series.games_per_hour, 1),
        round(series.evaluations_per_s(), 1),
        _rounded(series.labour.raw_evaluations_per_s, 1),
        _rounded(series.efficiency(), 4),
    )
    return dict(zip(_PACE, found, strict=True))


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _versions() -> Mapping[str, str]:
    return {
        "aztoolkit": __version__,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in _PACKAGES},
        **installed_runtimes(),
    }


def _engine(opponent: Opponent, series: Series | None, side: Side) -> Document:
    return {
        "name": opponent.name,
        "source": opponent.source,
        "sha256": opponent.sha256,
        **(_work(series, side) if series else {}),
    }


def _work(series: Series, side: Side) -> Document:
    work = series.labour.total(side)
    return {
        "evaluations": work.evaluations,
        "network_calls": work.calls,
        "network_s": round(work.network_s, 6),
    }


def _failures(tally: Tally, names: tuple[str, str]) -> list[Document]:
    return [
        _failure(record, failure, names[side])
        for side in Side
        for record, failure in tally.failures(side)
    ]


def _failure(record: GameRecord, failure: Failure, name: str) -> Document:
    return {
        "engine": name,
        "pair": record.pair,
        "game": record.game,
        "kind": failure.kind,
        "detail": failure.detail,
        "fen": failure.fen,
        "opening": record.start,
        "moves": " ".join([*record.opening, *record.moves]),
    }
