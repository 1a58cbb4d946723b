"""Play, then learn, and again: what is played hangs on no race between the two.

iteration   actors play  ->  journal, window  ->  learner steps  ->  state, checkpoint, shard
                 ^                                                         |
                 └────────────────── the new network ──────────────────────┘
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from train.replay import Game
from train.trainer import Iterate, Stop, Trainer


@contextmanager
def in_turns(trainer: Trainer) -> Iterator[Iterate]:
    """Yields what plays and learns one iteration."""

    def iterate(stop: Stop, interrupted: threading.Event) -> None:
        trainer.window.add(_play(trainer, stop))
        _learn(trainer, interrupted)

    yield iterate


def _play(trainer: Trainer, stop: Stop) -> list[Game]:
    wanted, before = trainer.config.iteration_positions, trainer.positions
    with trainer.display.phase("self-play", wanted) as bar:

        def poll() -> None:
            note = f"positions of finished games  {trainer.games:,} games"
            bar.update(trainer.positions - before, note, trainer.live())

        return trainer.actors.play(wanted, stop=stop, finished=trainer.record, poll=poll)


def _learn(trainer: Trainer, interrupted: threading.Event) -> None:
    """Makes the learner steps that the positions so far allow."""
    steps = trainer.steps_due()
    if not steps:
        return
    torch.set_num_threads(trainer.config.actors if trainer.config.device == "cpu" else 1)
    with trainer.display.phase("learning", steps) as bar, trainer.batches() as batches:
        while (left := trainer.steps_due()) and not interrupted.is_set():
            trainer.step(batches)
            bar.update(steps - left + 1, "steps", trainer.live())
