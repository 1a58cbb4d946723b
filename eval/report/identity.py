"""What makes a verdict the same verdict: if none of it has changed, no game need be played again."""

from collections.abc import Collection
from typing import Any

from aztoolkit.files import sha256
from aztoolkit.model import sidecar
from eval.gate import STAGES
from eval.series import identify
from eval.stages.tactics import find_judge
from eval.stockfish import find_stockfish
from eval.trial import Trial


def gate_identity(
    trial: Trial, *, skip: Collection[str] = ()
) -> dict[str, Any]:  # Any: whatever json can hold
    """Returns engines, openings, tactics and their judge, settings, rule and versions: what it hangs on.

    Args:
        skip: stages left out.

    Raises:
        MachineError: the Stockfish that was named is not there.
    """
    return {
        **identify((trial.candidate, trial.baseline), trial.book, trial.settings),
        "tactics": trial.tactics.sha256,
        "judge": find_judge(trial).name if "tactics" not in skip else None,
        "rule": trial.rule.model_dump(mode="json"),
        "ladder": trial.ladder.model_dump(mode="json"),
        "ladder_engine": _ladder_engine(trial) if "ladder" not in skip else None,
        "comparison": _comparison(trial),
        "stages": [name for name in STAGES if name not in skip],
    }


def _ladder_engine(trial: Trial) -> str | None:
    """Returns the name of the Stockfish that is played, version and all, if one is."""
    ladder = trial.ladder
    return find_stockfish(ladder.stockfish).name if ladder.stockfish_elo else None


def _comparison(trial: Trial) -> str | None:
    """Returns the hash of `X.compare.json` if anything is judged by it."""
    path, rule = sidecar(trial.model, "compare"), trial.rule
    judged = rule.max_kl is not None or rule.max_winrate_error is not None
    return sha256(path) if judged and path.is_file() else None
