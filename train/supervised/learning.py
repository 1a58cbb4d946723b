"""The supervised phase of a run: gather, learn, judge on held-out games; killed at any moment, it resumes.

RUN/supervised/finished.json    the training step at which the phase ended; self-play counts from there
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from aztoolkit.errors import ConfigError, DataError
from aztoolkit.files import write_json, write_text
from aztoolkit.hardware import probe_cpu
from train.iteration import Iteration
from train.metrics import Metrics
from train.prefetch import Prefetcher
from train.progress import Display
from train.rates import NO_PLAY
from train.saving import save_learner
from train.settings import TrainConfig
from train.start import Start
from train.supervised.config import FOLDER, SETTINGS
from train.supervised.dataset import Shard, read_shards
from train.supervised.gather import check_sources, gather
from train.supervised.held_out import MOST_POSITIONS, HeldOut
from train.supervised.settings import SupervisedSettings
from train.supervised.stream import Stream, held_out_games
from train.utilisation import Meter
from train.window import Batch, ReplayWindow

_FINISHED = "finished.json"
_SOURCES = ("pgn", "teacher")
_REPORT_S = 300.0
"""Between two checkpoints and reports within an epoch."""
_READ_EVERY = 20
"""Steps between two looks at the losses."""


@dataclass(frozen=True)
class Watching:
    """Where the phase is watched."""

    metrics: Metrics
    display: Display
    device: Meter


def supervised_steps(run: Path) -> int:
    """Returns the learner steps of the supervised phase that self-play follows; 0 without one."""
    path = run / FOLDER / _FINISHED
    return int(json.loads(path.read_text())["training_step"]) if path.is_file() else 0


def learn_supervised(
    run: Path,
    config: TrainConfig,
    settings: SupervisedSettings,
    start: Start,
    watching: Watching,
    *,
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
    display = watching.display
    document = settings.model_dump_json(indent=2) + "\n"
    if _has_self_play(run, start):
        _check_unchanged(run, document)
        return {}
    if start.learner.training_step:
        display.resumed(run, step=start.learner.training_step)
    check_sources(run, settings)
    write_text(run / FOLDER / SETTINGS, document)
    if not gather(run, settings, seed=config.seed, display=display, stop=stop):
        return start.losses
    if settings.supervised_steps == 0:
        return start.losses
    (run / FOLDER / _FINISHED).unlink(missing_ok=True)
    phase = _Phase(run, config, settings, start, watching)
    if phase.learn(stop):
        step = start.learner.training_step
        write_json(run / FOLDER / _FINISHED, {"training_step": step})
    return phase.losses


def _has_self_play(run: Path, start: Start) -> bool:
    """Returns whether the steps made go beyond those of a supervised phase."""
    finished = (run / FOLDER / _FINISHED).is_file()
    return finished and start.learner.training_step > supervised_steps(run)


def _check_unchanged(run: Path, document: str) -> None:
    path = run / FOLDER / SETTINGS
    if path.read_text() != document:
        raise ConfigError(
            f"expected the supervised start that {path} describes, got another: {run} has gone on to "
            "self-play; leave out its options, or choose another --run"
        )


class _Phase:
    """The learning of one call."""

    def __init__(
        self,
        run: Path,
        config: TrainConfig,
        settings: SupervisedSettings,
        start: Start,
        watching: Watching,
    ) -> None:
        self._run, self._config = run, config
        self._learner, self._rng, self.losses = start.learner, start.rng, start.losses
        self._watching = watching
        shards = _all_shards(run)
        self._batch_size = config.training_batch_size
        evenly = {"replay_growth": 1.0, "recency": 0.0}
        self._window = ReplayWindow(config.model_copy(update=evenly))
        self._drawn = self._learner.training_step
        """Batches of the phase, those built ahead and those of earlier calls included."""
        self._stream = Stream(
            shards,
            self._window,
            capacity=config.replay_capacity,
            seed=config.seed,
            done=self._drawn * self._batch_size,
        )
        held_out = held_out_games(shards, positions=MOST_POSITIONS)
        self._held_out = HeldOut(held_out, config) if held_out else None
        self._total = settings.supervised_steps or math.ceil(
            settings.supervised_epochs * self._stream.positions / self._batch_size
        )
        self._final_rate = settings.supervised_final_rate
        self._unread = 0
        self._begin_report()

    def learn(self, stop: Callable[[], bool]) -> bool:
        """Learns up to the last step, or until `stop`; returns whether that step was reached."""
        learner = self._learner
        torch.set_num_threads(probe_cpu().cores if self._config.device == "cpu" else 1)
        with (
            self._watching.display.phase("supervised", self._total) as bar,
            self._prefetch() as batches,
        ):
            while learner.training_step < self._total and not stop():
                learner.rate_share = self._rate_share(learner.training_step)
                self._step(batches)
                if self._unread == _READ_EVERY:
                    self._read()
                    bar.update(
                        learner.training_step, "steps", self._with_positions(self._iteration.live())
                    )
                if self._is_report_due():
                    self._report()
        if self._iteration.steps:
            self._report()
        learner.rate_share = 1.0  # self-play's own
        return learner.training_step >= self._total

    def _step(self, batches: Prefetcher) -> None:
        with self._iteration.learning():
            with self._iteration.waiting():
                batch = batches.take()
            self._learner.step(batch)
        self._iteration.steps += 1
        self._unread += 1

    def _rate_share(self, step: int) -> float:
        """Returns the share of the learning rate at a step: 1 at first, the final one at last."""
        gone = step / self._total
        return self._final_rate + (1 - self._final_rate) * (1 + math.cos(math.pi * gone)) / 2

    def _prefetch(self) -> Prefetcher:
        config = self._config
        return Prefetcher(
            self._draw,
            self._rng,
            batch_size=self._batch_size,
            depth=config.prefetch,
            device=config.device,
        )

    def _draw(self, rng: np.random.Generator, batch: Batch) -> None:
        """Fills the next batch; called in the thread that builds them ahead."""
        self._stream.feed(self._drawn * self._batch_size)
        self._drawn += 1
        self._window.sample_into(rng, batch)

    def _read(self) -> None:
        """Reads the losses of the last steps, for which a GPU is waited for."""
        with self._iteration.learning():
            self._iteration.read(self._learner.read())
        self._unread = 0

    def _is_report_due(self) -> bool:
        """Returns whether an epoch has ended, or long enough has passed."""
        now = self._learner.training_step * self._batch_size
        ended = now // self._stream.positions > (now - self._batch_size) // self._stream.positions
        return ended or self._iteration.seconds > _REPORT_S

    def _report(self) -> None:
        """Judges the network, writes a checkpoint, says and writes how it stands."""
        self._read()
        step = self._learner.training_step
        found = self._with_positions(self._iteration.metrics())
        self.losses = self._iteration.losses
        held_out = self._held_out.judge(self._learner.trained) if self._held_out else {}
        save_learner(self._run, self._config, self._learner, self._rng, losses=self.losses)
        values = {
            "training_step": step,
            "supervised_epoch": step * self._batch_size / self._stream.positions,
            "window": self._window.positions,
            "learning_rate": self._learner.learning_rate,
            **found,
            **held_out,
        }
        self._watching.metrics.write(values)
        self._watching.display.supervised(values, total=self._total)
        self._begin_report()

    def _begin_report(self) -> None:
        self._iteration = Iteration(lambda: NO_PLAY, self._watching.device)

    def _with_positions(self, found: dict[str, float]) -> dict[str, float]:
        """Returns metrics with the positions learned a second, where steps were made."""
        if "train_steps_per_s" not in found:
            return found
        return found | {"learned_positions_per_s": found["train_steps_per_s"] * self._batch_size}


def _all_shards(run: Path) -> list[Shard]:
    shards = [shard for name in _SOURCES for shard in read_shards(run / FOLDER / name)]
    if not sum(shard.learned for shard in shards):
        raise DataError(
            f"expected positions to learn in {run / FOLDER}, got none; "
            "name games with --from-pgn, or a --teacher"
        )
    return shards
