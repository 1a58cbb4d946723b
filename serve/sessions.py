"""The games in memory: bounded in number, forgotten when idle. Touched on the event loop only."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import chess
import numpy as np

from aztoolkit.mcts import Search
from serve.batcher import Job
from serve.catalog import Engine
from serve.config import ServeConfig
from serve.errors import busy, not_found
from serve.mailbox import Mailbox
from serve.positions import Ending, end_of_game, resignation
from serve.schemas import PlayedMove

_ID_BYTES = 9
_SEED_BITS = 32


@dataclass(frozen=True)
class Seat:
    """Who plays a side: a human, or an engine and how strong it is."""

    engine: Engine | None = None
    """None for a human."""
    simulations: int = 0
    temperature: float = 0.0


HUMAN = Seat()


@dataclass(eq=False)
class Game:
    """Two players at a board."""

    id: str
    seats: dict[chess.Color, Seat]
    board: chess.Board
    played: list[PlayedMove] = field(default_factory=list)
    """One for each move on the board's stack."""
    resigned: chess.Color | None = None
    """Who has."""
    trees: dict[chess.Color, Search] = field(default_factory=dict)
    """Of the engines that have searched; forgotten when the game rests."""
    thinking: asyncio.Task[None] | None = None
    """The search for the engine's next move."""
    job: Job | None = None
    """The same, as the batcher knows it."""
    followers: set[Mailbox] = field(default_factory=set)
    """Whoever is told of changes."""
    seed: int = field(default_factory=lambda: secrets.randbits(_SEED_BITS))
    """Of the moves that engines choose by chance."""
    touched_s: float = 0.0

    def __post_init__(self) -> None:
        self.chance = np.random.default_rng(self.seed)

    @property
    def to_move(self) -> Seat:
        """Whose turn it is."""
        return self.seats[self.board.turn]

    @property
    def ending(self) -> Ending | None:
        """The result and its reason if the game is over, else None."""
        return end_of_game(self.board) if self.resigned is None else resignation(self.resigned)

    def changed(self) -> None:
        """Tells everyone who follows the game."""
        for follower in self.followers:
            follower.put_change()

    def give_up_search(self) -> None:
        """Has a search under way end without a move, soon."""
        if self.job:
            self.job.stop()


class Sessions:
    """All games, by id."""

    def __init__(self, config: ServeConfig, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._config, self._clock = config, clock
        self._games: dict[str, Game] = {}

    def __len__(self) -> int:
        return len(self._games)

    def add(
        self, seats: Mapping[chess.Color, Seat], board: chess.Board, played: list[PlayedMove]
    ) -> Game:
        """Returns a new game; raises ApiError (503) if there are too many."""
        self.forget_idle()
        if len(self._games) >= self._config.max_games:
            raise busy(
                f"expected at most {self._config.max_games} games at once, got one more; "
                "try again later"
            )
        game = Game(secrets.token_urlsafe(_ID_BYTES), dict(seats), board, played)
        game.touched_s = self._clock()
        self._games[game.id] = game
        return game

    def get(self, game_id: str) -> Game:
        """Returns a game, which counts as touched; raises ApiError (404) if there is none."""
        self.forget_idle()
        if game_id not in self._games:
            raise not_found("expected the id of a game, got one that is unknown or was forgotten")
        game = self._games[game_id]
        game.touched_s = self._clock()
        return game

    def remove(self, game: Game) -> None:
        """Forgets a game, ends its search and tells its followers."""
        self._games.pop(game.id, None)
        game.give_up_search()
        for follower in game.followers:
            follower.put_end()

    def forget_idle(self) -> None:
        """Forgets games, and search trees, that nobody has touched or followed for long."""
        now_s = self._clock()
        for game in list(self._games.values()):
            if game.thinking or game.followers:
                game.touched_s = max(game.touched_s, now_s - self._config.tree_idle_s)
                continue
            if now_s - game.touched_s > self._config.tree_idle_s:
                game.trees.clear()
            if now_s - game.touched_s > self._config.game_idle_s:
                self.remove(game)
