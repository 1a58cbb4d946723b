"""A bounded pool of threads that search, so that the event loop never does."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from serve.errors import busy

T = TypeVar("T")


class Workers:
    """Runs jobs on a few threads, with a bounded queue before them; used from one event loop."""

    def __init__(self, threads: int, *, queue: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="search")
        self._threads, self._capacity = threads, threads + queue
        self._pending = 0
        self._closing = threading.Event()

    @property
    def threads(self) -> int:
        """Jobs that run at once."""
        return self._threads

    @property
    def pending(self) -> int:
        """Jobs under way or waiting."""
        return self._pending

    def closing(self) -> bool:
        """Returns whether the pool is being closed: jobs ask often, and end early."""
        return self._closing.is_set()

    async def run(self, job: Callable[[], T]) -> T:
        """Returns what `job` returns, run on a worker thread.

        Raises:
            ApiError: the queue is full, or the server is shutting down (503).
        """
        if self.closing():
            raise busy("the server is shutting down")
        if self._pending >= self._capacity:
            raise busy(
                f"expected at most {self._capacity} searches at once, got one more; "
                "try again in a moment"
            )
        self._pending += 1
        try:
            return await asyncio.wrap_future(self._executor.submit(job))
        finally:
            self._pending -= 1

    def stop(self) -> None:
        """Has every job end early and refuses new ones."""
        self._closing.set()

    def close(self) -> None:
        """Stops, and waits until every thread has ended."""
        self.stop()
        self._executor.shutdown(cancel_futures=True)
