"""All searches of the server: bounded in number, each with the batcher of its engine."""

import asyncio

from serve.batcher import Batcher, Job, Progress
from serve.catalog import Engine
from serve.config import ServeConfig
from serve.errors import busy


class Searches:
    """Begins searches; used on one event loop, which they never hold up."""

    def __init__(self, config: ServeConfig) -> None:
        self._config = config
        self._batchers: dict[str, Batcher] = {}
        self._pending = 0
        self._closing = False

    @property
    def capacity(self) -> int:
        """Most searches that may run or wait at once."""
        return self._config.searches + self._config.queue

    @property
    def pending(self) -> int:
        """Searches that run or wait."""
        return self._pending

    @property
    def batchers(self) -> dict[str, Batcher]:
        """By engine; only of those that were asked to search."""
        return self._batchers

    def begin(self, engine: Engine, job: Job) -> "asyncio.Future[Progress]":
        """Returns what the job will have found; cancelling that does not end the search.

        The future raises ApiError if the search is given up (409) or the server shuts down (503), and
        EvaluationError if the network is broken.

        Raises:
            ApiError: there are too many searches, or the server is shutting down (503).
        """
        if self._closing:
            raise busy("the server is shutting down")
        if self._pending >= self.capacity:
            raise busy(
                f"expected at most {self.capacity} searches at once, got one more; "
                "try again in a moment"
            )
        self._pending += 1
        found = asyncio.wrap_future(job.found)
        found.add_done_callback(self._count_ended)
        self._batcher(engine).submit(job)
        return found

    def stop(self) -> None:
        """Gives all searches up, soon, and refuses new ones."""
        self._closing = True
        for batcher in self._batchers.values():
            batcher.stop()

    def close(self) -> None:
        """Stops, and waits until every thread has ended."""
        self.stop()
        for batcher in self._batchers.values():
            batcher.close()

    def _batcher(self, engine: Engine) -> Batcher:
        if engine.info.id not in self._batchers:
            self._batchers[engine.info.id] = Batcher(
                engine.player.evaluator, batch=self._config.batch, searches=self._config.searches
            )
        return self._batchers[engine.info.id]

    def _count_ended(self, found: "asyncio.Future[Progress]") -> None:
        self._pending -= 1
        if not found.cancelled():
            found.exception()  # asyncio need not complain of what nobody waits for any more
