"""Weights & Biases: the metrics of a run, and its last checkpoint as a model artifact.

RUN/wandb.txt    the id under which the run is known there, so that resuming goes on with it
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aztoolkit.errors import MachineError, MissingDependencyError
from aztoolkit.files import write_text
from train.settings import TrainConfig

_PROJECT = "aztoolkit"
_ID_FILE = "wandb.txt"
_STEP = "training_step"


class WandbReport:
    """A run as Weights & Biases sees it."""

    def __init__(self, run: Path, config: TrainConfig) -> None:
        """Begins or resumes the report of a run.

        Raises:
            MissingDependencyError: the package is not installed.
            MachineError: the service refuses.
        """
        try:
            import wandb
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                "expected the package wandb for --wandb, got none; "
                "install it with `pip install wandb`, or leave out --wandb"
            ) from error
        self._wandb: Any = wandb  # Any: the package is optional, so are its types
        self._name = run.resolve().name
        try:
            self._report: Any = wandb.init(
                project=_PROJECT,
                name=self._name,
                id=_report_id(run),
                resume="allow",
                dir=str(run),
                config=config.model_dump(),
            )
        except wandb.errors.Error as error:
            raise MachineError(
                f"expected Weights & Biases to take the run, got: {error}; "
                "log in with `wandb login`, or set WANDB_MODE=offline"
            ) from error
        self._report.define_metric(_STEP)
        self._report.define_metric("*", step_metric=_STEP)

    def write(self, values: Mapping[str, float]) -> None:
        """Reports the values of an iteration; `training_step` among them is their time."""
        self._report.log(dict(values))

    def upload(self, checkpoint: Path) -> None:
        """Uploads a checkpoint, weights and description, as a new version of the run's model."""
        artifact = self._wandb.Artifact(f"{self._name}-checkpoint", type="model")
        for path in (checkpoint, checkpoint.with_suffix(".json")):
            artifact.add_file(str(path))
        self._report.log_artifact(artifact)

    def close(self) -> None:
        """Ends the report, once all is uploaded."""
        self._report.finish()


def _report_id(run: Path) -> str:
    path = run / _ID_FILE
    if not path.is_file():
        write_text(path, secrets.token_hex(8) + "\n")
    return path.read_text().strip()
