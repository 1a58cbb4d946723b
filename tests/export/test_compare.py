"""Reports of comparisons, as files."""

import json
from pathlib import Path

import numpy as np
import pytest

from aztoolkit.errors import DataError, ModelError
from aztoolkit.files import sha256
from aztoolkit.model import ModelSpec
from export.compare import compare_files
from export.comparison_page import OTHERS, WORST, _histogram
from tests.export.conftest import make_constant_model
from train.checkpoint import latest_checkpoint

FIELDS = {
    "positions",
    "kl_mean",
    "kl_p99",
    "top1",
    "winrate_error_mean",
    "winrate_error_p99",
    "winrate_error_max",
    "policy_rmse",
    "value_rmse",
}


def test_the_report_stands_beside_the_second_model(models: Path, run: Path):
    report = compare_files(models / "fp32.onnx", models / "int8.onnx", run, count=100, seed=3)
    assert json.loads((models / "int8.compare.json").read_text()) == report
    assert report.keys() >= FIELDS
    assert (report["positions"], report["seed"], report["source"]) == (100, 3, str(run))
    assert report["part"] == "held-out"
    for key, name in (("first", "fp32"), ("second", "int8")):
        model = models / f"{name}.onnx"
        of_checkpoint = {"checkpoint_sha256": sha256(latest_checkpoint(run))}
        of_file = {"path": str(model), "precision": name, "sha256": sha256(model)}
        assert report[key] == of_file | of_checkpoint
    assert report["same_checkpoint"] is True
    assert {"aztoolkit", "onnxruntime", "numpy"} <= report["tools"].keys()
    assert 0 < report["kl_mean"] <= report["kl_p99"] < 0.01


def test_the_report_knows_which_positions_it_is_of(models: Path, run: Path):
    hashes = [
        compare_files(models / "fp32.onnx", models / "fp16.onnx", run, count=10, seed=seed)[
            "positions_sha256"
        ]
        for seed in (1, 1, 2)
    ]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_model_is_at_no_distance_from_itself(models: Path, run: Path):
    report = compare_files(models / "fp32.onnx", models / "fp32.onnx", run, count=100)
    assert report["top1"] == 1
    assert all(report[field] == 0 for field in FIELDS - {"positions", "top1"})


def test_a_model_that_knows_nothing_is_far_away(
    models: Path, run: Path, az_spec: ModelSpec, tmp_path: Path
):
    nothing = make_constant_model(tmp_path / "zeros.onnx", az_spec)
    report = compare_files(models / "fp32.onnx", nothing, run, count=100)
    assert (
        report["kl_mean"]
        > 10 * compare_files(models / "fp32.onnx", models / "int8.onnx", run, count=100)["kl_mean"]
    )
    assert report["top1"] < 0.5
    assert report["same_checkpoint"] is False
    assert OTHERS in (tmp_path / "zeros.compare.html").read_text()


def test_more_positions_than_are_held_out_must_not_be_asked_for(models: Path, run: Path):
    with pytest.raises(DataError, match="expected 5000 held-out positions, got"):
        compare_files(models / "fp32.onnx", models / "int8.onnx", run, count=5000)


def test_a_foreign_model_is_refused(models: Path, run: Path, tmp_path: Path):
    foreign = make_constant_model(tmp_path / "foreign.onnx", None)
    with pytest.raises(ModelError, match="without aztoolkit metadata"):
        compare_files(models / "fp32.onnx", foreign, run)
    assert not (tmp_path / "foreign.compare.json").exists()


def test_the_page_draws_the_worst_positions_and_needs_nothing_else(models: Path, run: Path):
    compare_files(models / "fp32.onnx", models / "int8.onnx", run, count=100)
    page = (models / "int8.compare.html").read_text()
    assert OTHERS not in page
    assert page.count("<figcaption>") == 2 + 2 * WORST
    assert "policy KL" in page
    assert " w " in page or " b " in page  # FEN
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "<script" not in page


def test_histograms_hold_every_position():
    values = np.array([0.0] * 50 + [1.0] * 50)
    drawn = _histogram("x", values)
    heights = [float(part.split('"')[0]) for part in drawn.split(' height="')[2:]]
    assert len(heights) == 30
    assert heights[0] == heights[-1] == max(heights) > 0
    assert sum(heights) == heights[0] * 2
