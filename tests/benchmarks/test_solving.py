"""Suites of both kinds, and attempts at them many at once."""

from collections.abc import Sequence
from pathlib import Path

import chess
import pytest

from aztoolkit.errors import DataError, EvaluationError
from benchmarks.solving import read_suite, solve
from eval.seats import Choice, Fault
from eval.tactics_panel import Answer
from tests.benchmarks.puzzle_files import HEADER, MATE, NOT_MATE, ONE_MOVE, TWO_MOVES


class ScriptedEngine:
    """Answers each position, by its placement and turn, with a move that was written down for it."""

    def __init__(self, answers: dict[str, str]) -> None:
        self._answers = answers
        self.asked: list[int] = []
        """Positions of each call."""

    def __call__(self, boards: Sequence[chess.Board]) -> list[Answer]:
        self.asked.append(len(boards))
        moves = (self._answers[board.board_fen()] for board in boards)
        return [Choice(chess.Move.from_uci(move), None) for move in moves]


BEFORE_TWO = "r6k/6pp/7N/8/2Q5/8/8/6K1"
AFTER_TWO = {BEFORE_TWO: "c4g8", "6rk/6pp/7N/8/8/8/8/6K1": "h6f7"}
AFTER_ONE = {"6k1/5ppp/8/p7/8/8/5PPP/4R1K1": "e1e8"}


@pytest.fixture
def puzzles(tmp_path: Path) -> Path:
    (tmp_path / "x.csv").write_text(HEADER + TWO_MOVES + ONE_MOVE)
    return tmp_path / "x.csv"


def test_those_that_go_on_are_asked_together(puzzles: Path):
    engine, told = ScriptedEngine(AFTER_TWO | AFTER_ONE), list[int]()
    suite = read_suite(puzzles)
    assert solve(suite.tasks, engine, watch=told.append) == [True, True]
    assert engine.asked == [2, 1]
    assert sum(engine.asked) + sum(told) == sum(task.moves for task in suite.tasks)


def test_after_a_miss_nothing_more_is_asked(puzzles: Path):
    engine = ScriptedEngine(AFTER_TWO | AFTER_ONE | {BEFORE_TWO: "c4c1"})
    told: list[int] = []
    assert solve(read_suite(puzzles).tasks, engine, watch=told.append) == [False, True]
    assert engine.asked == [2]
    assert sum(told) == 1


def test_an_epd_suite_has_moves_to_find_and_to_avoid(tmp_path: Path):
    (tmp_path / "x.epd").write_text(MATE + NOT_MATE)
    suite = read_suite(tmp_path / "x.epd")
    mates = ScriptedEngine({"7k/5ppp/8/8/8/8/8/R5K1": "a1a8", "7k/5ppp/8/8/8/8/7P/R5K1": "a1a8"})
    assert solve(suite.tasks, mates) == [True, False]
    waits = ScriptedEngine({"7k/5ppp/8/8/8/8/8/R5K1": "a1a7", "7k/5ppp/8/8/8/8/7P/R5K1": "a1a7"})
    assert solve(suite.tasks, waits) == [False, True]
    assert suite.ratings == []


def test_ratings_are_those_of_the_puzzles(puzzles: Path):
    assert read_suite(puzzles).ratings == [1400.0, 1000.0]
    assert read_suite(puzzles, first=1).ratings == [1400.0]


def test_an_engine_that_cannot_move_is_an_error(puzzles: Path):
    def fail(boards: Sequence[chess.Board]) -> list[Answer]:
        return [Fault("nan", "expected finite logits") for _ in boards]

    with pytest.raises(EvaluationError, match=r"expected a move in r6k/.*got nan: expected finite"):
        solve(read_suite(puzzles).tasks, fail)


def test_a_file_that_is_no_suite_is_refused(tmp_path: Path):
    (tmp_path / "x.pgn").write_text("1. e4")
    with pytest.raises(DataError, match=r"ending in \.epd or \.csv, got .*x\.pgn"):
        read_suite(tmp_path / "x.pgn")
    with pytest.raises(DataError, match=r"got no file at .*missing\.csv"):
        read_suite(tmp_path / "missing.csv")
