import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aztoolkit.cli import BAD_INPUT, DONE, main
from train.checkpoint import latest_checkpoint, load_checkpoint
from train.replay import read_games
from train.settings import TrainConfig

START_S = 120


@pytest.fixture
def arguments(run: Path, config: TrainConfig, tmp_path: Path) -> list[str]:
    profile = tmp_path / "tiny.toml"
    profile.write_text(config.to_toml())
    return ["train", "--profile", str(profile), "--run", str(run)]


def complaint(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Returns the one line that a refused command writes."""
    assert main(arguments) == BAD_INPUT
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    return output.err


def test_options_reach_the_run(
    arguments: list[str], run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--iterations", "1", "--seed", "5", "--no-mirror", "--json"]) == DONE
    outcome = json.loads(capsys.readouterr().out)
    assert Path(outcome["checkpoint"]) == latest_checkpoint(run)
    assert outcome["training_step"] > 0
    assert "seed = 5\n" in (run / "config.toml").read_text()
    assert "mirror = false\n" in (run / "config.toml").read_text()


def test_a_network_goes_by_its_name_and_options_override_it(
    arguments: list[str], run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--network", "transformer_4x64", "--blocks", "1", "--heads", "2", "--filters", "8"]
    assert main([*arguments, *small, "--iterations", "1"]) == DONE
    network = load_checkpoint(latest_checkpoint(run)).info.network
    assert (network.kind, network.blocks, network.heads) == ("transformer", 1, 2)
    capsys.readouterr()
    assert "transformer_4x64" in complaint([*arguments, "--network", "alphazero"], capsys)


def test_an_unknown_profile_lists_the_profiles(capsys: pytest.CaptureFixture[str]) -> None:
    assert "cpu, high, low, mid" in complaint(["train", "--profile", "fast"], capsys)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--filters", "0"], "filters"),
        (["--filters", "many"], "filters"),
        (["--fitlers", "3"], "--fitlers"),
        (["--kind", "se_resnet"], "se_ratio"),
        (["--minutes", "0"], "--minutes"),
    ],
)
def test_a_wrong_option_is_one_line(
    arguments: list[str],
    run: Path,
    option: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert words in complaint([*arguments, *option], capsys)
    assert not run.exists()


def test_an_unwritable_folder_is_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    refused = [*arguments[:-1], str(tmp_path / "file" / "run")]
    assert "cannot write" in complaint(refused, capsys)


def test_help_loads_no_torch() -> None:
    code = (
        "import sys; from aztoolkit.cli import main; main(['train', '--help']); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


class Trainer:
    """`aztoolkit train` in a process of its own."""

    def __init__(self, arguments: list[str], run: Path) -> None:
        self._run = run
        command = [sys.executable, "-W", "error", "-m", "aztoolkit", *arguments]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )

    def wait_for(self, lines: int) -> None:
        """Waits until so many iterations are in metrics.jsonl."""
        path, end_s = self._run / "metrics.jsonl", time.monotonic() + START_S
        while not path.exists() or path.read_text().count("\n") < lines:
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < end_s
            time.sleep(0.05)


def test_killed_and_resumed_it_has_lost_next_to_nothing(arguments: list[str], run: Path) -> None:
    trainer = Trainer(arguments, run)
    trainer.wait_for(lines=2)
    trainer.process.send_signal(signal.SIGKILL)
    trainer.process.communicate()
    steps = load_checkpoint(latest_checkpoint(run)).info.training_step
    sealed = list(read_games(run))
    journal = (run / "replay" / "journal.jsonl").read_text().count("\n")
    assert steps > 0

    resumed = Trainer([*arguments, "--iterations", "1", "--json"], run)
    output, errors = resumed.process.communicate(timeout=START_S)
    assert resumed.process.returncode == DONE, errors
    outcome = json.loads(output)
    games = list(read_games(run))
    ids = {game.game_id for game in games}
    assert outcome["training_step"] > steps
    assert outcome["games"] == len(games) == len(ids)
    assert len(games) >= len(sealed) + journal
    assert ids > {game.game_id for game in sealed}


def test_ctrl_c_ends_with_a_checkpoint_of_all_games(arguments: list[str], run: Path) -> None:
    trainer = Trainer([*arguments, "--json"], run)
    trainer.wait_for(lines=1)
    trainer.process.send_signal(signal.SIGINT)
    output, errors = trainer.process.communicate(timeout=START_S)
    assert trainer.process.returncode == DONE, errors
    assert "Traceback" not in errors
    outcome = json.loads(output)
    info = load_checkpoint(latest_checkpoint(run)).info
    assert (info.training_step, info.games) == (outcome["training_step"], outcome["games"])
    assert len(list(read_games(run))) == info.games
