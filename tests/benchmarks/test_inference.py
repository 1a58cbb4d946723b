"""What is recommended for a model on a machine, and that `--backend auto` follows it."""

import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from aztoolkit.backends import choose_backend, missing
from aztoolkit.backends.setting import find_setting, settings_file
from aztoolkit.backends.tensorrt import PlanEvaluator
from aztoolkit.cli import BAD_INPUT, main
from aztoolkit.evaluator import UniformEvaluator
from aztoolkit.model import ModelSpec
from benchmarks import inference as subject
from tests.export.conftest import make_constant_model


@pytest.fixture
def model(az_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    quick = partial(subject.rates_side_by_side, repeats=1, min_run_s=0.01)
    monkeypatch.setattr(subject, "rates_side_by_side", quick)
    return make_constant_model(tmp_path / "a.onnx", az_spec)


def row(backend: str, threads: int, batch: int, evals_per_s: float) -> dict:
    return {"backend": backend, "threads": threads, "batch": batch, "evals_per_s": evals_per_s}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("cpu", 1, 1, 10)], ("cpu", 1, 1)),
        ([row("cpu", 1, 16, 95), row("cpu", 1, 64, 100), row("cpu", 1, 1, 40)], ("cpu", 1, 16)),
        ([row("cpu", 1, 16, 89), row("cpu", 1, 64, 100)], ("cpu", 1, 64)),
        ([row("cpu", 2, 64, 100), row("openvino", 2, 16, 99)], ("cpu", 2, 64)),
        ([row("cpu", 1, 64, 100), row("cpu", 2, 64, 170), row("cpu", 2, 1, 20)], ("cpu", 2, 64)),
    ],
)
def test_the_fastest_is_recommended_with_the_smallest_batch_that_comes_close(
    rows: list[dict], expected: tuple[str, int, int]
):
    best = subject.recommend(rows)
    assert (best["backend"], best["threads"], best["batch"]) == expected


def test_every_way_is_measured_and_the_best_used_by_auto(
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setattr(subject, "RUNTIMES", ("cpu",))
    monkeypatch.setattr(subject, "probe_cpu", lambda: SimpleNamespace(cores=2))
    folder = tmp_path / "out"
    arguments = ["--batch", "1", "--batch", "8", "--output", str(folder)]
    command = ["benchmark", "inference", str(model), *arguments]
    assert main([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    ways = [(row["backend"], row["threads"], row["batch"]) for row in report["rows"]]
    assert ways == [("cpu", 1, 1), ("cpu", 2, 1), ("cpu", 1, 8), ("cpu", 2, 8)]
    assert report["saved"] == str(settings_file())
    assert "not_saved" not in report
    assert json.loads((folder / "inference.json").read_text()) == report
    chosen, best = choose_backend(model), report["recommended"]
    assert (chosen.backend, chosen.threads) == (best["backend"], best["threads"])
    assert "when measured on" in chosen.reason
    assert main(command) == 0
    assert "recommended" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--backend", "cpu"], "--backend left"),
        (["--threads", "1"], "--threads left"),
        (["--backend", "cpu", "--threads", "1"], "--backend and --threads left"),
        (["--no-save"], "as asked"),
    ],
)
def test_what_left_ways_out_is_not_called_the_fastest(
    options: list[str],
    named: str,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setattr(subject, "RUNTIMES", ("cpu",))
    assert main(["benchmark", "inference", str(model), "--batch", "1", *options, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["saved"] is None
    assert report["not_saved"].startswith(named)
    assert not settings_file().exists()
    assert "measured" not in choose_backend(model).reason


@pytest.mark.parametrize("by_plan", [True, False])
def test_it_is_kept_whether_a_plan_was_measured(
    by_plan: bool, model: Path, az_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
):
    """`auto` does not take the backend for it once the plan is gone."""
    evaluator = object.__new__(PlanEvaluator) if by_plan else UniformEvaluator(az_spec)
    way = subject.Way("rtx", 0)
    monkeypatch.setattr(PlanEvaluator, "close", lambda _self: None)
    monkeypatch.setattr(subject, "_open", lambda *_: ({way: evaluator}, {}))
    monkeypatch.setattr(subject, "_rows", lambda *_: [row("rtx", 0, 1, 10)])
    assert subject.inference(model, batches=[1])["saved"] == str(settings_file())
    setting = find_setting(model)
    assert setting is not None
    assert setting.plan == by_plan


def test_without_backends_all_that_are_here_are_tried(model: Path):
    report = subject.inference(model, batches=[1], threads=[1], save=False)
    tried = {row["backend"] for row in report["rows"]}
    assert tried == {name for name in subject.RUNTIMES if missing(name) is None}
    assert set(report["left_out"]) == set(subject.RUNTIMES) - tried
    assert all("expected" in reason for reason in report["left_out"].values())
    assert report["saved"] is None
    assert not settings_file().exists()


def test_a_backend_that_is_not_here_is_one_line(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("aztoolkit.backends.openvino.find_spec", lambda _name: None)
    assert main(["benchmark", "inference", str(model), "--backend", "openvino"]) == BAD_INPUT
    assert "aztoolkit[openvino]" in capsys.readouterr().err
    assert main(["benchmark", "inference", str(model) + "x"]) == BAD_INPUT
    assert "got nothing at" in capsys.readouterr().err
