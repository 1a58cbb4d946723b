"""Networks on the clock: one game a worker, the whole time for each move, and late moves."""

import threading
import time

import chess
import pytest

from aztoolkit.evaluator import UniformEvaluator
from eval.match import Labour, play_games
from eval.openings import read_book
from eval.opponents import find_opponent, model_opponent
from eval.records import Side
from eval.seats import Choice, Fault, NetworkSeat
from eval.settings import MatchSettings
from tests.eval.seats import NO_CHECKPOINT, FakeEngine, play_by_position

PATIENT_MS = 60_000


def clock(movetime_ms, **changes):
    settings = {"movetime_ms": movetime_ms, "time_margin_ms": PATIENT_MS, "max_plies": 4}
    return MatchSettings(**{**settings, "workers": 2, **changes})


def play(engines, settings, *, pairs=2):
    labour = Labour()
    book = read_book(None, count=pairs, seed=0).openings
    return list(play_games(engines, book, settings, labour=labour)), labour


class SlowEvaluator(UniformEvaluator):
    """Takes its time for every call."""

    def __init__(self, spec, call_s):
        super().__init__(spec)
        self._call_s = call_s

    def evaluate(self, planes):
        time.sleep(self._call_s)
        return super().evaluate(planes)


def test_both_engines_use_the_time_of_every_move(good, clueless):
    records, labour = play((model_opponent(good), model_opponent(clueless)), clock(60))
    assert not [record.failure for record in records if record.failure]
    for side in Side:
        work = labour.total(side)
        assert work.moves == 2 * len(records)
        assert work.thinking_s / work.moves >= 0.045  # less the last call, which would not fit
        assert work.evaluations == work.calls > 10 * work.moves


def test_more_time_is_more_search(good):
    engine = model_opponent(good)
    few, many = (
        play((engine, engine), clock(movetime_ms, workers=1), pairs=1)[1].total(Side.A).evaluations
        for movetime_ms in (15, 150)
    )
    assert many > 2 * few


def test_on_the_clock_a_worker_plays_one_game_at_a_time():
    first, second = FakeEngine("a", play_by_position), FakeEngine("b", play_by_position)
    opponents = first.opponent(), second.opponent()
    play(opponents, clock(1000, concurrency=32), pairs=4)
    play(opponents, clock(None, concurrency=32, workers=1), pairs=4)
    *on_the_clock, by_simulations = first.seats
    assert {size for seat in on_the_clock for size in seat.batches} == {1}
    assert max(by_simulations.batches) == 8


@pytest.mark.parametrize(("call_s", "is_late"), [(0.6, True), (0.0, False)])
def test_a_late_network_is_a_fault_of_time(az_spec, call_s, is_late):
    settings = MatchSettings(movetime_ms=20, time_margin_ms=400)
    seat = NetworkSeat(SlowEvaluator(az_spec, call_s), settings, threading.Event())
    (answer,) = seat.choose([0], [chess.Board()])
    assert isinstance(answer, Fault if is_late else Choice)
    if is_late:
        assert answer.kind == "time"
        assert "within 20 ms and a margin of 400 ms, got it after" in answer.detail


def test_a_call_that_would_not_fit_is_not_made(az_spec):
    """The second call would end after the time, so that one is all there is."""
    settings = MatchSettings(movetime_ms=300, time_margin_ms=PATIENT_MS)
    seat = NetworkSeat(SlowEvaluator(az_spec, 0.2), settings, threading.Event())
    assert isinstance(seat.choose([0], [chess.Board()])[0], Choice)
    assert seat.work.calls == 1


def test_nan_on_the_clock_loses_by_nan(good, broken):
    records, _ = play((model_opponent(broken), model_opponent(good)), clock(20), pairs=1)
    assert {record.failure.kind for record in records} == {"nan"}
    assert {record.failure.side for record in records} == {Side.A}


def test_a_uci_engine_plays_a_network_on_the_clock(scripted, good):
    records, labour = play(
        (find_opponent(scripted(), scratch=NO_CHECKPOINT), model_opponent(good)), clock(30), pairs=1
    )
    assert not [record.failure for record in records if record.failure]
    assert labour.total(Side.A).moves == labour.total(Side.B).moves == 4
