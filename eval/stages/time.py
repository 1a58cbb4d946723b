"""Game pairs at equal time, and the same test: weaker by the simulation may be stronger by the second.

Both engines have the same time for every move, on the same processor core: a worker plays one game at a
time, in which they take turns, and asks the network for that game alone. There is a worker for each core,
and a network has one thread (all of them, where there is one worker). Nothing is carried over from moves
that took less. A move that takes longer by more than `--time-margin-ms` loses the game.
"""

from typing import Any

from eval.series import Series
from eval.stages.journals import journal_path
from eval.stages.sequential import play_until_decided
from eval.trial import BASELINE, CANDIDATE, StageReport, Trial

_NAME = "equal time"


def play_equal_time(trial: Trial) -> StageReport:
    """Plays game pairs with `--movetime` for every move, until it is decided."""
    assert trial.settings.movetime_ms is not None, "the stage is for gates with --movetime"
    journal = journal_path(trial.model, "time")
    series, decision = play_until_decided(trial, trial.settings, title=_NAME, journal_path=journal)
    return StageReport(
        _NAME,
        decision.verdict,
        f"{decision.reason}; {trial.settings.movetime_ms} ms a move",
        numbers=_numbers(trial, series),
        series=series,
    )


def _numbers(trial: Trial, series: Series) -> dict[str, Any]:  # Any: whatever json can hold
    """Returns the clock, and what each side made of it in the games of this run; None without one."""
    numbers: dict[str, Any] = {
        "movetime_ms": trial.settings.movetime_ms,
        "time_margin_ms": trial.settings.time_margin_ms,
        "workers": trial.settings.worker_count(),
    }
    for name, side in (("candidate", CANDIDATE), ("baseline", BASELINE)):
        work = series.labour.total(side)
        numbers |= {
            f"{name}_ms_per_move": _a_move(work.thinking_s * 1000.0, work.moves),
            f"{name}_evaluations_per_move": _a_move(work.evaluations, work.moves),
        }
    return numbers


def _a_move(total: float, moves: int) -> float | None:
    return round(total / moves, 2) if moves else None
