"""A run that begins with the weights of another: same answers, then its own way; and what is refused."""

import shutil
from pathlib import Path

import pytest
import torch
from torch import nn

from aztoolkit.cli import BAD_INPUT, DONE, main
from aztoolkit.errors import CheckpointError, ConfigError
from aztoolkit.model_files import SHIPPED
from train.checkpoint import CheckpointInfo, latest_checkpoint, load_checkpoint, save_checkpoint
from train.config import FILE, load_config, resolve
from train.networks import NetworkConfig, build_network
from train.origin import load_origin
from train.settings import TrainConfig
from train.start import start_run

GIVEN = NetworkConfig(kind="se_resnet", filters=8, blocks=2, se_ratio=4)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    info = CheckpointInfo(network=GIVEN, training_step=70)
    return save_checkpoint(tmp_path / "origin", build_network(GIVEN), info)


@pytest.fixture
def profile(config: TrainConfig, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(config.to_toml())
    return path


def same(one: nn.Module, other: nn.Module) -> bool:
    states = one.state_dict(), other.state_dict()
    return states[0].keys() == states[1].keys() and all(
        torch.equal(value, states[1][name]) for name, value in states[0].items()
    )


@pytest.mark.parametrize("name", ["file", "run"])
def test_a_run_takes_weights_and_size_from_a_checkpoint(
    name: str, origin: Path, profile: Path, run: Path
) -> None:
    start_from = str(origin if name == "file" else origin.parents[1])
    config = resolve(run, str(profile), {"start_from": start_from})
    assert (config.kind, config.filters, config.blocks, config.se_ratio) == ("se_resnet", 8, 2, 4)
    start = start_run(run, config)
    assert start.learner.training_step == 0
    assert start.learner.network.training
    assert same(start.learner.network, load_checkpoint(origin).network)


def test_the_mean_of_the_weights_begins_there_too(origin: Path, profile: Path, run: Path) -> None:
    options = {"start_from": str(origin), "ema_decay": 0.9}
    learner = start_run(run, resolve(run, str(profile), options)).learner
    assert same(learner.trained, load_checkpoint(origin).network)


def test_the_network_that_comes_with_aztoolkit_can_learn_on(profile: Path, run: Path) -> None:
    config = resolve(run, str(profile), {"start_from": "shipped"})
    assert same(
        start_run(run, config).learner.network,
        load_checkpoint(SHIPPED / "fp32.safetensors").network,
    )


def test_the_same_command_resumes_it_even_without_the_checkpoint(
    origin: Path, profile: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "--profile", str(profile), "--run", str(run), "--iterations", "1"]
    started = [*command, "--start-from", str(origin)]
    assert main(started) == DONE
    first = load_checkpoint(latest_checkpoint(run))
    assert first.info.network == GIVEN
    assert load_config(run / FILE).start_from == str(origin)
    shutil.rmtree(origin.parents[1])
    assert main(started) == DONE
    assert load_checkpoint(latest_checkpoint(run)).info.training_step > first.info.training_step
    capsys.readouterr()
    assert main([*command, "--start-from", "shipped"]) == BAD_INPUT
    assert 'start_from = "shipped"' in capsys.readouterr().err


def test_a_network_of_another_size_is_refused(origin: Path, profile: Path, run: Path) -> None:
    config = resolve(run, str(profile), {"start_from": str(origin), "blocks": 3})
    with pytest.raises(ConfigError, match=r"blocks = 2.*got .*blocks = 3.*leave its kind and size"):
        start_run(run, config)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.safetensors", "got no file at"),
        (str(SHIPPED / "fp32.onnx"), "that can learn on"),
        (str(SHIPPED), "run folder with checkpoints"),
    ],
)
def test_what_is_no_checkpoint_is_refused(name: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        load_origin(name)
