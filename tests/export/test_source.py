"""What the models of a checkpoint are called, and that an earlier one's replace nothing."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from aztoolkit.cli import main
from aztoolkit.files import sha256
from export.source import beside, fp32_path, read_spec
from train.checkpoint import latest_checkpoint, load_checkpoint, save_checkpoint

EARLIER = "step-00000005"


@pytest.fixture
def later(run: Path, tmp_path: Path) -> Path:
    """A run with a checkpoint before its last, and models that must stay as they are."""
    copy = tmp_path / "later"
    for name in ("checkpoints", "replay"):
        shutil.copytree(run / name, copy / name)
    last = load_checkpoint(latest_checkpoint(copy))
    with torch.no_grad():
        for parameter in last.network.parameters():
            parameter.mul_(0.9)
    save_checkpoint(copy, last.network, last.info.model_copy(update={"training_step": 5}))
    (copy / "export").mkdir()
    for name in ("fp32", "fp16", "int8"):
        (copy / "export" / f"{name}.onnx").write_text("the last one's")
    return copy


def earlier(run: Path) -> Path:
    return run / "checkpoints" / f"{EARLIER}.safetensors"


def test_models_of_an_earlier_checkpoint_are_named_after_it(
    later: Path, models: Path, capsys: pytest.CaptureFixture[str]
):
    folder = later / "export"
    assert main(["quantize", str(earlier(later)), "--calibration-size", "20"]) == 0
    made = {f"{EARLIER}.fp32.onnx", f"{EARLIER}.int8.onnx"}
    assert {path.name for path in folder.iterdir()} == {
        "fp32.onnx",
        "fp16.onnx",
        "int8.onnx",
    } | made
    for name in made:
        assert read_spec(folder / name).checkpoint_sha256 == sha256(earlier(later))
    assert main(["export", str(earlier(later))]) == 0
    assert (folder / f"{EARLIER}.fp16.onnx").is_file()
    for name in ("fp32", "fp16", "int8"):
        assert (folder / f"{name}.onnx").read_text() == "the last one's"
    capsys.readouterr()
    pair = [str(models / "fp32.onnx"), str(folder / f"{EARLIER}.int8.onnx")]
    assert main(["compare", *pair, "--count", "20", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["same_checkpoint"] is False
    assert "they are of different checkpoints" in captured.err
    assert main(["describe", pair[1]]) == 0
    assert "distance   from a model of another checkpoint: policy KL" in capsys.readouterr().out


def test_a_folder_of_ones_own_gets_plain_names(later: Path, tmp_path: Path):
    assert main(["export", str(earlier(later)), "--no-fp16", "-o", str(tmp_path / "out")]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["fp32.onnx"]


def test_the_last_checkpoint_is_the_runs_however_it_is_named(later: Path, tmp_path: Path):
    last = latest_checkpoint(later)
    assert fp32_path(later, last) == fp32_path(last, last) == later / "export" / "fp32.onnx"
    elsewhere = tmp_path / "x.safetensors"
    assert fp32_path(elsewhere, elsewhere) == tmp_path / "export" / "x.fp32.onnx"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("fp32.onnx", "int8.onnx"),
        ("step-00000005.fp32.onnx", "step-00000005.int8.onnx"),
        ("maia-1500.onnx", "maia-1500.int8.onnx"),
        ("maia.v2.onnx", "maia.v2.int8.onnx"),
    ],
)
def test_another_precision_stands_beside_the_model_under_its_name(model: str, expected: str):
    assert beside(Path("a", model), "int8.onnx") == Path("a", expected)
