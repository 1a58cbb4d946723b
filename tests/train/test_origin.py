"""A run that begins with the weights of another: same answers, then its own way; and what is refused."""

import shutil
from pathlib import Path

import pytest
import torch
from torch import nn

from aztoolkit.cli import BAD_INPUT, DONE, main
from aztoolkit.errors import CheckpointError, ConfigError
from aztoolkit.files import sha256
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


def test_the_weights_are_the_run_s_own_before_it_gathers_anything(
    origin: Path, profile: Path, run: Path, tmp_path: Path
) -> None:
    """A run that is killed while it gathers goes on from them, whatever became of the other one."""
    gathering = [
        *("train", "--profile", str(profile), "--run", str(run), "--start-from", str(origin)),
        *("--no-selfplay", "--from-pgn", str(tmp_path / "missing.pgn")),
    ]
    assert main(gathering) == BAD_INPUT
    assert sha256(latest_checkpoint(run)) == sha256(origin)
    shutil.rmtree(origin.parents[1])
    resumed = start_run(run, load_config(run / FILE)).learner
    assert same(resumed.network, load_checkpoint(latest_checkpoint(run)).network)


def test_a_network_of_another_size_is_refused_and_leaves_nothing(
    origin: Path, profile: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "--profile", str(profile), "--run", str(run), "--iterations", "1"]
    command += ["--start-from", str(origin)]
    assert main([*command, "--blocks", "3"]) == BAD_INPUT
    error = capsys.readouterr().err
    assert "blocks = 2" in error
    assert "got" in error
    assert "blocks = 3" in error
    assert not (run / FILE).exists()
    assert main(command) == DONE


def test_a_path_means_the_same_from_another_folder(
    origin: Path, profile: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(origin.parent)
    config = resolve(run, str(profile), {"start_from": origin.name})
    assert config.start_from == str(origin)


def test_a_run_keeps_what_it_began_with_wherever_it_is_resumed(
    profile: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = resolve(run, str(profile), {"start_from": "shipped"})
    run.mkdir(exist_ok=True)
    (run / FILE).write_text(config.to_toml())
    (tmp_path / "elsewhere" / "shipped").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert resolve(run, None, {}).start_from == "shipped"


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_name_that_no_file_can_have_is_refused(
    name: str, profile: Path, run: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="to start from, got"):
        resolve(run, str(profile), {"start_from": name})
    own = tmp_path / "own.toml"
    own.write_text(TrainConfig(start_from=name).to_toml())
    with pytest.raises(ConfigError, match="to start from, got"):
        resolve(run, str(own), {})


def test_a_profile_may_name_the_checkpoint(origin: Path, tmp_path: Path, run: Path) -> None:
    """Alone it brings its network; beside a network, as in a run's own settings, it is not asked for it."""
    profile = tmp_path / "own.toml"
    profile.write_text(f'start_from = "{origin}"\n')
    config = resolve(run, str(profile), {})
    assert (config.kind, config.filters) == ("se_resnet", 8)
    whole = tmp_path / "config.toml"
    whole.write_text(config.to_toml())
    shutil.rmtree(origin.parents[1])
    assert resolve(run, str(whole), {}) == config
    shipped = resolve(run, str(whole), {"start_from": "shipped"})
    assert (shipped.filters, shipped.start_from) == (64, "shipped")


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
