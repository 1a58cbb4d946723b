"""Servers to ask: in memory, with tiny real networks or one that waits; and as a process."""

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import websockets.sync.client
from numpy.typing import NDArray
from websockets.sync.client import ClientConnection

from aztoolkit.evaluator import Evaluation, Evaluator
from aztoolkit.model import ModelSpec
from aztoolkit.model_files import find_models
from serve.app import STATIC, create_app
from serve.catalog import Catalog, open_catalog, open_engine
from serve.config import ServeConfig
from serve.parts import Parts
from serve.server import create_server, listen, url_of
from tests.conftest import REPOSITORY, HashEvaluator, missing
from tests.serve.networks import write_run

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
STOP_S = 20
FEW = 16
"""Simulations of a search that has to be quick, not good."""

Client = httpx.AsyncClient


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with `fp32.onnx` and an `int8.onnx` that the gate accepted."""
    return write_run(tmp_path_factory.mktemp("runs") / "tiny")


@pytest.fixture(scope="session")
def catalog(run_folder: Path) -> Catalog:
    """Its engines."""
    return open_catalog(find_models(run_folder))


@asynccontextmanager
async def connect(catalog: Catalog, **settings: object) -> AsyncIterator[Client]:
    """A client of a server in memory; `settings` are those of `ServeConfig`."""
    config = ServeConfig.model_validate({"simulations": FEW, **settings})
    parts = Parts.create(catalog, config)
    app = create_app(parts, static=Path("nowhere"))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client
    finally:
        parts.searches.close()


@pytest.fixture
async def client(catalog: Catalog) -> AsyncIterator[Client]:
    """A client of a server with two tiny engines."""
    async with connect(catalog) as connected:
        yield connected


class LiveServer:
    """A real server, on a thread of this process."""

    def __init__(self, catalog: Catalog, **settings: object) -> None:
        self.config = ServeConfig.model_validate({"simulations": FEW, **settings})
        self.parts = Parts.create(catalog, self.config)
        self.listener = listen("127.0.0.1", 0)
        self.url = url_of(self.listener)
        self.server = create_server(self.parts)
        sockets = {"sockets": [self.listener]}
        self._thread = threading.Thread(target=self.server.run, kwargs=sockets, daemon=True)
        self._thread.start()
        while not self.server.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.01)

    def websocket(self, path: str, **options: Any) -> ClientConnection:
        """Connects to a path below `/api`."""
        address = f"{self.url.replace('http', 'ws')}api{path}"
        return websockets.sync.client.connect(address, **options)

    def stop(self) -> None:
        """Ends it as a signal would."""
        self.server.should_exit = True
        self._thread.join(STOP_S)
        self.listener.close()
        assert not self._thread.is_alive(), "the server did not stop"


@contextmanager
def serving(catalog: Catalog, **settings: object) -> Iterator[LiveServer]:
    """A live server; `settings` are those of `ServeConfig`."""
    server = LiveServer(catalog, **settings)
    try:
        yield server
    finally:
        server.stop()


class WaitingEvaluator(HashEvaluator):
    """Answers only when `open` is set, so that a search takes as long as a test wants."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__(spec)
        self.asked = threading.Event()
        self.open = threading.Event()

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        self.asked.set()
        assert self.open.wait(STOP_S), "nobody let the search go on"
        return super().evaluate(planes)


@pytest.fixture
def waiting(az_spec: ModelSpec) -> Iterator[WaitingEvaluator]:
    """A network that answers when it is let."""
    evaluator = WaitingEvaluator(az_spec)
    yield evaluator
    evaluator.open.set()


def only(evaluator: Evaluator, run_folder: Path) -> Catalog:
    """A catalog of one engine with this network."""
    return Catalog([open_engine(run_folder / "export" / "fp32.onnx", evaluator)])


@pytest.fixture
def waiting_catalog(waiting: WaitingEvaluator, run_folder: Path) -> Catalog:
    """A catalog of one engine that answers when it is let."""
    return only(waiting, run_folder)


class ServerProcess:
    """`aztoolkit serve` as a process, on a free port."""

    def __init__(self, *arguments: str | Path) -> None:
        command = [sys.executable, "-m", "aztoolkit", "serve", *map(str, arguments), "--port", "0"]
        self.process = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        found = re.search(r"http://\S+", self.line)
        assert found, f"{self.line}{self.stop()}"
        self.url = found.group()

    def stop(self) -> tuple[int, str, str]:
        """Ends the process as a service manager does; returns its exit code, stdout and stderr."""
        self.process.terminate()
        out, err = self.process.communicate(timeout=STOP_S)
        return self.process.returncode, out, err


@pytest.fixture(scope="module")
def server(run_folder: Path) -> Iterator[ServerProcess]:
    """The tiny engines, served by a process."""
    process = ServerProcess(run_folder, "--simulations", str(FEW))
    yield process
    process.stop()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """A Chromium to click with."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        missing("Chromium")
    if not (STATIC / "index.html").is_file():
        missing("the built page (make setup)")
    return Path(str(found))
