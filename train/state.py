"""What a checkpoint does not hold and resuming needs: the optimiser, the learner's dice, some counts.

    RUN/checkpoints/state-00001234.safetensors    optimiser.*   moments and counts
                                                  network.*     weights, where the checkpoint has their mean
                                                  scaler.*      of gradients in fp16
                                                  metadata      as JSON: the generator that draws batches,
                                                                counts of control games

Written before the checkpoint of the same step, so that a finished checkpoint can be resumed.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import safetensors.torch
from safetensors import safe_open
from torch import Tensor

from aztoolkit.errors import CheckpointError
from aztoolkit.files import write_bytes
from train.checkpoint import FOLDER, read_tensors
from train.resignation import ControlGames

_KEPT = 3
"""Newest states kept; older checkpoints can be exported but not resumed."""
_GENERATOR, _CONTROL_GAMES = "generator", "control_games"


@dataclass(frozen=True)
class TrainingState:
    """The state of a learner after a step."""

    tensors: dict[str, Tensor]
    """By name; see `Learner.tensors`."""
    rng: np.random.Generator
    """Draws the batches."""
    control_games: ControlGames = field(default_factory=ControlGames)
    """Of self-play; none were looked at in a state of an earlier version."""


def save_state(run: Path, training_step: int, state: TrainingState) -> None:
    """Writes the state after `training_step`.

    Raises:
        InputError: the folder cannot be written.
    """
    metadata = {
        _GENERATOR: json.dumps(state.rng.bit_generator.state),
        _CONTROL_GAMES: json.dumps(asdict(state.control_games)),
    }
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.tensors.items()}
    write_bytes(_path(run, training_step), safetensors.torch.save(tensors, metadata))


def prune_states(run: Path) -> None:
    """Removes the states of all but the newest few finished checkpoints.

    To be called when a checkpoint is finished: before that, the state of the last one is what a run
    would be resumed from, however many newer states were left by kills.
    """
    states = sorted((run / FOLDER).glob("state-*.safetensors"))
    finished = [path for path in states if _described(path).is_file()]
    for path in set(states) - set(finished[-_KEPT:]):
        path.unlink()


def _described(state: Path) -> Path:
    """Returns the JSON of the checkpoint that a state belongs to; it is the last thing written."""
    return state.with_name(state.name.replace("state-", "step-", 1)).with_suffix(".json")


def load_state(run: Path, training_step: int) -> TrainingState:
    """Reads the state after `training_step`.

    Raises:
        CheckpointError: it is missing, truncated or altered.
    """
    path = _path(run, training_step)
    if not path.is_file():
        raise CheckpointError(
            f"expected {path.name} beside the last checkpoint of {run}, got none; "
            "the run cannot be resumed without it: start another --run"
        )
    tensors, metadata = read_tensors(path.read_bytes(), path), _read_metadata(path)
    try:
        rng = np.random.default_rng()
        rng.bit_generator.state = json.loads(metadata[_GENERATOR])
        control_games = ControlGames(**json.loads(metadata.get(_CONTROL_GAMES, "{}")))
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"expected the state of a generator and counts of games in {path}, got {error}; "
            "use another --run"
        ) from error
    return TrainingState(tensors, rng, control_games)


def _read_metadata(path: Path) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata() or {})


def _path(run: Path, training_step: int) -> Path:
    return run / FOLDER / f"state-{training_step:08d}.safetensors"
