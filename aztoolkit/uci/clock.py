"""How long to think: a share of the clock, and a watch that tells when it is used up.

Of the time left, `Move Overhead` is never touched. The rest is shared among the moves still expected;
a search that has not made up its mind may take more, never more than a fixed part of what is left:

    0 ───────── target ───────── most ─────────────── left        the clock
       thinking   │  only if in    │ never                │ overhead
                  │  doubt         │
"""

import math
import threading
import time
from dataclasses import dataclass

import chess

from aztoolkit.uci.commands import Go

_HORIZON, _LEAST_HORIZON = 45, 20
"""Moves still expected at the start of a game, and the fewest that are ever expected."""
_FASTER = 1.25
"""A target is so much more than an even share: many searches end before it."""
_MOST_OF_CLOCK, _MOST_OF_LAST = 0.35, 0.85
"""Share of the time left that one move may take; that of the last before new time comes."""
_MOST_OF_TARGET = 2.0
"""A search in doubt goes on for so many times its target."""


@dataclass(frozen=True)
class Budget:
    """Seconds for one move."""

    target_s: float = math.inf
    """When to end in the usual course."""
    most_s: float = math.inf
    """When to end at the latest."""
    thrifty: bool = False
    """Whether time not used is worth something: a clock that runs on, not a fixed time a move."""


def allot(go: Go, board: chess.Board, *, overhead_s: float) -> Budget:
    """Returns the time for a move on `board`; endless, where `go` names none."""
    if go.movetime_s is not None:
        seconds = max(go.movetime_s - overhead_s, go.movetime_s / 2)
        return Budget(seconds, seconds)
    clock_s = go.clock_s[board.turn]
    if clock_s is None:
        return Budget()
    left_s = max(clock_s - overhead_s, 0.0)
    horizon = _horizon(go, board)
    gain_s = max(go.increment_s[board.turn] - overhead_s, -left_s / horizon) * (horizon - 1)
    even_s = max(left_s + gain_s, 0.0) / horizon
    most_s = left_s * (_MOST_OF_LAST if horizon == 1 else _MOST_OF_CLOCK)
    target_s = min(even_s * (1.0 if horizon == 1 else _FASTER), most_s)
    return Budget(target_s, min(target_s * _MOST_OF_TARGET, most_s), thrifty=True)


def _horizon(go: Go, board: chess.Board) -> int:
    expected = max(_LEAST_HORIZON, _HORIZON - board.fullmove_number // 2)
    return min(go.moves_to_go, expected) if go.moves_to_go else expected


class Watch:
    """Tells a search on one thread what another thread, or the time, wants of it."""

    def __init__(self, go: Go, budget: Budget, *, began_s: float) -> None:
        """Starts at `began_s`, of `time.monotonic`, or at `ponderhit`."""
        self._budget, self._began_s = budget, began_s
        self._endless = go.endless and not go.ponder
        self._pondering = go.ponder
        self._stopped = False
        self._changed = threading.Condition()

    @property
    def stopped(self) -> bool:
        """Whether the GUI has said `stop`."""
        return self._stopped

    @property
    def held(self) -> bool:
        """Whether no move may be played yet, however little is left to find out."""
        return not self._stopped and (self._endless or self._pondering)

    @property
    def thrifty(self) -> bool:
        """Whether to end as soon as the move is clear."""
        return self._budget.thrifty and not self.held

    def stop(self) -> None:
        """Ends the search."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def ponderhit(self) -> None:
        """Has the time run from now on: the opponent played the move that was pondered on."""
        with self._changed:
            if self._pondering:
                self._pondering, self._began_s = False, time.monotonic()
            self._changed.notify_all()

    def wait_until_free(self) -> None:
        """Returns once a move may be played."""
        with self._changed:
            self._changed.wait_for(lambda: not self.held)

    def target_left_s(self) -> float:
        """Returns seconds left in the usual course."""
        return math.inf if self.held else self._budget.target_s - self._used_s()

    def left_s(self) -> float:
        """Returns seconds left at the most; none once stopped."""
        if self._stopped:
            return 0.0
        return math.inf if self.held else self._budget.most_s - self._used_s()

    def _used_s(self) -> float:
        return time.monotonic() - self._began_s
