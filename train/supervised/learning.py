"""The supervised phase of a run: gather, learn, judge on held-out games; killed at any moment, it resumes.

RUN/supervised/finished.json    the training step at which the phase ended; self-play counts from there
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from aztoolkit.errors import DataError
from aztoolkit.files import write_json, write_text
from aztoolkit.hardware import probe_cpu
from train.checkpoint import CheckpointInfo, save_checkpoint
from train.metrics import Metrics
from train.progress import Bar, Display
from train.settings import TrainConfig
from train.start import Start, network_config
from train.state import TrainingState, save_state
from train.supervised.config import FOLDER, SETTINGS
from train.supervised.dataset import Shard, read_shards
from train.supervised.gather import gather
from train.supervised.held_out import MOST_POSITIONS, HeldOut
from train.supervised.settings import SupervisedSettings
from train.supervised.stream import Stream, held_out_games
from train.window import ReplayWindow

_FINISHED = "finished.json"
_SOURCES = ("pgn", "teacher")
_REPORT_S = 300.0
"""Between two checkpoints and reports within an epoch."""
_SHOWN_EVERY = 10
"""Steps between two updates of the bar."""


def supervised_steps(run: Path) -> int:
    """Returns the learner steps of the supervised phase that self-play follows; 0 without one."""
    path = run / FOLDER / _FINISHED
    return int(json.loads(path.read_text())["training_step"]) if path.is_file() else 0


def learn_supervised(
    run: Path,
    config: TrainConfig,
    settings: SupervisedSettings,
    start: Start,
    *,
    metrics: Metrics,
    display: Display,
    stop: Callable[[], bool],
) -> dict[str, float]:
    """Gathers and learns until the steps asked for are made, or `stop`; returns the last mean losses.

    A phase that self-play has followed is over; one that is asked for more steps goes on.

    Raises:
        ConfigError: self-play has begun, and other settings are given.
        DataError: a PGN file or a shard cannot be read, or there is nothing to learn from.
        MachineError: the engine is missing or fails.
        InputError: the disk is full.
        EvaluationError: the loss became NaN; the last checkpoint is intact.
    """
    if _has_self_play(run, start):
        return {}
    write_text(run / FOLDER / SETTINGS, settings.model_dump_json(indent=2) + "\n")
    (run / FOLDER / _FINISHED).unlink(missing_ok=True)
    if not gather(run, settings, seed=config.seed, display=display, stop=stop):
        return start.losses
    if settings.supervised_steps == 0:
        return start.losses
    phase = _Phase(run, config, settings, start, metrics, display)
    if phase.learn(stop):
        step = start.learner.training_step
        write_json(run / FOLDER / _FINISHED, {"training_step": step})
    return phase.losses


def _has_self_play(run: Path, start: Start) -> bool:
    """Returns whether the steps made go beyond the supervised ones."""
    return (run / FOLDER / _FINISHED).is_file() and start.learner.training_step > supervised_steps(
        run
    )


@dataclass
class _Tally:
    """Losses since the last report."""

    began_s: float = field(default_factory=time.monotonic)
    history: list[dict[str, float]] = field(default_factory=list)

    def means(self) -> dict[str, float]:
        """Returns the mean of each loss."""
        names = self.history[0] if self.history else {}
        return {name: float(np.mean([row[name] for row in self.history])) for name in names}


class _Phase:
    """The learning of one call."""

    def __init__(
        self,
        run: Path,
        config: TrainConfig,
        settings: SupervisedSettings,
        start: Start,
        metrics: Metrics,
        display: Display,
    ) -> None:
        self._run, self._config = run, config
        self._learner, self._rng, self.losses = start.learner, start.rng, start.losses
        self._metrics, self._display = metrics, display
        shards = _all_shards(run)
        self._batch_size = config.training_batch_size
        evenly = {"replay_growth": 1.0, "recency": 0.0}
        self._window = ReplayWindow(config.model_copy(update=evenly))
        done = self._learner.training_step * self._batch_size
        self._stream = Stream(
            shards, self._window, capacity=config.replay_capacity, seed=config.seed, done=done
        )
        held_out = held_out_games(shards, positions=MOST_POSITIONS)
        self._held_out = HeldOut(held_out, config) if held_out else None
        self._total = settings.supervised_steps or math.ceil(
            settings.supervised_epochs * self._stream.positions / self._batch_size
        )
        self._tally = _Tally()

    def learn(self, stop: Callable[[], bool]) -> bool:
        """Learns up to the last step, or until `stop`; returns whether that step was reached."""
        torch.set_num_threads(probe_cpu().cores if self._config.device == "cpu" else 1)
        first = self._learner.training_step
        with self._display.phase("supervised", self._total) as bar:
            while self._learner.training_step < self._total and not stop():
                self._step()
                self._show(bar)
                if self._is_report_due():
                    self._report()
        if self._tally.history or self._learner.training_step == first == 0:
            self._report()
        return self._learner.training_step >= self._total

    def _step(self) -> None:
        self._stream.feed(self._learner.training_step * self._batch_size)
        batch = self._window.sample(self._rng, self._batch_size)
        self._tally.history.append(self._learner.step(batch))

    def _show(self, bar: Bar) -> None:
        if self._learner.training_step % _SHOWN_EVERY == 0:
            rate = len(self._tally.history) / (time.monotonic() - self._tally.began_s)
            loss = self._tally.history[-1]["loss"]
            note = f"steps  loss {loss:.3f}  {rate * self._batch_size:,.0f} positions/s"
            bar.update(self._learner.training_step, note)

    def _is_report_due(self) -> bool:
        """Returns whether an epoch has ended, or long enough has passed."""
        now = self._learner.training_step * self._batch_size
        ended = now // self._stream.positions > (now - self._batch_size) // self._stream.positions
        return ended or time.monotonic() - self._tally.began_s > _REPORT_S

    def _report(self) -> None:
        """Judges the network, writes a checkpoint, says and writes how it stands."""
        learning_s = time.monotonic() - self._tally.began_s
        steps = len(self._tally.history)
        self.losses = self._tally.means() or self.losses
        held_out = self._held_out.judge(self._learner.network) if self._held_out else {}
        self._save()
        step = self._learner.training_step
        values = {
            "training_step": step,
            "supervised_epoch": step * self._batch_size / self._stream.positions,
            "window": self._window.positions,
            "learning_s": learning_s,
            "train_steps_per_s": steps / learning_s,
            "learned_positions_per_s": steps * self._batch_size / learning_s,
            **self.losses,
            **held_out,
        }
        self._metrics.write(values)
        self._display.supervised(values, total=self._total)
        self._tally = _Tally()

    def _save(self) -> None:
        """Writes state and checkpoint, in that order."""
        step = self._learner.training_step
        save_state(self._run, step, TrainingState(self._learner.optimiser_tensors(), self._rng))
        info = CheckpointInfo(
            network=network_config(self._config),
            training_step=step,
            seed=self._config.seed,
            config_sha256=self._config.sha256,
            losses=self.losses,
        )
        save_checkpoint(self._run, self._learner.network, info)


def _all_shards(run: Path) -> list[Shard]:
    shards = [shard for name in _SOURCES for shard in read_shards(run / FOLDER / name)]
    if not sum(shard.learned for shard in shards):
        raise DataError(
            f"expected positions to learn in {run / FOLDER}, got none; "
            "name games with --from-pgn, or a --teacher"
        )
    return shards
