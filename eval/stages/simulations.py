"""Game pairs at equal simulations, and a sequential test of the Elo difference."""

from eval.stages.journals import journal_path
from eval.stages.sequential import play_until_decided
from eval.trial import StageReport, Trial

_NAME = "equal simulations"


def play_equal_simulations(trial: Trial) -> StageReport:
    """Plays game pairs in which both sides search as many simulations a move, until it is decided."""
    settings = trial.settings.model_copy(update={"movetime_ms": None})
    journal = journal_path(trial.model, "simulations")
    series, decision = play_until_decided(trial, settings, title=_NAME, journal_path=journal)
    return StageReport(_NAME, decision.verdict, decision.reason, series=series)
