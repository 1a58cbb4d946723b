"""A run at work: what playing and learning share, whether in turns or at once."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from aztoolkit.evaluator import Evaluator
from train.actors import ActorGroup
from train.checkpoint import load_checkpoint
from train.compile import OFF
from train.inference import TorchEvaluator
from train.iteration import Iteration, replay_age
from train.journal import Journal
from train.prefetch import Prefetcher
from train.progress import Display
from train.replay import Game
from train.resignation import ControlGames
from train.saving import save_learner
from train.selfplay_evaluator import open_selfplay
from train.settings import TrainConfig
from train.start import Start
from train.supervised.learning import supervised_steps
from train.utilisation import Meter
from train.window import ReplayWindow

Stop = Callable[[], bool]
Iterate = Callable[[Stop, threading.Event], None]
"""Plays and learns one iteration: until the stop is true, and learns no further once the event is set."""
_BYTES_A_MIB = 2**20
READ_EVERY = {"cpu": 1, "cuda": 20}
"""Steps between two looks at the losses, for which a GPU must be waited for."""


class Trainer:
    """One call of `train_run`: owns the learner, the actors, the games and the window."""

    def __init__(
        self, run: Path, config: TrainConfig, start: Start, display: Display, device: Meter
    ) -> None:
        """Takes up a run from its last checkpoint and all games on disk; `device` measures its own."""
        self.run, self.config, self.display = run, config, display
        self._device = device
        self.learner, self._rng, self.losses = start.learner, start.rng, start.losses
        self._supervised_steps = supervised_steps(run)
        self._journal, self._recording = Journal(run), threading.Lock()
        self._lost: Exception | None = None
        found = self._journal.recover()
        self.games, self.positions = found.games, found.positions
        self._control_games = self._recount(start.control_games)
        older, games = self._journal.recent(config.replay_capacity)
        self.window = ReplayWindow(config, earlier=older)
        self.window.add(games)
        self._unread = 0
        self._compiled: str | None = None
        self.checkpoint = self._write()
        self.actors = ActorGroup(config, self._evaluator(), first_game_id=found.next_game_id)
        self.begin_iteration()

    def begin_iteration(self) -> None:
        """Counts anew from here."""
        self.iteration = Iteration(self.actors.snapshot, self._device)

    def record(self, game: Game) -> None:
        """Writes a finished game down and counts it; any thread may call it.

        Raises:
            InputError: the disk is full, now or at an earlier game: what was written last may be torn,
                and nothing must follow it.
        """
        with self._recording:
            if self._lost is not None:
                raise self._lost
            try:
                self._journal.append(game)
            except Exception as error:
                self._lost = error
                raise
            self.games += 1
            self.positions += sum(game.searched)
            self._control_games.add(game, self.config)

    def live(self) -> dict[str, float]:
        """Returns the metrics of the last moments, for people who watch."""
        age = replay_age(self.config, self.window.positions)
        return self.iteration.live() | {"replay_age": age}

    def steps_due(self, positions: int | None = None) -> int:
        """Returns how many steps the learner is behind what so many positions allow; those so far if None."""
        positions = self.positions if positions is None else positions
        if positions < self.config.replay_minimum:
            return 0
        made = self.learner.training_step - self._supervised_steps
        return max(self._steps_for(positions) - made, 0)

    @property
    def iteration_steps(self) -> int:
        """Steps that the positions of one iteration allow; at least 1."""
        return max(self._steps_for(self.config.iteration_positions), 1)

    def batches(self) -> Prefetcher:
        """Returns what builds the batches of the next steps; the window must not be empty."""
        return Prefetcher(
            self.window.sample_into,
            self._rng,
            batch_size=self.config.training_batch_size,
            depth=self.config.prefetch,
            device=self.config.device,
        )

    def step(self, batches: Prefetcher) -> None:
        """Makes one step of the learner.

        Raises:
            EvaluationError: a loss was NaN or infinite, in this step or one of the last.
        """
        with self.iteration.learning():
            with self.iteration.waiting():
                batch = batches.take()
            self.learner.step(batch)
            self.iteration.steps += 1
            self._unread += 1
            if self._unread == READ_EVERY[self.config.device]:
                self._read()

    def finish_iteration(self) -> dict[str, float]:
        """Writes a checkpoint, gives its network to the actors and returns the metrics.

        Raises:
            EvaluationError: a loss was NaN or infinite; the last checkpoint is intact.
            InputError: the disk is full; likewise.
        """
        with self.iteration.learning():
            self._read()
        values = self.iteration.metrics()
        if "train_steps_per_s" in values:
            batch = self.config.training_batch_size
            values["learned_positions_per_s"] = values["train_steps_per_s"] * batch
        if (false_resign_rate := self._control_games.false_resign_rate) is not None:
            values["false_resign_rate"] = false_resign_rate
        self.losses = self.iteration.losses or self.losses
        self.save()
        self.actors.use(self._evaluator())
        self.begin_iteration()
        held = self.window.memory_report()
        return {
            "training_step": self.learner.training_step,
            "games": self.games,
            "positions": self.positions,
            "window": held.positions,
            "replay_mib": held.bytes / _BYTES_A_MIB,
            "replay_bytes_per_position": held.bytes_per_position,
            "replay_age": replay_age(self.config, held.positions),
            "learning_rate": self.learner.learning_rate,
            **values,
        }

    def save(self) -> None:
        """Writes games, state and checkpoint, in that order.

        Raises:
            InputError: the disk is full; the last checkpoint is intact.
        """
        self.checkpoint = self._write()

    def _write(self) -> Path:
        with self._recording:
            self._journal.seal()
            games, positions = self.games, self.positions
            control_games = replace(self._control_games)
        return save_learner(
            self.run,
            self.config,
            self.learner,
            self._rng,
            losses=self.losses,
            games=games,
            positions=positions,
            control_games=control_games,
        )

    def _recount(self, control_games: ControlGames) -> ControlGames:
        """Returns counts up to now from those of the last checkpoint: games ended after it are added."""
        counted = replace(control_games)
        for game in self._journal.since(counted.games):
            counted.add(game, self.config)
        return replace(counted, games=self.games)

    def _read(self) -> None:
        self.iteration.read(self.learner.read())
        self._unread = 0

    def _steps_for(self, positions: int) -> int:
        samples = self.config.samples_per_position * positions
        return int(samples / self.config.training_batch_size)

    def _evaluator(self) -> Evaluator:
        """Returns the network of the last checkpoint, as it stands on disk."""
        evaluator = open_selfplay(self.run, load_checkpoint(self.checkpoint), self.config)
        if isinstance(evaluator, TorchEvaluator):
            self._say_compiled(evaluator.compiled.outcome)
        return evaluator

    def _say_compiled(self, outcome: str) -> None:
        """Says, once a reason, why self-play goes without the compilation that was asked for."""
        if outcome not in (self.config.inference_compile, self._compiled):
            self.display.say(f"self-play without torch.compile: {outcome.removeprefix(f'{OFF}: ')}")
        self._compiled = outcome
