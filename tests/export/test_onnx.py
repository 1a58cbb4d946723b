"""Checkpoints as ONNX: the same answers, batch norms gone, every file describing itself."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from aztoolkit.backends import open_evaluator
from aztoolkit.errors import EvaluationError, InputError, ModelError
from export import check
from export import onnx as subject
from export.check import check_planes
from export.graph import OPSET
from export.onnx import export_onnx
from tests.export.conftest import STEP, make_checkpoint
from train.checkpoint import Checkpoint
from train.networks import fold_batch_norm

KINDS = ["resnet", "se_resnet", "transformer"]


def answers_of(checkpoint: Checkpoint, planes: np.ndarray) -> list[np.ndarray]:
    with torch.no_grad():
        return [output.numpy() for output in checkpoint.network(torch.from_numpy(planes))]


@pytest.mark.parametrize("kind", KINDS)
def test_fp32_answers_as_torch_does_for_any_batch(kind: str, tmp_path: Path):
    checkpoint = make_checkpoint(tmp_path, kind=kind)
    export_onnx(checkpoint, tmp_path / "fp32.onnx")
    planes = check_planes("az119", seed=5)
    evaluator = open_evaluator(tmp_path / "fp32.onnx", threads=1)
    for batch in (planes, planes[:1], planes[3:8]):
        policy, wdl = answers_of(checkpoint, batch)
        answer = evaluator.evaluate(batch)
        np.testing.assert_allclose(answer.policy, policy, atol=1e-5)
        np.testing.assert_allclose(answer.wdl, wdl, atol=1e-5)
        assert np.ptp(policy) > 0.1, "a network that answers the same everywhere proves nothing"


@pytest.mark.parametrize("kind", KINDS)
def test_batch_norms_are_folded(kind: str, tmp_path: Path):
    checkpoint = make_checkpoint(tmp_path, kind=kind)
    planes = torch.from_numpy(check_planes("az119"))
    folded = fold_batch_norm(checkpoint.network)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    with torch.no_grad():
        for expected, got in zip(checkpoint.network(planes), folded(planes), strict=True):
            torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)


def test_the_model_describes_itself(tmp_path: Path):
    checkpoint = make_checkpoint(tmp_path)
    spec = export_onnx(checkpoint, tmp_path / "fp32.onnx")
    assert open_evaluator(tmp_path / "fp32.onnx", threads=1).spec == spec
    assert spec.checkpoint_sha256 == checkpoint.sha256
    assert spec.training_step == STEP
    assert spec.network == {"kind": "resnet", "filters": 16, "blocks": 2, "se_ratio": 0, "heads": 0}
    assert {"aztoolkit", "torch", "onnx", "onnxruntime"} <= spec.tools.keys()


def test_the_model_is_plain_and_tells_nothing_of_this_machine(tmp_path: Path):
    export_onnx(make_checkpoint(tmp_path), tmp_path / "fp32.onnx")
    model = onnx.load(tmp_path / "fp32.onnx")
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", OPSET)]
    operators = {node.op_type for node in model.graph.node}
    assert operators == {"Conv", "Relu", "Add", "Flatten", "Gemm"}
    assert str(Path(subject.__file__).parent).encode() not in model.SerializeToString()


def test_the_same_checkpoint_makes_the_same_bytes(tmp_path: Path):
    checkpoint = make_checkpoint(tmp_path)
    for name in ("a", "b"):
        export_onnx(checkpoint, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_model_that_answers_otherwise_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(check.TOLERANCES, "fp32", 0.0)
    checkpoint = make_checkpoint(tmp_path)
    with pytest.raises(ModelError, match="answer as its original within 0, got policy logits"):
        export_onnx(checkpoint, tmp_path / "out" / "fp32.onnx")
    assert not list((tmp_path / "out").iterdir())


def test_a_broken_network_is_not_exported(tmp_path: Path):
    checkpoint = make_checkpoint(tmp_path)
    next(checkpoint.network.parameters()).data.fill_(float("nan"))
    with pytest.raises(EvaluationError, match="NaN or infinity"):
        export_onnx(checkpoint, tmp_path / "out" / "fp32.onnx")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot write .*fp32\.onnx"):
        export_onnx(make_checkpoint(tmp_path), tmp_path / "file" / "fp32.onnx")
