"""The ONNX Runtime backend: what it refuses and how it answers."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest

from aztoolkit.backends import open_evaluator, ort
from aztoolkit.errors import EvaluationError, ModelError
from aztoolkit.model import ModelSpec
from tests.export.conftest import make_constant_model


@pytest.fixture
def model(az_spec: ModelSpec, tmp_path: Path) -> Path:
    return make_constant_model(tmp_path / "zeros.onnx", az_spec)


def planes(batch: int) -> np.ndarray:
    return np.zeros((batch, 119, 8, 8), dtype=np.float32)


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_answers_have_the_shape_of_the_batch(model: Path, threads: int, az_spec: ModelSpec):
    evaluator = open_evaluator(model, threads=threads)
    assert evaluator.spec == az_spec
    for batch in (1, 7):
        answer = evaluator.evaluate(planes(batch))
        assert answer.policy.shape == (batch, 4672)
        assert answer.wdl.shape == (batch, 3)


def test_wrong_planes_are_one_line(model: Path, capfd: pytest.CaptureFixture[str]):
    with pytest.raises(EvaluationError, match=r"answer to float64 planes \(1, 119, 8, 8\)") as info:
        open_evaluator(model, threads=1).evaluate(planes(1).astype(np.float64))  # type: ignore[arg-type]
    assert "\n" not in str(info.value)
    assert not capfd.readouterr().err


def test_a_model_that_does_not_load_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    (tmp_path / "broken.onnx").write_bytes(b"\x08\x09broken")
    with pytest.raises(ModelError, match="a file that does not load") as info:
        open_evaluator(tmp_path / "broken.onnx")
    assert "\n" not in str(info.value)
    assert not capfd.readouterr().err


def test_a_missing_model_is_named(tmp_path: Path):
    with pytest.raises(ModelError, match=r"got nothing at .*no\.onnx"):
        open_evaluator(tmp_path / "no.onnx")


def test_a_model_of_other_planes_is_refused(az_spec: ModelSpec, tmp_path: Path):
    path = make_constant_model(tmp_path / "x.onnx", az_spec, planes=112)
    with pytest.raises(ModelError, match=r"for az119/az4672, got .*112"):
        open_evaluator(path)


def test_a_model_of_a_fixed_batch_is_refused(model: Path):
    changed = onnx.load(model)
    for tensor in (*changed.graph.input, *changed.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 4
    onnx.save(changed, model)
    with pytest.raises(ModelError, match="batch of any size, got a fixed one at"):
        open_evaluator(model)


@pytest.mark.parametrize(
    ("has_vnni", "settings"), [(True, {}), (False, {ort._EXACT_PRODUCTS: "1"})]
)
def test_products_are_made_exact_where_the_processor_saturates(
    has_vnni: bool, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    entries: dict[str, str] = {}
    options = SimpleNamespace(add_session_config_entry=entries.__setitem__)
    monkeypatch.setattr(ort, "probe_cpu", lambda: SimpleNamespace(has_vnni=has_vnni))
    assert ort.set_options(options, 3).intra_op_num_threads == 3
    assert entries == settings


@pytest.mark.parametrize(("allowed", "chosen"), [(1, 1), (3, 3), (4, 0)])
def test_a_process_confined_to_some_cores_gets_a_thread_for_each(
    allowed: int, chosen: int, monkeypatch: pytest.MonkeyPatch
):
    """0 leaves the choice to ONNX Runtime."""
    monkeypatch.setattr(ort.os, "cpu_count", lambda: 4)
    cpu = SimpleNamespace(has_vnni=True, cores=allowed)
    monkeypatch.setattr(ort, "probe_cpu", lambda: cpu)
    assert ort.set_options(SimpleNamespace(), 0).intra_op_num_threads == chosen
    assert ort.set_options(SimpleNamespace(), 2).intra_op_num_threads == 2
