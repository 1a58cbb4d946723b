import io
import json
from functools import partial
from pathlib import Path

import pytest
import safetensors.torch
import torch
from rich.console import Console
from safetensors import safe_open

from aztoolkit.errors import CheckpointError, EvaluationError, InputError, MachineError
from train.checkpoint import latest_checkpoint, load_checkpoint, weights_path
from train.compile import compile_network
from train.config import FILE, load_config
from train.inference_compile import compile_inference
from train.lock import lock_run
from train.loop import Limits, Summary, train_run
from train.progress import Bar, Display
from train.replay import read_games
from train.resignation import ControlGames
from train.settings import TrainConfig
from train.state import load_state

ONE = Limits(iterations=1)


def rows(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_a_run_leaves_all_its_files(run: Path, config: TrainConfig, display: Display) -> None:
    summary = train_run(run, config, Limits(iterations=2), display)
    assert load_config(run / FILE) == config
    assert summary.checkpoint == latest_checkpoint(run)
    info = load_checkpoint(summary.checkpoint).info
    games = list(read_games(run))
    positions = sum(len(game) for game in games)
    assert (info.games, info.positions) == (len(games), positions)
    assert (summary.games, summary.positions) == (len(games), positions)
    assert info.training_step == int(2.0 * positions / 8) == summary.training_step
    assert info.seed == config.seed
    assert info.config_sha256 == config.sha256
    assert info.losses["loss"] == pytest.approx(rows(run)[-1]["loss"])
    assert [row["positions"] for row in rows(run)] == sorted(row["positions"] for row in rows(run))
    assert list((run / "tb").iterdir())
    assert not (run / "replay" / "journal.jsonl").read_text()


def test_the_same_seed_makes_the_same_run(
    tmp_path: Path, config: TrainConfig, display: Display
) -> None:
    def run_once(name: str, seed: int) -> Summary:
        seeded = config.model_copy(update={"seed": seed})
        return train_run(tmp_path / name, seeded, Limits(iterations=2), display)

    first, twin, other = run_once("a", 1), run_once("b", 1), run_once("c", 2)
    assert first.checkpoint.read_bytes() == twin.checkpoint.read_bytes()
    assert list(read_games(tmp_path / "a")) == list(read_games(tmp_path / "b"))
    assert first.checkpoint.read_bytes() != other.checkpoint.read_bytes()


def test_what_is_built_ahead_changes_nothing(
    tmp_path: Path, config: TrainConfig, display: Display
) -> None:
    def run_once(prefetch: int) -> bytes:
        run = tmp_path / str(prefetch)
        ahead = config.model_copy(update={"prefetch": prefetch})
        train_run(run, ahead, ONE, display)
        return train_run(run, ahead, ONE, display).checkpoint.read_bytes()

    assert run_once(0) == run_once(1) == run_once(3)


def test_resuming_goes_on_where_it_stopped(
    run: Path, config: TrainConfig, display: Display
) -> None:
    first = train_run(run, config, ONE, display)
    before = load_checkpoint(first.checkpoint)
    second = train_run(run, config, ONE, display)
    assert first.training_step < second.training_step == int(2.0 * second.positions / 8)
    assert first.games < second.games
    ids = [game.game_id for game in read_games(run)]
    assert len(set(ids)) == len(ids) == second.games
    assert {game.checkpoint_step for game in read_games(run)} == {0, first.training_step}
    assert len(rows(run)) == 2
    again = load_checkpoint(first.checkpoint)  # untouched by the second call
    assert again.sha256 == before.sha256


def test_false_resignations_are_counted_over_all_calls(
    run: Path, config: TrainConfig, display: Display
) -> None:
    controls = {"resign_value": -0.001, "resign_moves": 1, "no_resign_share": 1.0}
    config = config.model_copy(update=controls)
    for _ in range(2):
        summary = train_run(run, config, ONE, display)
    counted = ControlGames()
    for game in read_games(run):
        counted.add(game, config)
    assert counted.games == summary.games
    assert load_state(run, summary.training_step).control_games == counted
    assert rows(run)[-1]["false_resign_rate"] == counted.false_resign_rate == 1.0

    state = run / "checkpoints" / f"state-{summary.training_step:08d}.safetensors"
    tensors = safetensors.torch.load_file(state)
    with safe_open(state, "pt") as file:
        metadata = {"generator": file.metadata()["generator"]}  # as an earlier version wrote it
    safetensors.torch.save_file(tensors, state, metadata)
    train_run(run, config, Limits(iterations=0), display)
    assert load_state(run, summary.training_step).control_games == counted


def test_metrics_tell_what_the_window_takes(
    run: Path, config: TrainConfig, display: Display
) -> None:
    train_run(run, config, ONE, display)
    (row,) = rows(run)
    assert 20 < row["replay_bytes_per_position"] < 1000
    taken = row["replay_mib"] * 2**20
    assert row["replay_bytes_per_position"] == pytest.approx(taken / row["window"])
    assert 0 < row["utilisation"] <= 1.05


def test_the_bar_tells_the_rates_of_the_last_moments(
    run: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, float]] = []

    def update(_: Bar, _completed: int, _note: str, live: dict[str, float]) -> None:
        told.append(live)

    monkeypatch.setattr(Bar, "update", update)
    monkeypatch.setattr("train.rates._PERIOD_S", 0.0)
    train_run(run, config, ONE, Display(Console(quiet=True)))
    names = {name for live in told for name in live}
    assert names >= {"games_per_hour", "positions_per_s", "fill_rate", "latency_ms", "utilisation"}
    assert names >= {"train_steps_per_s", "replay_age", "loss", "policy_loss", "wdl_loss"}


def test_limits_end_a_run(tmp_path: Path, config: TrainConfig, display: Display) -> None:
    assert train_run(tmp_path / "a", config, Limits(games=1), display).games <= 3
    short = train_run(tmp_path / "b", config, Limits(minutes=1e-9), display)
    assert (short.games, short.training_step) == (0, 0)
    assert load_checkpoint(short.checkpoint).info.training_step == 0


def test_nothing_is_learnt_before_the_minimum(
    run: Path, config: TrainConfig, display: Display
) -> None:
    patient = config.model_copy(update={"replay_minimum": 10_000})
    summary = train_run(run, patient, ONE, display)
    assert summary.positions >= 24
    assert summary.training_step == 0
    assert "loss" not in rows(run)[0]


def no_compiler(*_: object, **__: object) -> None:
    raise RuntimeError("no compiler")


def test_a_compiler_that_fails_is_said_and_written_down(
    run: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = partial(compile_network, compiler=no_compiler)
    monkeypatch.setattr("train.learner.compile_network", failing)
    said = io.StringIO()
    compiled = config.model_copy(update={"training_compile": "default"})
    summary = train_run(run, compiled, ONE, Display(Console(file=said)))
    assert "learning without torch.compile: RuntimeError: no compiler" in said.getvalue()
    info = load_checkpoint(summary.checkpoint).info
    assert info.training_compile == "off: RuntimeError: no compiler"
    assert info.training_step > 0


def test_a_self_play_compiler_that_fails_is_said_once(
    run: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = partial(compile_inference, compiler=no_compiler)
    monkeypatch.setattr("train.inference.compile_inference", failing)
    said = io.StringIO()
    compiled = config.model_copy(update={"inference_compile": "default"})
    train_run(run, compiled, ONE, Display(Console(file=said)))
    assert said.getvalue().count("self-play without torch.compile: RuntimeError: no compiler") == 1


def test_a_nan_loss_leaves_the_last_checkpoint(
    run: Path, config: TrainConfig, display: Display, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train_run(run, config, ONE, display)
    with monkeypatch.context() as patch:
        patch.setattr(
            "train.learner.cross_entropy", lambda *_: torch.tensor(float("nan"), requires_grad=True)
        )
        with pytest.raises(EvaluationError, match="last checkpoint is intact"):
            train_run(run, config, ONE, display)
    assert latest_checkpoint(run) == first.checkpoint
    resumed = train_run(run, config, ONE, display)
    assert resumed.training_step > first.training_step


def test_a_broken_checkpoint_is_not_resumed(
    run: Path, config: TrainConfig, display: Display
) -> None:
    summary = train_run(run, config, ONE, display)
    summary.checkpoint.write_bytes(b"")
    with pytest.raises(CheckpointError, match="truncated or altered"):
        train_run(run, config, ONE, display)


def test_a_checkpoint_without_its_state_is_not_resumed(
    run: Path, config: TrainConfig, display: Display
) -> None:
    step = train_run(run, config, ONE, display).training_step
    weights_path(run, step).with_name(f"state-{step:08d}.safetensors").unlink()
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        train_run(run, config, ONE, display)


def test_two_trainers_do_not_share_a_folder(
    run: Path, config: TrainConfig, display: Display
) -> None:
    with lock_run(run), pytest.raises(CheckpointError, match="another process"):
        train_run(run, config, ONE, display)
    train_run(run, config, Limits(minutes=1e-9), display)


def test_an_unwritable_folder_is_refused(
    tmp_path: Path, config: TrainConfig, display: Display
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        train_run(tmp_path / "file" / "run", config, ONE, display)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_missing_gpu_names_the_way_out(run: Path, config: TrainConfig, display: Display) -> None:
    with pytest.raises(MachineError, match="--profile cpu, or insist with --device cpu"):
        train_run(run, config.model_copy(update={"device": "cuda"}), ONE, display)
    assert not run.exists()
