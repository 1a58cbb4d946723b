"""A match: game pairs from distinct openings with colours swapped, played by threads, as they end.

    openings -> tasks -> worker: a table of games --\
                      -> worker: a table of games ---> finished games, to whoever iterates

Each worker has its own copies of both engines; games share nothing. The first two tasks are the two
games of the first opening, and so on, so that pairs are completed about in order.

On the clock a table is one game, and no network call is shared: the two engines of a worker take turns
on one processor core, each for the same time a move. There are no more workers than cores unless asked.
"""

import queue
import threading
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from eval.adjudication import Adjudicator
from eval.openings import Opening
from eval.opponents import Opponent
from eval.records import GameRecord, Side
from eval.seats import MatchStoppedError, Seat, Work
from eval.settings import MatchSettings
from eval.table import Task, play_table

GameKey = tuple[int, int]
"""Pair and game."""
_POLL_S = 0.2
"""So that an interrupt is noticed while the main thread waits."""


@dataclass
class Labour:
    """What both sides asked of their networks, over all workers."""

    seats: list[tuple[Side, Work]] = field(default_factory=list)

    @property
    def workers(self) -> int:
        """How many threads play."""
        return len(self.seats) // len(Side)

    @property
    def raw_evaluations_per_s(self) -> float | None:
        """Positions a second if the workers did nothing but ask the networks; None if none was asked."""
        works = [self.total(side) for side in Side]
        network_s = sum(work.network_s for work in works)
        if not network_s:
            return None
        return self.workers * sum(work.evaluations for work in works) / network_s

    def total(self, side: Side) -> Work:
        """Returns the sum over the seats of one side."""
        works = [work for owner, work in self.seats if owner == side]
        return Work(
            sum(work.evaluations for work in works),
            sum(work.calls for work in works),
            sum(work.network_s for work in works),
            sum(work.moves for work in works),
            sum(work.thinking_s for work in works),
        )


def play_games(
    opponents: tuple[Opponent, Opponent],
    openings: Sequence[Opening],
    settings: MatchSettings,
    *,
    finished: Collection[GameKey] = (),
    labour: Labour | None = None,
) -> Generator[GameRecord, None, None]:
    """Yields the games of a match as they end; close the iterator to stop the match.

    Args:
        opponents: A and B.
        openings: one a pair.
        finished: games that are played already and are left out.
        labour: is filled with what the engines do.

    Raises:
        AztoolkitError: an engine cannot be opened.
    """
    tasks = _Tasks(openings, settings.seed, set(finished))
    results: queue.SimpleQueue[GameRecord | BaseException | None] = queue.SimpleQueue()
    stopped = threading.Event()
    seats: list[tuple[Seat, Seat]] = []
    threads: list[threading.Thread] = []
    adjudicators: list[Adjudicator] = []
    try:
        for _ in range(settings.worker_count()):
            adjudicators.append(Adjudicator(settings))
            seats.append(_open_seats(opponents, settings, stopped))
            if labour is not None:
                labour.seats += [(side, seats[-1][side].work) for side in Side]
        for number, (pair, adjudicator) in enumerate(zip(seats, adjudicators, strict=True)):
            play = partial(
                play_table,
                pair,
                tasks.take,
                results.put,
                size=_share(settings.games_at_once(), len(seats), number),
                max_plies=settings.max_plies,
                stopped=stopped,
                rule=adjudicator.rule,
            )
            threads.append(
                threading.Thread(target=_work, args=(play, results), name=f"table-{number}")
            )
            threads[-1].start()
        yield from _until_all_end(results, len(threads))
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
        for seat in (seat for pair in seats for seat in pair):
            seat.close()
        for adjudicator in adjudicators:
            adjudicator.close()


class _Tasks:
    """The games still to be played, handed out to all workers."""

    def __init__(self, openings: Sequence[Opening], seed: int, finished: set[GameKey]) -> None:
        self._lock = threading.Lock()
        self._waiting = (
            Task(pair, game, opening, seed + 2 * pair + game)
            for pair, opening in enumerate(openings)
            for game in (0, 1)
            if (pair, game) not in finished
        )

    def take(self) -> Task | None:
        """Returns the next game, or None if there is none left."""
        with self._lock:
            return next(self._waiting, None)


def _open_seats(
    opponents: tuple[Opponent, Opponent], settings: MatchSettings, stopped: threading.Event
) -> tuple[Seat, Seat]:
    first = opponents[Side.A].open_seat(settings, stopped)
    try:
        return first, opponents[Side.B].open_seat(settings, stopped)
    except BaseException:
        first.close()
        raise


def _work(
    play: Callable[[], None], results: "queue.SimpleQueue[GameRecord | BaseException | None]"
) -> None:
    """Plays in a thread; ends by putting None, or what went wrong, into `results`."""
    try:
        play()
    except MatchStoppedError:
        pass
    except BaseException as error:
        results.put(error)
    results.put(None)


def _until_all_end(
    results: "queue.SimpleQueue[GameRecord | BaseException | None]", workers: int
) -> Iterator[GameRecord]:
    while workers:
        try:
            item = results.get(timeout=_POLL_S)
        except queue.Empty:
            continue
        if item is None:
            workers -= 1
        elif isinstance(item, BaseException):
            raise item
        else:
            yield item


def _share(total: int, workers: int, number: int) -> int:
    """Returns the share of worker `number` in `total`, as even as can be."""
    return total // workers + (number < total % workers)
