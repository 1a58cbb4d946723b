"""A server that can be killed and comes back at the same address, as after a crash."""

import socket
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.serve.conftest import STOP_S


class RestartableServer:
    """`aztoolkit serve` as a process on a port of its own."""

    def __init__(self, *arguments: str | Path) -> None:
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}/"
        self._command = [sys.executable, "-m", "aztoolkit", "serve"]
        self._command += ["--port", str(port)]
        self._arguments = list(map(str, arguments))
        self.start()

    def start(self, *arguments: str | Path) -> None:
        """Starts it, with other arguments than before if any are given, and waits until it answers."""
        self._arguments = list(map(str, arguments)) or self._arguments
        self._process = subprocess.Popen(
            [*self._command, *self._arguments],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        assert "http://" in self._process.stdout.readline(), "the server did not start"

    def kill(self) -> None:
        """Ends it as a crash does: at once, with no word to anyone."""
        self._process.kill()
        self._process.wait(STOP_S)
        assert self._process.stdout is not None
        self._process.stdout.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
