"""UCI engines at the table: faults, restarts, and the clock."""

import threading
from collections import Counter

import chess
import pytest

from eval.match import Labour, play_games
from eval.openings import Opening, read_book
from eval.opponents import Opponent, find_opponent
from eval.records import FAILED, Side
from eval.seats import Choice, Fault
from eval.settings import MatchSettings
from tests.eval.seats import NO_CHECKPOINT, FakeEngine, play_by_position

NODES = MatchSettings(simulations=5, workers=1, concurrency=1, max_plies=12)
CLOCK = NODES.model_copy(update={"movetime_ms": 100, "time_margin_ms": 400})


def play(engine, settings, *, pairs=2, labour=None):
    """Returns the games of a scripted engine, as side B, against one without fault."""
    calm = FakeEngine("calm", play_by_position).opponent()
    book = read_book(None, count=pairs, seed=0).openings
    return list(play_games((calm, engine), book, settings, labour=labour))


def answers_of(opponent: Opponent, settings: MatchSettings, games: int) -> list[Choice | Fault]:
    """Returns what one seat answers to the same position in so many games."""
    seat = opponent.open_seat(settings, threading.Event())
    try:
        return [seat.choose([game], [chess.Board()])[0] for game in range(games)]
    finally:
        seat.close()


@pytest.mark.parametrize(
    ("fault", "settings", "kind"),
    [
        ("crash", NODES, "crash"),
        ("illegal", NODES, "illegal"),
        ("stall", NODES.model_copy(update={"stall_s": 0.3}), "time"),
        ("silent", CLOCK, "time"),
        ("late", CLOCK, "time"),
    ],
)
def test_a_faulty_engine_loses_every_game_and_is_started_anew_for_the_next(
    scripted, fault, settings, kind
):
    records = play(find_opponent(scripted(fault, 1), scratch=NO_CHECKPOINT), settings)
    assert len(records) == 4
    assert {record.half_points for record in records} == {2}
    for record in records:
        assert record.termination == FAILED
        assert record.failure.side == Side.B
        assert record.failure.kind == kind
        own_moves = len(record.moves) - (len(record.moves) + (record.game == 0)) // 2
        assert own_moves == 1  # its first move of each game was good: it was there again
        position = Opening(record.start, ()).board()
        for move in (*record.opening, *record.moves):
            position.push_uci(move)
        assert record.failure.fen == position.fen()


def test_a_time_failure_names_what_was_allowed(scripted):
    (fault,) = answers_of(find_opponent(scripted("late"), scratch=NO_CHECKPOINT), CLOCK, 1)
    assert fault == Fault("time", "expected a move, got none in 0.5 s")


def test_a_move_that_is_late_by_less_than_the_margin_counts(scripted):
    patient = CLOCK.model_copy(update={"time_margin_ms": 30_000})
    (answer,) = answers_of(find_opponent(scripted("late"), scratch=NO_CHECKPOINT), patient, 1)
    assert isinstance(answer, Choice)


def test_the_engine_is_told_its_time_and_each_new_game_once(scripted, tmp_path):
    log = tmp_path / "heard"
    labour = Labour()
    settings = CLOCK.model_copy(update={"time_margin_ms": 30_000})
    play(
        find_opponent(scripted("none", 0, str(log)), scratch=NO_CHECKPOINT), settings, labour=labour
    )
    heard = Counter(log.read_text().splitlines())
    assert heard["go movetime 100"] == labour.total(Side.B).moves == 4 * 6
    assert heard["ucinewgame"] == 4
    assert 0 < labour.total(Side.B).thinking_s < 30


def test_nodes_are_told_where_there_is_no_clock(scripted, tmp_path):
    log = tmp_path / "heard"
    play(find_opponent(scripted("none", 0, str(log)), scratch=NO_CHECKPOINT), NODES, pairs=1)
    assert "go nodes 5" in log.read_text().splitlines()


def test_start_up_does_not_run_on_the_clock(scripted):
    """Python takes far longer to start than the time for a move."""
    settings = CLOCK.model_copy(update={"movetime_ms": 1, "time_margin_ms": 2_000})
    crash_then_fine = answers_of(
        find_opponent(scripted("crash", 1), scratch=NO_CHECKPOINT), settings, 3
    )
    assert all(isinstance(answer, Choice) for answer in crash_then_fine)


def test_an_engine_that_can_no_longer_be_started_loses_and_the_match_goes_on(scripted, tmp_path):
    engine = find_opponent(scripted("crash", 1), scratch=NO_CHECKPOINT)
    seat = engine.open_seat(NODES, threading.Event())
    seat._command = [str(tmp_path / "gone")]
    board = chess.Board()
    try:
        assert isinstance(seat.choose([0], [board])[0], Choice)
        board.push_uci("e2e4")
        board.push_uci("e7e5")
        assert seat.choose([0], [board])[0].kind == "crash"
        (fault,) = seat.choose([1], [chess.Board()])
        assert fault.kind == "crash"
        assert "FileNotFoundError" in fault.detail
    finally:
        seat.close()
