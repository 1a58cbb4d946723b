"""What makes a verdict the same verdict: if none of it has changed, no game need be played again."""

from collections.abc import Collection
from typing import Any

from eval.gate import STAGES
from eval.series import identify
from eval.trial import Trial


def gate_identity(
    trial: Trial, *, skip: Collection[str] = ()
) -> dict[str, Any]:  # Any: whatever json can hold
    """Returns engines, openings, settings, rule and versions: all that the verdict hangs on.

    Args:
        skip: stages left out.
    """
    return {
        **identify((trial.candidate, trial.baseline), trial.book, trial.settings),
        "rule": trial.rule.model_dump(mode="json"),
        "stages": [name for name in STAGES if name not in skip],
    }
