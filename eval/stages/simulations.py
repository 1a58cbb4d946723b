"""Game pairs at equal simulations, and a sequential test of the Elo difference."""

from eval.journal import Journal
from eval.progress import show_match
from eval.series import identify, play_series
from eval.tally import Tally
from eval.trial import BASELINE, CANDIDATE, StageReport, Trial
from eval.verdict import Decision, decide, log_likelihood_ratio

JOURNAL_SUFFIX = ".gate.games.jsonl"


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
