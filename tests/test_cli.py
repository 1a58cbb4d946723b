"""The command: its table, lazy loading, exit codes, one-line errors."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aztoolkit import __version__, cli
from aztoolkit.cli import BAD_INPUT, DONE, main

COMMANDS = [
    "train",
    "import",
    "export",
    "build",
    "quantize",
    "compare",
    "describe",
    "gate",
    "match",
    "serve",
    "uci",
    "benchmark",
    "doctor",
    "perft",
]
HEAVY = ["torch", "onnxruntime", "onnx", "fastapi", "pyarrow"]


def modules_after(*arguments: str) -> set[str]:
    """Runs the command in a fresh process and returns the modules it has loaded."""
    script = (
        "import sys\nfrom aztoolkit.cli import main\n"
        f"try: main({list(arguments)!r})\nexcept SystemExit: pass\n"
        "print('MODULES', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.rpartition("MODULES ")[2].split())


def test_threads_of_every_command_sleep_while_they_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY")
    assert main(["--version"]) == DONE
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert main(["--version"]) == DONE
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]):
    assert main(["--help"]) == 0
    words = capsys.readouterr().out.split()
    assert set(COMMANDS) <= set(words)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["doctor", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]):
    assert not modules_after(*arguments) & set(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_imports_nothing_heavy(command: str):
    assert not modules_after(command, "--help") & set(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]):
    assert main([command, "--help"]) == 0
    usage, _, rest = capsys.readouterr().out.partition("\n")
    assert usage.startswith("Usage:")
    assert f"aztoolkit {command}" in rest


def test_version(capsys: pytest.CaptureFixture[str]):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize(
    "arguments",
    [
        ["dance"],
        ["doctor", "--jsn"],
        ["export"],
        ["import", "/nowhere.pb.gz"],
        ["describe", "/nowhere"],
        ["export", "/nowhere/at/all"],
        ["quantize", "/nowhere.onnx", "--int8"],
        ["compare", "/nowhere.onnx", "/nowhere.onnx"],
        ["gate", "/nowhere.onnx", "/nowhere.onnx"],
        ["match", "/nowhere.onnx", "/nowhere.onnx"],
        ["serve", "/nowhere.onnx"],
        ["uci", "/nowhere.onnx"],
        ["train", "--profile", "turbo"],
        ["perft", "not a fen", "3"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("aztoolkit: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--simulations", "0"],
            "--simulations: Input should be greater than or equal to 2, got '0'",
        ),
        (["--learning-rate", "x"], "--learning-rate: Input should be a valid number"),
        (["--simulatons", "9"], "Unknown option: --simulatons. Did you mean --simulations?"),
    ],
)
def test_a_wrong_setting_is_named_as_the_option_it_came_from(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["train", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("aztoolkit: ")
    assert message in error
    assert "pydantic" not in error


@pytest.mark.parametrize(
    ("package", "extra", "arguments"),
    [
        ("torch", "train,export", ["train", "--run", "RUN", "--games", "1"]),
        ("pyarrow", "train,export", ["train", "--run", "RUN", "--games", "1"]),
        ("onnx", "export", ["export", "RUN"]),
        ("google", "export", ["import", "RUN.pb.gz"]),
        ("fastapi", "serve", ["serve", "RUN"]),
    ],
)
def test_a_missing_extra_is_one_line_that_installs_it(
    package: str, extra: str, arguments: list[str], tmp_path: Path
):
    script = (
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name.split('.')[0] == {package!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Hide())\n"
        "from aztoolkit.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    words = [str(tmp_path / "run") if word == "RUN" else word for word in arguments]
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"aztoolkit[{extra}" in done.stderr


def test_module_runs_like_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "aztoolkit", "doctor", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["aztoolkit"] == __version__


def test_an_interrupted_command_says_so():
    command = [sys.executable, "-m", "aztoolkit", "benchmark", "encode"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(3)
    running.send_signal(signal.SIGINT)
    _, error = running.communicate(timeout=60)
    assert running.returncode == 130
    assert error == "aztoolkit: interrupted\n"


@pytest.mark.parametrize(
    "command", [["quantize", "--int8"], ["export"], ["match", "--simulations=2"], ["serve"]]
)
def test_a_network_of_lc0_where_a_model_belongs_is_pointed_to_import(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    network = tmp_path / "some.pb.gz"
    network.write_bytes(gzip.compress(b"weights"))
    name, *options = command
    opponents = ["uniform"] if name == "match" else []
    assert main([name, str(network), *opponents, *options]) == 2
    said = capsys.readouterr().err.strip()
    assert f"aztoolkit import {network}" in said
    assert "\n" not in said


def test_settings_that_contradict_each_other_are_said_in_our_own_words(
    capsys: pytest.CaptureFixture[str],
):
    assert main(["train", "--middle-ply", "100"]) == BAD_INPUT
    assert (
        capsys.readouterr().err == "aztoolkit: expected middle_ply up to late_ply (80), got 100\n"
    )


def test_a_bug_is_no_verdict(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def broken(_: str | None) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "create_app", broken)
    assert main(["doctor"]) == cli.OUR_FAULT
    assert "ZeroDivisionError" in capsys.readouterr().err
