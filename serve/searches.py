"""All searches: so many at once, and so many of one client, each with the batcher of its engine."""

import asyncio
from functools import partial

from serve.batcher import Batcher, Job, Progress
from serve.catalog import Engine
from serve.clients import Places, share_of
from serve.config import ServeConfig
from serve.errors import busy


class Searches:
    """Begins searches; used on one event loop, which they never hold up."""

    def __init__(self, config: ServeConfig) -> None:
        self._config = config
        self._batchers: dict[str, Batcher] = {}
        self._places = Places(
            config.searches + config.queue,
            share=share_of(config.searches),  # so that those of one client never fill an engine
            all_for_local=config.is_generous,
        )
        self._closing = False

    @property
    def capacity(self) -> int:
        """Most searches that may run or wait at once."""
        return self._places.most

    @property
    def pending(self) -> int:
        """Searches that run or wait."""
        return len(self._places)

    @property
    def batchers(self) -> dict[str, Batcher]:
        """By engine; only of those that were asked to search."""
        return self._batchers

    def begin(self, engine: Engine, job: Job, *, client: str) -> "asyncio.Future[Progress]":
        """Returns what the job will have found; cancelling that does not end the search.

        `client` is whose search it is (`client_of`).

        The future raises ApiError if the search is given up (409) or the server shuts down (503), and
        EvaluationError if the network is broken.

        Raises:
            ApiError: there are too many searches, in all or of this client, or the server is shutting
                down (503).
        """
        if self._closing:
            raise busy("the server is shutting down")
        if not self._places.take(client):
            refusal = self._places.refusal(client, "searches")
            raise busy(f"{refusal}; try again in a moment")
        self._batcher(engine).submit(job)
        found = asyncio.wrap_future(job.found)
        found.add_done_callback(partial(self._end, client))
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

    def _end(self, client: str, found: "asyncio.Future[Progress]") -> None:
        self._places.leave(client)
        if not found.cancelled():
            found.exception()  # asyncio need not complain of what nobody waits for any more
