"""Numbers of a run over time: metrics.jsonl for programs, TensorBoard for eyes.

RUN/metrics.jsonl    a line for each iteration: iteration, training_step, games, losses, ...
RUN/tb/              the same for `tensorboard --logdir RUN/tb`
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from torch.utils.tensorboard import SummaryWriter

from aztoolkit.errors import InputError
from aztoolkit.files import write_text

FILE = "metrics.jsonl"
_STEP = "training_step"


class Metrics:
    """Writes to both; a context manager."""

    def __init__(self, run: Path, *, training_step: int) -> None:
        """Opens them; what a killed run had written beyond `training_step` is removed.

        Raises:
            InputError: the folder cannot be written.
        """
        self._path = run / FILE
        try:
            write_text(self._path, "".join(_kept_lines(self._path, training_step)))
            self._board = SummaryWriter(str(run / "tb"), purge_step=training_step + 1)
        except OSError as error:
            raise InputError(
                f"cannot write the metrics of {run}: {error.strerror}: {error.filename}; move it away"
            ) from error

    def write(self, values: Mapping[str, float]) -> None:
        """Adds the values of an iteration; `training_step` among them is TensorBoard's time.

        Raises:
            InputError: the disk is full.
        """
        try:
            with self._path.open("a") as stream:
                stream.write(json.dumps(dict(values)) + "\n")
        except OSError as error:
            raise InputError(f"cannot write {self._path}: {error.strerror}; make space") from error
        for name, value in values.items():
            self._board.add_scalar(name, value, int(values[_STEP]))

    def __enter__(self) -> "Metrics":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._board.close()


def _kept_lines(path: Path, training_step: int) -> list[str]:
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [line for line in lines if _is_kept(line, training_step)]


def _is_kept(line: str, training_step: int) -> bool:
    try:
        return line.endswith("\n") and json.loads(line)[_STEP] <= training_step
    except (ValueError, KeyError, TypeError):  # cut short by a kill
        return False
