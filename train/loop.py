"""The run: self-play, learning, checkpoint, and again; killed at any moment, it resumes.

iteration   actors play  ->  journal, window  ->  learner steps  ->  state, checkpoint, shard
                 ^                                                         |
                 └────────────────── the new network ──────────────────────┘
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from aztoolkit.errors import MachineError
from aztoolkit.files import write_text
from train.actors import ActorGroup
from train.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from train.config import FILE
from train.inference import TorchEvaluator
from train.interrupt import stop_on_signal
from train.journal import Journal
from train.lock import lock_run
from train.metrics import Metrics
from train.progress import Display
from train.replay import Game
from train.settings import TrainConfig
from train.start import Start, network_config, start_run
from train.state import TrainingState, save_state
from train.strength import Strength
from train.supervised.learning import learn_supervised, supervised_steps
from train.supervised.settings import SupervisedSettings
from train.window import ReplayWindow

_S_A_MINUTE, _S_AN_HOUR = 60, 3600


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
        MachineError: the device of the config is not there.
        EvaluationError: the loss became NaN; the last checkpoint is intact.
    """
    _check_device(config.device)
    network_config(config)
    began_s = time.monotonic()
    with lock_run(run), stop_on_signal() as interrupted:
        write_text(run / FILE, config.to_toml())
        start = start_run(run, config)
        with Metrics(run, training_step=start.learner.training_step, config=config) as metrics:
            if supervised is not None:
                stop = _time_out(limits, began_s, interrupted)
                losses = learn_supervised(
                    run, config, supervised, start, metrics=metrics, display=display, stop=stop
                )
                start = replace(start, losses=losses or start.losses)
            trainer = Trainer(run, config, start, display)
            summary = trainer.train(limits, metrics, interrupted, began_s=began_s)
            metrics.upload(summary.checkpoint)
            return summary


class Trainer:
    """One call of `train_run`: owns the learner, the actors and the window."""

    def __init__(self, run: Path, config: TrainConfig, start: Start, display: Display) -> None:
        """Takes up a run from its last checkpoint and all games on disk."""
        self._run, self._config, self._display = run, config, display
        self._strength = Strength(run, config, display)
        self._learner, self._rng, self._losses = start.learner, start.rng, start.losses
        self._journal = Journal(run)
        found = self._journal.recover()
        self._games, self._positions = found.games, found.positions
        if self._games:
            display.resumed(run, step=self._learner.training_step, games=self._games)
        older, games = self._journal.recent(config.replay_capacity)
        self._window = ReplayWindow(config, earlier=older)
        self._window.add(games)
        self._checkpoint = self._save()
        self._actors = ActorGroup(config, self._evaluator(), first_game_id=found.next_game_id)

    def train(
        self, limits: Limits, metrics: Metrics, interrupted: threading.Event, *, began_s: float
    ) -> Summary:
        """Trains until a limit, or until `interrupted` is set; minutes count from `began_s`."""
        stop = self._stop(limits, interrupted, began_s)
        iteration = 0
        while not stop() and iteration != limits.iterations:
            iteration += 1
            values = self._iterate(stop, interrupted)
            self._display.iteration(iteration, values)
            strength = self._strength.after_iteration(
                self._checkpoint, positions=self._positions, stop=stop
            )
            metrics.write(values | strength)
        return Summary(
            self._checkpoint,
            self._learner.training_step,
            self._games,
            self._positions,
            self._losses,
        )

    def _stop(
        self, limits: Limits, interrupted: threading.Event, began_s: float
    ) -> Callable[[], bool]:
        end_games = math.inf if limits.games is None else self._games + limits.games
        timed_out = _time_out(limits, began_s, interrupted)
        return lambda: timed_out() or self._games >= end_games

    def _iterate(self, stop: Callable[[], bool], interrupted: threading.Event) -> dict[str, float]:
        """Plays, learns and writes a checkpoint; returns the metrics."""
        games, moves, began_s = self._games, self._actors.moves, time.monotonic()
        self._window.add(self._play(stop))
        played_s = time.monotonic() - began_s
        self._losses = self._learn(interrupted) or self._losses
        self._checkpoint = self._save()
        self._actors.use(self._evaluator())
        return {
            "training_step": self._learner.training_step,
            "games": self._games,
            "positions": self._positions,
            "window": self._window.positions,
            "games_per_hour": (self._games - games) / played_s * _S_AN_HOUR,
            "positions_per_s": (self._actors.moves - moves) / played_s,
            "self_play_s": played_s,
            "learning_s": time.monotonic() - began_s - played_s,
            **self._losses,
        }

    def _play(self, stop: Callable[[], bool]) -> list[Game]:
        wanted, before = self._config.iteration_positions, self._positions
        moves, began_s = self._actors.moves, time.monotonic()

        def finished(game: Game) -> None:
            self._journal.append(game)
            self._games += 1
            self._positions += sum(game.searched)

        with self._display.phase("self-play", wanted) as bar:

            def poll() -> None:
                rate = (self._actors.moves - moves) / (time.monotonic() - began_s)
                note = f"positions of finished games  {rate:,.0f} moves/s  {self._games:,} games"
                bar.update(self._positions - before, note)

            return self._actors.play(wanted, stop=stop, finished=finished, poll=poll)

    def _learn(self, interrupted: threading.Event) -> dict[str, float]:
        """Makes the learner steps that the positions so far allow; returns the mean losses."""
        steps = self._steps_due()
        torch.set_num_threads(self._config.actors if self._config.device == "cpu" else 1)
        history: list[dict[str, float]] = []
        with self._display.phase("learning", steps) as bar:
            while len(history) < steps and not interrupted.is_set():
                history.append(self._step())
                bar.update(len(history), f"steps  loss {history[-1]['loss']:.3f}")
        return _means(history)

    def _steps_due(self) -> int:
        if self._positions < self._config.replay_minimum:
            return 0
        samples = self._config.samples_per_position * self._positions
        made = self._learner.training_step - supervised_steps(self._run)
        return max(int(samples / self._config.training_batch_size) - made, 0)

    def _step(self) -> dict[str, float]:
        return self._learner.step(self._window.sample(self._rng, self._config.training_batch_size))

    def _save(self) -> Path:
        """Writes games, state and checkpoint, in that order, and returns the checkpoint's path."""
        step = self._learner.training_step
        self._journal.seal()
        save_state(self._run, step, TrainingState(self._learner.optimiser_tensors(), self._rng))
        info = CheckpointInfo(
            network=network_config(self._config),
            training_step=step,
            games=self._games,
            positions=self._positions,
            seed=self._config.seed,
            config_sha256=self._config.sha256,
            losses=self._losses,
        )
        return save_checkpoint(self._run, self._learner.network, info)

    def _evaluator(self) -> TorchEvaluator:
        """Returns the network of the last checkpoint, as it stands on disk."""
        checkpoint = load_checkpoint(self._checkpoint)
        return TorchEvaluator(checkpoint.network, checkpoint.info, device=self._config.device)


def _time_out(limits: Limits, began_s: float, interrupted: threading.Event) -> Callable[[], bool]:
    """Returns what tells that the minutes are over, or that `interrupted` is set."""
    end_s = math.inf if limits.minutes is None else began_s + limits.minutes * _S_A_MINUTE
    return lambda: interrupted.is_set() or time.monotonic() >= end_s


def _means(history: list[dict[str, float]]) -> dict[str, float]:
    names = history[0] if history else {}
    return {name: float(np.mean([losses[name] for losses in history])) for name in names}


def _check_device(device: str) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        raise MachineError(
            "expected a GPU for this profile, got none that torch can use; "
            "use --profile cpu, or insist with --device cpu"
        )
