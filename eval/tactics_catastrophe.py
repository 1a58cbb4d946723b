"""What a player would call a catastrophe: a mate in one or two missed, or a queen lost, for nothing.

    missed mate   the baseline's move forces mate in one or two, as trying everything proves; the candidate's
                  does not, nor does the judge, playing on for both sides, mate soon after it
    lost queen    a judge plays on for both sides: after the candidate's move a queen's worth of material is
                  gone, and the outlook with it; after the baseline's it is not

An engine that differs from another by rounding may stumble now and then where the other does not. So
this is only a suspicion; what decides is whether it is still so when both think for longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import chess

from aztoolkit.errors import EvaluationError
from eval.seats import Choice, Fault
from eval.tactics_mates import mate_distance
from eval.tactics_panel import Ask

LINE_PLIES = 8
"""Half-moves that the judge plays on."""
QUEEN_LOST = 8
"""Pawns' worth of material that is a whole queen: one may be got for her."""
OUTLOOK_LOST = 0.5
"""How much less P(win) - P(loss) after the candidate's move is, by the judge, where a queen is lost: less
is a sacrifice, or a game that was lost or won either way."""
_VALUES = {chess.PAWN: 1, chess.KNIGHT: 3, chess.BISHOP: 3, chess.ROOK: 5, chess.QUEEN: 9}


@dataclass(frozen=True)
class Disagreement:
    """A position in which the two engines move differently."""

    board: chess.Board
    baseline: chess.Move
    candidate: chess.Move


@dataclass(frozen=True)
class Catastrophe:
    """What is wrong with the candidate's move."""

    kind: Literal["missed mate", "lost queen"]
    detail: str


def find_catastrophes(found: Sequence[Disagreement], judge: Ask) -> dict[int, Catastrophe]:
    """Returns the catastrophes by the index of the disagreement.

    Raises:
        EvaluationError: the judge cannot move, or does not say what it thinks.
    """
    mates, losses = _missed_mates(found), _dashed_hopes(found, judge)
    suspects = sorted(mates.keys() | losses)
    candidate = _play_on([(found[i].board, found[i].candidate) for i in suspects], judge)
    baseline = _play_on([(found[i].board, found[i].baseline) for i in suspects], judge)
    catastrophes: dict[int, Catastrophe] = {}
    for i, ours, theirs in zip(suspects, candidate, baseline, strict=True):
        if i in mates and not ours.mates:
            detail = f"mate in {mates[i]} was there; best play goes on {ours.text}"
            catastrophes[i] = Catastrophe("missed mate", detail)
        elif i in losses and ours.gain <= -QUEEN_LOST < theirs.gain:
            detail = f"{-ours.gain} pawns' worth is lost: best play goes on {ours.text}"
            catastrophes[i] = Catastrophe("lost queen", detail)
    return catastrophes


def _missed_mates(found: Sequence[Disagreement]) -> dict[int, int]:
    """Returns in how many moves the baseline's move mates, by index, where the candidate's does not."""
    lengths = {i: mate_distance(one.board, one.baseline) for i, one in enumerate(found)}
    return {
        i: length
        for i, length in lengths.items()
        if length and mate_distance(found[i].board, found[i].candidate) is None
    }


def _dashed_hopes(found: Sequence[Disagreement], judge: Ask) -> set[int]:
    """Returns where the judge thinks much less of the candidate's move than of the baseline's."""
    ours = _values([_after(one.board, one.candidate) for one in found], judge)
    theirs = _values([_after(one.board, one.baseline) for one in found], judge)
    pairs = enumerate(zip(ours, theirs, strict=True))
    return {i for i, (value, best) in pairs if best - value >= OUTLOOK_LOST}


def _values(boards: Sequence[chess.Board], judge: Ask) -> list[float]:
    """Returns P(win) - P(loss) of each position for the side that has just moved."""
    live = [board for board in boards if not board.is_game_over()]
    answers = iter(_choices(live, judge))
    return [
        _value_of_end(board) if board.is_game_over() else -_said(next(answers)) for board in boards
    ]


def _value_of_end(board: chess.Board) -> float:
    return 1.0 if board.is_checkmate() else 0.0


@dataclass
class _Line:
    """A move, and what a judge plays on for both sides."""

    before: chess.Board
    board: chess.Board

    @property
    def mates(self) -> bool:
        """Whether it ends in mate by the side that made the move."""
        return self.board.is_checkmate() and self.board.turn != self.before.turn

    @property
    def gain(self) -> int:
        """Material that the side that made the move gets by it, in pawns."""
        color = self.before.turn
        return _material(self.board, color) - _material(self.before, color)

    @property
    def text(self) -> str:
        """The moves in SAN."""
        moves = self.board.move_stack[len(self.before.move_stack) :]
        return self.before.variation_san(moves)


def _play_on(moves: Sequence[tuple[chess.Board, chess.Move]], judge: Ask) -> list[_Line]:
    """Returns a line for each move: it, and the best play of both sides by the judge."""
    lines = [_Line(board, _after(board, move)) for board, move in moves]
    for _ in range(LINE_PLIES):
        live = [line.board for line in lines if not line.board.is_game_over()]
        for board, choice in zip(live, _choices(live, judge), strict=True):
            board.push(choice.move)
    return lines


def _choices(boards: Sequence[chess.Board], judge: Ask) -> list[Choice]:
    """Returns the judge's choices; raises EvaluationError if there is none."""
    choices = []
    for board, answer in zip(boards, judge(boards), strict=True):
        if isinstance(answer, Fault):
            raise EvaluationError(
                f"expected the judge of tactics to move in {board.fen()}, got {answer.kind}: "
                f"{answer.detail}; leave the stage out with --skip tactics"
            )
        choices.append(answer)
    return choices


def _said(choice: Choice) -> float:
    if choice.value is None:
        raise EvaluationError(
            f"expected the judge of tactics to say what it thinks of {choice.move}, got nothing; "
            "leave the stage out with --skip tactics"
        )
    return choice.value


def _after(board: chess.Board, move: chess.Move) -> chess.Board:
    after = board.copy()
    after.push(move)
    return after


def _material(board: chess.Board, color: chess.Color) -> int:
    """Returns how many pawns' worth one side has more than the other."""
    return sum(
        worth * (len(board.pieces(piece, color)) - len(board.pieces(piece, not color)))
        for piece, worth in _VALUES.items()
    )
