"""Shares of the clock, and the watch."""

import math
import threading
import time

import chess
import pytest

from aztoolkit.uci.clock import Budget, Watch, allot
from aztoolkit.uci.commands import Go


def clock(seconds: float, increment_s: float = 0.0, moves_to_go: int | None = None) -> Go:
    return Go(
        clock_s=(seconds, seconds), increment_s=(increment_s, increment_s), moves_to_go=moves_to_go
    )


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2, 1.0, 10.0, 3600.0])
@pytest.mark.parametrize("increment_s", [0.0, 0.01, 0.1, 5.0])
@pytest.mark.parametrize("moves_to_go", [None, 1, 2, 40, 500])
def test_a_move_never_takes_the_overhead_nor_all_the_rest(
    seconds: float, increment_s: float, moves_to_go: int | None
):
    budget = allot(clock(seconds, increment_s, moves_to_go), chess.Board(), overhead_s=0.1)
    left_s = max(0.0, seconds - 0.1)
    assert 0.0 <= budget.target_s <= budget.most_s <= 0.86 * left_s


@pytest.mark.parametrize(
    ("base_s", "increment_s"), [(10.0, 0.1), (60.0, 0.0), (1.0, 0.0), (5.0, 3.0)]
)
def test_a_game_that_always_takes_the_most_never_runs_out(base_s: float, increment_s: float):
    left_s = base_s
    board = chess.Board()
    for number in range(1, 300):
        board.fullmove_number = number
        budget = allot(clock(left_s, increment_s), board, overhead_s=0.1)
        left_s -= budget.most_s
        assert left_s > 0
        left_s += increment_s


def test_time_is_not_wasted():
    board, left_s = chess.Board(), 60.0
    for number in range(1, 41):
        board.fullmove_number = number
        left_s -= allot(clock(left_s, 0.5), board, overhead_s=0.1).target_s - 0.5
    assert left_s < 20.0


def test_the_clock_of_the_side_to_move_counts():
    go = Go(clock_s=(1.0, 100.0))
    black = chess.Board("4k3/8/8/8/8/8/8/4K2R b - - 0 1")
    assert allot(go, chess.Board(), overhead_s=0).most_s > 1.0
    assert allot(go, black, overhead_s=0).most_s < 1.0


def test_the_last_move_before_new_time_may_take_most_of_the_rest():
    last = allot(clock(10.0, moves_to_go=1), chess.Board(), overhead_s=0.1)
    assert last.target_s > 7.0


def test_movetime_is_taken_less_the_overhead_but_at_least_half():
    assert allot(Go(movetime_s=1.0), chess.Board(), overhead_s=0.1).most_s == pytest.approx(0.9)
    assert allot(Go(movetime_s=0.1), chess.Board(), overhead_s=0.1).most_s == pytest.approx(0.05)


def test_without_a_time_there_is_no_end():
    assert allot(Go(nodes=5), chess.Board(), overhead_s=0.1) == Budget(math.inf, math.inf)


def test_a_watch_counts_from_the_beginning():
    watch = Watch(clock(9.0), Budget(1.0, 2.0, thrifty=True), began_s=time.monotonic() - 1.5)
    assert watch.target_left_s() == pytest.approx(-0.5, abs=0.2)
    assert watch.left_s() == pytest.approx(0.5, abs=0.2)
    assert watch.thrifty


def test_stop_leaves_no_time():
    watch = Watch(Go(infinite=True), Budget(), began_s=time.monotonic())
    assert watch.held
    assert watch.left_s() == math.inf
    watch.stop()
    assert not watch.held
    assert watch.left_s() == 0.0


def test_pondering_time_is_free_and_ponderhit_starts_the_clock():
    go = Go(clock_s=(9.0, 9.0), ponder=True)
    watch = Watch(go, Budget(1.0, 2.0, thrifty=True), began_s=time.monotonic() - 100)
    assert watch.held
    assert not watch.thrifty
    watch.ponderhit()
    assert not watch.held
    assert watch.left_s() == pytest.approx(2.0, abs=0.2)


def test_who_waits_is_woken_by_stop():
    watch = Watch(Go(infinite=True), Budget(), began_s=time.monotonic())
    waiting = threading.Thread(target=watch.wait_until_free)
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    watch.stop()
    waiting.join(10)
    assert not waiting.is_alive()
