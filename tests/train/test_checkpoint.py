import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from aztoolkit.errors import CheckpointError, InputError
from aztoolkit.files import sha256
from tests.train.conftest import TINY
from train.checkpoint import (
    CheckpointInfo,
    latest_checkpoint,
    load_checkpoint,
    save_checkpoint,
    weights_path,
)
from train.state import TrainingState, load_state, prune_states, save_state

INFO = CheckpointInfo(network=TINY, training_step=1234, games=5, losses={"loss": 1.5})


@pytest.fixture
def weights(run: Path, network: nn.Module) -> Path:
    return save_checkpoint(run, network, INFO)


def test_round_trip_keeps_weights_and_description(weights: Path, network: nn.Module) -> None:
    checkpoint = load_checkpoint(weights)
    planes = torch.rand(2, 119, 8, 8)
    network.eval()
    assert not checkpoint.network.training
    for expected, got in zip(network(planes), checkpoint.network(planes), strict=True):
        assert torch.equal(expected, got)
    assert checkpoint.sha256 == sha256(weights)
    assert checkpoint.info.model_copy(update={"sha256": ""}) == INFO
    assert weights.name == "step-00001234.safetensors"


def test_loading_leaves_the_global_generator_alone(weights: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    load_checkpoint(weights)
    assert torch.equal(torch.rand(4), expected)


def test_latest_is_the_last_finished(run: Path, network: nn.Module) -> None:
    for step in (3, 20, 100):
        save_checkpoint(run, network, INFO.model_copy(update={"training_step": step}))
    weights_path(run, 100).with_suffix(".json").unlink()  # killed before it was finished
    assert latest_checkpoint(run) == weights_path(run, 20)


def test_a_run_without_checkpoints_is_refused(run: Path) -> None:
    with pytest.raises(CheckpointError, match="aztoolkit train"):
        latest_checkpoint(run)


def _edit(path: Path, **fields: object) -> None:
    described = path.with_suffix(".json")
    described.write_text(json.dumps(json.loads(described.read_text()) | fields))


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def _truncate_and_sign(path: Path) -> None:
    _truncate(path)
    _edit(path, sha256=sha256(path))


CORRUPTIONS: dict[str, tuple[Callable[[Path], object], str]] = {
    "weights missing": (Path.unlink, "no file at"),
    "weights truncated": (_truncate, "truncated or altered"),
    "truncated and signed": (_truncate_and_sign, "expected a safetensors file"),
    "json missing": (lambda path: path.with_suffix(".json").unlink(), "beside the weights"),
    "json truncated": (
        lambda path: path.with_suffix(".json").write_text('{"format'),
        "expected JSON",
    ),
    "json of a list": (lambda path: path.with_suffix(".json").write_text("[]"), "got None"),
    "field unknown": (lambda path: _edit(path, colour="red"), "colour"),
    "field wrong": (lambda path: _edit(path, training_step=-1), "training_step"),
    "from the future": (lambda path: _edit(path, format_version=2), "format 1, got 2"),
    "another network": (
        lambda path: _edit(path, network={"filters": 16, "blocks": 1}),
        "got others",
    ),
    "unknown encoding": (lambda path: _edit(path, encoding="az1"), "az1"),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_broken_checkpoint_is_one_clear_line(weights: Path, name: str) -> None:
    corrupt, complaint = CORRUPTIONS[name]
    corrupt(weights)
    with pytest.raises(CheckpointError, match=re.escape(complaint)) as caught:
        load_checkpoint(weights)
    assert "\n" not in str(caught.value)


def test_an_unwritable_folder_is_refused(tmp_path: Path, network: nn.Module) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        save_checkpoint(tmp_path / "file", network, INFO)


def test_state_round_trip_keeps_tensors_and_dice(run: Path) -> None:
    rng = np.random.default_rng(5)
    rng.random(3)
    save_state(run, 7, TrainingState({"w.exp_avg": torch.arange(3.0)}, rng))
    state = load_state(run, 7)
    assert torch.equal(state.tensors["w.exp_avg"], torch.arange(3.0))
    assert state.rng.random() == rng.random()


def save_empty_state(run: Path, step: int) -> None:
    save_state(run, step, TrainingState({}, np.random.default_rng()))


def test_only_the_states_of_the_newest_checkpoints_are_kept(run: Path, network: nn.Module) -> None:
    for step in range(6):
        save_empty_state(run, step)
        save_checkpoint(run, network, INFO.model_copy(update={"training_step": step}))
        prune_states(run)
    load_state(run, 3)
    with pytest.raises(CheckpointError, match="got none"):
        load_state(run, 2)


def test_kills_before_the_checkpoint_leave_the_state_of_the_last_one(
    run: Path, network: nn.Module
) -> None:
    save_empty_state(run, 10)
    save_checkpoint(run, network, INFO.model_copy(update={"training_step": 10}))
    for step in range(11, 16):  # killed each time before the checkpoint was there
        save_empty_state(run, step)
        save_empty_state(run, 10)  # a run that resumes writes the last one anew
        prune_states(run)
    load_state(run, 10)
    assert len(list((run / "checkpoints").glob("state-*"))) == 1


def test_a_truncated_state_is_refused(run: Path) -> None:
    save_state(run, 1, TrainingState({"w.step": torch.ones(500)}, np.random.default_rng()))
    path = run / "checkpoints" / "state-00000001.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="safetensors"):
        load_state(run, 1)
