"""What happens between two checkpoints, as metrics."""

import math
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

from train.settings import TrainConfig
from train.throughput import Snapshot, Throughput, now_s

_RENAMED = {"moves_per_s": "positions_per_s"}
"""In the metrics a move is the position it was made in."""
_PERCENT = 100


class Iteration:
    """Counts from the moment it is made."""

    def __init__(self, actors: Snapshot) -> None:
        """Begins where the counters of the actors stand."""
        self._actors = actors
        self._began_s, self._began_cpu_s = now_s(), time.process_time()
        self._busy_gpu: list[float] = []
        self._losses: dict[str, float] = {}
        self._read = 0
        self.steps = 0
        self.learning_s = 0.0
        """Spent on steps, waiting for batches included."""
        self.waiting_s = 0.0
        """Of that, until batches were there."""

    @contextmanager
    def learning(self) -> Iterator[None]:
        """Adds the time of the block to `learning_s`."""
        began_s = now_s()
        yield
        self.learning_s += now_s() - began_s

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Adds the time of the block to `waiting_s`."""
        began_s = now_s()
        yield
        self.waiting_s += now_s() - began_s

    def read(self, losses: Mapping[str, float]) -> None:
        """Takes in the mean losses of the steps since the last reading; looks at the GPU as well."""
        steps = self.steps - self._read
        for name, mean in losses.items():
            before = self._losses.get(name, 0.0)
            self._losses[name] = before + (mean - before) * steps / self.steps
        self._read = self.steps
        if (busy := _gpu_utilisation()) is not None:
            self._busy_gpu.append(busy)

    @property
    def losses(self) -> dict[str, float]:
        """Means over the steps, by name; empty without a step."""
        return dict(self._losses)

    def metrics(self, actors: Snapshot) -> dict[str, float]:
        """Returns rates and shares up to now.

        `utilisation` is the share of all cores' time that this process used, or of the GPU's where it
        can be asked; `learner_busy` the share of the time in which the learner had a batch to learn.
        """
        wall_s = max(now_s() - self._began_s, 1e-9)
        played = Throughput.between(self._actors, actors).to_json()
        rates = {_RENAMED.get(name, name): value for name, value in played.items()}
        if self.steps:
            rates["train_steps_per_s"] = self.steps / self.learning_s
        return {
            **rates,
            "self_play_s": actors.played_s - self._actors.played_s,
            "learning_s": self.learning_s,
            "learner_busy": (self.learning_s - self.waiting_s) / wall_s,
            "utilisation": self._utilisation(wall_s),
            **self._losses,
        }

    def _utilisation(self, wall_s: float) -> float:
        if self._busy_gpu:
            return sum(self._busy_gpu) / len(self._busy_gpu)
        return (time.process_time() - self._began_cpu_s) / (wall_s * (os.cpu_count() or 1))


def replay_age(config: TrainConfig, window: int) -> float:
    """Returns how many positions ago the mean drawn position was added, in a window of so many.

    Places x from 0 (oldest) to 1 (newest) are drawn with density r exp(r x) / (exp(r) - 1), whose mean
    is 1 / (1 - exp(-r)) - 1 / r.
    """
    recency = config.recency
    place = 1 / -math.expm1(-recency) - 1 / recency if recency > 1e-3 else 0.5 + recency / 12
    return window * (1 - place)


def _gpu_utilisation() -> float | None:
    """Returns the share of the last moments in which the GPU had work; None where nothing tells."""
    if not torch.cuda.is_available():
        return None
    try:
        return torch.cuda.utilization() / _PERCENT
    except Exception:  # NVML raises classes of its own where package, driver or right is missing
        return None
