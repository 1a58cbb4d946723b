"""Networks side by side."""

from functools import partial
from pathlib import Path

import pytest

from aztoolkit.evaluator import UniformEvaluator
from aztoolkit.model import ModelSpec
from benchmarks import network as subject
from benchmarks import side_by_side
from tests.export.conftest import make_constant_model


@pytest.fixture
def model(az_spec: ModelSpec, tmp_path: Path) -> Path:
    return make_constant_model(tmp_path / "a.onnx", az_spec)


def test_every_model_is_measured_in_every_way(
    model: Path, az_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    quick = partial(side_by_side.rates_side_by_side, repeats=1, min_run_s=0.01)
    monkeypatch.setattr(side_by_side, "rates_side_by_side", quick)
    models = [model, make_constant_model(tmp_path / "b.onnx", az_spec)]
    report = subject.network(models, threads=1)
    assert [row["batch"] for row in report["rows"]] == [1, 1, 16, 16, 64, 64, 256, 256]
    assert [row["search"] for row in report["search"]] == ["tree", "tree", "pool", "pool"]
    assert all(row["nodes_per_s"] > 0 for row in report["search"])
    measured = {"batch 1", "batch 16", "batch 64", "batch 256", "tree", "pool"}
    assert {name: set(found) for name, found in report["speedup"].items()} == {
        str(path): measured for path in models
    }
    assert set(report["speedup"][str(model)].values()) == {1}


@pytest.mark.parametrize("spaces", [("az119", "az4672"), ("lc0_112", "lc0_1858")])
def test_a_search_is_measured_with_a_network_of_any_encoding(
    spaces: tuple[str, str], az_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
):
    from benchmarks import search

    quick = partial(search.rates_side_by_side, repeats=1, min_run_s=0.01)
    monkeypatch.setattr(search, "rates_side_by_side", quick)
    encoding, actions = spaces
    spec = az_spec.model_copy(update={"encoding": encoding, "action_space": actions})
    assert search.with_network(UniformEvaluator(spec))["evals_per_s"] > 0
