"""The games in memory: bounded in number, forgotten when idle. Touched on the event loop only.

Where they are too many, the one makes room that was left alone longest, of whoever has most.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import chess
import numpy as np

from aztoolkit.mcts import Search
from serve.batcher import Job
from serve.catalog import Engine
from serve.clients import Places
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
    client: str = ""
    """Who set it up (`client_of`)."""
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
    begun: date = field(default_factory=date.today)
    touched_s: float = 0.0
    told: str | None = None
    """The game as the API tells it, in JSON; None after a change, until somebody asks."""

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

    @property
    def is_left_alone(self) -> bool:
        """Whether nobody follows it and no search is under way."""
        return not (self.thinking or self.followers)

    def changed(self) -> None:
        """Tells everyone who follows the game."""
        self.told = None
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
        self._places = Places(config.max_games, all_for_local=config.is_generous)

    def __len__(self) -> int:
        return len(self._games)

    def add(
        self,
        seats: Mapping[chess.Color, Seat],
        board: chess.Board,
        played: list[PlayedMove],
        *,
        client: str = "",
    ) -> Game:
        """Returns a new game of a client; raises ApiError (503) if there are too many that go on."""
        self.forget_idle()
        if not self._places.take(client):
            self._make_room(client)
            has_place = self._places.take(client)
            assert has_place, "no room was made"
        game = Game(secrets.token_urlsafe(_ID_BYTES), dict(seats), board, client, played)
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
        if self._games.pop(game.id, None):
            self._places.leave(game.client)
        game.give_up_search()
        for follower in game.followers:
            follower.put_end()

    def forget_idle(self) -> None:
        """Forgets games, and search trees, that nobody has touched or followed for long."""
        now_s = self._clock()
        for game in list(self._games.values()):
            if not game.is_left_alone:
                game.touched_s = max(game.touched_s, now_s - self._config.tree_idle_s)
                continue
            if now_s - game.touched_s > self._config.tree_idle_s:
                game.trees.clear()
                game.told = None
            if now_s - game.touched_s > self._config.game_idle_s:
                self.remove(game)

    def _make_room(self, client: str) -> None:
        """Forgets a game; raises ApiError (503) if somebody follows, or thinks about, each of them."""
        taken_by = self._places.taken_by
        is_greedy = taken_by(client) >= self._places.share_for(client)
        crowd = [one for one in self._games.values() if one.client == client or not is_greedy]
        left_alone = [game for game in crowd if game.is_left_alone]
        if not left_alone:
            refusal = self._places.refusal(client, "games")
            raise busy(f"{refusal}, and all go on; try again later")
        self.remove(min(left_alone, key=lambda game: (-taken_by(game.client), game.touched_s)))
