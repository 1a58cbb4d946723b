"""The games in memory: bounded in number, forgotten when idle. Touched on the event loop only."""

import asyncio
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import chess

from aztoolkit.mcts import Search
from serve.catalog import Engine
from serve.config import ServeConfig
from serve.errors import busy, not_found
from serve.schemas import PlayedMove

_ID_BYTES = 9


@dataclass(eq=False)
class Game:
    """A human against an engine."""

    id: str
    side: chess.Color
    """Of the human."""
    engine: Engine
    simulations: int
    board: chess.Board
    played: list[PlayedMove] = field(default_factory=list)
    """One for each move on the board's stack."""
    search: Search | None = None
    """The engine's tree; None until it thinks, and after it was forgotten."""
    thinking: asyncio.Task[None] | None = None
    """The search for the engine's next move."""
    abandoned: threading.Event = field(default_factory=threading.Event)
    """Tells that search to end without a move."""
    touched_s: float = 0.0


class Sessions:
    """All games, by id."""

    def __init__(self, config: ServeConfig, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._config, self._clock = config, clock
        self._games: dict[str, Game] = {}

    def __len__(self) -> int:
        return len(self._games)

    def add(
        self, side: chess.Color, engine: Engine, *, simulations: int, board: chess.Board
    ) -> Game:
        """Returns a new game; raises ApiError (503) if there are too many."""
        self._forget_idle()
        if len(self._games) >= self._config.max_games:
            raise busy(
                f"expected at most {self._config.max_games} games at once, got one more; "
                "try again later"
            )
        game = Game(secrets.token_urlsafe(_ID_BYTES), side, engine, simulations, board)
        game.touched_s = self._clock()
        self._games[game.id] = game
        return game

    def get(self, game_id: str) -> Game:
        """Returns a game, which counts as touched; raises ApiError (404) if there is none."""
        self._forget_idle()
        if game_id not in self._games:
            raise not_found("expected the id of a game, got one that is unknown or was forgotten")
        game = self._games[game_id]
        game.touched_s = self._clock()
        return game

    def remove(self, game: Game) -> None:
        """Forgets a game and ends its search."""
        game.abandoned.set()
        self._games.pop(game.id, None)

    def _forget_idle(self) -> None:
        now_s = self._clock()
        for game in list(self._games.values()):
            idle_s = now_s - game.touched_s
            if game.thinking is None and idle_s > self._config.tree_idle_s:
                game.search = None
            if game.thinking is None and idle_s > self._config.game_idle_s:
                self.remove(game)
