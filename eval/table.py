"""One worker's games: a full table, at which each side in turn answers all its positions at once."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import chess

from eval.adjudication import Ruling
from eval.openings import Opening
from eval.records import CAPPED, FAILED, Failure, GameRecord, Result, Side, white_side
from eval.seats import Choice, Fault, Seat

_RESULTS: dict[chess.Color | None, Result] = {
    chess.WHITE: "1-0",
    chess.BLACK: "0-1",
    None: "1/2-1/2",
}
Rule = Callable[[chess.Board, Sequence[float | None]], Ruling | None]


@dataclass(frozen=True)
class Task:
    """A game to be played."""

    pair: int
    game: Literal[0, 1]
    opening: Opening
    seed: int

    @property
    def number(self) -> int:
        """Of the game in its match."""
        return 2 * self.pair + self.game


@dataclass
class LiveGame:
    """A game being played."""

    task: Task
    board: chess.Board
    values: list[float | None] = field(default_factory=list)
    result: Result | None = None
    termination: str = ""
    failure: Failure | None = None

    @property
    def to_move(self) -> Side:
        """Whose move it is."""
        white = white_side(self.task.game)
        return white if self.board.turn == chess.WHITE else white.other


def play_table(
    seats: Sequence[Seat],
    take: Callable[[], Task | None],
    report: Callable[[GameRecord], None],
    *,
    size: int,
    max_plies: int,
    stopped: threading.Event,
    rule: Rule = lambda _board, _values: None,
) -> None:
    """Plays games until there are no more, always `size` at a time while there are.

    Args:
        seats: of side A and side B.
        take: returns the next game to play, or None if there is none.
        report: is given each game when it is over.
        rule: adjudicates: given a board and the values of all moves, returns how the game ends, if it does.
    """
    table: list[LiveGame] = []
    while not stopped.is_set():
        while len(table) < size and (task := take()):
            table.append(LiveGame(task, task.opening.board()))
        if not table:
            return
        for side in Side:
            to_move = [game for game in table if not game.result and game.to_move == side]
            _move_all(seats[side], side, to_move, max_plies, rule)
        for game in table:
            if game.result:
                report(_record(game))
                for seat in seats:
                    seat.end(game.task.number)
        table = [game for game in table if not game.result]


def _move_all(
    seat: Seat, side: Side, games: Sequence[LiveGame], max_plies: int, rule: Rule
) -> None:
    if not games:
        return
    answers = seat.choose([game.task.number for game in games], [game.board for game in games])
    for game, answer in zip(games, answers, strict=True):
        _apply(game, side, answer)
        if game.result is None:
            _end_if_over(game, max_plies, rule)


def _apply(game: LiveGame, side: Side, answer: Choice | Fault) -> None:
    """Makes a move on the board, or ends the game if it cannot be made."""
    if isinstance(answer, Choice) and not game.board.is_legal(answer.move):
        answer = Fault("illegal", f"expected a legal move, got {answer.move.uci()}")
    if isinstance(answer, Choice):
        game.board.push(answer.move)
        game.values.append(None if answer.value is None else round(answer.value, 4))
        return
    game.failure = Failure(side=side, kind=answer.kind, fen=game.board.fen(), detail=answer.detail)
    _end(game, not game.board.turn, FAILED)


def _end_if_over(game: LiveGame, max_plies: int, rule: Rule) -> None:
    """Ends a game that is over by the rules, adjudicated, or at the cap; draws are claimed."""
    board = game.board
    outcome = board.outcome()
    if outcome is not None:
        _end(game, outcome.winner, outcome.termination.name)
    elif board.is_fifty_moves():
        _end(game, None, chess.Termination.FIFTY_MOVES.name)
    elif board.is_repetition(3):
        _end(game, None, chess.Termination.THREEFOLD_REPETITION.name)
    elif (ruling := rule(board, game.values)) is not None:
        _end(game, ruling.winner, ruling.termination)
    elif len(game.values) >= max_plies:
        _end(game, None, CAPPED)


def _end(game: LiveGame, winner: chess.Color | None, termination: str) -> None:
    game.result, game.termination = _RESULTS[winner], termination.lower()


def _record(game: LiveGame) -> GameRecord:
    assert game.result is not None, "only a finished game is recorded"
    task, moves = game.task, game.board.move_stack
    played = moves[len(task.opening.moves) :]
    return GameRecord(
        pair=task.pair,
        game=task.game,
        start=task.opening.start,
        opening=tuple(move.uci() for move in task.opening.moves),
        moves=tuple(move.uci() for move in played),
        values=tuple(game.values),
        result=game.result,
        termination=game.termination,
        failure=game.failure,
        seed=task.seed,
    )
