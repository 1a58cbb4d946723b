"""What is put to the gate, and what one of its stages finds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from eval.openings import Book
from eval.opponents import Opponent
from eval.records import Side
from eval.series import Series
from eval.settings import GateRule, LadderSettings, MatchSettings
from eval.tactics import Suite
from eval.verdict import Verdict

CANDIDATE, BASELINE = Side.A, Side.B


@dataclass(frozen=True)
class Trial:
    """What is put to the gate."""

    baseline: Opponent
    candidate: Opponent
    model: Path
    """The candidate's file; reports are written beside it."""
    rule: GateRule
    settings: MatchSettings
    book: Book
    tactics: Suite
    console: Console
    """For progress."""
    ladder: LadderSettings = field(default_factory=LadderSettings)
    ladder_book: Book | None = None
    """Openings of the ladder, as many as its games want, if there is one to climb."""

    @property
    def max_pairs(self) -> int:
        """Most pairs that can be played: no opening is played twice."""
        return min(self.rule.max_pairs, len(self.book.openings))


@dataclass(frozen=True)
class StageReport:
    """What a stage found."""

    name: str
    verdict: Verdict | None
    """None if the stage only reports, or had nothing to judge by."""
    reason: str
    duration_s: float = 0.0
    numbers: Mapping[str, Any] = field(default_factory=dict)  # Any: whatever json can hold
    series: Series | None = None
    """The games, if any were played."""


Stage = Callable[[Trial], StageReport]
"""Returns what it found; one that has nothing to judge by says so and has no verdict."""
