"""The search of one position: batch after batch, until the watch, a limit or the result ends it."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.evaluator import Evaluator
from aztoolkit.mcts import Search, SearchResult
from aztoolkit.uci.clock import Watch
from aztoolkit.uci.commands import Go
from aztoolkit.uci.lines import is_decided, mate_distance, only

UNLIMITED = 2**31 - 1
"""Simulations of a search that something else ends."""
_LOOK_S = 0.02
"""Time between two looks at the result."""
_REPORT_S, _CHANGE_REPORT_S = 1.0, 0.1
"""Time between two reports, and between two where the best move has changed."""
_BATCHES_LEFT = 4
"""A batch takes no more than one part in so many of the time left."""
_PACE_MEMORY = 8
"""Batches whose slowest tells how long the next may take."""
_SURE = 1.3
"""How much faster than until now the rest of a search may be when it is called certain."""
_SERIOUS = 0.1
"""A move counts as a rival by its value if it has this share of the best move's visits."""
_NEVER = -1e9
"""Logit of a move that must not be tried."""


@dataclass
class Thinking:
    """One search under way; used by one thread."""

    search: Search
    evaluator: Evaluator
    board: chess.Board
    go: Go
    watch: Watch
    batch: int
    """Positions asked about at once, at the most."""
    among: Sequence[chess.Move] = ()
    """The moves to choose from, if not all; only with a search that is new and has no cache."""
    analyse: bool = False
    """Whether to use all the time, however clear the move."""
    report: Callable[["Thinking", SearchResult], None] = lambda _thinking, _result: None
    depth: int = 0
    """Length of the longest principal variation so far."""
    seen: SearchResult | None = None
    """The result when it was last looked at."""
    _began_s: float = field(default_factory=time.monotonic)
    _looked_s: float = -math.inf
    _reported_s: float = -math.inf
    _reported_move: chess.Move | None = None
    _costs: list[tuple[int, float]] = field(default_factory=list)
    """Of the last batches: positions and seconds."""

    @property
    def elapsed_s(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began_s

    def run(self) -> SearchResult:
        """Returns what was found; at least the root has been evaluated.

        Raises:
            PositionError: the search does not take the position.
            EvaluationError: the network answered NaN, infinity or not at all; `seen` is what came before.
        """
        planes = get_encoding(self.evaluator.spec.encoding).planes
        room = np.empty((self.batch, planes, 8, 8), dtype=np.float32)
        self.search.start(self.board, self.go.nodes or UNLIMITED)
        size = 1 if self.among or self.watch.left_s() < math.inf else self.batch
        while not self.search.done:
            self._ask(room[:size])
            size = self._next_size()
            if size == 0 or (self._is_due() and self._is_enough()):
                self.search.stop()
        return self._result()

    def _ask(self, room: NDArray[np.float32]) -> None:
        began_s = time.monotonic()
        filled = self.search.gather(room)
        if filled:
            answer = self.evaluator.evaluate(room[:filled])
            policy = answer.policy
            if self.among and not self._costs:
                policy = policy + self._mask(policy.shape[1])
            self.search.apply(policy, answer.wdl)
            self._costs = [*self._costs, (filled, time.monotonic() - began_s)][-_PACE_MEMORY:]

    def _mask(self, actions: int) -> NDArray[np.float32]:
        """Returns `[A]` float32 to add to the root's logits: the moves to choose from are left."""
        index = get_action_space(self.evaluator.spec.action_space).move_to_index
        mask = np.zeros(actions, dtype=np.float32)
        for move in self.board.legal_moves:
            if move not in self.among:
                mask[index(self.board, move)] = _NEVER
        return mask

    def _next_size(self) -> int:
        """Returns how many positions the next batch may have; 0 if the time is up."""
        left_s = self.watch.left_s()
        if left_s == math.inf:
            return self.batch
        call_s = max((cost for size, cost in self._costs if size <= 1), default=0.0)
        position_s = max((cost / size for size, cost in self._costs), default=0.0)
        if left_s <= max(call_s, position_s):
            return 0
        affordable = left_s / _BATCHES_LEFT / max(position_s, 1e-6)
        return max(1, min(self.batch, int(affordable)))

    def _is_due(self) -> bool:
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_S:
            return False
        self._looked_s = now_s
        return True

    def _result(self) -> SearchResult:
        result = self.search.result()
        self.depth = max(self.depth, len(result.pv))
        self.seen = only(result, self.among) if self.among else result
        return self.seen

    def _is_enough(self) -> bool:
        """Looks at the result, reports it now and then, and returns whether it will do."""
        result = self._result()
        self._report(result)
        if self.go.depth is not None and self.depth >= self.go.depth:
            return True
        if self.go.mate is not None and self._has_mate(result, self.go.mate):
            return True
        if self.among and result.proofs is not None and bool((result.proofs < 0).all()):
            return True
        return self.watch.thrifty and self._is_clear(result)

    def _report(self, result: SearchResult) -> None:
        since_s = time.monotonic() - self._reported_s
        changed = result.best_move != self._reported_move
        if since_s >= (_CHANGE_REPORT_S if changed else _REPORT_S):
            self._reported_s, self._reported_move = time.monotonic(), result.best_move
            self.report(self, result)

    def _has_mate(self, result: SearchResult, most_moves: int) -> bool:
        if not is_decided(result, result.best_move):
            return False
        distance = mate_distance(self.board, result.pv)
        return distance is not None and 0 < distance <= most_moves

    def _is_clear(self, result: SearchResult) -> bool:
        """Returns whether more time would not change the move, or is not worth it."""
        left_s = self.watch.target_left_s()
        if not self.analyse and (len(result.moves) == 1 or self._is_certain(result, left_s)):
            return True
        return left_s <= 0 and not _is_in_doubt(result)

    def _is_certain(self, result: SearchResult, left_s: float) -> bool:
        """Returns whether the second move cannot catch up in the time left."""
        best, second = sorted(result.visits.tolist(), reverse=True)[:2]
        rate = result.simulations / max(self.elapsed_s, 1e-3)
        return bool(best - second > max(left_s, 0.0) * rate * _SURE)


def _is_in_doubt(result: SearchResult) -> bool:
    """Returns whether a move that was tried seriously has a better value than the most visited."""
    best = int(np.argmax(result.visits))
    serious = result.visits >= max(1.0, _SERIOUS * float(result.visits[best]))
    rival = int(np.argmax(np.where(serious, np.nan_to_num(result.values, nan=-2.0), -2.0)))
    return rival != best
