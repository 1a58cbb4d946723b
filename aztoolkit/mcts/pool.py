"""Many searches that fill one batch together, and `run`, which drives them with a network."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_encoding
from aztoolkit.evaluator import Evaluator
from aztoolkit.mcts.search import Search


class GamePool(Protocol):
    """Searches of one encoding; what each finds does not depend on the others."""

    @property
    def done(self) -> bool:
        """Whether all searches are done."""

    def gather(self, planes: NDArray[np.float32]) -> int:
        """Writes leaves into `[B, C, 8, 8]` float32 and returns how many, 0 to B.

        Each search that is not done gives up to its `batch_size`; in turns, where not all fit.
        """

    def apply(self, policy: NDArray[np.float32], wdl: NDArray[np.float32]) -> None:
        """Takes `[n, A]` and `[n, 3]` float32 logits for the leaves gathered last."""

    def stop(self) -> None:
        """Ends all searches as they stand; what is in flight is applied."""


def pool_of(searches: Sequence[Search]) -> GamePool:
    """Returns the searches as a pool: one native call for all of them, if all are native."""
    native = _native_pool(searches)
    return native if native else PythonPool(searches)


def run(
    searches: Sequence[Search],
    evaluator: Evaluator,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Drives searches to their ends together, one network call for the leaves of all of them.

    Args:
        searches: already started; their encoding is the evaluator's.
        stop: asked before every network call; once true, the searches are ended as they stand.
    """
    capacity = sum(search.config.batch_size for search in searches)
    encoding = get_encoding(evaluator.spec.encoding)
    planes = np.empty((capacity, encoding.planes, 8, 8), dtype=np.float32)
    pool = pool_of(searches)
    while not pool.done:
        if filled := pool.gather(planes):
            evaluation = evaluator.evaluate(planes[:filled])
            pool.apply(evaluation.policy, evaluation.wdl)
        if stop():
            pool.stop()


class PythonPool:
    """A pool of searches of any kind, asked one after the other."""

    def __init__(self, searches: Sequence[Search]) -> None:
        self._searches = searches
        self._waiting: list[tuple[Search, int]] = []
        self._next = 0

    @property
    def done(self) -> bool:
        """Whether all searches are done."""
        return all(search.done for search in self._searches)

    def gather(self, planes: NDArray[np.float32]) -> int:
        """Writes leaves of the searches, in turns, and returns how many."""
        self._waiting, filled = [], 0
        first = self._next
        for turn in range(first, first + len(self._searches)):
            if filled == len(planes):
                break
            self._next = (turn + 1) % len(self._searches)
            search = self._searches[turn % len(self._searches)]
            if not search.done:
                count = search.gather(planes[filled : filled + search.config.batch_size])
                self._waiting.append((search, count))
                filled += count
        return filled

    def apply(self, policy: NDArray[np.float32], wdl: NDArray[np.float32]) -> None:
        """Hands each search its share."""
        first = 0
        for search, count in self._waiting:
            search.apply(policy[first : first + count], wdl[first : first + count])
            first += count

    def stop(self) -> None:
        """Ends all searches."""
        for search in self._searches:
            search.stop()


def _native_pool(searches: Sequence[Search]) -> GamePool | None:
    try:
        from aztoolkit.mcts.native import NativePool, NativeSearch
    except ImportError:
        return None
    native = [search for search in searches if isinstance(search, NativeSearch)]
    return NativePool(native) if native and len(native) == len(searches) else None
