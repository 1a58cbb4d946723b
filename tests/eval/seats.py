"""Engines without a network: scripted, weak, or faulty."""

import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import chess

from eval.opponents import Opponent
from eval.seats import Choice, Fault, Work
from eval.settings import MatchSettings

NO_CHECKPOINT = Path("never written")
"""A folder for models of checkpoints, where there are none."""
Answer = Callable[[chess.Board], Choice | Fault]


class FakeSeat:
    """Answers each board by a function."""

    def __init__(self, answer: Answer) -> None:
        self.work = Work()
        self.batches: list[int] = []
        self.ended: list[int] = []
        self.closed = False
        self._answer = answer

    def choose(self, games: Sequence[int], boards: Sequence[chess.Board]) -> list[Choice | Fault]:
        assert len(set(games)) == len(boards)
        self.batches.append(len(boards))
        return [self._answer(board) for board in boards]

    def end(self, game: int) -> None:
        self.ended.append(game)

    def close(self) -> None:
        self.closed = True


class FakeEngine:
    """Opens fake seats, and keeps them to be looked at."""

    def __init__(self, name: str, answer: Answer) -> None:
        self.name, self.seats = name, list[FakeSeat]()
        self._answer = answer

    def opponent(self) -> Opponent:
        return Opponent(self.name, self.name, None, self._open)

    def _open(self, _settings: MatchSettings, _stopped: threading.Event) -> FakeSeat:
        self.seats.append(FakeSeat(self._answer))
        return self.seats[-1]


def play_first(board: chess.Board) -> Choice | Fault:
    """Plays the alphabetically first legal move."""
    return Choice(min(board.legal_moves, key=chess.Move.uci), 0.25)


def play_greedy(board: chess.Board) -> Choice | Fault:
    """Mates if it can in one, else plays a move that depends on nothing but the position."""
    for move in board.legal_moves:
        board.push(move)
        mate = board.is_checkmate()
        board.pop()
        if mate:
            return Choice(move, 1.0)
    return play_by_position(board)


def play_by_position(board: chess.Board) -> Choice | Fault:
    """Plays a legal move that is random, and always the same in the same position."""
    moves = sorted(board.legal_moves, key=chess.Move.uci)
    return Choice(random.Random(board.epd()).choice(moves), 0.0)
