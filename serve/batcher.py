"""One network and the thread that asks it, for all searches under way at once.

    Job ──submit──▶ waiting ──▶ active ──┬─▶ gather a leaf of each, evaluate them together, apply
                    (in order)           └── in turns, where one call cannot hold all ──▶ Job.found

Searches come and go between two calls. Each is always given room for its whole batch, so that what it
finds does not depend on who else is searching; and an only one is searched as `aztoolkit.mcts.run` does.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import chess
import numpy as np

from aztoolkit.encoding import get_encoding
from aztoolkit.evaluator import Evaluator
from aztoolkit.mcts import GamePool, Search, SearchResult, pool_of
from aztoolkit.uci.lines import Line, best_lines
from serve.errors import ApiError, busy, conflict

REPORT_S = 0.2
"""Time between two reports of a search."""


@dataclass(frozen=True)
class Progress:
    """What a search has found so far."""

    board: chess.Board
    result: SearchResult
    lines: Sequence[Line]
    """Best first, each beginning with another move."""
    time_ms: float


@dataclass(frozen=True)
class Watch:
    """Who is told how a search comes on, and of how many lines."""

    tell: Callable[[Progress], None]
    """Called on the batcher's thread; returns at once."""
    lines: int = 1
    wanted: Callable[[], bool] = lambda: True
    """Asked on the batcher's thread before the trouble is taken."""


@dataclass(eq=False)
class Job:
    """One search of one position; `search` is the batcher's until `found` is done."""

    search: Search
    board: chess.Board
    simulations: int
    watch: Watch | None = None
    found: Future[Progress] = field(default_factory=Future)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _began_s: float = field(default_factory=time.perf_counter)
    _told_s: float = 0.0

    def __post_init__(self) -> None:
        self.found.set_running_or_notify_cancel()  # whoever waits cannot cancel it, but `stop`

    @property
    def stopped(self) -> bool:
        """Whether it was given up."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Gives the search up: `found` raises ApiError (409), soon."""
        self._stopped.set()

    def start(self) -> None:
        """Begins the search; raises PositionError if there is no legal move."""
        self._began_s = time.perf_counter()
        self.search.start(self.board, self.simulations)

    def look(self) -> None:
        """Completes `found` if the search is done, and else tells the watch now and then."""
        if self.search.done:
            self.found.set_result(self._progress())
        elif self.watch and time.perf_counter() - self._told_s >= REPORT_S and self.watch.wanted():
            self._told_s = time.perf_counter()
            self.watch.tell(self._progress())

    def _progress(self) -> Progress:
        time_ms = (time.perf_counter() - self._began_s) * 1000.0
        result = self.search.result()
        count = self.watch.lines if self.watch else 1
        return Progress(self.board, result, best_lines(self.search, result, count), time_ms)


@dataclass
class Counts:
    """What a batcher has done so far; written by its thread alone."""

    network_calls: int = 0
    evaluations: int = 0
    """Positions that the network was asked about."""
    nodes: int = 0
    """Simulations of searches that were not given up."""
    searches_ended: int = 0


class Batcher:
    """Searches with one network, on a thread of its own."""

    def __init__(self, evaluator: Evaluator, *, batch: int, searches: int) -> None:
        """Begins to wait for searches.

        Args:
            batch: positions of one network call, at the most, if one search does not need more.
            searches: how many run at once.
        """
        self._evaluator, self._batch, self._searches = evaluator, batch, searches
        self._waiting: deque[Job] = deque()
        self._active: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._planes = np.empty((0, get_encoding(evaluator.spec.encoding).planes, 8, 8), np.float32)
        self._pool: tuple[list[Search], GamePool] | None = None
        self.counts = Counts()
        self._thread = threading.Thread(target=self._run, name="search", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Has a job searched; its `found` will be done, whatever happens."""
        with self._changed:
            if not self._closing:
                job.found.add_done_callback(self._count)  # the first: counted before anyone is told
                self._waiting.append(job)
                self._changed.notify()
                return
        job.found.set_exception(_shutting_down())

    def close(self) -> None:
        """Gives all searches up and waits until the thread has ended."""
        self.stop()
        self._thread.join()

    def stop(self) -> None:
        """Gives all searches up, soon, and refuses new ones."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def _run(self) -> None:
        while self._admit():
            self._drop_stopped()
            if turn := self._next_turn():
                self._search(turn)

    def _admit(self) -> bool:
        """Waits for work and lets it in; returns False when closing, with all searches given up."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._active or self._closing)
            if self._closing:
                for job in (*self._active, *self._waiting):
                    job.found.set_exception(_shutting_down())
                return False
            count = min(self._searches - len(self._active), len(self._waiting))
            arrived = [self._waiting.popleft() for _ in range(count)]
        for job in arrived:
            self._begin(job)
        return True

    def _begin(self, job: Job) -> None:
        try:
            if not job.stopped:
                job.start()
        except Exception as error:  # it is told to whoever waits for the job
            job.found.set_exception(error)
        else:
            self._active.append(job)

    def _drop_stopped(self) -> None:
        for job in [job for job in self._active if job.stopped]:
            self._active.remove(job)
            job.found.set_exception(_given_up())

    def _next_turn(self) -> list[Job]:
        """Returns the searches of the next call: as many as fit, those first that waited longest."""
        turn: list[Job] = []
        room = self._batch
        while self._active:
            room -= self._active[0].search.config.batch_size
            if turn and room < 0:
                break
            turn.append(self._active.popleft())
        self._active.extend(turn)
        return turn

    def _search(self, turn: list[Job]) -> None:
        """Makes one call of the network for some searches."""
        try:
            self._ask([job.search for job in turn])
            for job in turn:
                job.look()
        except Exception as error:  # it is told to whoever waits for the jobs
            for job in turn:
                if not job.found.done():
                    job.found.set_exception(error)
        for job in [job for job in turn if job.found.done()]:
            self._active.remove(job)

    def _count(self, found: Future[Progress]) -> None:
        self.counts.searches_ended += 1
        if found.exception() is None:
            self.counts.nodes += found.result().result.simulations

    def _ask(self, searches: list[Search]) -> None:
        if self._pool is None or self._pool[0] != searches:
            self._pool = searches, pool_of(searches)
        pool, planes = self._pool[1], self._room(searches)
        if filled := pool.gather(planes):
            answer = self._evaluator.evaluate(planes[:filled])
            pool.apply(answer.policy, answer.wdl)
            self.counts.network_calls += 1
            self.counts.evaluations += filled

    def _room(self, searches: list[Search]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        needed = sum(search.config.batch_size for search in searches)
        if needed > len(self._planes):
            self._planes = np.empty((needed, *self._planes.shape[1:]), dtype=np.float32)
        return self._planes[:needed]


def _given_up() -> ApiError:
    return conflict("search_given_up", "the search was ended before it had a move")


def _shutting_down() -> ApiError:
    return busy("the server is shutting down")
