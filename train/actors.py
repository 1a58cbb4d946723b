"""The actors of a run, a thread each, played for one iteration at a time."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

import torch

from aztoolkit.evaluator import Evaluator
from train.replay import Game
from train.selfplay import Actor
from train.settings import TrainConfig

_POLL_S = 0.2


class ActorGroup:
    """`config.actors` actors that share one network.

    Actor k of n plays the games first + k, first + k + n, ... so that what is played hangs on no
    race between threads.
    """

    def __init__(self, config: TrainConfig, evaluator: Evaluator, *, first_game_id: int) -> None:
        self._actors = [
            Actor(config, evaluator, itertools.count(first_game_id + number, config.actors))
            for number in range(config.actors)
        ]

    @property
    def moves(self) -> int:
        """Moves made so far, those of games in play included."""
        return sum(actor.moves for actor in self._actors)

    def use(self, evaluator: Evaluator) -> None:
        """Goes on with another network."""
        for actor in self._actors:
            actor.use(evaluator)

    def play(
        self,
        positions: int,
        *,
        stop: Callable[[], bool],
        finished: Callable[[Game], None],
        poll: Callable[[], None],
    ) -> list[Game]:
        """Plays until the finished games hold `positions`, and returns them, ordered by actor.

        Args:
            stop: asked by every actor before every network call.
            finished: told of each game when it ends, one at a time.
            poll: called a few times a second from the caller's thread.

        Raises:
            EvaluationError: the network answered NaN or infinity.
            InputError: whatever `finished` raises.
        """
        quota = -(-positions // len(self._actors))
        failed, turn = threading.Event(), threading.Lock()

        def finished_in_turn(game: Game) -> None:
            with turn:
                finished(game)

        def play_one(actor: Actor) -> list[Game]:
            torch.set_num_threads(1)  # one core, one actor
            return actor.play(
                quota, stop=lambda: failed.is_set() or stop(), finished=finished_in_turn
            )

        with ThreadPoolExecutor(len(self._actors), thread_name_prefix="actor") as threads:
            futures = [threads.submit(play_one, actor) for actor in self._actors]
            try:
                _wait(futures, poll)
            except BaseException:
                failed.set()
                raise
        return [game for future in futures for game in future.result()]


def _wait(futures: list[Future[list[Game]]], poll: Callable[[], None]) -> None:
    """Waits for all, and raises the first error as soon as it happens."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=_POLL_S, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        poll()
