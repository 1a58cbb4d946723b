"""Suites of positions with known answers, and an engine's attempts at them, many at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import chess

from aztoolkit.errors import DataError, EvaluationError
from aztoolkit.files import sha256
from benchmarks.lichess_puzzles import read_puzzles
from eval.seats import Fault
from eval.tactics import Problem
from eval.tactics import read_suite as read_problems
from eval.tactics_panel import Answer, Ask


class Task(Protocol):
    """What a solver is asked."""

    @property
    def rating(self) -> float | None:
        """How hard it is, in Elo points, if that is known."""

    @property
    def moves(self) -> int:
        """Most moves that the solver is asked for."""

    def board(self) -> chess.Board:
        """Returns a new board of the position, with the history that it has."""

    def play(self, board: chess.Board, move: chess.Move) -> bool | None:
        """Plays a legal move of the solver on `board`; returns whether that solves the task, or misses it.

        None if it goes on: the answer is played too, and the solver is to move again.
        """


@dataclass(frozen=True)
class Position:
    """One move to find, or to avoid: a position in EPD."""

    problem: Problem
    rating: None = None
    moves: int = 1

    def board(self) -> chess.Board:
        """Returns a new board of the position with its history."""
        return self.problem.board()

    def play(self, board: chess.Board, move: chess.Move) -> bool:  # noqa: ARG002
        """Returns whether a legal move is what is to be found."""
        return self.problem.is_solved_by(move)


@dataclass(frozen=True)
class Suite:
    """Tasks in the order of their file."""

    name: str
    tasks: Sequence[Task]
    sha256: str

    @property
    def ratings(self) -> list[float]:
        """Of the tasks, in their order; none unless every task has one."""
        found = [task.rating for task in self.tasks if task.rating is not None]
        return found if len(found) == len(self.tasks) else []


def read_suite(source: Path, *, first: int | None = None) -> Suite:
    """Returns the tasks of a file, each position once.

    Args:
        source: an .epd file with `bm` or `am` (see `eval.tactics`), or a .csv file of Lichess.
        first: so many tasks at most.

    Raises:
        DataError: the file is missing, malformed or of another kind, or holds no position.
    """
    if not source.is_file():
        raise DataError(f"expected a suite of puzzles, got no file at {source}; check the path")
    return Suite(source.name, _read_tasks(source, first), sha256(source))


def solve(
    tasks: Sequence[Task], ask: Ask, *, watch: Callable[[int], None] = lambda _: None
) -> list[bool]:
    """Returns which tasks an engine solves; all that still go on are asked together, move by move.

    Args:
        watch: is told of moves that need not be asked for, as they come after a miss or a mate.

    Raises:
        EvaluationError: the engine cannot move in a position.
    """
    boards = [task.board() for task in tasks]
    solved = [False] * len(tasks)
    live, asked = list(range(len(tasks))), 0
    while live:
        answers, asked = ask([boards[i] for i in live]), asked + 1
        going_on = []
        for i, answer in zip(live, answers, strict=True):
            verdict = tasks[i].play(boards[i], _move(answer, boards[i]))
            if verdict is None:
                going_on.append(i)
            else:
                solved[i] = verdict
                watch(tasks[i].moves - asked)
        live = going_on
    return solved


def _read_tasks(source: Path, first: int | None) -> Sequence[Task]:
    suffix = source.suffix.lower()
    if suffix == ".csv":
        return read_puzzles(source, first=first)
    if suffix == ".epd":
        return [Position(problem) for problem in read_problems(source).problems[:first]]
    raise DataError(f"expected a suite ending in .epd or .csv, got {str(source)!r}")


def _move(answer: Answer, board: chess.Board) -> chess.Move:
    if isinstance(answer, Fault):
        raise EvaluationError(
            f"expected a move in {board.fen()}, got {answer.kind}: {answer.detail}; "
            "its weights or its quantization may be broken"
        )
    return answer.move
