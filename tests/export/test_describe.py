"""What `aztoolkit describe` says of models, networks, checkpoints and runs."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aztoolkit.cli import BAD_INPUT, main
from aztoolkit.files import sha256, write_json
from aztoolkit.model_files import SHIPPED
from tests.export.lc0.networks import CLASSICAL, write_network
from train.checkpoint import latest_checkpoint


def described(path: Path, capsys: pytest.CaptureFixture[str]) -> dict:
    assert main(["describe", str(path), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def model(models: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(models / "int8.onnx", tmp_path))


def write_verdict(model: Path, digest: str) -> None:
    write_json(
        model.with_suffix(".gate.json"),
        {"verdict": "accepted", "reason": "good", "candidate": {"sha256": digest}},
    )


def test_the_network_that_comes_with_aztoolkit(capsys: pytest.CaptureFixture[str]) -> None:
    found = described(Path("shipped"), capsys)
    assert (found["kind"], found["sha256"]) == ("model", sha256(SHIPPED / "int8.onnx"))


def test_a_model(model: Path, models: Path, capsys: pytest.CaptureFixture[str]):
    found = described(model, capsys)
    assert found["kind"] == "model"
    assert found["sha256"] == sha256(model)
    assert found["bytes"] == model.stat().st_size
    assert found["spec"]["precision"] == "int8"
    assert found["gate"] is found["compare"] is None
    assert found["parameters"] == described(models / "fp32.onnx", capsys)["parameters"] > 10_000


def test_a_verdict_is_shown_for_the_file_it_was_passed_on_alone(
    model: Path, capsys: pytest.CaptureFixture[str]
):
    write_verdict(model, sha256(model))
    assert described(model, capsys)["gate"]["verdict"] == "accepted"
    write_verdict(model, "0" * 64)
    assert described(model, capsys)["gate"] is None
    model.with_suffix(".gate.json").write_text("[]")
    assert described(model, capsys)["gate"] is None


@pytest.mark.parametrize(
    "report", [{}, {"verdict": None, "reason": "good"}, {"verdict": "accepted"}]
)
def test_a_broken_verdict_is_none(report: dict, model: Path, capsys: pytest.CaptureFixture[str]):
    write_json(model.with_suffix(".gate.json"), {**report, "candidate": {"sha256": sha256(model)}})
    write_json(model.with_suffix(".compare.json"), {"second": {"sha256": sha256(model)}})
    assert main(["describe", str(model)]) == 0
    assert {"not gated", "not compared"} <= set(re.split(r"\n|  +", capsys.readouterr().out))


def test_a_distance_is_shown(
    model: Path, models: Path, run: Path, capsys: pytest.CaptureFixture[str]
):
    pair = [str(models / "fp32.onnx"), str(model)]
    assert main(["compare", *pair, "--positions", str(run), "--count", "20"]) == 0
    capsys.readouterr()
    assert described(model, capsys)["compare"]["positions"] == 20


def test_a_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    network = write_network(tmp_path / "x.pb.gz", policy=CLASSICAL, moves_left=True)
    found = described(network, capsys)
    assert found["kind"] == "network"
    assert found["training_steps"] == 1234
    assert found["license"] == "test licence"
    assert found["min_lc0_version"] == "0.21.0"
    assert found["importable"] is found["moves_left"] is True
    assert found["network"]["policy"] == "classical"
    assert found["network"]["blocks"] == 2


def test_a_network_and_its_model_have_as_many_parameters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    network = write_network(tmp_path / "x.pb.gz")
    assert main(["import", str(network)]) == 0
    capsys.readouterr()
    counts = [described(path, capsys)["parameters"] for path in (network, tmp_path / "x.onnx")]
    assert counts[0] == counts[1]


def test_a_network_that_cannot_be_imported_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def change(net) -> None:
        net.format.network_format.network = 6

    found = described(write_network(tmp_path / "x.pb.gz", change=change), capsys)
    assert found["importable"] is False
    assert "attention body" in found["reason"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"", None),
        (b"GPL\n\x1b[31mred", "GPL [31mred"),
        (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}" * 2),
        (b"[bold] :smile:", "[bold] :smile:"),
    ],
)
def test_any_license_is_one_line_of_text(
    text: bytes, shown: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def change(net) -> None:
        net.license = text

    network = write_network(tmp_path / "x.pb.gz", change=change)
    assert described(network, capsys)["license"] == shown
    assert main(["describe", str(network)]) == 0
    assert f"license      {shown or 'not stated'}\n" in capsys.readouterr().out


def test_a_checkpoint_and_a_run(run: Path, models: Path, capsys: pytest.CaptureFixture[str]):
    checkpoint = described(latest_checkpoint(run), capsys)
    assert checkpoint["kind"] == "checkpoint"
    assert checkpoint["info"]["training_step"] == 12
    found = described(run, capsys)
    assert found["kind"] == "run"
    assert found["checkpoints"] == 1
    assert found["latest"]["sha256"] == checkpoint["sha256"]
    assert found["replay"]["shards"] == 1
    names = {Path(one["path"]).name for one in found["models"]}
    assert names >= {path.name for path in models.glob("*.onnx")}


def test_the_learner_s_state_is_no_checkpoint(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    shutil.copytree(run / "checkpoints", tmp_path / "checkpoints")
    (tmp_path / "checkpoints" / "state-00000012.safetensors").touch()
    assert described(tmp_path, capsys)["checkpoints"] == 1


def test_words(model: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_verdict(model, sha256(model))
    network = write_network(tmp_path / "x.pb.gz")
    words = {
        model: ["az119", "int8", "accepted: good", "not compared"],
        network: ["1,234 steps", "test licence", "0.21.0 or newer"],
        latest_checkpoint(run): ["12 steps"],
        run: ["fp32.onnx: fp32", "1 shards"],
    }
    for path, expected in words.items():
        assert main(["describe", str(path)]) == 0
        shown = capsys.readouterr().out
        assert [word for word in expected if word not in shown] == []


def test_names_are_shown_whole_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    network = write_network(tmp_path / f"{'long' * 20}[bold] :smile:.pb.gz")
    assert main(["describe", str(network)]) == 0
    assert f"lc0 network  {network}\n" in capsys.readouterr().out


def test_a_model_is_described_without_torch(model: Path):
    script = (
        "import sys\nfrom aztoolkit.cli import main\n"
        f"assert main(['describe', {str(model)!r}]) == 0\nassert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("nothing.onnx", "got nothing at"),
        ("nothing", "expected a model (.onnx), an lc0 network"),
        ("some.txt", "expected a model (.onnx), an lc0 network"),
        ("text.onnx", "a file that does not load"),
        ("text.pb.gz", "expected an lc0 network"),
        ("text.safetensors", "beside the weights"),
        ("folder", "expected a run folder"),
    ],
)
def test_what_is_none_of_these_is_one_line(
    name: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "folder").mkdir()
    for given in ("some.txt", "text.onnx", "text.pb.gz", "text.safetensors"):
        (tmp_path / given).write_text("text")
    assert main(["describe", str(tmp_path / name)]) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert complaint in captured.err
