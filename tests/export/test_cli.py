"""The commands: what they write, what they print, and one line for every bad input."""

import errno
import json
import shutil
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import pytest

from aztoolkit.backends import open_evaluator
from aztoolkit.cli import BAD_INPUT, main
from aztoolkit.model import ModelSpec
from tests.export.conftest import make_constant_model
from train.checkpoint import latest_checkpoint


def copy_run(run: Path, target: Path) -> Path:
    for name in ("checkpoints", "replay"):
        shutil.copytree(run / name, target / name)
    return target


def test_export_writes_into_the_run(models: Path):
    assert {"fp32.onnx", "fp16.onnx", "int8.onnx"} <= {path.name for path in models.iterdir()}


def test_export_of_a_checkpoint_elsewhere_as_json(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    checkpoint = latest_checkpoint(run)
    assert main(["export", str(checkpoint), "-o", str(tmp_path / "out"), "--json"]) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert report["checkpoint"] == str(checkpoint)
    assert [model["spec"]["precision"] for model in report["models"]] == ["fp32", "fp16"]
    for model in report["models"]:
        assert Path(model["path"]).stat().st_size == model["bytes"]
        assert model["opset"] == 20
    assert f"opset 20  {tmp_path / 'out' / 'fp32.onnx'}" in captured.err


def test_quantize_exports_a_run_that_was_not(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    copy = copy_run(run, tmp_path / "b")
    assert main(["quantize", str(copy), "--int8", "--calibration-size", "70", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["original"] == str(copy / "export" / "fp32.onnx")
    assert report["model"]["path"] == str(copy / "export" / "int8.onnx")
    assert report["model"]["spec"]["quantization"]["calibration"]["positions"] == 70
    assert not (copy / "export" / "fp16.onnx").exists()


def test_quantize_exports_again_what_is_of_another_checkpoint(
    run: Path, tmp_path: Path, az_spec: ModelSpec
):
    copy = copy_run(run, tmp_path / "b")
    (copy / "export").mkdir()
    make_constant_model(copy / "export" / "fp32.onnx", az_spec)
    assert main(["quantize", str(copy), "--calibration-size", "10"]) == 0
    spec = open_evaluator(copy / "export" / "fp32.onnx", threads=1).spec
    assert spec.checkpoint_sha256 != az_spec.checkpoint_sha256


def test_quantize_a_model_outside_a_run(models: Path, run: Path, tmp_path: Path):
    shutil.copy(models / "fp32.onnx", tmp_path / "m.onnx")
    arguments = ["--calibration", str(run), "--calibration-size", "20", "--weight-bits", "7"]
    target = tmp_path / "new" / "small.onnx"
    assert main(["quantize", str(tmp_path / "m.onnx"), *arguments, "-o", str(target)]) == 0
    spec = open_evaluator(target, threads=1).spec
    assert spec.quantization is not None
    assert spec.quantization.weight_bits == 7


def test_quantize_without_positions(
    models: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    target = tmp_path / "dynamic.onnx"
    command = ["quantize", str(models / "fp32.onnx"), "--method", "dynamic", "-o", str(target)]
    assert main(command) == 0
    assert "hardly faster than FP32" in " ".join(capsys.readouterr().out.split())
    assert main(["describe", str(target)]) == 0
    assert "dynamic, 8-bit weights" in " ".join(capsys.readouterr().out.split())
    compared = ["compare", str(models / "fp32.onnx"), str(target), "--positions", str(run)]
    assert main([*compared, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert 0 < report["kl_mean"] < 0.1
    assert target.stat().st_size < 0.5 * (models / "fp32.onnx").stat().st_size


def test_quantize_trains_for_tensorrt(
    models: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    target = tmp_path / "small.onnx"
    arguments = ["--calibration", str(run), "--calibration-size", "40", "-o", str(target)]
    wanted = ["--method", "qat", "--target", "tensorrt", "--training-positions", "128"]
    assert main(["quantize", str(models / "fp32.onnx"), *arguments, *wanted]) == 0
    spec = open_evaluator(target, threads=1).spec
    assert spec.quantization is not None
    assert spec.quantization.target == "tensorrt"
    assert spec.quantization.method.startswith("qat-")
    training = spec.quantization.training
    assert training is not None
    assert (training.updates, training.batch) == (2, 64)
    assert (training.positions.positions, training.positions.source) == (128, str(run))
    assert spec.quantization.calibration is not None
    assert training.positions.sha256 != spec.quantization.calibration.sha256
    assert spec.tools["torch"] == version("torch")
    assert main(["describe", str(target)]) == 0
    assert f"trained on 128 positions of {run} in 2 updates" in capsys.readouterr().out


def test_layers_kept_in_float_are_said_to_be(models: Path, run: Path, tmp_path: Path):
    layer, other = "/policy/policy.2/Conv", "/policy/policy.0/policy.0.0/Conv"
    target = tmp_path / "small.onnx"
    arguments = ["--calibration", str(run), "--calibration-size", "40", "-o", str(target)]
    assert (
        main(
            ["quantize", str(models / "fp32.onnx"), *arguments, "--keep-float", f"{other}, {layer}"]
        )
        == 0
    )
    spec = open_evaluator(target, threads=1).spec
    assert spec.quantization is not None
    assert {layer, other} <= set(spec.quantization.float_layers)
    node = next(node for node in onnx.load(target).graph.node if node.name == layer)
    assert not any(name.endswith("_dq") for name in node.input[1:])


def test_a_budget_out_of_reach_is_said_plainly(
    models: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    target = tmp_path / "small.onnx"
    arguments = ["--calibration", str(run), "--calibration-size", "40", "-o", str(target)]
    budget = ["--budget-kl", "0", "--json"]
    assert main(["quantize", str(models / "fp32.onnx"), *arguments, *budget]) == 0
    captured = capsys.readouterr()
    search = json.loads(captured.out)["model"]["search"]
    assert not search["held"]
    assert len(search["costs"]) == 7
    shown = " ".join(captured.err.split())
    assert "what rounding a layer alone costs" in shown
    assert all(cost["layer"] in shown for cost in search["costs"])
    assert "the budget of 0 is not held" in captured.err.replace("\n", " ")
    chart = tmp_path / "small.sensitivity.svg"
    assert chart.read_text().startswith("<svg")
    assert main(["quantize", str(models / "fp32.onnx"), *arguments, "--keep-float", "none"]) == 0
    assert not chart.exists()  # it was of another model


@pytest.mark.parametrize(
    "options",
    ["--calibration RUN --calibration-size 9", "--method dynamic"],
    ids=["static", "dynamic"],
)
def test_a_full_disk_is_one_line_and_leaves_no_part(
    options: str,
    models: Path,
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(onnx, "save", full)
    target = tmp_path / "small.onnx"
    arguments = [*options.replace("RUN", str(run)).split(), "-o", str(target)]
    assert main(["quantize", str(models / "fp32.onnx"), *arguments]) == BAD_INPUT
    assert "No space left" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


def test_compare_prints_a_table(models: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["compare", str(models / "fp32.onnx"), str(models / "int8.onnx"), "--count", "50"]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    for words in ("policy KL", "same top move", "win-rate error", "50"):
        assert words in shown


def test_compare_as_json(models: Path, capsys: pytest.CaptureFixture[str]):
    pair = [str(models / "fp32.onnx"), str(models / "fp16.onnx")]
    assert main(["compare", *pair, "--count", "50", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((models / "fp16.compare.json").read_text())
    assert report["second"]["precision"] == "fp16"
    assert report["kl_mean"] < 1e-4


def _sides(node: onnx.NodeProto) -> list[int]:
    """Returns the sides of a convolution's kernel; nothing for other nodes."""
    found = (one.ints for one in node.attribute if one.name == "kernel_shape")
    return list(next(found, ()))


def _dilate(convolution: onnx.NodeProto) -> None:
    """Makes a convolution of 3x3 read every other square, which keeps its shape."""
    changed = ("dilations", "pads")
    kept = [one for one in convolution.attribute if one.name not in changed]
    del convolution.attribute[:]
    convolution.attribute.extend(kept)
    for name, values in zip(changed, ([2, 2], [2, 2, 2, 2]), strict=True):
        convolution.attribute.append(onnx.helper.make_attribute(name, values))


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory, models: Path, run: Path) -> Path:
    """A folder of everything that is wrong."""
    folder = tmp_path_factory.mktemp("bad")
    spec = open_evaluator(models / "fp32.onnx", threads=1).spec
    whole = (models / "fp32.onnx").read_bytes()
    (folder / "truncated.onnx").write_bytes(whole[: len(whole) // 2])
    (folder / "text.onnx").write_text("not a model")
    make_constant_model(folder / "foreign.onnx", None)
    make_constant_model(folder / "shape.onnx", spec, planes=112)
    shutil.copy(models / "fp32.onnx", folder / "good.onnx")
    shutil.copy(models / "int8.onnx", folder / "int8.onnx")
    model = onnx.load(models / "fp32.onnx")
    np_bias = next(tensor for tensor in model.graph.initializer if tensor.name.endswith("bias"))
    broken = np.full(tuple(np_bias.dims), np.nan, dtype=np.float32)
    np_bias.CopyFrom(onnx.numpy_helper.from_array(broken, np_bias.name))
    onnx.save(model, folder / "nan.onnx")
    model = onnx.load(models / "fp32.onnx")
    _dilate(next(node for node in model.graph.node if _sides(node) == [3, 3]))
    onnx.save(model, folder / "dilated.onnx")
    (folder / "file").write_text("")
    (folder / "empty").mkdir()
    checkpoint = latest_checkpoint(run)
    shutil.copy(checkpoint.with_suffix(".json"), folder / "cut.json")
    (folder / "cut.safetensors").write_bytes(checkpoint.read_bytes()[:-100])
    (folder / "run").symlink_to(run)
    return folder


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("export missing", "expected a checkpoint, got no file"),
        ("export empty", "expected a run folder with checkpoints"),
        ("export cut.safetensors", "truncated or altered"),
        ("export run -o file", "cannot write"),
        ("quantize missing.onnx --int8", "expected a model file, got nothing"),
        ("quantize truncated.onnx --int8", "a file that does not load"),
        ("quantize text.onnx --int8", "a file that does not load"),
        ("quantize foreign.onnx --int8", "without aztoolkit metadata"),
        ("quantize shape.onnx --int8", "expected tensors"),
        ("quantize int8.onnx --int8 -o new.onnx", "expected an FP32 model to quantize, got int8"),
        ("quantize nan.onnx --int8 --calibration run", "NaN or infinity"),
        ("quantize nan.onnx --method dynamic -o new.onnx", "NaN or infinity"),
        (
            "quantize dilated.onnx --calibration run --calibration-size 9",
            "expected convolutions with dilations [1, 1], got [2, 2]",
        ),
        ("quantize good.onnx --int8", "expected positions, got none"),
        ("quantize good.onnx --int8 --calibration missing", "got nothing at"),
        ("quantize good.onnx --int8 --calibration empty", "expected replay shards"),
        (
            "quantize good.onnx --int8 --calibration run --calibration-size 9999",
            "expected 9999 calibration positions, got",
        ),
        ("quantize good.onnx --calibration run --calibration-size 0", "at least 1 position"),
        ("quantize good.onnx --calibration run -o good.onnx", "another file than the original"),
        ("quantize good.onnx --calibration run -o file", "ends in .onnx"),
        ("quantize good.onnx --calibration run -o file/x.onnx", "cannot write"),
        ("quantize good.onnx --calibration run --weight-bits 9", "weight-bits"),
        ("quantize good.onnx --calibration run --method dynamic", "without --calibration"),
        ("quantize good.onnx --target tensorrt --method dynamic", "without --target tensorrt"),
        ("quantize int8.onnx --method dynamic -o new.onnx", "expected an FP32 model to quantize"),
        (
            "quantize good.onnx --calibration run --keep-float /nowhere --calibration-size 9",
            "got /nowhere",
        ),
        ("quantize good.onnx --calibration run --budget-kl -1", "budget"),
        ("quantize good.onnx --calibration run --training-positions 0", "at least 1 position"),
        ("quantize good.onnx --calibration run --seed -1", "seed of at least 0, got -1"),
        ("quantize good.onnx --method dynamic --keep-float none", "without --keep-float"),
        ("quantize good.onnx --method dynamic --weight-bits 8", "without --weight-bits"),
        ("quantize good.onnx --method dynamic --ranges minmax", "without --ranges"),
        ("quantize good.onnx --method dynamic --budget-kl 0", "without --budget-kl"),
        ("quantize good.onnx --method dynamic --calibration-size 9", "without --calibration-size"),
        ("quantize good.onnx --method dynamic --training-positions 9", "take --method qat"),
        ("quantize good.onnx --calibration run --training-positions 9", "take --method qat"),
        (
            "quantize good.onnx --calibration run --keep-float none --budget-kl 0.1",
            "expected --keep-float auto with --budget-kl",
        ),
        ("compare good.onnx int8.onnx --positions run --seed -1", "seed of at least 0, got -1"),
        ("compare missing.onnx good.onnx --positions run", "expected a model file, got nothing"),
        ("compare good.onnx truncated.onnx --positions run", "a file that does not load"),
        ("compare good.onnx nan.onnx --positions run", "NaN or infinity"),
        ("compare good.onnx int8.onnx", "expected positions, got none"),
        ("compare good.onnx int8.onnx --positions run --count 9999", "held-out positions, got"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    command: str,
    complaint: str,
    bad: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(bad)
    before = sorted(bad.rglob("*"))
    assert main(command.split()) == BAD_INPUT
    captured = capfd.readouterr()
    errors = [line for line in captured.err.splitlines() if line.strip()]
    assert len(errors) == 1, captured.err
    assert errors[0].startswith("aztoolkit: ")
    assert complaint in errors[0]
    assert sorted(bad.rglob("*")) == before
