"""Worst moments: where an engine that lost a game thought well of its position for the last time."""

from dataclasses import dataclass

import chess

from eval.records import GameRecord, Side, opening_of
from eval.tally import Tally

MOST = 6
"""Moments kept, one a game."""
_SMALLEST_FALL = 0.02
"""Of P(win) - P(loss): a lesser one tells nothing."""


@dataclass(frozen=True)
class _Fall:
    """Of a side's own opinion, from one of its moves to the next."""

    record: GameRecord
    ply: int
    """Of the first of the two moves, counted from the end of the opening."""
    before: float
    after: float


def worst_moments(tally: Tally, side: Side) -> list[dict[str, object]]:
    """Returns where a side's own evaluation fell most, in the counted games that it lost at the board.

    The largest fall of each game, the largest first, at most `MOST`. Each is a mapping of

        pair, game       of the match, from 0
        fen              the position before the side's move
        move, reply      UCI: what it played, and what was played against it
        before, after    P(win) - P(loss) in its own opinion, before `move` and after `reply`
    """
    falls = [_largest_fall(record, side) for record in _lost_games(tally, side)]
    found = [fall for fall in falls if fall and fall.before - fall.after >= _SMALLEST_FALL]
    found.sort(key=lambda fall: fall.after - fall.before)
    return [_describe(fall) for fall in found[:MOST]]


def _lost_games(tally: Tally, side: Side) -> list[GameRecord]:
    lost = 0 if side == Side.A else 2
    return [
        record
        for record in tally.records()
        if record.pair < tally.pairs and record.half_points == lost and not record.failure
    ]


def _largest_fall(record: GameRecord, side: Side) -> _Fall | None:
    first = 0 if _mover_at_start(record) == side else 1
    falls = [
        _Fall(record, ply, before, after)
        for ply in range(first, len(record.values) - 2, 2)
        if (before := record.values[ply]) is not None
        and (after := record.values[ply + 2]) is not None
    ]
    return max(falls, key=lambda fall: fall.before - fall.after, default=None)


def _mover_at_start(record: GameRecord) -> Side:
    white_to_move = opening_of(record).board().turn == chess.WHITE
    return record.white if white_to_move else record.white.other


def _describe(fall: _Fall) -> dict[str, object]:
    record = fall.record
    board = opening_of(record).board()
    for uci in record.moves[: fall.ply]:
        board.push_uci(uci)
    move, reply = record.moves[fall.ply : fall.ply + 2]
    return {
        "pair": record.pair,
        "game": record.game,
        "fen": board.fen(),
        "move": move,
        "reply": reply,
        "before": round(fall.before, 4),
        "after": round(fall.after, 4),
    }
