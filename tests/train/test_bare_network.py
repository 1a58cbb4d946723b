import threading
from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from aztoolkit.evaluator import Evaluation
from aztoolkit.model import ModelSpec
from tests.train.conftest import TINY, evaluator_of
from train.bare_network import BareNetwork, _slots_in_turn
from train.checkpoint import CheckpointInfo
from train.inference import TorchEvaluator
from train.settings import InferenceSettings

SECONDS = 0.2


class Counting:
    """An evaluator of no kind that is known."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.batches: list[int] = []
        self.threads: set[str] = set()

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        self.batches.append(len(planes))
        self.threads.add(threading.current_thread().name)
        return Evaluation(np.zeros((len(planes), 4672)), np.zeros((len(planes), 3)))

    def close(self) -> None:
        pass


def test_as_many_threads_as_actors_compute_whole_batches(network: nn.Module) -> None:
    counting = Counting(evaluator_of(network).spec)
    rate = BareNetwork(counting, batch=6, threads=3).rate_for(SECONDS)
    assert set(counting.batches) == {6}
    assert len(counting.threads) == 3
    assert 0 < rate <= 6 * len(counting.batches) / SECONDS


def test_a_torch_network_is_handed_what_it_need_not_copy(
    network: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Tensor] = []
    evaluator = evaluator_of(network)
    forward = evaluator.forward
    monkeypatch.setattr(evaluator, "forward", lambda planes: (seen.append(planes), forward(planes)))
    monkeypatch.setattr(evaluator, "evaluate", None)
    assert BareNetwork(evaluator, batch=4, threads=1).rate_for(SECONDS) > 0
    assert all(planes.is_contiguous(memory_format=torch.channels_last) for planes in seen)
    assert len({planes.data_ptr() for planes in seen}) == 1
    assert set(seen[0].unique().tolist()) == {0.0, 1.0}


class FakeSlot:
    def __init__(self, name: str, told: list[str]) -> None:
        self.name, self.told, self.at_work = name, told, False

    def compute(self) -> None:
        assert not self.at_work
        self.at_work = True
        self.told.append(f"compute {self.name}")

    def wait(self) -> None:
        assert self.at_work
        self.at_work = False
        self.told.append(f"wait {self.name}")


def test_on_a_gpu_two_batches_are_in_flight_and_each_is_counted_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    now = iter(range(100))
    monkeypatch.setattr("train.bare_network.time.perf_counter", lambda: next(now))
    slots = [FakeSlot("a", told), FakeSlot("b", told)]
    assert _slots_in_turn(slots)(3) == told.count("wait a") + told.count("wait b") == 5  # type: ignore[arg-type]
    assert told[:5] == ["compute a", "compute b", "wait a", "compute a", "wait b"]
    assert told[-2:] == ["wait b", "wait a"]
    assert not any(one == other for one, other in pairwise(told))


def test_a_slot_computes_what_it_was_filled_with_and_copies_nothing(
    network: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluator = evaluator_of(network)
    planes = torch.rand(4, 119, 8, 8)
    seen: list[Tensor] = []
    forward = evaluator.forward
    monkeypatch.setattr(evaluator, "forward", lambda batch: (seen.append(batch), forward(batch))[1])
    slot = evaluator.open_slot(4)
    slot.fill(planes)
    for _ in range(2):
        slot.compute()
        slot.wait()
    assert all(torch.equal(batch, planes) for batch in seen)
    assert len({batch.data_ptr() for batch in seen}) == 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("graphs", [False, True])
def test_on_a_gpu_it_computes_as_self_play_does(network: nn.Module, graphs: bool) -> None:
    settings = InferenceSettings(
        inference_batch_size=32, inference_precision="fp16", cuda_graphs=graphs
    )
    info = CheckpointInfo(network=TINY, training_step=7)
    evaluator = TorchEvaluator(network, info, device="cuda", settings=settings)
    assert BareNetwork(evaluator, batch=32, threads=1).rate_for(SECONDS) > 0
