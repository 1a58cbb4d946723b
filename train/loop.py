"""A run from its first line to its last: start or resume, learn from others' games, play and learn.

    supervised start, if asked for  ->  iterations, in turns or at once  ->  a checkpoint

Killed at any moment, it resumes.
"""

import math
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from aztoolkit.files import write_text
from train.at_once import at_once
from train.checkpoint import has_checkpoint
from train.compile import OFF
from train.config import FILE
from train.device import check_device
from train.in_turns import in_turns
from train.interrupt import stop_on_signal
from train.lock import lock_run
from train.metrics import Metrics
from train.progress import Display
from train.saving import remove_leftovers, save_learner
from train.settings import TrainConfig
from train.start import Start, network_config, start_run
from train.strength import Strength, check_packages
from train.supervised.learning import Watching, learn_supervised
from train.supervised.settings import SupervisedSettings
from train.trainer import Stop, Trainer
from train.utilisation import open_meter

_S_A_MINUTE = 60


@dataclass(frozen=True)
class Limits:
    """When a call of `train_run` ends, counted from its start, not the run's; None is never."""

    minutes: float | None = None
    games: int | None = None
    iterations: int | None = None


@dataclass(frozen=True)
class Summary:
    """What a run has come to."""

    checkpoint: Path
    training_step: int
    games: int
    positions: int
    losses: dict[str, float]

    def to_json(self) -> dict[str, object]:
        """Returns the fields as JSON can hold them."""
        return {**vars(self), "checkpoint": str(self.checkpoint)}


def train_run(
    run: Path,
    config: TrainConfig,
    limits: Limits,
    display: Display,
    *,
    supervised: SupervisedSettings | None = None,
) -> Summary:
    """Begins or resumes a run and trains until a limit or SIGINT; ends with a checkpoint.

    Args:
        run: its folder.
        config: its settings.
        limits: when to stop; the minutes count from here.
        display: is shown progress.
        supervised: what to learn before self-play begins.

    Raises:
        InputError: the folder cannot be written or holds something broken.
        MachineError: the device of the config, or a package that its matches need, is not there.
        EvaluationError: the loss became NaN; the last checkpoint is intact.
    """
    check_device(config.device)
    check_packages(config)
    network_config(config)
    began_s = time.monotonic()
    with (
        lock_run(run),
        stop_on_signal() as interrupted,
        open_meter(config.device, display.say) as device,
    ):
        remove_leftovers(run)
        start = _begin(run, config)
        with Metrics(run, training_step=start.learner.training_step, config=config) as metrics:
            if supervised is not None:
                stop = _time_out(limits, began_s, interrupted)
                watching = Watching(metrics, display, device)
                losses = learn_supervised(run, config, supervised, start, watching, stop=stop)
                start = replace(start, losses=losses or start.losses)
            trainer = Trainer(run, config, start, display, device)
            _say_what_is_resumed(trainer)
            try:
                _train(trainer, limits, began_s, interrupted, metrics)
            finally:
                metrics.upload(trainer.checkpoint)
            return Summary(
                trainer.checkpoint,
                trainer.learner.training_step,
                trainer.games,
                trainer.positions,
                trainer.losses,
            )


def _begin(run: Path, config: TrainConfig) -> Start:
    """Starts or resumes; nothing is written if that fails.

    Weights of another run become the run's own checkpoint of step 0: the other is needed no more.
    """
    start = start_run(run, config)
    write_text(run / FILE, config.to_toml())
    if config.start_from and not has_checkpoint(run):
        save_learner(run, config, start.learner, start.rng, losses={})
    return start


def _train(
    trainer: Trainer,
    limits: Limits,
    began_s: float,
    interrupted: threading.Event,
    metrics: Metrics,
) -> None:
    """Trains until a limit or `interrupted`: iteration, checkpoint, matches, metrics, and again."""
    config, display = trainer.config, trainer.display
    strength = Strength(trainer.run, config, display)
    stop = _stop(trainer, limits, _time_out(limits, began_s, interrupted))
    loop = at_once if config.asynchronous else in_turns
    number = 0
    if limits.iterations == 0:  # actors that play at once would have begun
        trainer.actors.close()
        return
    with trainer.actors, loop(trainer) as iterate:
        while not stop() and number != limits.iterations:
            number += 1
            iterate(stop, interrupted)
            values = trainer.finish_iteration()
            display.iteration(number, values)
            elo = strength.after_iteration(
                trainer.checkpoint, positions=trainer.positions, stop=stop
            )
            metrics.write(values | elo)
            if elo:
                metrics.upload(trainer.checkpoint)
                trainer.begin_iteration()  # after the matches


def _say_what_is_resumed(trainer: Trainer) -> None:
    learner, display = trainer.learner, trainer.display
    if trainer.games:
        display.resumed(trainer.run, step=learner.training_step, games=trainer.games)
    if trainer.config.training_compile != learner.compiled:
        display.say(f"learning without torch.compile: {learner.compiled.removeprefix(f'{OFF}: ')}")


def _stop(trainer: Trainer, limits: Limits, timed_out: Stop) -> Stop:
    """Returns what tells that a limit is reached."""
    end_games = math.inf if limits.games is None else trainer.games + limits.games
    return lambda: timed_out() or trainer.games >= end_games


def _time_out(limits: Limits, began_s: float, interrupted: threading.Event) -> Stop:
    """Returns what tells that the minutes are over, or that `interrupted` is set."""
    end_s = math.inf if limits.minutes is None else began_s + limits.minutes * _S_A_MINUTE
    return lambda: interrupted.is_set() or time.monotonic() >= end_s
