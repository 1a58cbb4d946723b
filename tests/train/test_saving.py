import json
from pathlib import Path

import numpy as np
import pytest
import torch

from aztoolkit.errors import CheckpointError, InputError
from train.checkpoint import latest_checkpoint, load_checkpoint
from train.prefetch import TensorBatch
from train.replay import Game
from train.saving import save_learner
from train.settings import TrainConfig
from train.start import Start, start_run
from train.window import ReplayWindow

EVERYTHING = {"ema_decay": 0.9, "training_precision": "fp16", "optimiser": "sgd"}


@pytest.fixture
def window(games: list[Game], config: TrainConfig) -> ReplayWindow:
    window = ReplayWindow(config)
    window.add(games)
    return window


def learn(start: Start, window: ReplayWindow, steps: int) -> dict[str, float]:
    for _ in range(steps):
        start.learner.step(TensorBatch.of(window.sample(start.rng, 8)))
    return start.learner.read()


def save(run: Path, config: TrainConfig, start: Start, losses: dict[str, float]) -> Path:
    return save_learner(run, config, start.learner, start.rng, losses=losses, games=5, positions=40)


@pytest.mark.parametrize("settings", [{}, EVERYTHING], ids=["plain", "everything"])
def test_a_run_goes_on_as_if_it_had_not_stopped(
    run: Path, config: TrainConfig, window: ReplayWindow, settings: dict[str, object]
) -> None:
    config = TrainConfig.model_validate(config.model_dump() | settings)
    going = start_run(run, config)
    losses = learn(going, window, 3)
    save(run, config, going, losses)
    resumed = start_run(run, config)
    assert resumed.losses == losses
    assert resumed.learner.training_step == 3
    assert learn(going, window, 3) == learn(resumed, window, 3)
    for name in ("network", "trained"):
        one, other = getattr(going.learner, name), getattr(resumed.learner, name)
        for expected, got in zip(
            one.state_dict().values(), other.state_dict().values(), strict=True
        ):
            assert torch.equal(expected, got)
    assert going.rng.random() == resumed.rng.random()


def test_a_checkpoint_holds_the_mean_of_the_weights(
    run: Path, config: TrainConfig, window: ReplayWindow
) -> None:
    config = TrainConfig.model_validate(config.model_dump() | EVERYTHING)
    start = start_run(run, config)
    checkpoint = load_checkpoint(save(run, config, start, learn(start, window, 2)))
    assert (checkpoint.info.training_step, checkpoint.info.games) == (2, 5)
    saved = checkpoint.network.state_dict()
    for name, mean in start.learner.trained.state_dict().items():
        assert torch.equal(saved[name], mean)
    raw = start.learner.network.state_dict()
    assert not torch.equal(saved["stem.0.weight"], raw["stem.0.weight"])


def test_a_checkpoint_says_how_its_learner_was_compiled(run: Path, config: TrainConfig) -> None:
    start = start_run(run, config)
    path = save(run, config, start, {})
    assert load_checkpoint(path).info.training_compile == "off"
    described = path.with_suffix(".json")
    fields = json.loads(described.read_text())
    del fields["training_compile"], fields["network"]["heads"]  # as older versions wrote it
    described.write_text(json.dumps(fields))
    assert load_checkpoint(path).info.training_compile == "off"


def test_a_full_disk_leaves_the_last_checkpoint(
    run: Path, config: TrainConfig, window: ReplayWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = start_run(run, config)
    path = save(run, config, start, learn(start, window, 1))
    whole = path.read_bytes()
    losses = learn(start, window, 1)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("aztoolkit.files._flush_to_disk", fail)
        with pytest.raises(InputError, match=r"No space left on device.*with space left"):
            save(run, config, start, losses)
    assert latest_checkpoint(run) == path
    assert path.read_bytes() == whole
    assert start_run(run, config).learner.training_step == 1


def test_a_state_of_other_settings_is_not_resumed(
    run: Path, config: TrainConfig, window: ReplayWindow
) -> None:
    start = start_run(run, config)
    save(run, config, start, learn(start, window, 1))
    averaged = config.model_copy(update={"ema_decay": 0.5})
    with pytest.raises(CheckpointError, match=r"its network and settings.*start another --run"):
        start_run(run, averaged)


def test_a_generator_is_kept_between_two_batches(
    run: Path, config: TrainConfig, window: ReplayWindow
) -> None:
    start = start_run(run, config)
    learn(start, window, 2)
    save(run, config, start, {})
    expected = window.sample(start.rng, 8).planes
    np.testing.assert_array_equal(window.sample(start_run(run, config).rng, 8).planes, expected)
