"""What is kept of a game: enough to count it, to replay it, and to say what went wrong."""

from enum import IntEnum
from typing import Literal

import chess
from pydantic import BaseModel, ConfigDict

from eval.openings import Opening

Result = Literal["1-0", "0-1", "1/2-1/2"]
FailureKind = Literal["nan", "illegal", "time", "crash"]
"""NaN or infinity from the network; an illegal move; a late one, or none in time; anything else that kept
it from moving."""
CAPPED = "max_plies"
"""Termination of a game that was broken off at the cap."""
AGREED_DRAW, RESIGNATION, TABLEBASE = "agreed_draw", "resignation", "tablebase"
"""Terminations by adjudication (see `eval.adjudication`)."""
FAILED = "failure"
"""Termination of a game that was lost by a failure; all others are python-chess's, in lower case."""


class Side(IntEnum):
    """Which of the two engines of a match."""

    A = 0
    B = 1

    @property
    def other(self) -> "Side":
        """The opponent's side."""
        return Side(1 - self)


class Failure(BaseModel):
    """An engine that could not move."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    side: Side
    kind: FailureKind
    fen: str
    """The position it failed in."""
    detail: str


class GameRecord(BaseModel):
    """One finished game."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pair: int
    """Number of the opening, from 0."""
    game: Literal[0, 1]
    """Of the pair: A is White in game 0, Black in game 1."""
    start: str
    """FEN of the first position known of the opening."""
    opening: tuple[str, ...]
    """UCI moves of the opening."""
    moves: tuple[str, ...]
    """UCI moves of the engines."""
    values: tuple[float | None, ...]
    """P(win) - P(loss) of each of those moves for the side that made it; None if it did not say."""
    result: Result
    termination: str
    failure: Failure | None = None
    seed: int
    """Of both searches."""

    @property
    def white(self) -> Side:
        """Who had White."""
        return white_side(self.game)

    @property
    def half_points(self) -> int:
        """What A scored: 0, 1 or 2 half points."""
        if self.result == "1/2-1/2":
            return 1
        return 2 if (self.result == "1-0") == (self.white == Side.A) else 0


def white_side(game: int) -> Side:
    """Returns who has White in game 0 or 1 of a pair."""
    return Side.A if game == 0 else Side.B


def opening_of(record: GameRecord) -> Opening:
    """Returns the opening that a game was played from."""
    return Opening(record.start, tuple(map(chess.Move.from_uci, record.opening)))
