"""Plans on a card: only good ones are loaded, and every position of a batch gets its own answer."""

from pathlib import Path

import numpy as np
import pytest

from aztoolkit.backends import open_evaluator, tensorrt
from aztoolkit.backends.nvidia import Card, load_library
from aztoolkit.errors import EvaluationError, MachineError, MissingDependencyError, ModelError
from aztoolkit.hardware import Gpu
from aztoolkit.model import ModelSpec
from aztoolkit.plan import plan_path, spec_path
from tests.backends.nvidia_fakes import (
    FakeContext,
    FakeCuda,
    FakeEngine,
    check_same,
    fake_library,
    write_plan,
)
from tests.conftest import HashEvaluator
from tests.export.conftest import make_constant_model

ADA = Gpu("NVIDIA GeForce RTX 4060", "580.1", 8188, "8.9")
TURING = Gpu("NVIDIA GeForce RTX 2080", "580.1", 8188, "7.5")


def random_planes(batch: int) -> np.ndarray:
    return np.random.default_rng(batch).random((batch, 119, 8, 8), dtype=np.float32)


@pytest.fixture
def model(az_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model, a plan of it for the card of this machine, and that card."""
    monkeypatch.setattr(tensorrt, "probe_gpus", lambda: [ADA])
    model = make_constant_model(tmp_path / "m.onnx", az_spec)
    write_plan(model, az_spec, compute_capability=ADA.compute_capability)
    return model


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    cuda = FakeCuda()
    monkeypatch.setattr(tensorrt, "Card", lambda: Card(cuda))
    return cuda


@pytest.mark.parametrize("batch", [1, 7, 8, 9, 20])
def test_answers_are_the_engines_for_any_batch(
    batch: int, model: Path, cuda: FakeCuda, hash_evaluator: HashEvaluator, az_spec: ModelSpec
):
    context = FakeContext(hash_evaluator)
    evaluator = tensorrt.open_plan(model, fake_library(FakeEngine(context)))
    assert evaluator.spec == az_spec
    planes = random_planes(batch)
    check_same(evaluator.evaluate(planes), hash_evaluator.evaluate(planes))
    assert sum(context.batches) == batch
    assert max(context.batches) <= 8
    assert cuda.waits == len(context.batches)


def test_planes_that_are_not_contiguous_are_read_in_order(
    model: Path, cuda: FakeCuda, hash_evaluator: HashEvaluator
):
    evaluator = tensorrt.open_plan(model, fake_library(FakeEngine(FakeContext(hash_evaluator))))
    planes = random_planes(6)[::2]
    check_same(evaluator.evaluate(planes), hash_evaluator.evaluate(planes))
    assert cuda.blocks


def test_memory_and_stream_are_given_back(
    model: Path, cuda: FakeCuda, hash_evaluator: HashEvaluator
):
    evaluator = tensorrt.open_plan(model, fake_library(FakeEngine(FakeContext(hash_evaluator))))
    assert len(cuda.blocks) == 3
    evaluator.close()
    assert not cuda.blocks
    assert not cuda.streams


def test_wrong_planes_are_refused(model: Path, cuda: FakeCuda, hash_evaluator: HashEvaluator):
    evaluator = tensorrt.open_plan(model, fake_library(FakeEngine(FakeContext(hash_evaluator))))
    for wrong in (random_planes(1).astype(np.float64), random_planes(1)[:, :112]):
        with pytest.raises(EvaluationError, match=r"float32 planes \[B, 119, 8, 8\], got"):
            evaluator.evaluate(wrong)
    assert cuda.waits == 0


def test_a_card_that_is_full_says_so(
    model: Path, hash_evaluator: HashEvaluator, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tensorrt, "Card", lambda: Card(FakeCuda(memory=1000)))
    with pytest.raises(MachineError, match="CUDA error 2: out of memory"):
        tensorrt.open_plan(model, fake_library(FakeEngine(FakeContext(hash_evaluator))))


def test_a_plan_that_the_card_refuses_says_why(model: Path, cuda: FakeCuda):
    with pytest.raises(MachineError, match="got Error Code 6: plan of 6 bytes is for another card"):
        tensorrt.open_plan(model, fake_library(None))
    assert not cuda.blocks


def test_an_engine_that_fails_is_an_evaluation_error(
    model: Path, cuda: FakeCuda, hash_evaluator: HashEvaluator
):
    engine = FakeEngine(FakeContext(hash_evaluator, works=False))
    evaluator = tensorrt.open_plan(model, fake_library(engine))
    with pytest.raises(EvaluationError, match="expected an answer of the plan"):
        evaluator.evaluate(random_planes(1))
    assert cuda.blocks


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda plan: plan.unlink(), "there is none"),
        (lambda plan: spec_path(plan).unlink(), "no readable sidecar"),
        (lambda plan: spec_path(plan).write_text("{"), "no readable sidecar"),
        (lambda plan: plan.write_bytes(b"another"), "not the one that its sidecar"),
        (lambda plan: (plan.parent / "m.onnx").write_bytes(b"another"), "of another model"),
    ],
)
def test_a_stale_plan_is_never_loaded(spoil, complaint: str, model: Path, cuda: FakeCuda):
    spoil(plan_path(model, "tensorrt", ADA.compute_capability))
    with pytest.raises(ModelError, match=complaint) as info:
        tensorrt.open_plan(model, fake_library(None))
    assert f"aztoolkit build {model} --target tensorrt --gpu sm89" in str(info.value)
    assert not cuda.blocks


def test_a_plan_of_another_version_or_card_is_never_loaded(
    model: Path, cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(ModelError, match=r"built by version 11\.0, not 11\.1"):
        tensorrt.open_plan(model, fake_library(None, version="11.1"))
    plan = plan_path(model, "tensorrt", ADA.compute_capability)
    foreign = plan_path(model, "tensorrt", TURING.compute_capability)
    plan.rename(foreign)
    spec_path(plan).rename(spec_path(foreign))
    monkeypatch.setattr(tensorrt, "probe_gpus", lambda: [TURING])
    with pytest.raises(ModelError, match="it is for sm89, not sm75"):
        tensorrt.open_plan(model, fake_library(None))
    assert not cuda.blocks


def test_a_library_that_is_not_installed_is_one_line_with_the_mending(
    model: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("aztoolkit.backends.nvidia.find_spec", lambda _name: None)
    with pytest.raises(
        MissingDependencyError, match=r"pip install 'aztoolkit\[tensorrt\]' --extra"
    ):
        open_evaluator(model, backend="tensorrt")
    with pytest.raises(MissingDependencyError, match="expected TensorRT-RTX, got none"):
        load_library("rtx")
