"""What happens between two checkpoints, as metrics."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from train.losses import MeanLosses
from train.rates import LiveRates, Mark, rates_between
from train.settings import TrainConfig
from train.throughput import Snapshot, now_s
from train.utilisation import Meter


class Iteration:
    """Counts from the moment it is made."""

    def __init__(self, actors: Callable[[], Snapshot], device: Meter) -> None:
        """Begins where the counters stand.

        Args:
            actors: reads the counters of the actors.
            device: measures how busy it is.
        """
        self._actors, self._device = actors, device
        self._losses = MeanLosses()
        self._read = 0
        self.steps = 0
        """Of the learner."""
        self._learning_s = self._waiting_s = 0.0
        self._began = self._mark()
        self._live = LiveRates(self._mark, now_s)

    @property
    def seconds(self) -> float:
        """Since it began."""
        return now_s() - self._began.at_s

    @contextmanager
    def learning(self) -> Iterator[None]:
        """Counts the time of the block as spent on steps."""
        began_s = now_s()
        yield
        self._learning_s += now_s() - began_s

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Counts the time of the block, within `learning`, as spent on waiting for a batch."""
        began_s = now_s()
        yield
        self._waiting_s += now_s() - began_s

    def read(self, losses: Mapping[str, float]) -> None:
        """Takes in the mean losses of the steps since the last reading."""
        self._losses.add(losses, self.steps - self._read)
        self._read = self.steps

    @property
    def losses(self) -> dict[str, float]:
        """Means over the steps, by name; empty without a step."""
        return self._losses.read()

    def metrics(self) -> dict[str, float]:
        """Returns rates, shares and losses up to now; see `train.rates`."""
        return rates_between(self._began, self._mark()) | self.losses

    def live(self) -> dict[str, float]:
        """Returns the same of the last moments, for people who watch; cheap to ask for."""
        return self._live.read() | self.losses

    def _mark(self) -> Mark:
        return Mark(
            at_s=now_s(),
            actors=self._actors(),
            device=self._device.read(),
            steps=self.steps,
            learning_s=self._learning_s,
            waiting_s=self._waiting_s,
        )


def replay_age(config: TrainConfig, window: int) -> float:
    """Returns how many positions ago the mean drawn position was added, in a window of so many.

    Places x from 0 (oldest) to 1 (newest) are drawn with density r exp(r x) / (exp(r) - 1), whose mean
    is 1 / (1 - exp(-r)) - 1 / r.
    """
    recency = config.recency
    place = 1 / -math.expm1(-recency) - 1 / recency if recency > 1e-3 else 0.5 + recency / 12
    return window * (1 - place)
