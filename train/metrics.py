"""Numbers of a run over time: metrics.jsonl for programs, TensorBoard for eyes, W&B if asked for.

RUN/metrics.jsonl    a line for each iteration: training_step, hours, games, losses, ...
RUN/tb/              the same for `tensorboard --logdir RUN/tb`
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from torch.utils.tensorboard import SummaryWriter

from aztoolkit.errors import DataError, InputError
from aztoolkit.files import write_text
from train.settings import TrainConfig
from train.wandb_report import WandbReport

FILE = "metrics.jsonl"
STEP, HOURS = "training_step", "hours"
_S_AN_HOUR = 3600


class Metrics:
    """Writes to all of them; a context manager."""

    def __init__(self, run: Path, *, training_step: int, config: TrainConfig | None = None) -> None:
        """Opens them; what a killed run had written beyond `training_step` is removed.

        Args:
            run: its folder.
            training_step: where it goes on.
            config: says whether to report to Weights & Biases, and is reported there.

        Raises:
            InputError: the folder cannot be written.
            MissingDependencyError: W&B is asked for, and its package not installed.
            MachineError: W&B refuses.
        """
        self._path = run / FILE
        try:
            kept = _kept_lines(self._path, training_step)
            write_text(self._path, "".join(kept))
            self._board = SummaryWriter(str(run / "tb"), purge_step=training_step + 1)
        except OSError as error:
            raise InputError(
                f"cannot write the metrics of {run}: {error.strerror}: {error.filename}; move it away"
            ) from error
        hours = float(json.loads(kept[-1]).get(HOURS, 0.0)) if kept else 0.0
        self._began_s = time.monotonic() - hours * _S_AN_HOUR
        self._wandb = WandbReport(run, config) if config and config.wandb else None

    def write(self, values: Mapping[str, float]) -> None:
        """Adds the values of an iteration, and `hours`: how long the run has been at work, in all calls.

        `training_step` among them is TensorBoard's time.

        Raises:
            InputError: the disk is full.
        """
        hours = (time.monotonic() - self._began_s) / _S_AN_HOUR
        values = {**values, HOURS: hours}
        try:
            with self._path.open("a") as stream:
                stream.write(json.dumps(values) + "\n")
        except OSError as error:
            raise InputError(f"cannot write {self._path}: {error.strerror}; make space") from error
        for name, value in values.items():
            self._board.add_scalar(name, value, int(values[STEP]))
        if self._wandb:
            self._wandb.write(values)

    def upload(self, checkpoint: Path) -> None:
        """Uploads the last checkpoint to Weights & Biases, if the run is reported there."""
        if self._wandb:
            self._wandb.upload(checkpoint)

    def __enter__(self) -> "Metrics":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._board.close()
        if self._wandb:
            self._wandb.close()


def read_metrics(run: Path) -> list[dict[str, float]]:
    """Returns the metrics of a run, a mapping an iteration, in the order written.

    Raises:
        DataError: there are none.
    """
    path = run / FILE
    rows = [json.loads(line) for line in _whole_lines(path)]
    if not rows:
        raise DataError(
            f"expected the metrics of a run in {path}, got none; name a folder of `aztoolkit train`"
        )
    return rows


def _kept_lines(path: Path, training_step: int) -> list[str]:
    return [line for line in _whole_lines(path) if json.loads(line)[STEP] <= training_step]


def _whole_lines(path: Path) -> list[str]:
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [line for line in lines if _is_whole(line)]


def _is_whole(line: str) -> bool:
    try:
        return line.endswith("\n") and STEP in json.loads(line)
    except (ValueError, TypeError):  # cut short by a kill
        return False
