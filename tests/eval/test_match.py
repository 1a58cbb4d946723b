"""Matches over threads, with scripted engines and with real models."""

import threading
from contextlib import closing

import chess
import pytest

from aztoolkit.errors import EvaluationError, ModelError
from eval.match import Labour, play_games
from eval.openings import read_book
from eval.opponents import Opponent, find_opponent, model_opponent
from eval.records import Side
from eval.settings import MatchSettings
from eval.tally import Tally
from tests.eval.seats import NO_CHECKPOINT, FakeEngine, play_by_position, play_greedy

QUICK = MatchSettings(simulations=1, concurrency=8, max_plies=40, workers=1)


def openings(back_rank, count):
    return read_book(back_rank, count=count, seed=0).openings


def tally_of(opponents, book, settings, **options):
    return Tally.of(play_games(opponents, book, settings, **options))


def test_every_opening_is_played_twice_whatever_the_workers(back_rank):
    engines = FakeEngine("a", play_greedy).opponent(), FakeEngine("b", play_by_position).opponent()
    book, played = openings(back_rank, 10), []
    for workers, concurrency in [(1, 1), (1, 8), (2, 5), (3, 32)]:
        settings = MatchSettings(workers=workers, concurrency=concurrency, max_plies=60)
        records = tally_of(engines, book, settings).records()
        assert [(record.pair, record.game) for record in records] == [
            (pair, game) for pair in range(10) for game in (0, 1)
        ]
        played.append(records)
    assert all(records == played[0] for records in played)


def test_games_already_finished_are_left_out(back_rank):
    engine = FakeEngine("a", play_by_position).opponent()
    records = list(
        play_games((engine, engine), openings(back_rank, 3), QUICK, finished={(0, 0), (1, 1)})
    )
    keys = {(record.pair, record.game) for record in records}
    assert keys == {(0, 1), (1, 0), (2, 0), (2, 1)}


def test_closing_the_iterator_ends_threads_and_engines(back_rank):
    first, second = FakeEngine("a", play_by_position), FakeEngine("b", play_by_position)
    games = play_games(
        (first.opponent(), second.opponent()),
        openings(back_rank, 30),
        MatchSettings(workers=2, concurrency=4),
    )
    with closing(games):
        next(games)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("table-")]
    assert all(seat.closed for seat in first.seats + second.seats)


def test_a_bug_in_a_worker_is_not_swallowed(back_rank):
    def bug(_board):
        raise AssertionError("our own bug")

    engine = FakeEngine("a", bug).opponent()
    with pytest.raises(AssertionError, match="our own bug"):
        list(play_games((engine, engine), openings(back_rank, 3), QUICK))


def test_an_engine_that_does_not_open_is_an_error_and_closes_the_other(back_rank):
    first = FakeEngine("a", play_by_position)

    def fail(settings, stopped):  # noqa: ARG001
        raise ModelError("expected a model")

    second = Opponent("b", "b", None, fail)
    with pytest.raises(ModelError):
        list(play_games((first.opponent(), second), openings(back_rank, 3), QUICK))
    assert first.seats[0].closed


def test_a_model_against_itself_splits_every_pair(back_rank, good):
    engine, labour = model_opponent(good), Labour()
    tally = tally_of((engine, engine), openings(back_rank, 8), QUICK, labour=labour)
    while tally.count_next():
        pass
    assert tally.pentanomial == [0, 0, 8, 0, 0]
    for side in Side:
        assert labour.total(side).evaluations >= 8


def test_a_model_that_lost_its_idea_loses(back_rank, good, bad):
    tally = tally_of((model_opponent(bad), model_opponent(good)), openings(back_rank, 8), QUICK)
    while tally.count_next():
        pass
    losses, draws, wins = tally.trinomial
    assert losses > 10 > draws + wins


def test_search_of_many_simulations_finds_the_mate_without_the_idea(back_rank, clueless):
    settings = QUICK.model_copy(update={"simulations": 400, "max_plies": 3})
    engine = model_opponent(clueless)
    records = list(play_games((engine, engine), openings(back_rank, 2), settings))
    assert {record.termination for record in records} == {"checkmate"}


def test_games_do_not_depend_on_how_many_are_played_at_a_time(back_rank, good, bad):
    engines = model_opponent(good), model_opponent(bad)
    book = openings(back_rank, 4)
    settings = MatchSettings(simulations=6, max_plies=12, workers=1, concurrency=1)
    alone = tally_of(engines, book, settings).records()
    together = tally_of(engines, book, settings.model_copy(update={"concurrency": 8})).records()
    assert [record.moves for record in alone] == [record.moves for record in together]


def test_nan_loses_the_game_and_names_the_position(back_rank, good, broken):
    records = list(
        play_games((model_opponent(broken), model_opponent(good)), openings(back_rank, 3), QUICK)
    )
    assert {record.half_points for record in records} <= {0, 1, 2}
    failures = Tally.of(records).failures(Side.A)
    assert failures
    assert {failure.kind for _, failure in failures} == {"nan"}
    assert not Tally.of(records).failures(Side.B)


def test_nan_of_many_positions_together_loses_a_game(good, monkeypatch):
    from eval import seats

    evaluate = seats.MeteredEvaluator.evaluate

    def of_batches(self, planes):
        if len(planes) > 1:
            raise EvaluationError("NaN")
        return evaluate(self, planes)

    monkeypatch.setattr(seats.MeteredEvaluator, "evaluate", of_batches)
    seat = model_opponent(good).open_seat(QUICK, threading.Event())
    boards = [chess.Board(), chess.Board()]
    first, second = seat.choose([0, 1], boards)
    assert isinstance(first, seats.Fault)
    assert (first.kind, first.detail) == ("nan", "NaN, of 2 positions together, of none alone")
    assert isinstance(second, seats.Choice)
    seat.close()


def test_nan_in_one_game_spares_the_others(back_rank, good, monkeypatch):
    """A batch that holds one poisonous position is asked again, game by game."""
    from eval import seats

    evaluate = seats.MeteredEvaluator.evaluate

    def poisoned(self, planes):
        answer = evaluate(self, planes)
        answer.wdl[planes[:, 0, 3, 0] > 0] = float("nan")  # an own pawn on a4
        return answer.check_finite()

    monkeypatch.setattr(seats.MeteredEvaluator, "evaluate", poisoned)
    engine = model_opponent(good)
    book = openings(back_rank, 36)
    settings = QUICK.model_copy(update={"concurrency": 16, "max_plies": 2})
    records = list(play_games((engine, engine), book, settings))
    for record in records:
        has_pawn = record.start.split("/")[4].startswith("P")  # a4
        assert (record.failure is not None) == has_pawn


def test_uniform_plays_a_legal_game(back_rank):
    engine = find_opponent("uniform", scratch=NO_CHECKPOINT)
    settings = MatchSettings(simulations=4, max_plies=6, workers=1)
    records = list(play_games((engine, engine), openings(back_rank, 1), settings))
    assert len(records) == 2
    assert all(isinstance(record.values[0], float) for record in records)


def test_tally_counts_pairs_in_order_of_openings(back_rank):
    engine = FakeEngine("a", play_by_position).opponent()
    records = tally_of((engine, engine), openings(back_rank, 3), QUICK).records()
    tally = Tally()
    for record in reversed(records):
        assert not tally.count_next()
        tally.add(record)
    assert tally.count_next()
    assert tally.pairs == 1
    assert sum(tally.trinomial) == 2
