"""The worst positions of a comparison, as `X.compare.json` lists them."""

from typing import Any

import chess
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aztoolkit.errors import PositionError
from serve.positions import parse_move, parse_position
from serve.schemas import Disagreement, Fen, Moves, Opinion, Share, UciMove


class _Opinion(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    move: UciMove
    probability: Share
    winrate: Share
    """Of the side to move."""


class _Worst(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    start_fen: Fen
    moves: Moves
    kl: float = Field(ge=0, allow_inf_nan=False)
    winrate_error: Share
    first: _Opinion
    second: _Opinion


class _Comparison(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    worst: tuple[_Worst, ...] = ()


def read_disagreements(
    report: dict[str, Any],  # Any: a JSON document
) -> tuple[Disagreement, ...]:
    """Returns the worst positions of a report, told from White's side; none where it lists none."""
    try:
        worst = _Comparison.model_validate(report).worst
        return tuple(_describe(position) for position in worst)
    except (ValidationError, PositionError):
        return ()


def _describe(worst: _Worst) -> Disagreement:
    board = parse_position(worst.start_fen, worst.moves)
    return Disagreement(
        fen=board.fen(),
        start_fen=worst.start_fen,
        moves=worst.moves,
        kl=worst.kl,
        winrate_error=worst.winrate_error,
        original=_opinion(board, worst.first),
        model=_opinion(board, worst.second),
    )


def _opinion(board: chess.Board, opinion: _Opinion) -> Opinion:
    winrate = opinion.winrate if board.turn == chess.WHITE else 1.0 - opinion.winrate
    return Opinion(
        uci=opinion.move,
        san=board.san(parse_move(board, opinion.move)),
        probability=opinion.probability,
        winrate=winrate,
    )
