"""One engine opened on all cores, to answer many positions: a panel of seats that share the work."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

import chess

from eval.opponents import Opponent
from eval.seats import Choice, Fault, Seat
from eval.settings import MatchSettings

Answer = Choice | Fault
Ask = Callable[[Sequence[chess.Board]], list[Answer]]
"""Returns a move or a fault for each board; every position is searched anew."""


@contextmanager
def open_panel(
    opponent: Opponent, settings: MatchSettings, *, watch: Callable[[int], None] = lambda _: None
) -> Iterator[Ask]:
    """Yields what asks an engine at the simulations of the settings, whatever clock they have.

    The positions that share batches are the same ones for every engine, so that one network always
    gives the same answers.

    Args:
        watch: is told, from time to time, how many more positions have been answered.

    Raises:
        AztoolkitError: the engine cannot be opened.
    """
    counted = settings.model_copy(update={"movetime_ms": None})
    stopped = threading.Event()
    seats: list[Seat] = []
    try:
        for _ in range(counted.worker_count()):
            seats.append(opponent.open_seat(counted, stopped))
        size = max(1, counted.concurrency // len(seats))
        yield lambda boards: _share_out(seats, boards, size, watch, stopped)
    finally:
        stopped.set()
        for seat in seats:
            seat.close()


def _share_out(
    seats: Sequence[Seat],
    boards: Sequence[chess.Board],
    size: int,
    watch: Callable[[int], None],
    stopped: threading.Event,
) -> list[Answer]:
    """Returns the answers of all seats, `size` positions to a seat at a time."""
    free: SimpleQueue[Seat] = SimpleQueue()
    for seat in seats:
        free.put(seat)

    def answer(first: int) -> list[Answer]:
        seat = free.get()
        try:
            return _answer(seat, range(first, first + size), boards)
        finally:
            free.put(seat)

    answers: list[Answer] = []
    with ThreadPoolExecutor(len(seats)) as pool:
        try:
            for part in pool.map(answer, range(0, len(boards), size)):
                answers += part
                watch(len(part))
        except BaseException:
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise
    return answers


def _answer(seat: Seat, numbers: range, boards: Sequence[chess.Board]) -> list[Answer]:
    part = boards[numbers.start : numbers.stop]
    games = numbers[: len(part)]
    answers = seat.choose(games, part)
    for game in games:
        seat.end(game)
    return [_legal(*found) for found in zip(answers, part, strict=True)]


def _legal(answer: Answer, board: chess.Board) -> Answer:
    if isinstance(answer, Choice) and not board.is_legal(answer.move):
        return Fault("illegal", f"expected a legal move, got {answer.move.uci()}")
    return answer
