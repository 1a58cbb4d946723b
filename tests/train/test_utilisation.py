import sys
import time
import types
from collections.abc import Callable, Iterator
from itertools import chain, cycle

import pytest

from train.utilisation import Meter, Reading, open_meter

PATIENCE_S = 20.0


class FakeNvml(types.ModuleType):
    """What nvidia-ml-py documents, of one GPU."""

    class NVMLError(Exception):
        pass

    def __init__(self, answers: Iterator[int | None]) -> None:
        super().__init__("pynvml")
        self.answers, self.opened, self.uuids = answers, 0, list[str]()

    def nvmlInit(self) -> None:  # noqa: N802, as NVIDIA names it
        self.opened += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.opened -= 1

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        self.uuids.append(uuid)
        if "MIG" in uuid:
            raise self.NVMLError("Not Found")
        return "handle"

    def nvmlDeviceGetUtilizationRates(self, handle: str) -> types.SimpleNamespace:  # noqa: N802
        assert handle == "handle"
        assert self.opened == 1
        percent = next(self.answers)
        if percent is None:
            raise self.NVMLError("GPU is lost")
        return types.SimpleNamespace(gpu=percent, memory=0)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeNvml]:
    def install(answers: Iterator[int | None], uuid: str = "1a2b") -> FakeNvml:
        fake = FakeNvml(answers)
        monkeypatch.setitem(sys.modules, "pynvml", fake)
        monkeypatch.setattr("train.utilisation._uuid", lambda: uuid)
        monkeypatch.setattr("train.utilisation._PERIOD_S", 0.001)
        return fake

    return install


def wait_for(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.001)


def answered(meter: Meter) -> int:
    return int(meter.read().whole)


def test_a_gpu_is_asked_in_the_background_and_its_answers_are_averaged(
    install: Callable[..., FakeNvml],
) -> None:
    said: list[str] = []
    nvml = install(chain([100] * 3, cycle([40])))
    with open_meter("cuda", said.append) as meter:
        assert nvml.uuids == ["GPU-1a2b"]
        wait_for(lambda: answered(meter) > 10)
        later = meter.read()
        assert later.since(Reading()) == pytest.approx((3 + (later.whole - 3) * 0.4) / later.whole)
        wait_for(lambda: answered(meter) > later.whole)
        assert meter.read().since(later) == pytest.approx(0.4)
    assert nvml.opened == 0
    assert said == []


def test_a_gpu_that_stops_answering_is_said_once_and_what_was_measured_stays(
    install: Callable[..., FakeNvml],
) -> None:
    said: list[str] = []
    nvml = install(chain([100, 100], cycle([None])))
    with open_meter("cuda", said.append) as meter:
        wait_for(lambda: said)
        time.sleep(0.02)
        assert meter.read() == Reading(busy=2, whole=2)
    assert len(said) == 1
    assert "not measured" in said[0]
    assert "GPU is lost" in said[0]
    assert nvml.opened == 0


def test_a_slice_of_a_gpu_is_not_measured(install: Callable[..., FakeNvml]) -> None:
    said: list[str] = []
    nvml = install(cycle([50]), uuid="MIG-1")
    with open_meter("cuda", said.append) as meter:
        assert meter.read().since(Reading()) is None
    assert "Not Found" in said[0]
    assert nvml.opened == 0


def test_without_the_package_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with open_meter("cuda", said.append) as meter:
        assert meter.read().since(Reading()) is None
    assert len(said) == 1
    assert "pip install nvidia-ml-py" in said[0]


def test_a_processor_is_measured_by_what_this_process_used() -> None:
    said: list[str] = []
    with open_meter("cpu", said.append) as meter:
        before = meter.read()
        end_s = time.process_time() + 0.05
        while time.process_time() < end_s:
            pass
        busy = meter.read().since(before)
    assert busy is not None
    assert 0 < busy <= 1.05
    assert said == []
