import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from aztoolkit.cli import BAD_INPUT, DONE, main
from aztoolkit.encoding import get_encoding
from aztoolkit.encoding.az4672 import move_to_index
from tests.train.supervised.games import mates, write_pgn
from train.checkpoint import latest_checkpoint, load_checkpoint
from train.loop import Limits, Summary, train_run
from train.progress import Display
from train.replay import find_shards
from train.settings import TrainConfig
from train.supervised.config import resolve_supervised
from train.supervised.learning import supervised_steps
from train.supervised.settings import SupervisedSettings

START_S = 120
NO_SELF_PLAY = Limits(iterations=0)


@pytest.fixture(scope="session")
def pgn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 games, 2,650 positions; every twentieth is held out."""
    return write_pgn(tmp_path_factory.mktemp("pgn") / "mates.pgn", 400)


@pytest.fixture(scope="session")
def learning(config: TrainConfig) -> TrainConfig:
    return config.model_copy(
        update={"filters": 16, "training_batch_size": 64, "learning_rate": 0.01, "mirror": False}
        | {"replay_capacity": 10_000}
    )


def settings(pgn: Path, **fields: object) -> SupervisedSettings:
    return SupervisedSettings.model_validate({"from_pgn": [pgn], "pgn_min_plies": 1, **fields})


def rows(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def learn(run: Path, config: TrainConfig, supervised: SupervisedSettings) -> Summary:
    display = Display(Console(quiet=True))
    return train_run(run, config, NO_SELF_PLAY, display, supervised=supervised)


def test_the_loss_falls_and_the_mates_of_the_games_are_learned(
    run: Path, learning: TrainConfig, pgn: Path
) -> None:
    summary = learn(run, learning, settings(pgn, supervised_epochs=5))
    epochs = rows(run)
    assert [round(row["supervised_epoch"]) for row in epochs] == [1, 2, 3, 4, 5]
    for name in ("policy_loss", "wdl_loss", "held_out_policy_loss", "held_out_wdl_loss"):
        assert epochs[-1][name] < epochs[0][name]
    assert epochs[-1]["held_out_accuracy"] > 0.8
    assert epochs[-1]["held_out_wdl_loss"] < 0.5
    assert summary.training_step == supervised_steps(run) > 150
    network = load_checkpoint(summary.checkpoint).network
    planes = np.stack([get_encoding("az119").encode(board) for board, _ in mates()])
    with torch.inference_mode():
        policy, wdl = network(torch.from_numpy(planes))
    for row, (board, mate) in enumerate(mates()):
        legal = [move_to_index(board, move) for move in board.legal_moves]
        best = max(legal, key=lambda index: float(policy[row, index]))
        assert best == move_to_index(board, mate)
        assert wdl[row].argmax() == 0


def test_the_learning_rate_falls_to_its_share(run: Path, learning: TrainConfig, pgn: Path) -> None:
    learn(run, learning, settings(pgn, supervised_epochs=4, supervised_final_rate=0.2))
    rates = [row["learning_rate"] / learning.learning_rate for row in rows(run)]
    assert rates[1] == pytest.approx(0.6, abs=0.05)  # half-way along the cosine
    assert rates[-1] == pytest.approx(0.2, abs=0.01)
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize("capacity", [10_000, 300], ids=["all at once", "sliding"])
def test_a_stopped_phase_goes_on_to_the_same_weights(
    tmp_path: Path, learning: TrainConfig, pgn: Path, capacity: int
) -> None:
    learning = learning.model_copy(update={"replay_capacity": capacity})
    for name, steps in (("a", 70), ("b", 30), ("b", 70)):
        supervised = settings(pgn, supervised_steps=steps, supervised_final_rate=1.0)
        learn(tmp_path / name, learning, supervised)
    first, second = (latest_checkpoint(tmp_path / name) for name in ("a", "b"))
    assert first.name == second.name == "step-00000070.safetensors"
    assert first.read_bytes() == second.read_bytes()


def test_a_window_smaller_than_the_data_slides_over_it(
    run: Path, learning: TrainConfig, pgn: Path
) -> None:
    small = learning.model_copy(update={"replay_capacity": 300})
    summary = learn(run, small, settings(pgn, supervised_epochs=3))
    assert max(row["window"] for row in rows(run)) < 400
    assert rows(run)[-1]["held_out_accuracy"] > 0.5
    again = learn(run, small, settings(pgn, supervised_epochs=4))
    assert again.training_step > summary.training_step


def test_self_play_follows_and_counts_its_own_steps(
    run: Path, learning: TrainConfig, pgn: Path, display: Display
) -> None:
    supervised = settings(pgn, supervised_steps=20)
    summary = train_run(run, learning, Limits(iterations=1), display, supervised=supervised)
    of_self_play = int(learning.samples_per_position * summary.positions / 64)
    assert summary.training_step == 20 + of_self_play
    stored = resolve_supervised(run, {})
    assert stored == supervised
    resumed = train_run(run, learning, Limits(iterations=1), display, supervised=stored)
    assert resumed.training_step == 20 + int(learning.samples_per_position * resumed.positions / 64)
    assert supervised_steps(run) == 20


def test_zero_steps_gather_and_learn_nothing(run: Path, learning: TrainConfig, pgn: Path) -> None:
    summary = learn(run, learning, settings(pgn, supervised_steps=0))
    assert summary.training_step == 0
    assert find_shards(run / "supervised" / "pgn")


@pytest.fixture
def command(run: Path, learning: TrainConfig, pgn: Path, tmp_path: Path) -> list[str]:
    profile = tmp_path / "tiny.toml"
    profile.write_text(learning.to_toml())
    return [
        *("train", "--profile", str(profile), "--run", str(run), "--no-selfplay"),
        *("--from-pgn", str(pgn), "--pgn-min-plies", "1"),
    ]


def complaint(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == BAD_INPUT
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error.splitlines()[-1]


def test_the_command_says_what_it_learned(
    command: list[str], pgn: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--supervised-epochs", "2", "--json"]) == DONE
    output = capsys.readouterr()
    assert json.loads(output.out)["training_step"] == 68
    assert "PGN: 400 games" in output.err
    assert "held out: policy" in output.err
    assert (
        main([*command, "--from-pgn", str(pgn)]) == BAD_INPUT
    )  # the same file twice is another set


def test_another_supervised_start_is_refused_once_self_play_has_begun(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    playing = [part for part in command if part != "--no-selfplay"]
    assert main([*playing, "--supervised-steps", "5", "--iterations", "3"]) == DONE
    capsys.readouterr()
    line = complaint([*playing, "--supervised-steps", "50", "--iterations", "1"], capsys)
    assert "has gone on to self-play" in line


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--supervised-epochs", "3"], "--from-pgn or --teacher beside --supervised-epochs"),
        (["--teacher-nodes", "0", "--teacher", "stockfish"], "--teacher-nodes"),
        (["--from-pgn", "missing.pgn"], "missing.pgn"),
        (["--teacher", "no-such-engine"], "apt-get install stockfish"),
    ],
)
def test_a_wrong_option_is_one_line(
    run: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in complaint(["train", "--run", str(run), "--no-selfplay", *options], capsys)


@pytest.mark.parametrize("source", [["--from-pgn", "missing.pgn"], ["--teacher", "no-such-engine"]])
def test_a_source_that_is_not_there_is_not_kept(
    run: Path,
    config: TrainConfig,
    source: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    profile = tmp_path / "tiny.toml"
    profile.write_text(config.to_toml())
    command = ["train", "--profile", str(profile), "--run", str(run)]
    assert source[1] in complaint([*command, "--no-selfplay", *source], capsys)
    assert main([*command, "--iterations", "1"]) == DONE


def test_pgn_without_a_game_to_learn_is_one_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.pgn"
    empty.touch()
    line = complaint(["train", "--run", str(run), "--from-pgn", str(empty)], capsys)
    assert "expected positions to learn" in line


def test_learning_killed_at_any_moment_goes_on_to_the_same_weights(
    command: list[str], run: Path, tmp_path: Path, learning: TrainConfig
) -> None:
    small = learning.model_copy(update={"replay_capacity": 300})  # slides over the positions
    (tmp_path / "tiny.toml").write_text(small.to_toml())
    command = [sys.executable, "-W", "error", "-m", "aztoolkit", *command, "--json"]
    command += ["--supervised-steps", "120"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    killed = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    end_s = time.monotonic() + START_S
    path = run / "metrics.jsonl"
    while not path.exists() or path.read_text().count("\n") < 1:
        assert killed.poll() is None, killed.communicate()
        assert time.monotonic() < end_s
        time.sleep(0.02)
    killed.kill()
    killed.communicate()
    steps = load_checkpoint(latest_checkpoint(run)).info.training_step
    assert 0 < steps < 120
    assert supervised_steps(run) == 0

    def finish(folder: Path) -> str:
        finished = subprocess.run(
            [str(folder) if part == str(run) else part for part in command],
            capture_output=True,
            text=True,
            env=environment,
            timeout=START_S,
            check=False,
        )
        assert finished.returncode == DONE, finished.stderr
        assert json.loads(finished.stdout)["training_step"] == 120
        return finished.stderr

    assert f"resuming {run}: step {steps:,}" in finish(run)
    reported = [row["training_step"] for row in rows(run)]
    assert reported == sorted(set(reported))
    unharmed = tmp_path / "unharmed"
    finish(unharmed)
    assert latest_checkpoint(run).read_bytes() == latest_checkpoint(unharmed).read_bytes()


@pytest.mark.stockfish
def test_what_a_teacher_labels_is_learned(
    run: Path, learning: TrainConfig, stockfish: Path
) -> None:
    supervised = SupervisedSettings(
        teacher=str(stockfish),
        teacher_nodes=50,
        teacher_positions=2000,
        supervised_epochs=6,
    )
    mirrored = learning.model_copy(update={"mirror": True})
    learn(run, mirrored, supervised)
    epochs = rows(run)
    assert epochs[-1]["policy_loss"] < epochs[0]["policy_loss"] - 0.3
    assert epochs[-1]["wdl_loss"] < epochs[0]["wdl_loss"]
