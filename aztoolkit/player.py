"""Position + search + evaluator -> move, under a limit."""

import time
from collections.abc import Callable, Sequence

import chess
from pydantic import BaseModel, ConfigDict, Field

from aztoolkit.evaluator import Evaluator
from aztoolkit.mcts import Backend, Search, SearchConfig, SearchResult, create_mcts, run


class Limit(BaseModel):
    """How long a player may think about one move; the first limit reached ends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    simulations: int = Field(default=800, ge=1, le=10_000_000)
    movetime_s: float | None = Field(default=None, gt=0)


class Player:
    """A network that plays any number of games at once.

    A game is a `Search` from `new_game`; nothing is shared between games but the network.
    """

    def __init__(
        self, evaluator: Evaluator, config: SearchConfig, *, backend: Backend = "auto"
    ) -> None:
        """Takes search settings from `config`, save that the evaluator says how positions are encoded."""
        spec = evaluator.spec
        encoded = {"encoding": spec.encoding, "action_space": spec.action_space}
        self._evaluator = evaluator
        self._config = config.model_copy(update=encoded)
        self._backend: Backend = backend

    @property
    def evaluator(self) -> Evaluator:
        """The network."""
        return self._evaluator

    def new_game(self, *, seed: int = 0) -> Search:
        """Returns an empty search tree for one game."""
        return create_mcts(self._config.model_copy(update={"seed": seed}), backend=self._backend)

    def think(
        self,
        games: Sequence[Search],
        boards: Sequence[chess.Board],
        limit: Limit,
        *,
        stop: Callable[[], bool] = lambda: False,
    ) -> list[SearchResult]:
        """Searches one position of each game, all in shared batches; returns a result a game.

        Args:
            stop: asked before every network call, from the calling thread; once true, the searches
                are ended as they stand.

        Raises:
            PositionError: a board has no legal move.
            EvaluationError: the network answered NaN or infinity.
        """
        for game, board in zip(games, boards, strict=True):
            game.start(board, limit.simulations)
        late = _deadline(limit)
        run(games, self._evaluator, stop=lambda: late() or stop())
        return [game.result() for game in games]


def _deadline(limit: Limit) -> Callable[[], bool]:
    if limit.movetime_s is None:
        return lambda: False
    end_s = time.monotonic() + limit.movetime_s
    return lambda: time.monotonic() >= end_s
