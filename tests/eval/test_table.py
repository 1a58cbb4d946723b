"""How games are played and ended, with scripted engines."""

import threading

import chess
import pytest

from eval.openings import Opening
from eval.records import CAPPED, FAILED, Side
from eval.seats import Choice, Fault
from eval.table import Task, play_table
from tests.eval.seats import FakeSeat, play_by_position, play_first

START = Opening(chess.STARTING_FEN)


def play(first, second, *, openings=(START,), size=8, max_plies=400):
    """Plays a pair of each opening and returns the records in order."""
    tasks = iter(
        [Task(pair, game, opening, 0) for pair, opening in enumerate(openings) for game in (0, 1)]
    )
    records = []
    play_table(
        (first, second),
        lambda: next(tasks, None),
        records.append,
        size=size,
        max_plies=max_plies,
        stopped=threading.Event(),
    )
    return sorted(records, key=lambda record: (record.pair, record.game))


def scripted(*ucis):
    """Plays these moves in turn, each in every game."""

    def answer(board):
        return Choice(chess.Move.from_uci(ucis[board.ply() // 2]), 0.5)

    return FakeSeat(answer)


def test_colours_are_swapped_within_a_pair():
    one, two = play(scripted("e2e4", "d1h5"), scripted("e2e4", "d1h5"), max_plies=1)
    assert one.white == Side.A
    assert two.white == Side.B
    mate = ("f2f3", "e7e5", "g2g4", "d8h4")

    def fool(board):
        return Choice(chess.Move.from_uci(mate[board.ply()]), None)

    records = play(FakeSeat(fool), FakeSeat(fool))
    assert [record.result for record in records] == ["0-1", "0-1"]
    assert [record.termination for record in records] == ["checkmate"] * 2
    assert [record.half_points for record in records] == [0, 2]


def test_openings_history_comes_before_the_moves():
    opening = Opening(chess.STARTING_FEN, tuple(map(chess.Move.from_uci, ("e2e4", "e7e5"))))
    seen = []

    def answer(board):
        seen.append([move.uci() for move in board.move_stack])
        return play_first(board)

    records = play(FakeSeat(answer), FakeSeat(answer), openings=(opening,), max_plies=2)
    assert seen[0] == ["e2e4", "e7e5"]
    assert records[0].opening == ("e2e4", "e7e5")
    assert len(records[0].moves) == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda _: Choice(chess.Move.from_uci("e2e5"), 0.0), "illegal"),
        (lambda _: Fault("nan", "weights are broken"), "nan"),
        (lambda _: Fault("crash", "gone"), "crash"),
    ],
)
def test_an_engine_that_cannot_move_loses_and_is_recorded(answer, kind):
    records = play(FakeSeat(play_first), FakeSeat(answer))
    assert [record.half_points for record in records] == [2, 2]
    for record in records:
        assert record.termination == FAILED
        assert record.failure is not None
        assert record.failure.side == Side.B
        assert record.failure.kind == kind
        assert chess.Board(record.failure.fen).is_valid()
    assert [record.result for record in records] == ["1-0", "0-1"]


def test_threefold_repetition_is_claimed():
    shuffle = ("g1f3", "g8f6", "f3g1", "f6g8")

    def answer(board):
        return Choice(chess.Move.from_uci(shuffle[board.ply() % 4]), 0.0)

    record = play(FakeSeat(answer), FakeSeat(answer))[0]
    assert record.result == "1/2-1/2"
    assert record.termination == "threefold_repetition"
    assert len(record.moves) == 8


def test_fifty_moves_are_claimed():
    opening = Opening("7k/8/8/8/8/8/R7/K7 w - - 99 80")
    record = play(FakeSeat(play_first), FakeSeat(play_first), openings=(opening,))[0]
    assert record.termination == "fifty_moves"
    assert len(record.moves) == 1


def test_mate_on_the_hundredth_half_move_comes_before_the_draw():
    opening = Opening("6k1/5ppp/8/8/8/8/8/R6K w - - 99 80")
    mate = FakeSeat(lambda _: Choice(chess.Move.from_uci("a1a8"), 1.0))
    assert play(mate, mate, openings=(opening,))[0].result == "1-0"


def test_a_game_at_the_cap_is_a_recorded_draw():
    records = play(FakeSeat(play_by_position), FakeSeat(play_by_position), max_plies=7)
    assert {record.termination for record in records} == {CAPPED}
    assert {len(record.moves) for record in records} == {7}
    assert {record.result for record in records} == {"1/2-1/2"}


def test_all_games_where_an_engine_is_to_move_are_one_batch():
    openings = [Opening(chess.STARTING_FEN)] * 6
    first, second = FakeSeat(play_by_position), FakeSeat(play_by_position)
    records = play(first, second, openings=openings, size=4, max_plies=10)
    assert len(records) == 12
    assert max(first.batches) == 4
    assert max(second.batches) == 4
    assert sum(first.batches) + sum(second.batches) == 12 * 10
    assert sorted(first.ended) == list(range(12))
