"""Where a run begins: fresh weights or those of another, or its last checkpoint with optimiser and dice."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from pydantic import ValidationError
from torch import nn

from aztoolkit.errors import CheckpointError, ConfigError
from train.checkpoint import describe, has_checkpoint, load_checkpoint
from train.learner import Learner
from train.networks import NetworkConfig, build_network
from train.origin import load_origin
from train.resignation import ControlGames
from train.settings import TrainConfig
from train.state import TrainingState, load_state


@dataclass(frozen=True)
class Start:
    """A learner ready to go on."""

    learner: Learner
    rng: np.random.Generator
    """Draws the batches."""
    losses: dict[str, float]
    """Of the last checkpoint; empty for fresh weights."""
    control_games: ControlGames = field(default_factory=ControlGames)
    """Up to that checkpoint."""


def start_run(run: Path, config: TrainConfig) -> Start:
    """Returns the learner of a run folder as its last checkpoint left it, or a fresh one.

    Raises:
        ConfigError: the network's size makes no sense, or is not that of the checkpoint to start from.
        CheckpointError: the last checkpoint or its state, or the checkpoint to start from, is broken.
    """
    if not has_checkpoint(run):
        return Start(Learner(_first_network(config), config), _fresh_generator(config), {})
    checkpoint = load_checkpoint(run)
    info = checkpoint.info
    state = load_state(run, info.training_step)
    learner = Learner(checkpoint.network, config, training_step=info.training_step)
    _restore(learner, state, run)
    return Start(learner, state.rng, info.losses, state.control_games)


def _restore(learner: Learner, state: TrainingState, run: Path) -> None:
    try:
        learner.restore(state.tensors)
    except (ValueError, RuntimeError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(
            f"expected the last state of {run} to be of its network and settings, got: {reason}; "
            "start another --run"
        ) from error


def network_config(config: TrainConfig) -> NetworkConfig:
    """Returns kind and size of the network; raises ConfigError where they make no sense."""
    names = NetworkConfig.model_fields
    try:
        return NetworkConfig.model_validate({name: getattr(config, name) for name in names})
    except ValidationError as error:
        raise ConfigError(f"expected {describe(error)}") from error


def _first_network(config: TrainConfig) -> nn.Module:
    """Returns a network with the weights of the checkpoint to start from, or with fresh ones."""
    wanted = network_config(config)
    if not config.start_from:
        return _fresh_network(config)
    origin = load_origin(config.start_from)
    if origin.info.network != wanted:
        raise ConfigError(
            f"expected the network of {config.start_from} ({_tell(origin.info.network)}), got "
            f"{_tell(wanted)}; leave its kind and size out, or start from another checkpoint"
        )
    return origin.network


def _tell(network: NetworkConfig) -> str:
    return ", ".join(f"{name} = {json.dumps(value)}" for name, value in network)


def _fresh_network(config: TrainConfig) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return build_network(network_config(config))


def _fresh_generator(config: TrainConfig) -> np.random.Generator:
    return np.random.default_rng(config.seed)
