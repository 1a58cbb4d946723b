"""What a smaller precision buys: the table, the picture, and what is refused before anything is measured."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest

from aztoolkit.cli import BAD_INPUT, main
from aztoolkit.model import ModelSpec
from benchmarks import network, side_by_side
from benchmarks import quantization as subject
from benchmarks.memory import memory_mib
from benchmarks.plot import bars
from tests.export.conftest import make_constant_model

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    short = partial(side_by_side.rates_side_by_side, repeats=1, min_run_s=0.01)
    monkeypatch.setattr(side_by_side, "rates_side_by_side", short)
    monkeypatch.setattr(subject, "memory_mib", lambda *_args, **_kwargs: 12.5)


@pytest.fixture
def models(az_spec: ModelSpec, tmp_path: Path) -> list[Path]:
    int8 = az_spec.model_copy(update={"precision": "int8"})
    return [
        make_constant_model(tmp_path / "a.onnx", az_spec),
        make_constant_model(tmp_path / "b.onnx", int8),
    ]


@pytest.mark.usefixtures("quick")
def test_models_are_measured_side_by_side(models: list[Path]):
    report = subject.quantization(models, batches=(1, 16))
    assert [(Path(row["model"]).name, row["batch"]) for row in report["rows"]] == [
        ("a.onnx", 1),
        ("b.onnx", 1),
        ("a.onnx", 16),
        ("b.onnx", 16),
    ]
    assert [row["precision"] for row in report["rows"][:2]] == ["fp32", "int8"]
    for row in report["rows"]:
        assert row["evals_per_s"] > 0
        assert row["bytes"] == Path(row["model"]).stat().st_size
    first, second = map(str, models)
    assert report["speedups"][first] == report["size"][first] == 1
    assert report["speedup"] == report["speedups"][second] > 0
    assert report["memory_mib"] == {first: 12.5, second: 12.5}
    assert [row["search"] for row in report["search"]] == ["tree", "tree", "pool", "pool"]
    assert report["benchmark"] == "quantization"


@pytest.mark.usefixtures("quick")
def test_the_speedup_is_that_of_int8_wherever_it_stands(models: list[Path], az_spec: ModelSpec):
    half = make_constant_model(
        models[0].with_name("c.onnx"), az_spec.model_copy(update={"precision": "fp16"})
    )
    report = subject.quantization([*models, half], batches=(16,), skip_search=True)
    assert report["speedup"] == report["speedups"][str(models[1])]
    report = subject.quantization(models, batches=(1,), skip_search=True)
    assert report["speedup"] is None  # batch 16 was not measured


@pytest.mark.usefixtures("quick")
def test_the_command_saves_document_and_picture_and_can_leave_out_searches(
    models: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "results"
    arguments = ["benchmark", "quantization", *map(str, models), "--skip-search", "--threads", "1"]
    assert main([*arguments, "--backend", "cpu", "--json", "--output", str(folder)]) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert report["search"] == []
    assert "backend cpu: as asked" in captured.err
    assert json.loads((folder / "quantization.json").read_text()) == report
    picture = ElementTree.parse(folder / "quantization.svg").getroot()
    words = {element.text for element in picture.iter(f"{SVG}text")}
    assert {"FP32", "INT8", "batch 1", "batch 16", "batch 64"} <= words
    assert sorted(path.name for path in folder.iterdir()) == [
        "quantization.json",
        "quantization.svg",
    ]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("same", [True, False])
def test_models_of_different_networks_are_said_to_be(
    same: bool, az_spec: ModelSpec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    other = az_spec if same else az_spec.model_copy(update={"checkpoint_sha256": "f" * 64})
    pair = [
        make_constant_model(tmp_path / "a.onnx", az_spec),
        make_constant_model(tmp_path / "b.onnx", other),
    ]
    arguments = ["benchmark", "quantization", *map(str, pair), "--skip-search", "--backend", "cpu"]
    assert main(arguments) == 0
    assert ("of different checkpoints" in capsys.readouterr().err) is not same


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
@pytest.mark.parametrize(
    ("precisions", "reference"),
    [(("fp16", "fp32"), "fp32"), (("int8", "fp16"), None), (("fp32", "fp32"), None)],
)
def test_others_are_held_against_the_model_in_fp32_wherever_it_stands(
    order: list[int],
    precisions: tuple[str, str],
    reference: str | None,
    az_spec: ModelSpec,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    models = [
        make_constant_model(
            tmp_path / f"{index}.onnx", az_spec.model_copy(update={"precision": precisions[index]})
        )
        for index in order
    ]
    seen: list[list[Path]] = []
    for module, name in ((subject, "quantization"), (network, "network")):
        monkeypatch.setattr(module, name, lambda paths, **_: seen.append(paths))
    monkeypatch.setattr("benchmarks.cli._show", lambda works, *_: [work() for work in works] and 0)
    arguments = [*map(str, models), "--backend", "cpu"]
    for command in ("quantization", "network"):
        assert main(["benchmark", command, *arguments]) == 0
    first = models[0] if reference is None else tmp_path / f"{precisions.index(reference)}.onnx"
    for paths in seen:
        assert paths[0] == first
        assert sorted(paths) == sorted(models)
    assert len(seen) == 2


@pytest.mark.parametrize("command", ["quantization", "network", "inference"])
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--threads", "-1"], "--threads"),
        (["--output", "FILE"], "cannot write"),
        (["--backend", "dance"], "--backend"),
    ],
)
def test_wrong_options_are_said_before_anything_is_measured(
    command: str,
    options: list[str],
    complaint: str,
    models: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    def measured(*_: object, **__: object) -> dict:
        raise AssertionError("measured all the same")

    for module, name in (("side_by_side", "opened"), ("inference", "_open")):
        monkeypatch.setattr(f"benchmarks.{module}.{name}", measured)
    for module in ("quantization", "network"):
        monkeypatch.setattr(f"benchmarks.{module}.opened", measured)
    (tmp_path / "FILE").write_text("")
    words = [str(tmp_path / "FILE") if word == "FILE" else word for word in options]
    given = models if command == "quantization" else models[:1]
    assert main(["benchmark", command, *map(str, given), *words]) == BAD_INPUT
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("aztoolkit: ")
    assert complaint in error


def test_a_model_that_is_named_twice_is_refused(
    models: list[Path], capsys: pytest.CaptureFixture[str]
):
    path = str(models[0])
    assert main(["benchmark", "quantization", path, path]) == BAD_INPUT
    assert "each model once" in capsys.readouterr().err


@pytest.mark.parametrize("make", [lambda text: text, lambda text: f"<{text}> & more"])
def test_bars_are_as_tall_as_their_values_within_a_group(make: Callable[[str], str]):
    picture = ElementTree.fromstring(bars(make("Title"), {"batch 1": {"a": 50, "b": 100}}))
    tall = [float(bar.get("height", "0")) for bar in picture.iter(f"{SVG}rect")][-2:]
    assert tall[1] == pytest.approx(2 * tall[0], rel=0.01)
    assert make("Title") in {element.text for element in picture.iter(f"{SVG}text")}


def test_a_larger_batch_of_work_takes_memory(az_spec: ModelSpec, tmp_path: Path):
    model = make_constant_model(tmp_path / "a.onnx", az_spec)
    assert 0 < memory_mib(model, backend="cpu") < 500
