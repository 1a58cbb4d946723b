"""The table of speeds by precision."""

from functools import partial
from pathlib import Path

import pytest

from aztoolkit.model import ModelSpec
from benchmarks import quantization as subject
from tests.export.conftest import make_constant_model


def test_models_are_measured_side_by_side(
    az_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    quick = partial(subject.rates_side_by_side, repeats=1, min_run_s=0.01)
    monkeypatch.setattr(subject, "rates_side_by_side", quick)
    models = [make_constant_model(tmp_path / name, az_spec) for name in ("a.onnx", "b.onnx")]
    report = subject.quantization(models, batches=(1, 16))
    assert [(Path(row["model"]).name, row["batch"]) for row in report["rows"]] == [
        ("a.onnx", 1),
        ("b.onnx", 1),
        ("a.onnx", 16),
        ("b.onnx", 16),
    ]
    for row in report["rows"]:
        assert row["evals_per_s"] > 0
        assert row["bytes"] == models[0].stat().st_size
        assert row["precision"] == "fp32"
    assert report["speedup"][str(models[0])] == 1
    assert report["benchmark"] == "quantization"
