"""Play and learn at the same time: neither the actors nor the learner wait for the other's phase to end.

    actors [threads]   games ─▶ journal, window         wait where the learner is an iteration behind
    learner            steps that are due               waits where none is

A step is due for every `training_batch_size / samples_per_position` positions, so the ratio holds
whichever is faster. Every `iteration_positions` positions, when all they allow is learned, there is a
checkpoint, and the actors go on with its network, in the games in play too.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from aztoolkit.hardware import probe_cpu
from train.prefetch import Prefetcher
from train.replay import Game
from train.trainer import Iterate, Stop, Trainer

_POLL_S = 0.2


@contextmanager
def at_once(trainer: Trainer) -> Iterator[Iterate]:
    """Yields what learns while one iteration is played; the actors play until the end of the block.

    That ends with a checkpoint of all that was played and learned, unless by an exception.
    """
    if trainer.config.device == "cpu":
        torch.set_num_threads(max(probe_cpu().cores - trainer.config.actors, 1))
    with _AtOnce(trainer) as loop:
        yield loop.iterate
        loop.stop()
        trainer.save()


class _AtOnce:
    """The learner's side of it, in the caller's thread; a context manager."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._changed = threading.Condition()
        """Told of each game and each step."""
        self._stopping = False
        self._goal = trainer.positions
        """Positions behind the next checkpoint."""
        self._resources = ExitStack()
        self._batches: Prefetcher | None = None

    def __enter__(self) -> "_AtOnce":
        self._resources.callback(self._release)
        self._trainer.actors.start(self._finished)
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def iterate(self, stop: Stop, _interrupted: threading.Event) -> None:
        """Learns until the positions of an iteration have come in and what they allow is learned."""
        trainer, wanted = self._trainer, self._trainer.config.iteration_positions
        before, self._goal = self._goal, self._goal + wanted
        with trainer.display.phase("playing and learning", wanted) as bar:
            while not self._is_done() and not stop():
                trainer.actors.check()
                self._learn_or_wait()
                played = min(trainer.positions - before, wanted)
                bar.update(played, f"positions of finished games  {self._note()}", trainer.live())

    def stop(self) -> None:
        """Ends the games; raises what an actor has died of."""
        self._release()
        self._trainer.actors.stop()

    def _is_done(self) -> bool:
        trainer = self._trainer
        return trainer.positions >= self._goal and not trainer.steps_due(self._goal)

    def _learn_or_wait(self) -> None:
        if self._trainer.steps_due():
            self._trainer.step(self._prefetcher())
            with self._changed:
                self._changed.notify_all()
        else:
            with self._changed:
                self._changed.wait(_POLL_S)

    def _finished(self, game: Game) -> None:
        """Takes a game, in its actor's thread, and keeps that thread while the learner is too far behind."""
        trainer = self._trainer
        trainer.window.add([game])  # before it counts: what is due must find something to draw from
        trainer.record(game)
        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._stopping or trainer.steps_due() <= trainer.iteration_steps
            )

    def _release(self) -> None:
        """Lets go of the actors that wait for the learner."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def _prefetcher(self) -> Prefetcher:
        """Returns what builds the batches; begun when there is something to draw from."""
        if self._batches is None:
            self._batches = self._resources.enter_context(self._trainer.batches())
        return self._batches

    def _note(self) -> str:
        trainer = self._trainer
        step = trainer.learner.training_step
        learned = f"step {step:,}" if trainer.iteration.losses else "gathering"
        return f"{trainer.games:,} games  {learned}"
