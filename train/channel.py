"""The way of an actor's leaves to a network and back: at once, or through an inference server.

gather into channel.planes  ->  send(count)  ->  ...  ->  receive() -> Evaluation
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_encoding
from aztoolkit.evaluator import Evaluation, Evaluator
from train.throughput import InferenceMeter, now_s


class Channel(Protocol):
    """One batch of leaves on its way, or none."""

    @property
    def planes(self) -> NDArray[np.float32]:
        """`[B, C, 8, 8]` to gather into; not to be touched between `send` and `receive`."""

    def send(self, count: int) -> None:
        """Asks for the first `count` planes, at least one."""

    def receive(self) -> Evaluation:
        """Waits for what was sent and returns the answer, good until the next `send`.

        Raises:
            EvaluationError: the network answered NaN or infinity.
        """


class DirectChannel:
    """Evaluates in the thread that asks."""

    def __init__(self, evaluator: Evaluator, positions: int) -> None:
        """Makes room for so many `positions`."""
        planes = get_encoding(evaluator.spec.encoding).planes
        self._evaluator = evaluator
        self._planes = np.zeros((positions, planes, 8, 8), dtype=np.float32)
        self._count = 0
        self.meter = InferenceMeter()

    @property
    def planes(self) -> NDArray[np.float32]:
        """To gather into."""
        return self._planes

    def use(self, evaluator: Evaluator) -> None:
        """Asks another network from the next `send` on."""
        self._evaluator = evaluator

    def send(self, count: int) -> None:
        """Notes how many planes to evaluate."""
        self._count = count

    def receive(self) -> Evaluation:
        """Evaluates them; raises EvaluationError on NaN or infinity."""
        began_s = now_s()
        evaluation = self._evaluator.evaluate(self._planes[: self._count])
        self.meter.answered(now_s() - began_s)
        self.meter.launched(self._count, places=len(self._planes))
        return evaluation
