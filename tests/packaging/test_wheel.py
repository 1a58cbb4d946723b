"""An installed wheel, in an environment of its own and outside the checkout, runs every sub-command."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TINY_RUN = ["--filters", "8", "--blocks", "1", "--simulations", "4", "--max-plies", "30"]


def run(*command: str | Path, cwd: Path, codes: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode in codes, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a user builds it, save that the build tools are already there."""
    folder = tmp_path_factory.mktemp("dist")
    run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation"),
        *("--outdir", folder, REPOSITORY),
        cwd=REPOSITORY,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed `aztoolkit` in a fresh environment, which borrows only the dependencies.

    A path in a `.pth` file is searched but its own `.pth` files are not read, so the editable install
    of the checkout cannot be what is run.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "--no-deps", wheel, cwd=folder)
    packages = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder
    )
    Path(packages.strip(), "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin" / "aztoolkit"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to work in that knows nothing of the checkout."""
    return tmp_path_factory.mktemp("desk")


@pytest.fixture(scope="module")
def trained(command: Path, desk: Path) -> Path:
    """A run folder after a few moves of self-play, exported and quantized."""
    run(command, "train", "--profile", "cpu", "--run", "run", "--games", "8", *TINY_RUN, cwd=desk)
    run(command, "export", "run", cwd=desk)
    run(command, "quantize", "run", "--int8", "--calibration-size", "40", cwd=desk)
    return desk / "run" / "export"


def test_the_wheel_carries_the_stages_the_native_core_and_the_page(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    for stage in ("train", "export", "eval", "serve", "benchmarks"):
        sources = [path.relative_to(REPOSITORY) for path in (REPOSITORY / stage).rglob("*.py")]
        assert sources
        assert {f"aztoolkit/_stages/{path.as_posix()}" for path in sources} <= set(names)
    assert {f"aztoolkit/_stages/eval/data/{name}.epd" for name in ("openings", "tactics")} <= set(
        names
    )
    assert any(re.fullmatch(r"aztoolkit/_native\.[^/]+\.so", name) for name in names)
    assert "aztoolkit/_stages/serve/static/index.html" in names
    network = (
        "int8.onnx",
        "int8.gate.json",
        "levels.json",
        "fp32.onnx",
        "fp32.safetensors",
        "fp32.json",
    )
    assert {f"aztoolkit/models/{name}" for name in network} <= set(names)
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"aztoolkit"}
    assert not [name for name in names if "node_modules" in name or "/web/" in name]


def test_it_does_not_run_from_the_checkout(command: Path, desk: Path):
    python = command.with_name("python")
    where = run(python, "-c", "import aztoolkit; print(aztoolkit.__file__)", cwd=desk)
    assert not Path(where.strip()).is_relative_to(REPOSITORY)


def test_it_brings_a_network(command: Path, desk: Path):
    options = ("--simulations", "4", "--pairs", "1", "--max-plies", "8", "--json")
    report = run(command, "match", "shipped", "random", *options, cwd=desk)
    assert json.loads(report)["pairs"] == 1


def test_perft(command: Path, desk: Path):
    assert "197281" in run(command, "perft", "startpos", "4", cwd=desk)


def test_doctor_finds_the_native_search(command: Path, desk: Path):
    assert json.loads(run(command, "doctor", "--json", cwd=desk))["search"] == "native"


def test_train_export_quantize(trained: Path):
    assert (trained / "fp32.onnx").is_file()
    assert (trained / "fp16.onnx").is_file()
    assert (trained / "int8.onnx").is_file()


def test_compare(command: Path, desk: Path, trained: Path):
    models = [trained / "fp32.onnx", trained / "int8.onnx"]
    report = run(command, "compare", *models, "--positions", "run", "--json", cwd=desk)
    assert 0 <= json.loads(report)["kl_mean"] < 1


def test_gate(command: Path, desk: Path, trained: Path):
    models = [trained / "fp32.onnx", trained / "int8.onnx"]
    small = ["--simulations", "2", "--min-pairs", "2", "--max-pairs", "2", "--max-plies", "20"]
    report = run(command, "gate", *models, *small, "--json", cwd=desk, codes=(0, 1, 3))
    stages = {stage["name"]: stage for stage in json.loads(report)["stages"]}
    assert stages["tactical veto"]["verdict"] in (
        "accepted",
        "rejected",
    )  # by luck: it knows nothing
    small += ["--skip", "tactics"]
    report = run(command, "gate", *models, *small, "--json", cwd=desk, codes=(0, 1, 3))
    assert json.loads(report)["pairs"] == 2


def test_match(command: Path, desk: Path, trained: Path):
    small = ["--pairs", "1", "--simulations", "2", "--max-plies", "20"]
    report = run(command, "match", trained / "fp32.onnx", "uniform", *small, "--json", cwd=desk)
    assert json.loads(report)["pairs"] == 1


def test_benchmark(command: Path, desk: Path):
    assert (
        json.loads(run(command, "benchmark", "encode", "--json", cwd=desk))["positions_per_s"] > 0
    )


def test_serve_shows_the_page(command: Path, desk: Path, trained: Path):
    server = subprocess.Popen(
        [command, "serve", trained, "--port", "0", "--no-open"],
        cwd=desk,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert server.stdout is not None
        lines = iter(server.stdout.readline, "")
        url = next(found[0] for line in lines if (found := re.search(r"http://[\d.]+:\d+", line)))
        with urllib.request.urlopen(url, timeout=20) as page:
            assert b"<title>" in page.read()
    finally:
        server.terminate()
        server.communicate(timeout=20)
