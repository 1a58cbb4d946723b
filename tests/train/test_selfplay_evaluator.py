from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from aztoolkit.errors import ConfigError
from tests.train.conftest import TINY, evaluator_of
from train.actors import ActorGroup
from train.checkpoint import Checkpoint, CheckpointInfo, load_checkpoint, save_checkpoint
from train.inference import TorchEvaluator
from train.networks import NetworkConfig, build_network
from train.replay import find_shards, write_shard
from train.selfplay_evaluator import FOLDER, INT8, LEAST_GAMES, _calibration_size, open_selfplay
from train.settings import TrainConfig


def checkpoint_of(run: Path, network: nn.Module, *, kind: NetworkConfig = TINY) -> Checkpoint:
    info = CheckpointInfo(network=kind, training_step=3)
    return load_checkpoint(save_checkpoint(run, network, info))


def play_some(run: Path, config: TrainConfig, network: nn.Module, *, games: int) -> None:
    with ActorGroup(config, evaluator_of(network), first_game_id=0) as group:
        positions = games * config.max_plies
        played = group.play(
            positions, stop=lambda: False, finished=lambda _: None, poll=lambda: None
        )
    write_shard(run, played[:games])


@pytest.fixture
def int8(config: TrainConfig) -> TrainConfig:
    return config.model_copy(update={"selfplay_precision": "int8"})


def test_float32_plays_with_the_checkpoint_as_it_is(
    run: Path, config: TrainConfig, network: nn.Module
) -> None:
    evaluator = open_selfplay(run, checkpoint_of(run, network), config)
    planes = np.random.default_rng(0).random((2, 119, 8, 8), dtype=np.float32)
    expected = evaluator_of(network).evaluate(planes)
    np.testing.assert_allclose(evaluator.evaluate(planes).wdl, expected.wdl, atol=1e-5)
    assert (evaluator.spec.precision, evaluator.spec.training_step) == ("fp32", 3)
    assert not (run / FOLDER).exists()


def test_a_run_without_games_begins_in_float32(
    run: Path, int8: TrainConfig, network: nn.Module
) -> None:
    checkpoint = checkpoint_of(run, network)
    assert open_selfplay(run, checkpoint, int8).spec.precision == "fp32"
    play_some(run, int8, network, games=LEAST_GAMES - 1)
    assert open_selfplay(run, checkpoint, int8).spec.precision == "fp32"


def test_every_checkpoint_is_quantized_once_and_plays(
    run: Path, int8: TrainConfig, network: nn.Module
) -> None:
    play_some(run, int8, network, games=2 * LEAST_GAMES)
    first = checkpoint_of(run, network)
    evaluator = open_selfplay(run, first, int8)
    assert evaluator.spec.precision == "int8"
    assert evaluator.spec.training_step == 3
    assert evaluator.spec.checkpoint_sha256 == first.sha256
    made = (run / FOLDER / INT8).stat().st_mtime_ns
    open_selfplay(run, first, int8)
    assert (run / FOLDER / INT8).stat().st_mtime_ns == made
    assert sorted(path.name for path in run.iterdir()) == ["checkpoints", "replay", FOLDER]
    with ActorGroup(int8, evaluator, first_game_id=0) as group:
        games = group.play(24, stop=lambda: False, finished=lambda _: None, poll=lambda: None)
    assert {game.checkpoint_step for game in games} == {3}
    torch.manual_seed(5)
    second = checkpoint_of(run, build_network(TINY))
    assert open_selfplay(run, second, int8).spec.checkpoint_sha256 == second.sha256


@pytest.mark.parametrize(
    ("games", "plies", "quick"), [(40, 60, True), (31, 90, False), (40, 8, False)]
)
def test_few_positions_are_asked_for_only_where_there_are_many(
    run: Path, config: TrainConfig, network: nn.Module, games: int, plies: int, quick: bool
) -> None:
    long = config.model_copy(update={"max_plies": plies, "simulations": 2})
    play_some(run, long, network, games=games)
    option = _calibration_size(find_shards(run))
    assert option == (["--calibration-size", "512"] if quick else [])


def test_a_network_that_cannot_be_quantized_is_refused_in_one_line(
    run: Path, int8: TrainConfig, network: nn.Module
) -> None:
    play_some(run, int8, network, games=LEAST_GAMES)
    kind = NetworkConfig(kind="transformer", filters=8, blocks=1, heads=2)
    checkpoint = checkpoint_of(run, build_network(kind), kind=kind)
    with pytest.raises(
        ConfigError, match=r"got: expected .* use --selfplay-precision fp32"
    ) as told:
        open_selfplay(run, checkpoint, int8)
    assert "\n" not in str(told.value)


def test_int8_is_for_the_processor(run: Path, int8: TrainConfig, network: nn.Module) -> None:
    cuda = int8.model_copy(update={"device": "cuda"})
    with pytest.raises(ConfigError, match="--inference-precision fp16"):
        open_selfplay(run, checkpoint_of(run, network), cuda)


def test_settings_of_inference_reach_the_network(
    run: Path, config: TrainConfig, network: nn.Module
) -> None:
    lower = config.model_copy(update={"inference_precision": "bf16"})
    evaluator = open_selfplay(run, checkpoint_of(run, network), lower)
    assert isinstance(evaluator, TorchEvaluator)
    planes = np.random.default_rng(0).random((2, 119, 8, 8), dtype=np.float32)
    exact = evaluator_of(network).evaluate(planes).policy
    assert not np.allclose(evaluator.evaluate(planes).policy, exact, atol=1e-6)
