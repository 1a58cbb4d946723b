"""The numeric distance to the baseline, from X.compare.json if it stands beside the candidate."""

import json
from pathlib import Path
from typing import Any

from aztoolkit.errors import ModelError
from aztoolkit.files import sha256
from aztoolkit.model import sidecar
from eval.trial import StageReport, Trial


def judge_distance(trial: Trial) -> StageReport:
    """Reports the numeric distance to the baseline; rejects only by limits that were given."""
    name, path, rule = "numeric distance", sidecar(trial.model, "compare"), trial.rule
    limits = {"kl_mean": rule.max_kl, "winrate_error_p99": rule.max_winrate_error}
    given = {key: limit for key, limit in limits.items() if limit is not None}
    if not path.is_file():
        if given:
            raise ModelError(
                f"expected {path} for --max-kl and --max-winrate-error, got none; "
                f"make it with `aztoolkit compare {trial.baseline.source} {trial.model}`"
            )
        return StageReport(name, None, f"not measured: no {path.name} beside the candidate")
    numbers = _read_distance(path, trial)
    for key, limit in given.items():
        if not numbers[key] <= limit:
            reason = f"{key} is {numbers[key]:.3g}, above {limit:g}"
            return StageReport(name, "rejected", reason, numbers=numbers)
    reason = ", ".join(f"{key} {numbers[key]:.3g}" for key in limits)
    return StageReport(name, "accepted" if given else None, reason, numbers=numbers)


def _read_distance(path: Path, trial: Trial) -> dict[str, Any]:
    """Returns the comparison beside the candidate; raises ModelError if it is not of this file."""
    try:
        numbers = json.loads(path.read_text())
        for key in ("kl_mean", "winrate_error_p99"):
            numbers[key] = float(numbers[key])
        compared = numbers.get("second", {}).get("sha256")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"expected a comparison in {path}, got {type(error).__name__}: {error}; "
            "make it anew with `aztoolkit compare`, or delete it"
        ) from error
    if compared is not None and compared != sha256(trial.model):
        raise ModelError(
            f"expected a comparison of {trial.model}, got one of an older file: {path}; "
            "make it anew with `aztoolkit compare`, or delete it"
        )
    return dict(numbers)
