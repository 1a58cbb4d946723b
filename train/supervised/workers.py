"""Processes that work for this one, a core each, and whose results come in the order of their tasks.

Workers leave Ctrl-C to their parent, and end when it does, however it ends.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing.connection import wait
from typing import TypeVar

from aztoolkit.errors import MachineError

_AHEAD = 4
"""Tasks a worker that are begun before the first of them is wanted."""
Task = TypeVar("Task")
Result = TypeVar("Result")


def map_ordered(
    work: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    workers: int,
) -> Generator[Result, None, None]:
    """Yields `work(task)` for each task, in their order, a bounded number of them ahead.

    Closing the generator ends the workers; tasks that are under way are finished first.

    Args:
        work: a function of a module, called in a worker.
        tasks: may be endless.
        workers: how many processes.

    Raises:
        MachineError: a worker was killed.
        Exception: whatever `work` raised.
    """
    waiting: deque[Future[Result]] = deque()
    remaining = iter(tasks)
    with ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),  # this process has threads
        initializer=_begin,
    ) as pool:
        try:
            for task in islice(remaining, _AHEAD * workers):
                waiting.append(pool.submit(work, task))
            while waiting:
                yield waiting.popleft().result()
                for task in islice(remaining, 1):
                    waiting.append(pool.submit(work, task))
        except BrokenProcessPool as error:
            raise MachineError(
                "expected worker processes to live on, got one that was killed (short of memory?); "
                "run again to go on"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
