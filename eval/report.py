"""What a match and a gate say in the end: one JSON document, PGN, and words."""

from typing import Any

from rich.console import Console

from aztoolkit import __version__
from aztoolkit.mcts import best_backend
from eval import stats
from eval.gate import GateResult
from eval.openings import Book
from eval.opponents import Opponent
from eval.records import Failure, GameRecord, Side
from eval.series import Series
from eval.settings import MatchSettings
from eval.tally import Tally
from eval.trial import BASELINE, CANDIDATE, StageReport, Trial
from eval.verdict import log_likelihood_ratio

FORMAT_VERSION = 1
BIAS_NOTE = (
    "The test stopped when it had seen enough, so the Elo estimate is biased away from zero; "
    "the verdict's error rates are not affected."
)
_EXIT_WORDS = {
    "accepted": "ACCEPTED: the candidate may replace the baseline",
    "rejected": "REJECTED: the candidate may not replace the baseline",
    "inconclusive": "INCONCLUSIVE: the candidate is not proven to be as good as the baseline",
}
_DIGITS = 6

Document = dict[str, Any]  # Any: whatever json can hold


def gate_document(trial: Trial, result: GateResult) -> Document:
    """Returns the content of `X.gate.json`; what no game was played for is null."""
    series = result.series
    tally = series.tally if series else Tally()
    rule = trial.rule
    limits = stats.bounds(alpha=rule.alpha, beta=rule.beta)
    return {
        "format_version": FORMAT_VERSION,
        "verdict": result.verdict,
        "reason": result.reason,
        **score_numbers(tally),
        "llr": round(log_likelihood_ratio(tally.pentanomial, rule), _DIGITS)
        if tally.pairs
        else None,
        "llr_lower": round(limits.lower, _DIGITS),
        "llr_upper": round(limits.upper, _DIGITS),
        "note": BIAS_NOTE,
        "failures": _failures(tally, ("candidate", "baseline")),
        "stages": [_stage(report) for report in result.stages],
        "rule": rule.model_dump(mode="json"),
        **_circumstances(trial.settings, trial.book, series),
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


def print_gate(console: Console, trial: Trial, result: GateResult) -> None:
    """Says the verdict and how it was come by."""
    for report in result.stages:
        verdict = report.verdict or "reported"
        console.print(f"{report.name}: {verdict} ({report.reason})", markup=False, soft_wrap=True)
    if result.series:
        _print_series(console, result.series)
        console.print(BIAS_NOTE, soft_wrap=True)
    _warn_of_few_openings(console, trial.book, trial.rule.max_pairs)
    if trial.baseline.sha256 == trial.candidate.sha256:
        console.print("Both are the same file: this tries the gate, not a model.")
    style = "bold green" if result.verdict == "accepted" else "bold red"
    console.print(_EXIT_WORDS[result.verdict], style=style)


def print_match(
    console: Console, names: tuple[str, str], book: Book, series: Series, pairs: int
) -> None:
    """Says how a match ended."""
    console.print(f"{names[Side.A]} against {names[Side.B]}", markup=False)
    _print_series(console, series)
    _warn_of_few_openings(console, book, pairs)


def _print_series(console: Console, series: Series) -> None:
    tally = series.tally
    losses, draws, wins = tally.trinomial
    console.print(f"{tally.pairs} pairs: +{wins} ={draws} -{losses}, pairs {tally.pentanomial}")
    if tally.pairs:
        elo = stats.elo_estimate(tally.pentanomial)
        console.print(
            f"score {stats.score(tally.pentanomial):.1%}, Elo {elo.elo:+z.0f} "
            f"(95 %: {elo.low:+z.0f} to {elo.high:+z.0f})"
        )
    for record, failure in [*tally.failures(Side.A), *tally.failures(Side.B)]:
        text = f"failure of {failure.side.name} in pair {record.pair + 1}: {failure.kind}, "
        console.print(
            f"{text}{failure.detail}; position {failure.fen}", markup=False, soft_wrap=True
        )
    console.print(
        f"{series.games_per_hour:,.0f} games/hour, {series.evaluations_per_s():,.0f} evaluations/s"
    )


def _warn_of_few_openings(console: Console, book: Book, pairs: int) -> None:
    if len(book.openings) < pairs:
        console.print(
            f"Only {len(book.openings)} distinct openings in {book.source}: no more pairs than that, "
            f"instead of {pairs}, could be played.",
            style="yellow",
            soft_wrap=True,
        )


def _stage(report: StageReport) -> Document:
    return {
        "name": report.name,
        "verdict": report.verdict,
        "reason": report.reason,
        "duration_s": round(report.duration_s, 3),
        **({"numbers": dict(report.numbers)} if report.numbers else {}),
    }


def _circumstances(settings: MatchSettings, book: Book, series: Series | None) -> Document:
    """Returns how it was played: all that is needed to play it again, and how fast it went."""
    return {
        "settings": {**settings.model_dump(mode="json"), "workers": settings.worker_count()},
        "seed": settings.seed,
        "temperature": 0,
        "openings": {
            "path": str(book.source),
            "sha256": book.sha256,
            "distinct": len(book.openings),
        },
        "search": best_backend(),
        "aztoolkit": __version__,
        "duration_s": round(series.duration_s, 3) if series else None,
        "games_resumed": series.resumed_games if series else None,
        "games_per_hour": round(series.games_per_hour, 1) if series else None,
        "evaluations_per_s": round(series.evaluations_per_s(), 1) if series else None,
    }


def _engine(opponent: Opponent, series: Series | None, side: Side) -> Document:
    document: Document = {
        "name": opponent.name,
        "source": opponent.source,
        "sha256": opponent.sha256,
    }
    if series:
        work = series.labour.total(side)
        document |= {
            "evaluations": work.evaluations,
            "network_calls": work.calls,
            "network_s": round(work.network_s, 3),
        }
    return document


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
