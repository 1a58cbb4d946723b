import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from aztoolkit.errors import DataError, MissingDependencyError
from train.loop import Limits, train_run
from train.progress import Display
from train.settings import TrainConfig
from train.strength import Strength, elo_curve, read_matches


def never() -> bool:
    return False


@pytest.fixture(scope="session")
def matching(config: TrainConfig) -> TrainConfig:
    """Plays a match of one pair after every iteration."""
    return config.model_copy(update={"match_every": 1, "match_pairs": 1, "match_simulations": 2})


def metrics(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_a_run_has_an_elo_curve_over_its_first_checkpoint(
    run: Path, matching: TrainConfig, display: Display
) -> None:
    train_run(run, matching, Limits(iterations=2), display)
    first, second = (int(row["training_step"]) for row in metrics(run))
    matches = read_matches(run)
    played = [(match["training_step"], match["opponent_step"]) for match in matches]
    assert played == [(first, 0), (second, 0), (second, first)]
    assert all(match["pairs"] == 1 and match["simulations"] == 2 for match in matches)
    assert all(match["elo_low"] < match["elo"] < match["elo_high"] for match in matches)
    for row in metrics(run):
        rating = elo_curve(matches if row["training_step"] == second else matches[:1])
        assert row["elo"] == pytest.approx(rating[int(row["training_step"])].elo)
        assert row["elo_low"] < row["elo"] < row["elo_high"]
        assert row["match_s"] > 0
        assert row["learner_busy"] > 0.05  # a share of training's own time, not of the matches'
    models = {path.parent.name for path in run.glob("strength/*/fp32.onnx")}
    assert models == {"step-00000000", f"step-{second:08d}"}
    assert len(list(run.glob("strength/*.pgn"))) == 3
    assert not (run / "strength" / "pending.json").exists()


@pytest.mark.slow
def test_a_match_that_was_broken_off_is_gone_on_with(
    run: Path, config: TrainConfig, matching: TrainConfig, display: Display
) -> None:
    summary = train_run(run, config, Limits(iterations=1), display)
    long = matching.model_copy(update={"match_pairs": 300})

    def stop() -> bool:
        """Is true once some games were played."""
        lines = (path.read_text().count("\n") for path in run.glob("strength/*.games.jsonl"))
        return any(count > 20 for count in lines)

    told = Strength(run, long, display).after_iteration(
        summary.checkpoint, positions=summary.positions, stop=stop
    )
    assert set(told) == {"match_s"}
    assert not read_matches(run)
    assert (run / "strength" / "pending.json").exists()
    played = sum(path.read_text().count("\n") - 1 for path in run.glob("strength/*.games.jsonl"))
    assert played >= 20

    again = Strength(run, long, display).after_iteration(
        summary.checkpoint, positions=summary.positions + 1, stop=never
    )
    assert "elo" in again
    (match,) = read_matches(run)
    assert match["pairs"] == 300
    assert match["positions"] == summary.positions


def test_matches_come_every_so_many_positions(
    run: Path, config: TrainConfig, display: Display, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = train_run(run, config, Limits(iterations=1), display)
    rare = config.model_copy(update={"match_every": 3})
    played: list[int] = []
    monkeypatch.setattr(
        Strength, "_play", lambda _self, pending, _stop: played.append(pending.training_step)
    )
    strength = Strength(run, rare, display)
    wanted = 3 * config.iteration_positions
    for positions in (wanted - 1, wanted):
        strength.after_iteration(summary.checkpoint, positions=positions, stop=never)
    assert played == [summary.training_step]


def test_no_match_begins_when_the_run_is_to_stop(
    run: Path, config: TrainConfig, matching: TrainConfig, display: Display
) -> None:
    summary = train_run(run, config, Limits(iterations=1), display)
    strength = Strength(run, matching, display)
    arguments = {"positions": summary.positions, "stop": lambda: True}
    assert strength.after_iteration(summary.checkpoint, **arguments) == {}


@pytest.mark.slow
def test_a_match_that_fails_ends_no_run(
    run: Path, config: TrainConfig, matching: TrainConfig, display: Display
) -> None:
    summary = train_run(run, config, Limits(iterations=1), display)
    (run / "strength" / f"step-{summary.training_step:08d}" / "fp32.onnx").mkdir(parents=True)
    told = Strength(run, matching, display).after_iteration(
        summary.checkpoint, positions=summary.positions, stop=never
    )
    assert set(told) == {"match_s"}
    (row,) = read_matches(run)
    assert row["training_step"] == summary.training_step
    assert row["failed"].startswith("aztoolkit: cannot write")
    assert row["positions"] == summary.positions  # the next is due as late as after any other
    assert not elo_curve(read_matches(run))


def test_missing_packages_are_said_before_anything_is_played(
    run: Path,
    config: TrainConfig,
    matching: TrainConfig,
    display: Display,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("train.strength.find_spec", lambda _name: None)
    with pytest.raises(MissingDependencyError, match=r"aztoolkit\[cpu,export\]"):
        train_run(run, matching, Limits(iterations=1), display)
    assert not run.exists()
    train_run(run, config, Limits(minutes=1e-9), display)  # who plays none needs none


def test_a_torn_line_is_dropped_and_a_broken_one_is_said(run: Path) -> None:
    run.mkdir()
    match = {"training_step": 2, "opponent_step": 1, "score": 0.5, "pairs": 3}
    (run / "strength.jsonl").write_text(json.dumps(match) + '\n{"training')
    assert read_matches(run) == [match]
    (run / "strength.jsonl").write_text("nonsense\n")
    with pytest.raises(DataError, match="expected a match on every line"):
        read_matches(run)


def test_a_match_after_a_torn_line_stands_on_a_line_of_its_own(
    run: Path, matching: TrainConfig, display: Display
) -> None:
    run.mkdir()
    match = {"training_step": 2, "opponent_step": 1, "score": 0.5, "pairs": 3}
    (run / "strength.jsonl").write_text(json.dumps(match) + '\n{"training')
    Strength(run, matching, display)._append({**match, "training_step": 3})
    assert [one["training_step"] for one in read_matches(run)] == [2, 3]


@pytest.mark.slow
def test_a_command_ends_with_the_process_that_started_it() -> None:
    code = (
        "import os, time\nfrom train import child\n"
        "started = child.start(['match', 'uniform', 'uniform', '--pairs', '5000'])\n"
        "print(started.pid, flush=True)\ntime.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    grandchild = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    end_s = time.monotonic() + 60
    while grandchild.is_running() and grandchild.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end_s
        time.sleep(0.1)
