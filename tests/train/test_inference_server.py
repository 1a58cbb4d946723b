import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn

from aztoolkit.errors import EvaluationError
from aztoolkit.model import ModelSpec
from tests.train.conftest import TINY, evaluator_of
from train.batching import Part, size_of
from train.checkpoint import CheckpointInfo
from train.inference import TorchEvaluator
from train.inference_server import InferenceServer, ServedNetwork, ServerChannel
from train.selfplay import Actor
from train.settings import InferenceSettings, TrainConfig

FOREVER_S = 60.0
SOON_S = 0.02
PATIENCE_S = 20.0
"""A test that waits so long has found a deadlock."""

Parts = Sequence[Part[ServerChannel]]


class FakeNetwork:
    """Answers each position with the first number of its planes; its slots finish when told to."""

    def __init__(self, sign: int = 1, *, held: bool = False) -> None:
        self.sign = sign
        self.launched: list[int] = []
        self.go_on = threading.Event()
        self.error: Exception | None = None
        if not held:
            self.go_on.set()

    @property
    def spec(self) -> ModelSpec:
        return evaluator_of(nn.Identity()).spec

    @property
    def pinned(self) -> bool:
        return False

    def open_slot(self, batch_size: int) -> "FakeSlot":
        assert batch_size > 0
        return FakeSlot(self)


class FakeSlot:
    def __init__(self, network: FakeNetwork) -> None:
        self.network = network

    def launch(self, parts: Parts) -> None:
        self.network.launched.append(size_of(parts))
        for part in parts:
            rows = slice(part.start, part.start + part.count)
            first = part.asker.inputs[rows, 0, 0, 0]
            part.asker.policy[rows] = self.network.sign * first[:, None]
            part.asker.wdl[rows] = self.network.sign * first[:, None]

    def wait(self) -> None:
        assert self.network.go_on.wait(PATIENCE_S)
        if self.network.error:
            raise self.network.error


@contextmanager
def serving(network: ServedNetwork, *, size: int, timeout_s: float) -> Iterator[InferenceServer]:
    server = InferenceServer(network, batch_size=size, timeout_s=timeout_s)
    try:
        yield server
    finally:
        within_patience(server.close)


def within_patience(work: Callable[[], object]) -> object:
    """Returns what `work` does, in a thread; fails if it does not end."""
    results: list[object] = []

    def caught() -> None:
        try:
            results.append(work())
        except BaseException as error:
            results.append(error)

    thread = threading.Thread(target=caught, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert results, "deadlock"
    if isinstance(results[0], BaseException):
        raise results[0]
    return results[0]


def eventually(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, "never came true"
        time.sleep(0.001)


def ask(channel: ServerChannel, first: float, count: int) -> None:
    channel.planes[:count, 0, 0, 0] = np.arange(first, first + count)
    channel.send(count)


def received(channel: ServerChannel) -> list[float]:
    evaluation = within_patience(channel.receive)
    wdl: list[float] = evaluation.wdl[:, 0].tolist()  # type: ignore[attr-defined]
    return wdl


def test_every_asker_gets_its_own_answers_also_where_requests_are_split() -> None:
    network = FakeNetwork()
    with serving(network, size=8, timeout_s=SOON_S) as server:
        channels = [server.open_channel(20) for _ in range(3)]
        for number, channel in enumerate(channels):
            ask(channel, 100.0 * number, 5 + 7 * number)
        for number, channel in enumerate(channels):
            count = 5 + 7 * number
            assert received(channel) == [100.0 * number + k for k in range(count)]
    assert sum(network.launched) == 5 + 12 + 19
    assert max(network.launched) == 8


def test_a_full_batch_does_not_wait() -> None:
    network = FakeNetwork()
    with serving(network, size=8, timeout_s=FOREVER_S) as server:
        first, second, _ = (server.open_channel(4) for _ in range(3))
        ask(first, 0, 4)
        time.sleep(SOON_S)
        assert network.launched == []
        ask(second, 10, 4)
        assert received(first) == [0, 1, 2, 3]
        assert received(second) == [10, 11, 12, 13]
        assert network.launched == [8]


def test_a_quarter_goes_after_the_timeout_and_less_after_twice_that() -> None:
    network = FakeNetwork()
    with serving(network, size=8, timeout_s=SOON_S) as server:
        channel, _ = server.open_channel(4), server.open_channel(4)
        for count, least_s in ((2, SOON_S), (1, 2 * SOON_S)):
            began_s = time.perf_counter()
            ask(channel, 0, count)
            received(channel)
            assert time.perf_counter() - began_s >= least_s
    assert network.launched == [2, 1]


def test_nobody_waits_when_all_wait() -> None:
    with serving(FakeNetwork(), size=8, timeout_s=FOREVER_S) as server:
        first, second = server.open_channel(1), server.open_channel(1)
        ask(first, 1, 1)
        ask(second, 2, 1)
        assert received(first) == [1]
        assert received(second) == [2]


def test_two_batches_are_in_flight_and_no_third() -> None:
    network = FakeNetwork(held=True)
    with serving(network, size=4, timeout_s=SOON_S) as server:
        channels = [server.open_channel(4) for _ in range(4)]
        for channel in channels:
            ask(channel, 0, 4)
        eventually(lambda: len(network.launched) == 2)
        time.sleep(5 * SOON_S)
        assert len(network.launched) == 2
        network.go_on.set()
        for channel in channels:
            received(channel)
    assert network.launched == [4, 4, 4, 4]


def test_an_error_of_the_network_reaches_every_asker() -> None:
    network = FakeNetwork(held=True)
    network.error = EvaluationError("expected finite logits, got NaN")
    with serving(network, size=4, timeout_s=FOREVER_S) as server:
        channels = [server.open_channel(4) for _ in range(4)]
        for channel in channels:  # two in flight, two in the queue
            ask(channel, 0, 4)
        network.go_on.set()
        for channel in channels:
            with pytest.raises(EvaluationError, match="NaN"):
                received(channel)
        with pytest.raises(EvaluationError, match="NaN"):
            ask(channels[0], 0, 4)


def test_an_error_at_the_launch_reaches_every_asker(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(slot: FakeSlot, parts: Parts) -> None:
        raise MemoryError(f"no room for {size_of(parts)} beside {slot}")

    monkeypatch.setattr(FakeSlot, "launch", out_of_memory)
    with serving(FakeNetwork(), size=4, timeout_s=SOON_S) as server:
        channels = [server.open_channel(4) for _ in range(2)]
        ask(channels[0], 0, 4)
        with pytest.raises(MemoryError):
            received(channels[0])
        with pytest.raises(MemoryError):
            ask(channels[1], 0, 4)


def test_another_network_answers_from_the_next_batch_on() -> None:
    old, new = FakeNetwork(held=True), FakeNetwork(-1)
    with serving(old, size=4, timeout_s=SOON_S) as server:
        first, second = server.open_channel(4), server.open_channel(4)
        ask(first, 1, 2)
        eventually(lambda: old.launched == [2])
        server.use(new)
        ask(second, 1, 2)
        eventually(lambda: new.launched == [2])
        old.go_on.set()
        assert received(first) == [1, 2]
        assert received(second) == [-1, -2]
        for _ in range(3):  # slots of the old network have not come back
            ask(first, 1, 1)
            assert received(first) == [-1]


def test_closing_answers_what_was_sent() -> None:
    network = FakeNetwork()
    server = InferenceServer(network, batch_size=8, timeout_s=FOREVER_S)
    channel, _ = server.open_channel(4), server.open_channel(4)
    ask(channel, 5, 1)
    within_patience(server.close)
    assert received(channel) == [5]
    assert not [thread for thread in threading.enumerate() if thread.name in ("dispatch", "answer")]


def test_batches_requests_and_queue_are_counted() -> None:
    network = FakeNetwork(held=True)
    with serving(network, size=4, timeout_s=SOON_S) as server:
        channels = [server.open_channel(4) for _ in range(4)]
        for channel in channels:
            ask(channel, 0, 3)
        network.go_on.set()
        for channel in channels:
            received(channel)
        meter = server.meter
        assert meter.evaluations == 12
        assert meter.batches == len(network.launched)
        assert meter.places == 4 * meter.batches
        assert meter.queued > 0  # two batches were in flight, and the rest waited
        eventually(lambda: len(meter.latencies_s) == 4)
        assert all(latency_s > 0 for latency_s in meter.latencies_s)


def test_an_actor_works_on_one_half_while_the_other_is_evaluated(config: TrainConfig) -> None:
    network, stop = FakeNetwork(held=True), threading.Event()
    four = config.model_copy(update={"games_per_actor": 4})
    with serving(network, size=2, timeout_s=FOREVER_S) as server:
        actor = Actor(four, server, itertools.count())
        thread = threading.Thread(target=actor.play, args=(1000,), kwargs={"stop": stop.is_set})
        thread.start()
        eventually(lambda: len(network.launched) == 2)  # and nothing has been answered yet
        assert network.launched == [2, 2]
        stop.set()
        network.go_on.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_torch_network_answers_as_without_a_server(network: nn.Module, precision: str) -> None:
    settings = InferenceSettings(inference_precision=precision)  # type: ignore[arg-type]
    evaluator = TorchEvaluator(network, CheckpointInfo(network=TINY, training_step=1))
    lower = TorchEvaluator(
        network, CheckpointInfo(network=TINY, training_step=1), settings=settings
    )
    planes = np.random.default_rng(0).random((7, 119, 8, 8), dtype=np.float32)
    expected = evaluator.evaluate(planes)
    with serving(lower, size=4, timeout_s=SOON_S) as server:
        channel = server.open_channel(7)
        channel.planes[:] = planes
        channel.send(7)
        evaluation = within_patience(channel.receive)
    tolerance = 1e-5 if precision == "fp32" else 0.1
    got = evaluation.policy  # type: ignore[attr-defined]
    np.testing.assert_allclose(got, expected.policy, atol=tolerance)
    assert got.dtype == np.float32
    assert precision == "fp32" or not np.allclose(got, expected.policy, atol=1e-6)


def test_fixed_shapes_are_padded_without_a_trace(network: nn.Module) -> None:
    evaluator = evaluator_of(network)
    evaluator._fixed_shapes = True
    slot = evaluator.open_slot(16)
    assert list(slot._sizes) == [2, 4, 8, 16]
    planes = np.random.default_rng(0).random((5, 119, 8, 8), dtype=np.float32)
    with serving(evaluator, size=16, timeout_s=SOON_S) as server:
        channel = server.open_channel(5)
        for _ in range(2):
            channel.planes[:] = planes
            channel.send(5)
            evaluation = within_patience(channel.receive)
            expected = evaluator.evaluate(planes)
            got = evaluation.wdl  # type: ignore[attr-defined]
            np.testing.assert_allclose(got, expected.wdl, atol=1e-5)


def test_nan_of_a_torch_network_is_an_error(network: nn.Module) -> None:
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(float("nan"))
    with serving(evaluator_of(network), size=4, timeout_s=SOON_S) as server:
        channel = server.open_channel(2)
        ask(channel, 0, 2)
        with pytest.raises(EvaluationError, match="NaN"):
            received(channel)
