"""Networks side by side, and tactics."""

from functools import partial
from pathlib import Path

import pytest

from aztoolkit.cli import main
from aztoolkit.errors import DataError
from aztoolkit.evaluator import UniformEvaluator
from aztoolkit.model import ModelSpec
from benchmarks import network as subject
from benchmarks import side_by_side
from benchmarks.tactics import tactics
from tests.export.conftest import make_constant_model

MATE = "7k/5ppp/8/8/8/8/8/R5K1 w - - bm Ra8#; id"
AVOID = "7k/5ppp/8/8/8/8/7P/R5K1 w - - am Ra8#; id"
SUITE = f'{MATE} "one";\n{AVOID} "two";\n'
NO_ANSWER = '7k/5ppp/8/8/8/8/6PP/R5K1 w - - id "no";\n'


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


def test_tactics_are_solved_by_search(model: Path, tmp_path: Path):
    (tmp_path / "x.epd").write_text(SUITE)
    report = tactics(model, tmp_path / "x.epd", simulations=[400])
    assert report["positions"] == 2
    assert report["solved"] == {"400": 1}


def test_a_mate_as_short_solves_as_it_does_in_the_gate(model: Path, tmp_path: Path):
    (tmp_path / "x.epd").write_text("7k/5ppp/8/8/8/8/8/RR4K1 w - - bm Ra8#; dm 1;\n")
    (tmp_path / "y.epd").write_text("7k/5ppp/8/8/8/8/8/RR4K1 w - - bm Rb8#; dm 1;\n")
    for name in ("x.epd", "y.epd"):
        assert tactics(model, tmp_path / name, simulations=[400])["solved"] == {"400": 1}


def test_positions_that_the_gate_refuses_are_refused(model: Path, tmp_path: Path):
    (tmp_path / "x.epd").write_text(SUITE + NO_ANSWER)
    with pytest.raises(DataError, match=r"expected `bm` or `am` .*line 3"):
        tactics(model, tmp_path / "x.epd")
    with pytest.raises(DataError, match=r"got nothing at .*missing\.epd"):
        tactics(model, tmp_path / "missing.epd")


def test_tactics_are_a_command(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "x.epd").write_text(SUITE)
    arguments = ["benchmark", "tactics", str(model), str(tmp_path / "x.epd")]
    assert main([*arguments, "--simulations", "1", "--simulations", "8"]) == 0
    assert "solved" in capsys.readouterr().out
