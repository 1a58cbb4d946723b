"""The server as a process: its line, its port, its end; and the command's refusals."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from aztoolkit.cli import BAD_INPUT, main
from aztoolkit.errors import BusyPortError, ConfigError
from serve.server import listen, url_of
from tests.conftest import REPOSITORY
from tests.serve.conftest import STOP_S, ServerProcess
from tests.serve.networks import write_model

ENGINE_FIRST = {"white": {"engine": "slow"}, "black": {}}
_IMPORTS = """
import sys
import {module}
print(sorted({{"torch", "fastapi", "uvicorn", "onnxruntime"}} & set(sys.modules)))
"""


def heavy_imports(module: str) -> str:
    """Returns which heavy packages a fresh process has loaded after importing `module`."""
    script = _IMPORTS.format(module=module)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_server_does_not_load_torch() -> None:
    assert heavy_imports("serve.app, serve.server") == "['fastapi', 'uvicorn']"


def test_command_loads_nothing_heavy_until_it_runs() -> None:
    assert heavy_imports("serve.cli") == "[]"


def test_line_tells_url_engines_and_search(server: ServerProcess) -> None:
    assert re.search(r"INT8 \(resnet 64x5\), FP32 \(resnet 64x5\) of \S+;", server.line)
    assert "search on http://127.0.0.1:" in server.line
    assert httpx.get(f"{server.url}api/health").json()["status"] == "ok"


@pytest.fixture(scope="module")
def slow_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that makes a search of 10,000 simulations last minutes."""
    return write_model(tmp_path_factory.mktemp("slow") / "slow.onnx", idle_layers=10)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_server_quietly_in_the_middle_of_a_search(
    slow_model: Path, number: signal.Signals
) -> None:
    server = ServerProcess(slow_model, "--simulations", "10000")
    with httpx.Client(base_url=server.url, timeout=STOP_S) as client:
        game = client.post("/api/games", json=ENGINE_FIRST).json()
        with pytest.raises(httpx.ReadTimeout):
            client.post(f"/api/games/{game['id']}/engine-move", timeout=0.5)
        assert client.get("/api/health").json()["searching"] == 1
    server.process.send_signal(number)
    out, err = server.process.communicate(timeout=STOP_S)
    assert (server.process.returncode, out, err) == (0, "", "")


def test_busy_port_is_one_line_and_exit_code_2(
    run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", str(run_folder), "--port", str(port)]) == BAD_INPUT
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"got {port}" in error
    assert "--port" in error


def test_listening_twice_raises_busy_port_error() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(BusyPortError):
        listen("127.0.0.1", taken.getsockname()[1])


def test_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match="address of this machine"):
        listen("203.0.113.1", 0)


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_url_of_an_ipv6_address_has_brackets() -> None:
    try:
        listener = listen("::1", 0)
    except ConfigError:
        pytest.skip("this machine has no IPv6 loopback")
    with listener:
        assert url_of(listener).startswith("http://[::1]:")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--simulations", "0"], "simulations"),
        (["--simulations", "1000000"], "simulations"),
        (["--port", "70000"], "port"),
        (["--searches", "0"], "searches"),
        (["--max-games", "0"], "max-games"),
        (["--host", "0.0.0.0"], "--token"),
        (["--host", "0.0.0.0", "--token", "short"], "token"),
        (["nothing-here.onnx"], "nothing-here.onnx"),
    ],
)
def test_wrong_option_is_one_line_and_exit_code_2(
    options: list[str], word: str, run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = [] if word.endswith(".onnx") else [str(run_folder)]
    assert main(["serve", *path, *options]) == BAD_INPUT
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert word in error
