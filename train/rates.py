"""How fast a run goes: rates between two looks at counters that only grow, and those of the last moments."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from train.throughput import Snapshot, Throughput
from train.utilisation import Reading

NO_PLAY = Snapshot.of(0.0, [], [])
"""The counters of no actors."""
_RENAMED = {"moves_per_s": "positions_per_s"}
"""In the metrics a move is the position it was made in."""
_SPAN_S, _PERIOD_S = 30.0, 1.0
_INSTANT_S = 1e-9


@dataclass(frozen=True)
class Mark:
    """All counters at one moment."""

    at_s: float
    actors: Snapshot
    device: Reading
    steps: int
    """Of the learner."""
    learning_s: float
    """Spent on them, waiting for batches included."""
    waiting_s: float
    """Of that, until batches were there."""


def rates_between(earlier: Mark, later: Mark) -> dict[str, float]:
    """Returns rates and shares between two marks, by the names of the metrics; what was idle has none.

    `utilisation` is that of the device (see `train.utilisation`); `learner_busy` the share of the time in
    which the learner had a batch to learn.
    """
    wall_s = max(later.at_s - earlier.at_s, _INSTANT_S)
    learning_s = later.learning_s - earlier.learning_s
    found = _self_play(earlier.actors, later.actors)
    if steps := later.steps - earlier.steps:
        found["train_steps_per_s"] = steps / max(learning_s, _INSTANT_S)
    found["learning_s"] = learning_s
    found["learner_busy"] = (learning_s - (later.waiting_s - earlier.waiting_s)) / wall_s
    utilisation = later.device.since(earlier.device)
    return found if utilisation is None else {**found, "utilisation": utilisation}


def _self_play(earlier: Snapshot, later: Snapshot) -> dict[str, float]:
    if later.played_s == earlier.played_s:
        return {}
    rates = Throughput.between(earlier, later).to_json()
    found = {_RENAMED.get(name, name): value for name, value in rates.items()}
    return found | {"self_play_s": later.played_s - earlier.played_s}


class LiveRates:
    """The rates of the last half minute, looked at once a second however often they are asked for."""

    def __init__(self, mark: Callable[[], Mark], now_s: Callable[[], float]) -> None:
        """Begins now.

        Args:
            mark: reads all counters.
            now_s: reads the clock that marks are made by.
        """
        self._mark, self._now_s = mark, now_s
        self._marks = deque([mark()])
        self._rates: dict[str, float] = {}

    def read(self) -> dict[str, float]:
        """Returns them by name; none in the first second."""
        if self._now_s() - self._marks[-1].at_s >= _PERIOD_S:
            latest = self._mark()
            self._marks.append(latest)
            while self._marks[1].at_s <= latest.at_s - _SPAN_S:
                self._marks.popleft()
            self._rates = rates_between(self._marks[0], latest)
        return self._rates
