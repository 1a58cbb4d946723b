"""Where a run can go on from: the state of the learner, then the checkpoint that makes it valid."""

from pathlib import Path

import numpy as np

from train.checkpoint import FOLDER as CHECKPOINTS
from train.checkpoint import CheckpointInfo, save_checkpoint
from train.learner import Learner
from train.replay import FOLDER as REPLAY
from train.resignation import ControlGames
from train.settings import TrainConfig
from train.start import network_config
from train.state import TrainingState, prune_states, save_state
from train.supervised.config import FOLDER as SUPERVISED

_UNFINISHED = ".*.tmp"
"""Names of what `aztoolkit.files` is writing."""


def remove_leftovers(run: Path) -> None:
    """Removes the files that killed processes had not finished, in the folders that training alone writes.

    Nobody else may be training in the run.
    """
    for folder in (CHECKPOINTS, REPLAY, SUPERVISED):
        for path in (run / folder).rglob(_UNFINISHED):
            path.unlink()


def save_learner(
    run: Path,
    config: TrainConfig,
    learner: Learner,
    rng: np.random.Generator,
    *,
    losses: dict[str, float],
    games: int = 0,
    positions: int = 0,
    control_games: ControlGames | None = None,
) -> Path:
    """Writes the state of a learner and its checkpoint, and returns the checkpoint's path.

    Killed in between, a run goes on from the checkpoint before.

    Args:
        run: its folder.
        config: its settings.
        learner: all of whose losses were read and found finite.
        rng: stands where the batches learned so far have left it.
        losses: means over the last learner steps.
        games: of self-play so far.
        positions: in those games.
        control_games: what those games say of resigning.

    Raises:
        InputError: the folder cannot be written, or the disk is full.
    """
    step = learner.training_step
    save_state(run, step, TrainingState(learner.tensors(), rng, control_games or ControlGames()))
    info = CheckpointInfo(
        network=network_config(config),
        training_step=step,
        games=games,
        positions=positions,
        seed=config.seed,
        config_sha256=config.sha256,
        losses=losses,
        training_compile=learner.compiled,
    )
    checkpoint = save_checkpoint(run, learner.trained, info)
    prune_states(run)
    return checkpoint
