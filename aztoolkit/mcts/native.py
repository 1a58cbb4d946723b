"""The search in C++: the same tree as the reference's, node for node, some hundred times as fast."""

from collections.abc import Sequence
from functools import cache

import chess
import numpy as np
from numpy.typing import NDArray

from aztoolkit._native import EvaluationCache, Game, GamePool, Search
from aztoolkit.mcts.config import SearchConfig
from aztoolkit.mcts.search import SearchResult

_PROOFS = np.array([0, -1, 0, 1], dtype=np.int8)
"""By end: none, loss, draw, win."""


class NativeSearch:
    """One tree over one game; implements `aztoolkit.mcts.Search`.

    Not to be used by two threads at once; two searches may run in two threads.
    """

    def __init__(self, config: SearchConfig, cache: EvaluationCache | None = None) -> None:
        """Begins an empty tree; `cache` is of the one network that the search is to ask."""
        self._config = config
        self._search = Search(**config.model_dump(), cache=cache)
        self._root: chess.Board | None = None
        """Where the game of the tree began; None as long as there is none."""
        self._moves: list[chess.Move] = []

    @property
    def config(self) -> SearchConfig:
        return self._config

    @property
    def native(self) -> Search:
        """The C++ object, for pools, tests and measurements."""
        return self._search

    @property
    def done(self) -> bool:
        return self._search.done

    def start(self, board: chess.Board, simulations: int) -> None:
        if not self._go_on(board):
            self._search.set_game(_game_of(board))
        self._root, self._moves = board.root(), board.move_stack.copy()
        self._search.start(simulations)

    def stop(self) -> None:
        self._search.stop()

    def gather(self, planes: NDArray[np.float32]) -> int:
        assert self._search.waiting == 0, "gather() before apply()"
        return self._search.gather(planes)

    def apply(self, policy: NDArray[np.float32], wdl: NDArray[np.float32]) -> None:
        self._search.apply(_float32(policy), _float32(wdl))

    def result(self) -> SearchResult:
        found = self._search.result()
        assert found.rows, "result() before the root was evaluated"
        moves, _, visits, priors, values, ends = zip(*found.rows, strict=True)
        return SearchResult(
            moves=tuple(_move(*move) for move in moves),
            visits=np.array(visits, dtype=np.int32),
            priors=np.array(priors, dtype=np.float32),
            values=np.array(values, dtype=np.float32),
            wdl=found.wdl,
            pv=tuple(_move(*move) for move in found.pv),
            simulations=found.simulations,
            proofs=_PROOFS[list(ends)],
            improved=np.array(found.improved) if found.improved else None,
            chosen=found.chosen,
        )

    def _go_on(self, board: chess.Board) -> bool:
        """Plays the new moves of `board`, if it continues the game of the tree."""
        known, self._root = self._root, None
        if known is None or board.chess960 != known.chess960 or board.root() != known:
            return False
        played = len(self._moves)
        if board.move_stack[:played] != self._moves:
            return False
        for move in board.move_stack[played:]:
            self._search.push_uci(move.uci())
        return True


class NativePool:
    """Searches that fill one batch in one native call; implements `aztoolkit.mcts.GamePool`."""

    def __init__(self, searches: Sequence[NativeSearch]) -> None:
        """Takes at least one search."""
        self._pool = GamePool([search.native for search in searches])

    @property
    def done(self) -> bool:
        """Whether all searches are done."""
        return self._pool.done

    def gather(self, planes: NDArray[np.float32]) -> int:
        """Writes leaves of the searches, in turns, and returns how many."""
        return self._pool.gather(planes)

    def apply(self, policy: NDArray[np.float32], wdl: NDArray[np.float32]) -> None:
        """Hands each search its share."""
        self._pool.apply(_float32(policy), _float32(wdl))

    def stop(self) -> None:
        """Ends all searches."""
        self._pool.stop()


def _game_of(board: chess.Board) -> Game:
    fen = board.root().fen(shredder=board.chess960, en_passant="fen")
    return Game(fen, [move.uci() for move in board.move_stack], chess960=board.chess960)


@cache
def _move(from_square: int, to_square: int, promotion: int) -> chess.Move:
    return chess.Move(from_square, to_square, promotion or None)


def _float32(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the same in float32 without gaps: itself, if it is so already."""
    return np.ascontiguousarray(logits, dtype=np.float32)
