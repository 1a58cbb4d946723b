import itertools
from pathlib import Path

import pytest
import torch
from rich.console import Console
from torch import nn

from train.checkpoint import CheckpointInfo
from train.inference import TorchEvaluator
from train.networks import NetworkConfig, build_network
from train.progress import Display
from train.replay import Game
from train.selfplay import Actor
from train.settings import TrainConfig

TINY = NetworkConfig(filters=8, blocks=1)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # for networks this small, more threads only wait for each other


@pytest.fixture(scope="session")
def config() -> TrainConfig:
    """Small enough that an iteration takes about a second."""
    return TrainConfig(
        filters=TINY.filters,
        blocks=TINY.blocks,
        actors=1,
        games_per_actor=3,
        simulations=4,
        max_plies=8,
        iteration_positions=24,
        replay_minimum=16,
        replay_capacity=64,
        samples_per_position=2.0,
        training_batch_size=8,
        warmup_steps=2,
    )


@pytest.fixture
def network() -> nn.Module:
    return build_network(TINY)


@pytest.fixture
def display() -> Display:
    return Display(Console(quiet=True))


def evaluator_of(network: nn.Module) -> TorchEvaluator:
    return TorchEvaluator(network, CheckpointInfo(network=TINY, training_step=7))


@pytest.fixture(scope="session")
def games(config: TrainConfig) -> list[Game]:
    actor = Actor(config, evaluator_of(build_network(TINY)), itertools.count())
    return actor.play(24)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "run"
