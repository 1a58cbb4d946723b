"""INT8 models: close, small, self-describing, and exact where they are meant to be."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from aztoolkit.backends import open_evaluator
from aztoolkit.errors import ConfigError, ModelError
from aztoolkit.model import ModelSpec
from export.calibration import Calibration, load_calibration
from export.distances import compare_evaluators
from export.onnx import export_onnx
from export.positions import sample_boards
from export.quantization.scheme import SAFE_WEIGHT_BITS
from export.quantize import Recipe, quantize_model, quantize_static
from tests.export.conftest import make_checkpoint, make_constant_model


@pytest.fixture(scope="module")
def calibration(run: Path) -> Calibration:
    return load_calibration(run, encoding="az119", size=200)


def tensors_of(model: Path) -> dict[str, np.ndarray]:
    graph = onnx.load(model).graph
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


@pytest.mark.parametrize("kind", ["resnet", "se_resnet"])
def test_int8_is_close_to_fp32(kind: str, run: Path, calibration: Calibration, tmp_path: Path):
    original, small = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    export_onnx(make_checkpoint(tmp_path, kind=kind), original)
    quantize_static(original, small, calibration)
    boards = sample_boards(run, 200, part="held-out", seed=0)
    first, second = open_evaluator(original, threads=1), open_evaluator(small, threads=1)
    figures = compare_evaluators(first, second, boards).summary()
    assert 0 < figures["kl_mean"] < 0.002
    assert figures["winrate_error_p99"] < 0.02
    assert figures["top1"] > 0.85


def test_int8_is_a_quarter_of_the_size(calibration: Calibration, tmp_path: Path):
    original, small = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    export_onnx(make_checkpoint(tmp_path, filters=96), original)
    quantize_static(original, small, calibration)
    assert small.stat().st_size < 0.27 * original.stat().st_size


def test_the_model_tells_how_it_was_quantized(models: Path, run: Path):
    original = open_evaluator(models / "fp32.onnx", threads=1).spec
    spec = open_evaluator(models / "int8.onnx", threads=1).spec
    assert spec.precision == "int8"
    assert spec.quantization is not None
    assert spec.quantization.method == Recipe().name
    assert spec.quantization.weight_bits == 8
    assert all(name.startswith("/wdl") for name in spec.quantization.float_layers)
    assert spec.quantization.calibration.source == str(run)
    assert spec.quantization.calibration.positions > 500
    assert spec.tools.keys() == original.tools.keys()
    unchanged = {"precision": "fp32", "quantization": None, "tools": original.tools}
    assert spec.model_copy(update=unchanged) == original


def test_the_input_is_exact(models: Path):
    tensors = tensors_of(models / "int8.onnx")
    scale = tensors["planes_scale"]
    assert scale == np.float32(1 / 99)
    assert tensors["planes_zero"] == 0
    values = np.arange(100, dtype=np.float32) / np.float32(99)  # as `az119` computes them
    np.testing.assert_allclose(np.rint(values / scale) * scale, values, atol=1e-7)


def test_every_convolution_of_tower_and_policy_is_int8(models: Path):
    graph = onnx.load(models / "int8.onnx").graph
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    readers = {name: node for node in graph.node for name in node.input}
    for node in graph.node:
        if node.op_type == "Conv" and not node.name.startswith("/wdl"):
            assert [made_by[name] for name in node.input] == ["DequantizeLinear"] * 3
            reader = readers[node.output[0]]
            if reader.op_type == "Relu":
                reader = readers[reader.output[0]]
            assert reader.op_type == "QuantizeLinear"
        if node.op_type == "Conv" and node.name.startswith("/wdl"):
            assert made_by[node.input[0]] == "Relu"


def test_seven_bits_stay_within_seven_bits(models: Path, calibration: Calibration, tmp_path: Path):
    spec = quantize_static(
        models / "fp32.onnx", tmp_path / "x.onnx", calibration, weight_bits=SAFE_WEIGHT_BITS
    )
    assert spec.quantization is not None
    assert spec.quantization.weight_bits == 7
    weights = [
        tensor
        for name, tensor in tensors_of(tmp_path / "x.onnx").items()
        if tensor.dtype == np.int8 and tensor.ndim == 4
    ]
    assert weights
    assert max(np.abs(tensor.astype(int)).max() for tensor in weights) <= 64


def test_every_stage_reports_every_position(models: Path, calibration: Calibration, tmp_path: Path):
    left: dict[str, int] = {}

    def watch(stage: str, positions: int) -> Callable[[int], None]:
        left[stage] = positions

        def progress(done: int) -> None:
            left[stage] -= done

        return progress

    quantize_static(models / "fp32.onnx", tmp_path / "x.onnx", calibration, watch=watch)
    assert left == {"measuring ranges": 0, "equalizing": 0, "rounding weights": 0}


def test_only_the_model_is_left_behind(models: Path, calibration: Calibration, tmp_path: Path):
    quantize_static(models / "fp32.onnx", tmp_path / "x.onnx", calibration)
    assert [path.name for path in tmp_path.iterdir()] == ["x.onnx"]


def test_only_fp32_is_quantized(models: Path, calibration: Calibration, tmp_path: Path):
    for name, precision in (("int8.onnx", "int8"), ("fp16.onnx", "fp16")):
        with pytest.raises(
            ModelError, match=f"expected an FP32 model to quantize, got {precision}"
        ):
            quantize_static(models / name, tmp_path / "x.onnx", calibration)
    assert not list(tmp_path.iterdir())


def test_a_model_without_convolutions_stays_float(
    az_spec: ModelSpec, calibration: Calibration, tmp_path: Path
):
    model = make_constant_model(tmp_path / "zeros.onnx", az_spec)
    with pytest.raises(ModelError, match="expected convolutions to quantize, got none"):
        quantize_static(model, tmp_path / "x.onnx", calibration)


def test_a_layer_that_is_not_there_is_refused_before_anything_is_rounded(
    calibration: Calibration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def rounded(*_: object, **__: object) -> None:
        raise AssertionError("rounded all the same")

    monkeypatch.setattr("export.quantize.round_static", rounded)
    original = tmp_path / "fp32.onnx"
    export_onnx(make_checkpoint(tmp_path), original)
    recipe = Recipe(keep_float=("/nowhere",))
    with pytest.raises(ConfigError, match="to keep in float, got /nowhere"):
        quantize_model(original, tmp_path / "int8.onnx", calibration, recipe)
    assert not (tmp_path / "int8.onnx").exists()
