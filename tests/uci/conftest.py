"""A small model on disk, and a GUI that talks to the command in a process of its own."""

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aztoolkit.model import ModelSpec
from tests.eval.networks import write_network

PATIENCE_S = 60.0
"""Far more than any answer takes on a machine that is busy with other things."""


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory, az_spec: ModelSpec) -> Path:
    """A real ONNX model, small and quick to open."""
    path = tmp_path_factory.mktemp("uci") / "network.onnx"
    return write_network(path, az_spec, drive=0.0)


class Gui:
    """The other end of a UCI engine in a process."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            command(*arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self.heard: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._errors: list[bytes] = []
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._threads = [
            threading.Thread(target=self._listen, daemon=True),
            threading.Thread(
                target=lambda stream: self._errors.extend(stream),
                args=(self.process.stderr,),
                daemon=True,
            ),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def errors(self) -> str:
        """What came on stderr; complete once the process has ended."""
        return b"".join(self._errors).decode()

    def say(self, *lines: str) -> None:
        """Sends lines."""
        self.send("".join(f"{line}\n" for line in lines).encode())

    def send(self, data: bytes) -> None:
        """Sends bytes, whatever they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    def until(self, start: str, *, within_s: float = PATIENCE_S) -> str:
        """Returns the next line that begins with `start`; those before it are in `heard`."""
        end_s = time.monotonic() + within_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, end_s - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {start!r} within {within_s} s: {self.heard}") from None
            self.heard.append(line)
            if line.startswith(start):
                return line

    def silent_for(self, seconds: float, start: str) -> bool:
        """Returns whether no line beginning with `start` comes for some time."""
        try:
            self.until(start, within_s=seconds)
        except AssertionError:
            return True
        return False

    def ready(self) -> None:
        """Waits for the answer to `isready`."""
        self.say("isready")
        self.until("readyok")

    def quit(self) -> int:
        """Says `quit` and returns the exit code."""
        self.say("quit")
        return self.ended()

    def ended(self) -> int:
        """Returns the exit code, once the process has ended by itself."""
        code = self.process.wait(timeout=PATIENCE_S)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        return code

    def close(self) -> None:
        """Ends the process, if need be, and frees its pipes."""
        if self.process.poll() is None:
            self.process.kill()
        self.ended()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.decode().rstrip("\n"))


def command(*arguments: str) -> list[str]:
    """Returns the command line of the engine."""
    return [sys.executable, "-m", "aztoolkit", "uci", *arguments]


@pytest.fixture
def gui(network: Path) -> Iterator[Gui]:
    """A GUI whose engine plays the small model."""
    gui = Gui(str(network))
    yield gui
    gui.close()
