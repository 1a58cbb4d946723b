"""A match and a gate in words, for the terminal."""

from rich.console import Console

from eval import stats
from eval.gate import GateResult
from eval.openings import Book
from eval.records import Side
from eval.report.document import BIAS_NOTE
from eval.report.files import page_path
from eval.series import Series
from eval.trial import Trial

_EXIT_WORDS = {
    "accepted": "ACCEPTED: the candidate may replace the baseline",
    "rejected": "REJECTED: the candidate may not replace the baseline",
    "inconclusive": "INCONCLUSIVE: the candidate is not proven to be as good as the baseline",
}


def print_gate(console: Console, trial: Trial, result: GateResult) -> None:
    """Says the verdict and how it was come by."""
    for report in result.stages:
        verdict = report.verdict or "reported"
        console.print(f"{report.name}: {verdict} ({report.reason})", markup=False, soft_wrap=True)
        if report.series:
            _print_series(console, report.series)
    if result.series:
        console.print(BIAS_NOTE, soft_wrap=True)
    _warn_of_few_openings(console, trial.book, trial.rule.max_pairs)
    if trial.baseline.sha256 == trial.candidate.sha256:
        console.print("Both are the same file: this tries the gate, not a model.")
    console.print(f"the report as a page: {page_path(trial.model)}", soft_wrap=True)
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
    share = series.efficiency()
    of_raw = "" if share is None else f" ({share:.0%} of what the networks alone would do)"
    console.print(
        f"{series.games_per_hour:,.0f} games/hour, {series.evaluations_per_s():,.0f} evaluations/s{of_raw}",
        soft_wrap=True,
    )


def _warn_of_few_openings(console: Console, book: Book, pairs: int) -> None:
    if len(book.openings) < pairs:
        console.print(
            f"Only {len(book.openings)} distinct openings in {book.source}: no more pairs than that, "
            f"instead of {pairs}, could be played.",
            style="yellow",
            soft_wrap=True,
        )
