"""What is recommended for a model on a machine, and that `--backend auto` follows it."""

import json
from functools import partial
from pathlib import Path

import pytest

from aztoolkit.backends import choose_backend, missing
from aztoolkit.backends.setting import settings_file
from aztoolkit.cli import BAD_INPUT, main
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
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    arguments = ["--batch", "1", "--batch", "8", "--threads", "1", "--threads", "2", "--backend"]
    folder = tmp_path / "out"
    command = ["benchmark", "inference", str(model), *arguments, "cpu", "--output", str(folder)]
    assert main([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    ways = [(row["backend"], row["threads"], row["batch"]) for row in report["rows"]]
    assert ways == [("cpu", 1, 1), ("cpu", 2, 1), ("cpu", 1, 8), ("cpu", 2, 8)]
    assert report["saved"] == str(settings_file())
    assert json.loads((folder / "inference.json").read_text()) == report
    chosen, best = choose_backend(model), report["recommended"]
    assert (chosen.backend, chosen.threads) == (best["backend"], best["threads"])
    assert "when measured on" in chosen.reason
    assert main(command) == 0
    assert "recommended" in capsys.readouterr().out


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
