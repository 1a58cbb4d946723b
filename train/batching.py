"""When a batch goes to the device, and what is in it: the rules of the inference server, without threads.

    full                                        at once
    every channel waits, so nothing can come    at once
    a quarter full or more                      after `timeout_s`
    anything                                    after twice that

reckoned from the arrival of what has waited longest. A request that does not fit is split: the rest
goes with the next batch.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Asker = TypeVar("Asker")
_ENOUGH = 4
"""A batch is filled well enough from one in so many places on."""


@dataclass(frozen=True)
class Part(Generic[Asker]):
    """Positions of one request in one batch."""

    asker: Asker
    start: int
    """In the request."""
    count: int
    place: int
    """In the batch."""


@dataclass
class _Request(Generic[Asker]):
    asker: Asker
    start: int
    count: int
    arrived_s: float


class BatchQueue(Generic[Asker]):
    """Requests in the order of their arrival, cut into batches."""

    def __init__(self, batch_size: int, timeout_s: float) -> None:
        self._batch_size = batch_size
        self._timeout_s = timeout_s
        self._requests: deque[_Request[Asker]] = deque()
        self.waiting = 0
        """Positions in the queue."""

    def put(self, asker: Asker, count: int, *, arrived_s: float) -> None:
        """Adds a request for `count` positions."""
        self._requests.append(_Request(asker, 0, count, arrived_s))
        self.waiting += count

    def due_s(self, channels: int) -> float | None:
        """Returns from when on a batch may go, in the past if at once; None if nothing waits.

        Args:
            channels: how many could have a request here.
        """
        if not self._requests:
            return None
        oldest_s = self._requests[0].arrived_s
        if self.waiting >= self._batch_size or len(self._requests) >= channels:
            return oldest_s
        enough = self.waiting * _ENOUGH >= self._batch_size
        return oldest_s + self._timeout_s * (1 if enough else 2)

    def take(self) -> list[Part[Asker]]:
        """Removes the next batch, the oldest requests first, and returns its parts."""
        parts: list[Part[Asker]] = []
        place = 0
        while self._requests and place < self._batch_size:
            request = self._requests[0]
            count = min(request.count, self._batch_size - place)
            parts.append(Part(request.asker, request.start, count, place))
            place += count
            request.start += count
            request.count -= count
            if not request.count:
                self._requests.popleft()
        self.waiting -= place
        return parts


def size_of(parts: Iterable[Part[Asker]]) -> int:
    """Returns how many positions are in a batch."""
    return sum(part.count for part in parts)
