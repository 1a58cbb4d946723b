import json
import threading
import time
from pathlib import Path

import pytest

from aztoolkit.errors import EvaluationError
from train.checkpoint import load_checkpoint
from train.learner import Learner
from train.loop import Limits, train_run
from train.prefetch import TensorBatch
from train.progress import Display
from train.replay import Game, read_games
from train.settings import TrainConfig
from train.trainer import Trainer
from train.window import ReplayWindow

THREE = Limits(iterations=3)


@pytest.fixture
def config(config: TrainConfig) -> TrainConfig:
    return config.model_copy(update={"asynchronous": True, "actors": 2})


def rows(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def our_threads() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith(("actor", "prefetch"))]


def allowed(positions: float) -> int:
    """Returns the steps that so many positions allow with the settings of these tests."""
    return int(2.0 * positions / 8)


def test_a_run_leaves_all_its_files(run: Path, config: TrainConfig, display: Display) -> None:
    summary = train_run(run, config, THREE, display)
    games = list(read_games(run))
    info = load_checkpoint(summary.checkpoint).info
    assert info.games == summary.games == len(games)
    assert info.positions == summary.positions == sum(sum(game.searched) for game in games)
    assert info.training_step == summary.training_step > 0
    assert info.losses["loss"] > 0
    assert len(rows(run)) == 3
    assert not (run / "replay" / "journal.jsonl").read_text()
    assert our_threads() == []


def test_the_ratio_of_samples_to_positions_holds(
    run: Path, config: TrainConfig, display: Display
) -> None:
    train_run(run, config, THREE, display)
    for number, row in enumerate(rows(run), start=1):
        assert row["positions"] >= number * config.iteration_positions
        assert row["training_step"] >= allowed(number * config.iteration_positions)
        assert row["training_step"] <= allowed(row["positions"])


def test_the_actors_wait_for_a_slow_learner(
    run: Path, config: TrainConfig, display: Display, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Learner.step

    def slow_step(learner: Learner, batch: TensorBatch) -> None:
        time.sleep(0.02)
        step(learner, batch)

    monkeypatch.setattr(Learner, "step", slow_step)
    train_run(run, config, Limits(iterations=4), display)
    an_iteration = allowed(config.iteration_positions)
    a_game_of_each_actor = allowed(config.actors * config.max_plies) + 1
    for row in rows(run):
        behind = allowed(row["positions"]) - row["training_step"]
        assert behind <= an_iteration + a_game_of_each_actor
    assert rows(run)[-1]["training_step"] >= 4 * an_iteration


def test_the_actors_go_on_with_each_new_network(
    run: Path, config: TrainConfig, display: Display
) -> None:
    longer = config.model_copy(update={"iteration_positions": 96})  # than the games in flight
    train_run(run, longer, Limits(iterations=5), display)
    steps = {int(row["training_step"]) for row in rows(run)}
    played_by = {game.checkpoint_step for game in read_games(run)}
    assert len(played_by) > 2
    assert played_by <= steps | {0}


def test_resuming_goes_on_where_it_stopped(
    run: Path, config: TrainConfig, display: Display
) -> None:
    first = train_run(run, config, THREE, display)
    second = train_run(run, config, THREE, display)
    assert second.training_step > first.training_step
    ids = [game.game_id for game in read_games(run)]
    assert len(set(ids)) == len(ids) == second.games > first.games
    assert second.training_step <= allowed(second.positions)


def test_limits_end_a_run(tmp_path: Path, config: TrainConfig, display: Display) -> None:
    by_games = train_run(tmp_path / "a", config, Limits(games=5), display)
    assert by_games.games >= 5
    assert load_checkpoint(by_games.checkpoint).info.games == by_games.games
    by_time = train_run(tmp_path / "b", config, Limits(minutes=1e-9), display)
    assert by_time.training_step == 0


def test_nothing_is_learnt_before_the_minimum(
    run: Path, config: TrainConfig, display: Display
) -> None:
    patient = config.model_copy(update={"replay_minimum": 10_000})
    assert train_run(run, patient, THREE, display).training_step == 0
    assert "loss" not in rows(run)[-1]


def test_an_error_of_an_actor_ends_the_run(
    run: Path, config: TrainConfig, display: Display, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Trainer.record

    def fail_at_the_fifth(trainer: Trainer, game: Game) -> None:
        if trainer.games == 4:
            raise EvaluationError("the network answered NaN")
        record(trainer, game)

    monkeypatch.setattr(Trainer, "record", fail_at_the_fifth)
    with pytest.raises(EvaluationError, match="answered NaN"):
        train_run(run, config, Limits(), display)
    assert our_threads() == []


def test_an_error_where_batches_are_built_ends_the_run(
    run: Path, config: TrainConfig, display: Display, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("no room for a batch")

    monkeypatch.setattr(ReplayWindow, "sample_into", fail)
    with pytest.raises(MemoryError, match="no room"):
        train_run(run, config, Limits(), display)
    assert our_threads() == []


def test_a_nan_loss_leaves_the_last_checkpoint(
    run: Path, config: TrainConfig, display: Display, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train_run(run, config, THREE, display)
    step = Learner.step

    def spoilt(learner: Learner, batch: TensorBatch) -> None:
        batch.planes.fill_(float("nan"))
        step(learner, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "step", spoilt)
        with pytest.raises(EvaluationError, match="last checkpoint is intact"):
            train_run(run, config, Limits(), display)
    resumed = train_run(run, config, THREE, display)
    assert resumed.training_step > first.training_step
