"""`aztoolkit build`: TensorRT-RTX builds real plans here, without a card."""

import json
from importlib.util import find_spec
from pathlib import Path

import onnx
import pytest

from aztoolkit.cli import BAD_INPUT, main
from aztoolkit.files import sha256
from tests.conftest import missing
from tests.export.conftest import make_constant_model

rtx = pytest.mark.usefixtures("installed")


@pytest.fixture(scope="module")
def installed() -> None:
    if find_spec("tensorrt_rtx_bindings") is None:
        missing("TensorRT-RTX")


@pytest.fixture
def folder(models: Path, tmp_path: Path) -> Path:
    """A folder with copies of the models of a small run, and an INT8 one for TensorRT."""
    for name in ("fp32.onnx", "fp16.onnx", "int8.onnx"):
        (tmp_path / name).write_bytes((models / name).read_bytes())
    return tmp_path


def built(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    capsys.readouterr()
    assert main(["build", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@rtx
@pytest.mark.parametrize("gpu", ["sm89", "sm75"])
def test_an_fp16_plan_computes_in_fp16_on_any_card(
    gpu: str, folder: Path, capsys: pytest.CaptureFixture[str]
):
    model = folder / "fp16.onnx"
    report = built(capsys, str(model), "--target", "rtx", "--gpu", gpu, "--largest-batch", "128")
    plan = folder / f"fp16.rtx.{gpu}.plan"
    assert report["plan"] == str(plan)
    assert report["bytes"] == plan.stat().st_size > 0
    assert report["plan_sha256"] == sha256(plan)
    assert report["model_sha256"] == sha256(model)
    assert report["convolutions"].keys() == {"fp16"}
    assert report["batch"] == {"smallest": 1, "best": 64, "largest": 128}
    assert report["speed"] is None
    assert report["library_version"][0].isdigit()
    convolutions = sum(node.op_type == "Conv" for node in onnx.load(model).graph.node)
    named = {node for layer in report["layers"] for node in layer["nodes"]}
    assert sum(name.endswith("Conv") for name in named) == convolutions


@rtx
def test_a_plan_that_is_good_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]):
    arguments = [str(folder / "fp16.onnx"), "--gpu", "8.9"]
    assert built(capsys, *arguments)["built"]
    before = (folder / "fp16.rtx.sm89.plan").stat().st_mtime_ns
    assert not built(capsys, *arguments)["built"]
    assert (folder / "fp16.rtx.sm89.plan").stat().st_mtime_ns == before
    assert built(capsys, *arguments, "--force")["reason"] == "asked for"


@rtx
def test_what_became_of_int8_is_said_by_card(
    run: Path, folder: Path, capsys: pytest.CaptureFixture[str]
):
    """Ada computes the convolutions in INT8; for Turing the weights are made FP16 again."""
    model = str(folder / "int8.tensorrt.onnx")
    arguments = ["--target", "tensorrt", "--calibration", str(run), "--calibration-size", "64"]
    assert main(["quantize", str(folder / "fp32.onnx"), *arguments, "-o", model]) == 0
    ada = built(capsys, model, "--gpu", "sm89")["convolutions"]
    turing = built(capsys, model, "--gpu", "sm75")["convolutions"]
    assert ada["int8"] > 0
    assert set(ada) == {"int8", "fp16"}, "what was left in float is halved"
    assert set(turing) == {"fp16"}
    assert main(["build", model, "--gpu", "sm75"]) == 0
    assert "none of them in INT8" in capsys.readouterr().out


@rtx
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("fp32.onnx --gpu sm75", "not supported. In compileGraph"),
        ("fp16.onnx --gpu sm90", "expected one of sm75"),
        ("fp16.onnx --gpu ada", "such as sm89"),
        ("fp16.onnx", "this machine has no card"),
        ("int8.onnx --gpu sm89", "quantize --int8 --target tensorrt"),
        ("none.onnx --gpu sm89", "got nothing at"),
        ("text.onnx --gpu sm89", "does not load"),
        ("foreign.onnx --gpu sm89", "without aztoolkit metadata"),
        ("fp16.onnx --gpu sm89 --largest-batch 8", "at most --largest-batch"),
        ("fp16.onnx --gpu sm89 --best-batch 0", "best-batch"),
    ],
)
def test_what_cannot_be_built_is_one_line_and_leaves_nothing(
    arguments: str,
    complaint: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    monkeypatch.setattr("aztoolkit.hardware.probe_gpus", list)
    (folder / "text.onnx").write_text("no model")
    make_constant_model(folder / "foreign.onnx", None)
    if "sm75" in arguments:  # of the operators that Turing lacks in FP32
        assert any(node.op_type == "Gemm" for node in onnx.load(folder / "fp32.onnx").graph.node)
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    assert main(["build", *arguments.split()]) == BAD_INPUT
    captured = capfd.readouterr()
    assert complaint in captured.err
    assert len(captured.err.splitlines()) == 1, captured.err
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("target", ["tensorrt", "rtx"])
def test_a_library_that_is_missing_is_one_line_with_the_mending(
    target: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setattr("aztoolkit.backends.nvidia.find_spec", lambda _name: None)
    capsys.readouterr()
    assert main(["build", str(folder / "fp16.onnx"), "--target", target]) == BAD_INPUT
    line = capsys.readouterr().err
    assert f"pip install 'aztoolkit[{target}]'" in line
    assert len(line.splitlines()) == 1
