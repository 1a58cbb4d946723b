"""FP16: half the size, nearly the same answers, of any FP32 model."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from aztoolkit.backends import open_evaluator
from aztoolkit.cli import BAD_INPUT, main
from aztoolkit.errors import EvaluationError, ModelError
from export import check
from export.check import check_planes
from export.graph import OPSET
from export.half import export_half
from export.onnx import export_onnx
from tests.export.conftest import make_checkpoint

KINDS = ["resnet", "se_resnet", "transformer"]


@pytest.mark.parametrize("kind", KINDS)
def test_fp16_is_half_the_size_and_close(kind: str, tmp_path: Path):
    original, half = tmp_path / "fp32.onnx", tmp_path / "fp16.onnx"
    export_onnx(make_checkpoint(tmp_path, kind=kind), original)
    spec = export_half(original, half)
    assert spec.precision == "fp16"
    assert open_evaluator(half, backend="cpu", threads=1).spec == spec
    planes = check_planes("az119", seed=3)
    expected, got = check.answers_of(original, planes), check.answers_of(half, planes)
    assert got.policy.dtype == got.wdl.dtype == np.float32
    np.testing.assert_allclose(got.policy, expected.policy, atol=0.02)
    np.testing.assert_allclose(got.wdl, expected.wdl, atol=0.02)
    assert not np.array_equal(got.policy, expected.policy), "nothing was halved"
    assert half.stat().st_size < 0.56 * original.stat().st_size


def test_inputs_and_outputs_stay_float32_and_the_operator_set(tmp_path: Path):
    export_onnx(make_checkpoint(tmp_path), tmp_path / "fp32.onnx")
    export_half(tmp_path / "fp32.onnx", tmp_path / "fp16.onnx")
    model = onnx.load(tmp_path / "fp16.onnx")
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", OPSET)]
    for tensor in (*model.graph.input, *model.graph.output):
        assert tensor.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
        assert tensor.type.tensor_type.shape.dim[0].dim_param == "batch"
    weights = {tensor.data_type for tensor in model.graph.initializer if len(tensor.dims) > 1}
    assert weights == {onnx.TensorProto.FLOAT16}


def test_the_network_of_lc0_is_halved_by_the_command(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    network, model = shared_data / "nets" / "maia-1100.pb.gz", tmp_path / "maia.onnx"
    assert main(["import", str(network), "-o", str(model)]) == 0
    capsys.readouterr()
    assert main(["export", str(model), "--fp16", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["original"] == str(model)
    (written,) = report["models"]
    assert written["path"] == str(tmp_path / "maia.fp16.onnx")
    assert written["bytes"] < 0.56 * model.stat().st_size
    assert written["spec"]["source"] == "maia-1100.pb.gz"
    planes = check_planes("lc0_112", seed=9)
    expected = check.answers_of(model, planes)
    got = check.answers_of(tmp_path / "maia.fp16.onnx", planes)
    assert check.distance(expected.policy, got.policy) < 0.01
    assert check.distance(expected.wdl, got.wdl) < 0.01


def test_a_network_beyond_the_range_of_fp16_is_refused(tmp_path: Path):
    checkpoint = make_checkpoint(tmp_path)
    original, target = tmp_path / "fp32.onnx", tmp_path / "out" / "fp16.onnx"
    export_onnx(checkpoint, original)
    model = onnx.load(original)
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for name, factor in ((first.input[1], 1e6), (first.input[2], 1e6)):
        values = onnx.numpy_helper.to_array(tensors[name]) * np.float32(factor)
        tensors[name].CopyFrom(onnx.numpy_helper.from_array(values, name))
    onnx.save(model, original)
    with pytest.raises((ModelError, EvaluationError), match=r"range of this precision|infinity"):
        export_half(original, target)
    assert not list(target.parent.iterdir())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["fp16.onnx", "--fp16"], "expected an FP32 model to halve, got fp16"),
        (["int8.onnx"], "expected an FP32 model to halve, got int8"),
        (["fp32.onnx", "--no-fp16"], "is FP32 already"),
        (["none.onnx"], "got nothing at"),
        (["fp32.onnx", "-o", "fp32.onnx"], "another file than the original"),
        (["fp32.onnx", "-o", "folder"], "ends in .onnx"),
    ],
)
def test_what_cannot_be_halved_is_one_line(
    arguments: list[str],
    complaint: str,
    models: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(models)
    before = sorted(models.iterdir())
    assert main(["export", *arguments]) == BAD_INPUT
    captured = capfd.readouterr()
    assert complaint in captured.err
    assert len(captured.err.splitlines()) == 1
    assert sorted(models.iterdir()) == before


def test_a_checkpoint_without_fp16(run: Path, tmp_path: Path):
    assert main(["export", str(run), "--no-fp16", "-o", str(tmp_path / "out")]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["fp32.onnx"]
