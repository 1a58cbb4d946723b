"""Self-play: an actor plays many games at once, and their leaves share each network call.

    again and again:  gather leaves of all games -> evaluate -> apply
                      a game whose search is done makes its move; a finished game is replaced at once

so that batches stay full while games are at different plies. Behind an inference server an actor
parts its games in two: while the leaves of one half are evaluated, it works on the other.

    half A   gather send ......................... receive apply gather send ....
    half B               receive apply gather send ............................ receive apply

Everything random in a game follows from its seed, which follows from the run's seed and the game's id.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import cycle

import numpy as np

from aztoolkit._native import GamePool
from aztoolkit.evaluator import Evaluator
from train.channel import Channel, DirectChannel
from train.game_in_play import RESIGNED, GameInPlay
from train.inference_server import InferenceServer
from train.plan import Plan, game_seed
from train.replay import Game
from train.settings import TrainConfig
from train.throughput import GameMeter, InferenceMeter


class Actor:
    """Plays games against itself, `games_per_actor` at once, in one thread."""

    def __init__(
        self, config: TrainConfig, network: Evaluator | InferenceServer, game_ids: Iterator[int]
    ) -> None:
        """Begins no game yet.

        Args:
            network: evaluated in the actor's thread, or a server that is asked.
            game_ids: this actor's own.
        """
        self._config = config
        self._network = network
        self._game_ids = game_ids
        self.meter = GameMeter()
        self.inference: list[InferenceMeter] = []
        """Of its own evaluations; none where a server evaluates."""
        self._tables = [_Table(channel, games) for channel, games in self._channels()]
        self._turns = cycle(self._tables)
        self._sent: deque[_Table] = deque()

    def use(self, evaluator: Evaluator) -> None:
        """Goes on with another network, in the games in play too; behind a server, tell the server."""
        self._network = evaluator
        for table in self._tables:
            if isinstance(table.channel, DirectChannel):
                table.channel.use(evaluator)

    def play(
        self,
        positions: float,
        *,
        stop: Callable[[], bool] = lambda: False,
        finished: Callable[[Game], None] = lambda _: None,
    ) -> list[Game]:
        """Plays until the games that ended hold so many positions searched in full, and returns them.

        Args:
            positions: may be infinite; the games are then handed to `finished` alone.
            stop: asked before every network call; once true, ends with the games it has.
            finished: told of each game when it ends.

        Raises:
            EvaluationError: the network answered NaN or infinity.
        """
        games: list[Game] = []
        played = 0
        while played < positions and not stop():
            for game in self._turn():
                played += sum(game.searched)
                if np.isfinite(positions):
                    games.append(game)
                finished(game)
        return games

    def _turn(self) -> list[Game]:
        """Sends the leaves of one table, receives the answers that wait longest; the games that ended."""
        table = next(self._turns)
        table.fill(self._begin)
        table.send()
        self._sent.append(table)
        if len(self._sent) < len(self._tables):
            return []
        table = self._sent.popleft()
        table.receive()
        ended = [game for play in table.ready() for game in self._advance(table, play)]
        table.fill(self._begin)
        return ended

    def _advance(self, table: "_Table", play: GameInPlay) -> Iterator[Game]:
        """Makes one game's move; yields the game if that ended it."""
        game = play.advance()
        if game is None:
            self.meter.moves += 1
            return
        self.meter.moves += game.termination != RESIGNED
        self.meter.games += 1
        self.meter.resigned += game.termination == RESIGNED
        table.remove(play)
        yield game

    def _begin(self) -> GameInPlay:
        game_id = next(self._game_ids)
        seed = game_seed(self._config.seed, game_id)
        rng = np.random.default_rng(seed)
        plan = Plan.of(self._config, seed=seed, rng=rng)
        step = self._network.spec.training_step
        return GameInPlay(game_id, plan, checkpoint_step=step, rng=rng)

    def _channels(self) -> Iterator[tuple[Channel, int]]:
        """Yields each channel, and how many games use it."""
        games, leaves = self._config.games_per_actor, self._config.leaves_per_game
        if isinstance(self._network, InferenceServer):
            for share in (games - games // 2, games // 2):
                if share:
                    yield self._network.open_channel(share * leaves), share
        else:
            direct = DirectChannel(self._network, games * leaves)
            self.inference.append(direct.meter)
            yield direct, games


class _Table:
    """Games whose leaves go to the network together."""

    def __init__(self, channel: Channel, games: int) -> None:
        self.channel = channel
        self._games = games
        self._plays: list[GameInPlay] = []
        self._pool: GamePool | None = None
        self._sent = 0

    def fill(self, begin: Callable[[], GameInPlay]) -> None:
        """Begins games until there are as many as there should be."""
        while len(self._plays) < self._games:
            self._plays.append(begin())
            self._pool = None

    def remove(self, play: GameInPlay) -> None:
        """Takes away a game that is over."""
        self._plays.remove(play)
        self._pool = None

    def ready(self) -> list[GameInPlay]:
        """Returns the games whose move can be made."""
        return [play for play in self._plays if play.done]

    def send(self) -> None:
        """Gathers leaves and sends them off, if there are any."""
        if self._pool is None:
            self._pool = GamePool([search for play in self._plays for search in play.searches])
        self._sent = self._pool.gather(self.channel.planes)
        if self._sent:
            self.channel.send(self._sent)

    def receive(self) -> None:
        """Waits for the answers and applies them."""
        if self._sent:
            assert self._pool is not None
            evaluation = self.channel.receive()
            self._pool.apply(evaluation.policy, evaluation.wdl)
            self._sent = 0
