"""Opening in the background: nothing waits, and what is ready is swapped in."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from aztoolkit.backends import Choice
from aztoolkit.errors import MachineError
from aztoolkit.evaluator import Evaluation, UniformEvaluator
from aztoolkit.model import ModelSpec
from aztoolkit.uci import networks as networks_module
from aztoolkit.uci.engine import Engine
from aztoolkit.uci.networks import Networks, Wanted
from aztoolkit.uci.settings import Settings

PATIENCE_S = 30.0


class Opener:
    """Opens models that know nothing; each backend only when it is let."""

    def __init__(self, spec: ModelSpec, *allowed: str) -> None:
        self._spec = spec
        self._gates = {name: threading.Event() for name in ("cpu", "rtx")}
        for name in allowed:
            self._gates[name].set()
        self.opened: list[tuple[str, str]] = []
        self.failing: set[str] = set()

    def let(self, backend: str) -> None:
        self._gates[backend].set()

    def __call__(self, model: Path, choice: Choice, _threads: int) -> "Closable":
        assert self._gates[choice.backend].wait(PATIENCE_S)
        if choice.backend in self.failing:
            raise MachineError(f"expected {choice.backend}, got none")
        self.opened.append((model.name, choice.backend))
        return Closable(self._spec)


class Closable(UniformEvaluator):
    """Tells whether it was freed, and may not be asked after."""

    closed = False

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        assert not self.closed
        return super().evaluate(planes)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files, opened on the backend that is asked for."""
    for name in ("a.onnx", "b.onnx"):
        (tmp_path / name).touch()
    monkeypatch.setattr(
        networks_module,
        "choose_backend",
        lambda _model, backend, threads: Choice(
            "cpu" if backend == "auto" else backend, "as asked", threads
        ),
    )
    return tmp_path


def wanted(
    model: Path, backend: str = "auto", *, batch: int = 0, precision: str = "auto"
) -> Wanted:
    return Wanted(str(model), precision, backend, threads=0, batch=batch)


def wait_until_settled(networks: Networks) -> None:
    for _ in range(int(PATIENCE_S / 0.02)):
        if not networks.opening:
            return
        threading.Event().wait(0.02)
    raise AssertionError("still opening")


def test_who_takes_a_network_waits_for_it(models: Path, az_spec: ModelSpec):
    opener = Opener(az_spec)
    networks = Networks(lambda _line: None, open_model=opener)
    networks.want(wanted(models / "a.onnx"))
    assert networks.take(lambda: True) is None
    threading.Timer(0.2, opener.let, ["cpu"]).start()
    network = networks.take(lambda: False)
    assert network is not None
    assert network.model.name == "a.onnx"
    wait_until_settled(networks)


def test_the_processor_stands_in_until_a_plan_is_built(models: Path, az_spec: ModelSpec):
    opener, said = Opener(az_spec, "cpu"), []
    networks = Networks(said.append, open_model=opener)
    networks.want(wanted(models / "a.onnx", "rtx"))
    first = networks.take(lambda: False)
    assert opener.opened == [("a.onnx", "cpu")]
    assert networks.opening
    assert networks.take(lambda: False) is first
    opener.let("rtx")
    wait_until_settled(networks)
    second = networks.take(lambda: False)
    assert opener.opened == [("a.onnx", "cpu"), ("a.onnx", "rtx")]
    assert second is not first
    assert first.evaluator.closed
    assert not second.evaluator.closed
    assert (first.batch, second.batch) == (16, 64)


def test_a_stand_in_stays_where_the_backend_cannot_be_opened(models: Path, az_spec: ModelSpec):
    opener, said = Opener(az_spec, "cpu", "rtx"), []
    opener.failing = {"rtx"}
    networks = Networks(said.append, open_model=opener)
    networks.want(wanted(models / "a.onnx", "rtx"))
    wait_until_settled(networks)
    assert networks.take(lambda: False).model.name == "a.onnx"
    assert "expected rtx, got none" in said


def test_another_model_is_waited_for_and_never_confused(models: Path, az_spec: ModelSpec):
    opener = Opener(az_spec, "cpu")
    networks = Networks(lambda _line: None, open_model=opener)
    networks.want(wanted(models / "a.onnx"))
    wait_until_settled(networks)
    networks.want(wanted(models / "b.onnx", "rtx"))
    assert networks.take(lambda: False).model.name == "b.onnx"
    opener.let("rtx")
    wait_until_settled(networks)


def test_a_change_of_mind_while_opening_ends_with_the_last_wish(models: Path, az_spec: ModelSpec):
    opener = Opener(az_spec)
    networks = Networks(lambda _line: None, open_model=opener)
    networks.want(wanted(models / "a.onnx"))
    networks.want(wanted(models / "b.onnx", batch=7))
    opener.let("cpu")
    wait_until_settled(networks)
    network = networks.take(lambda: False)
    assert (network.model.name, network.batch) == ("b.onnx", 7)


def test_a_model_of_another_precision_is_refused(models: Path, az_spec: ModelSpec):
    said: list[str] = []
    networks = Networks(said.append, open_model=Opener(az_spec, "cpu"))
    networks.want(wanted(models / "a.onnx", precision="int8"))
    wait_until_settled(networks)
    assert networks.take(lambda: False) is None
    assert any("expected a model in int8, got one in fp32" in line for line in said)


class Talk:
    """An engine in this process, fed line by line."""

    def __init__(self, engine: Engine, said: list[str]) -> None:
        self._engine, self.said = engine, said
        self._lines: list[str | None] = []
        self._more = threading.Semaphore(0)
        self._thread = threading.Thread(target=lambda: engine.run(self._read()))
        self._thread.start()

    def say(self, line: str | None) -> None:
        self._lines.append(line)
        self._more.release()

    def until(self, start: str) -> str:
        for _ in range(int(PATIENCE_S / 0.01)):
            found = next((line for line in list(self.said) if line.startswith(start)), None)
            if found is not None:
                return found
            threading.Event().wait(0.01)
        raise AssertionError(f"no {start!r} in {self.said}")

    def end(self) -> None:
        self.say(None)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def _read(self) -> Iterator[str]:
        while True:
            self._more.acquire()
            line = self._lines.pop(0)
            if line is None:
                return
            yield line


@pytest.fixture
def talk_and_opener(models: Path, az_spec: ModelSpec) -> Iterator[tuple[Talk, Opener]]:
    opener, said = Opener(az_spec), []
    engine = Engine(Settings(weights=str(models / "a.onnx")), said.append, open_model=opener)
    talk = Talk(engine, said)
    yield talk, opener
    opener.let("cpu")
    talk.end()


def test_isready_is_answered_while_the_network_is_opening(talk_and_opener: tuple[Talk, Opener]):
    talk, opener = talk_and_opener
    talk.say("isready")
    talk.until("readyok")
    assert opener.opened == []


def test_a_clock_that_runs_out_while_opening_is_answered_by_a_move(
    talk_and_opener: tuple[Talk, Opener],
):
    talk, opener = talk_and_opener
    talk.say("go wtime 300 btime 300")
    assert talk.until("bestmove") != "bestmove 0000"
    assert opener.opened == []
    assert any("before the network was open" in line for line in talk.said)


def test_stop_while_opening_is_answered(talk_and_opener: tuple[Talk, Opener]):
    talk, _ = talk_and_opener
    talk.say("go infinite")
    talk.say("isready")
    talk.until("readyok")
    assert not any(line.startswith("bestmove") for line in talk.said)
    talk.say("stop")
    talk.until("bestmove")


def test_go_waits_for_the_network_where_there_is_time(talk_and_opener: tuple[Talk, Opener]):
    talk, opener = talk_and_opener
    talk.say("go nodes 20")
    threading.Timer(0.2, opener.let, ["cpu"]).start()
    talk.until("bestmove")
    assert any(" nodes 20 " in line for line in talk.said)
