"""What both engines made of each position of a suite, and what a report says of it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import chess

from eval.seats import Choice, Fault
from eval.tactics import Problem
from eval.tactics_catastrophe import Catastrophe
from eval.tactics_counts import Counts, count
from eval.tactics_panel import Answer

_ENGINES = ("baseline", "candidate")
_DIGITS = 4

Numbers = dict[str, Any]  # Any: whatever json can hold


@dataclass(frozen=True)
class Attempt:
    """One position, and what both engines played in it."""

    problem: Problem
    board: chess.Board
    baseline: Choice
    candidate: Choice
    catastrophe: Catastrophe | None = None
    """What seems to be wrong with the candidate's move."""
    longer: tuple[Answer, Answer] | None = None
    """What the baseline and the candidate answer at more simulations, where they were asked again."""
    vetoes: bool = False
    """Whether the catastrophe is one at more simulations too."""

    @property
    def solved(self) -> tuple[bool, bool]:
        """By the baseline, by the candidate."""
        solves = self.problem.is_solved_by
        return solves(self.baseline.move), solves(self.candidate.move)


def counts_of(attempts: Iterable[Attempt]) -> Counts:
    """Returns how many positions both engines, one, or none solved."""
    return count(attempt.solved for attempt in attempts)


def counts_by_kind(attempts: Sequence[Attempt]) -> dict[str, Numbers]:
    """Returns the counts of each kind, in the order of the suite."""
    kinds = dict.fromkeys(attempt.problem.kind for attempt in attempts)
    by_kind = {kind: [one for one in attempts if one.problem.kind == kind] for kind in kinds}
    return {kind: asdict(counts_of(some)) for kind, some in by_kind.items()}


def disagreements_of(attempts: Iterable[Attempt]) -> list[Numbers]:
    """Returns the positions that only one solved, or with a catastrophe, as JSON."""
    return [
        _disagreement(attempt)
        for attempt in attempts
        if attempt.solved[0] != attempt.solved[1] or attempt.catastrophe
    ]


def _disagreement(attempt: Attempt) -> Numbers:
    problem, board = attempt.problem, attempt.board
    solved_by = [name for name, solved in zip(_ENGINES, attempt.solved, strict=True) if solved]
    return {
        "name": problem.name,
        "kind": problem.kind,
        "fen": board.fen(),
        "best": [board.san(move) for move in problem.best],
        "avoid": [board.san(move) for move in problem.avoid],
        "solved_by": solved_by,
        "baseline": _answer(board, attempt.baseline),
        "candidate": _answer(board, attempt.candidate),
        "catastrophe": _catastrophe(attempt),
    }


def _catastrophe(attempt: Attempt) -> Numbers | None:
    if attempt.catastrophe is None:
        return None
    longer = dict(zip(_ENGINES, attempt.longer or (), strict=False))
    return {
        **asdict(attempt.catastrophe),
        "longer": {name: _answer(attempt.board, answer) for name, answer in longer.items()},
        "vetoes": attempt.vetoes,
    }


def _answer(board: chess.Board, answer: Answer) -> Numbers:
    if isinstance(answer, Fault):
        return asdict(answer)
    value = None if answer.value is None else round(answer.value, _DIGITS)
    return {"move": answer.move.uci(), "san": board.san(answer.move), "value": value}
