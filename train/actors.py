"""The actors of a run, a thread each; they play one iteration at a time, or without end.

In turns with learning:

    with ActorGroup(config, evaluator, first_game_id=0) as actors:
        games = actors.play(10_000, stop=..., finished=..., poll=...)    # blocks
        actors.use(new_evaluator)

While learning, in the background:

        actors.start(finished=window_and_journal)    # returns at once
        actors.check()                               # now and then: raises what an actor died of
        actors.use(new_evaluator)                    # at any moment, from any thread
        actors.stop()                                # waits for the threads; raises likewise

`finished` is told of each game in an actor's thread, one at a time. Games in play go on in the next
`play` or `start`. `snapshot()` reads the counters at any moment; `Throughput.between` two snapshots
are the rates between them.

Without a GPU every actor evaluates in its own thread. On a GPU all ask one inference server, whose
batches hang on the actors' timing: then the same seed may play other games.
"""

import itertools
import math
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from types import TracebackType

import torch

from aztoolkit.evaluator import Evaluator
from train.inference import TorchEvaluator
from train.inference_server import InferenceServer
from train.replay import Game
from train.selfplay import Actor
from train.settings import TrainConfig
from train.throughput import Snapshot, now_s

_POLL_S = 0.2
_MS_A_SECOND = 1000


class ActorGroup:
    """`config.actors` actors that share one network; a context manager.

    Actor k of n plays the games first + k, first + k + n, ... so that what is played hangs on no
    race between threads.
    """

    def __init__(
        self,
        config: TrainConfig,
        evaluator: Evaluator,
        *,
        first_game_id: int,
        server: bool | None = None,
    ) -> None:
        """Starts no thread of an actor yet.

        Args:
            evaluator: several threads may ask it; with a server a `TorchEvaluator`.
            server: whether one server evaluates for all; None: on a GPU.
        """
        served = config.device != "cpu" if server is None else server
        self._server = _serve(config, evaluator) if served else None
        network = self._server or evaluator
        self._actors = [
            Actor(config, network, itertools.count(first_game_id + number, config.actors))
            for number in range(config.actors)
        ]
        self._threads: ThreadPoolExecutor | None = None
        self._futures: list[Future[list[Game]]] = []
        self._stopping = threading.Event()
        self._turn = threading.Lock()
        self._played_s, self._began_s = 0.0, math.nan

    def __enter__(self) -> "ActorGroup":
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes it; an error of an actor does not hide the one that is on its way."""
        try:
            self.close()
        except Exception:
            if error is None:
                raise

    @property
    def moves(self) -> int:
        """Moves made so far, those of games in play included."""
        return sum(actor.meter.moves for actor in self._actors)

    def snapshot(self) -> Snapshot:
        """Returns all counters as they stand."""
        playing_s = now_s() - self._began_s if self._threads else 0.0
        inference = [meter for actor in self._actors for meter in actor.inference]
        if self._server:
            inference.append(self._server.meter)
        meters = [actor.meter for actor in self._actors]
        return Snapshot.of(self._played_s + playing_s, meters, inference)

    def use(self, evaluator: Evaluator) -> None:
        """Goes on with another network from the next network call on."""
        if self._server:
            self._server.use(_servable(evaluator))
            return
        for actor in self._actors:
            actor.use(evaluator)

    def start(self, finished: Callable[[Game], None]) -> None:
        """Plays without end, in threads of its own, until `stop`.

        Args:
            finished: told of each game, in an actor's thread, one at a time. What it raises ends
                that actor, and is raised by `check` and `stop`.
        """
        self._launch(math.inf, lambda: False, finished)

    def check(self) -> None:
        """Raises what an actor has died of, if any; call it now and then after `start`.

        Raises:
            EvaluationError: the network answered NaN or infinity.
            InputError: whatever `finished` raises.
        """
        for future in self._futures:
            if future.done():
                future.result()

    def stop(self) -> list[Game]:
        """Ends `start`: waits for the threads, at most a network call each; raises as `check` does."""
        return [game for future in self._join() for game in future.result()]

    def play(
        self,
        positions: int,
        *,
        stop: Callable[[], bool],
        finished: Callable[[Game], None],
        poll: Callable[[], None],
    ) -> list[Game]:
        """Plays until the finished games hold `positions`, and returns them, ordered by actor.

        Positions are those searched in full. Each actor plays its share; behind a server, where the
        last would leave batches empty, all play until the sum is reached.

        Args:
            stop: asked by every actor before every network call.
            finished: told of each game when it ends, one at a time.
            poll: called a few times a second from the caller's thread.

        Raises:
            EvaluationError: the network answered NaN or infinity.
            InputError: whatever `finished` raises.
        """
        total = 0

        def counted(game: Game) -> None:
            nonlocal total
            total += sum(game.searched)
            finished(game)

        def enough() -> bool:
            return self._server is not None and total >= positions

        quota = positions if self._server else -(-positions // len(self._actors))
        self._launch(quota, lambda: enough() or stop(), counted)
        try:
            _wait(self._futures, poll)
        except BaseException:
            self._join()
            raise
        return self.stop()

    def close(self) -> None:
        """Stops the actors and the server; raises as `check` does."""
        try:
            self.stop()
        finally:
            if self._server:
                self._server.close()

    def _launch(
        self, positions: float, stop: Callable[[], bool], finished: Callable[[Game], None]
    ) -> None:
        """Starts a thread for each actor."""
        assert self._threads is None, "start() or play() before stop()"
        self._stopping.clear()

        def finished_in_turn(game: Game) -> None:
            with self._turn:
                finished(game)

        def play(actor: Actor) -> list[Game]:
            torch.set_num_threads(1)  # one core, one actor
            return actor.play(
                positions,
                stop=lambda: self._stopping.is_set() or stop(),
                finished=finished_in_turn,
            )

        self._began_s = now_s()
        self._threads = ThreadPoolExecutor(len(self._actors), thread_name_prefix="actor")
        self._futures = [self._threads.submit(play, actor) for actor in self._actors]

    def _join(self) -> list[Future[list[Game]]]:
        """Ends the threads, if there are any, and returns what has become of them."""
        self._stopping.set()
        threads, futures = self._threads, self._futures
        if threads is not None:
            threads.shutdown()
            self._played_s += now_s() - self._began_s
        self._threads, self._futures = None, []
        return futures


def _serve(config: TrainConfig, evaluator: Evaluator) -> InferenceServer:
    return InferenceServer(
        _servable(evaluator),
        batch_size=config.inference_batch_size,
        timeout_s=config.inference_timeout_ms / _MS_A_SECOND,
    )


def _servable(evaluator: Evaluator) -> TorchEvaluator:
    assert isinstance(evaluator, TorchEvaluator), "a server evaluates with torch alone"
    return evaluator


def _wait(futures: list[Future[list[Game]]], poll: Callable[[], None]) -> None:
    """Waits for all, and raises the first error as soon as it happens."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=_POLL_S, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        poll()
