"""OpenVINO gives the answers of ONNX Runtime, and refuses what that refuses."""

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pytest

from aztoolkit.backends import open_evaluator, openvino
from aztoolkit.errors import EvaluationError, MissingDependencyError, ModelError
from aztoolkit.model import ModelSpec
from tests.conftest import missing
from tests.export.conftest import make_constant_model


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    if find_spec("openvino") is None:
        missing("OpenVINO")


def random_planes(batch: int) -> np.ndarray:
    return (np.random.default_rng(batch).random((batch, 119, 8, 8)) > 0.9).astype(np.float32)


@pytest.mark.parametrize("threads", [0, 1])
@pytest.mark.parametrize(("name", "tolerance"), [("fp32", 1e-4), ("fp16", 0.05), ("int8", 0.2)])
def test_answers_are_those_of_onnx_runtime(models: Path, name: str, tolerance: float, threads: int):
    model = models / f"{name}.onnx"
    first = open_evaluator(model, backend="cpu", threads=1)
    second = open_evaluator(model, backend="openvino", threads=threads)
    assert second.spec == first.spec
    for batch in (1, 7):
        planes = random_planes(batch)
        expected, got = first.evaluate(planes), second.evaluate(planes)
        assert got.policy.dtype == got.wdl.dtype == np.float32
        np.testing.assert_allclose(got.policy, expected.policy, atol=tolerance)
        np.testing.assert_allclose(got.wdl, expected.wdl, atol=tolerance)


def test_threads_that_ask_at_once_get_their_own_answers(models: Path):
    evaluator = open_evaluator(models / "fp32.onnx", backend="openvino", threads=1)
    batches = [random_planes(size) for size in range(1, 9)]
    expected = [evaluator.evaluate(planes).policy for planes in batches]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            got = list(pool.map(lambda planes: evaluator.evaluate(planes).policy, batches))
            for one, other in zip(expected, got, strict=True):
                np.testing.assert_allclose(other, one, atol=1e-5)


def test_wrong_planes_are_refused(models: Path):
    evaluator = open_evaluator(models / "fp32.onnx", backend="openvino", threads=1)
    for wrong in (random_planes(1).astype(np.float64), random_planes(1)[:, :112]):
        with pytest.raises(EvaluationError, match="expected an answer to float") as info:
            evaluator.evaluate(wrong)
        assert "\n" not in str(info.value)


def test_broken_missing_and_foreign_models_are_one_line(
    az_spec: ModelSpec, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    (tmp_path / "broken.onnx").write_bytes(b"\x08\x09broken")
    foreign = make_constant_model(tmp_path / "foreign.onnx", None)
    shape = make_constant_model(tmp_path / "shape.onnx", az_spec, planes=112)
    fixed = onnx.load(make_constant_model(tmp_path / "fixed.onnx", az_spec))
    for tensor in (*fixed.graph.input, *fixed.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 4
    onnx.save(fixed, tmp_path / "fixed.onnx")
    complaints = {
        tmp_path / "broken.onnx": "does not load",
        tmp_path / "none.onnx": "got nothing at",
        foreign: "without aztoolkit metadata",
        shape: "for az119/az4672, got",
        tmp_path / "fixed.onnx": "batch of any size",
    }
    for model, complaint in complaints.items():
        with pytest.raises(ModelError, match=complaint) as info:
            open_evaluator(model, backend="openvino")
        assert "\n" not in str(info.value)
    assert not capfd.readouterr().err


def test_only_fp16_models_may_be_computed_in_half_precision(az_spec: ModelSpec):
    half = az_spec.model_copy(update={"precision": "fp16"})
    assert "INFERENCE_PRECISION_HINT" not in openvino._settings(half, 0)
    settings = openvino._settings(az_spec, 3)
    assert settings["INFERENCE_PRECISION_HINT"] == "f32"
    assert settings["INFERENCE_NUM_THREADS"] == 3


def test_without_openvino_the_mending_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(openvino, "find_spec", lambda _name: None)
    (tmp_path / "m.onnx").write_bytes(b"a model")
    with pytest.raises(MissingDependencyError, match=r"pip install 'aztoolkit\[openvino\]'"):
        open_evaluator(tmp_path / "m.onnx", backend="openvino")
