"""Game pairs until a sequential test of the Elo difference decides: what stages that play have in common."""

from pathlib import Path

from eval import stats
from eval.journal import Journal
from eval.progress import Ratio, show_match
from eval.series import Series, identify, play_series
from eval.settings import MatchSettings
from eval.tally import Tally
from eval.trial import BASELINE, CANDIDATE, Trial
from eval.verdict import Decision, decide, log_likelihood_ratio


def play_until_decided(
    trial: Trial, settings: MatchSettings, *, title: str, journal_path: Path
) -> tuple[Series, Decision]:
    """Plays game pairs until the test decides, the cap is reached, or an engine fails.

    Args:
        settings: how to play, in place of the trial's.
        title: what is shown meanwhile.
        journal_path: keeps the games, should the gate be killed.

    Raises:
        ModelError: a model is broken.
        InputError: the journal cannot be written.
    """
    opponents = (trial.candidate, trial.baseline)
    journal = Journal(journal_path, identify(opponents, trial.book, settings))
    shown = show_match(
        trial.console,
        pairs=trial.max_pairs,
        title=title,
        test=lambda tally: _ratio(trial, tally),
    )
    try:
        with shown as watch:
            series = play_series(
                opponents,
                trial.book,
                settings,
                journal=journal,
                is_over=lambda tally: _decide(trial, tally) is not None,
                watch=watch,
            )
    finally:
        journal.close()
    decision = _decide(trial, series.tally)
    assert decision, "a series that has ended is decided"
    return series, decision


def _ratio(trial: Trial, tally: Tally) -> Ratio:
    limits = stats.bounds(alpha=trial.rule.alpha, beta=trial.rule.beta)
    value = log_likelihood_ratio(tally.pentanomial, trial.rule)
    return Ratio(value, limits.lower, limits.upper)


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
