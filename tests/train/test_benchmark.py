"""What `aztoolkit train --benchmark` measures and leaves behind."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import nn

from aztoolkit.cli import BAD_INPUT, main
from aztoolkit.errors import EvaluationError
from aztoolkit.evaluator import Evaluation
from aztoolkit.mcts import Search, SearchConfig, create_mcts
from aztoolkit.model import ModelSpec
from tests.train.conftest import evaluator_of
from train.baseline import measure_baseline
from train.settings import TrainConfig
from train.utilisation import Processor

TINY_RUN = ["--filters=8", "--blocks=1", "--simulations=8", "--games-per-actor=4", "--actors=1"]
BOTH_HAVE = {
    "positions_per_s",
    "games_per_hour",
    "evals_per_s",
    "raw_evals_per_s",
    "efficiency",
    "fill_rate",
    "latency_ms",
    "utilisation",
    "train_steps_per_s",
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_document_has_every_figure_and_is_saved(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measuring = ["--benchmark", "--baseline", "--seconds=1.5", "--steps=2", "--json"]
    assert main(["train", *TINY_RUN, "--training-batch-size=16", *measuring]) == 0
    report = json.loads(capsys.readouterr().out)
    assert json.loads((here / "benchmark-cpu.json").read_text()) == report
    baseline = report["baseline"]
    for document in (report, baseline):
        assert document.keys() >= BOTH_HAVE
        assert all(document[name] > 0 for name in BOTH_HAVE)
        rate, bare = document["evals_per_s"], document["raw_evals_per_s"]
        assert document["efficiency"] == pytest.approx(rate / bare)
        assert document["positions_per_s"] == pytest.approx(rate / 8)
        low, high = document["evals_per_s_range"]
        assert low <= rate <= high
    assert (baseline["actors"], baseline["batch"], baseline["precision"]) == (4, 32, "fp32")
    assert report["peak_memory_mib"] > 0
    assert report["speedup"] == pytest.approx(
        report["positions_per_s"] / baseline["positions_per_s"]
    )
    assert [path.name for path in here.iterdir()] == ["benchmark-cpu.json"]


def test_it_reads_and_touches_no_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = here / "runs" / "cpu" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("filters = 'of another run'")
    measuring = ["--benchmark", "--seconds=1", "--steps=0", "--benchmark-output=figures/tiny.json"]
    assert main(["train", *TINY_RUN, *measuring]) == 0
    said = capsys.readouterr().out
    assert "starting point" not in said
    assert "figures/tiny.json" in said
    report = json.loads((here / "figures" / "tiny.json").read_text())
    assert report["network"]["filters"] == 8
    assert not {"baseline", "speedup", "train_steps_per_s"} & report.keys()
    assert [path.name for path in config.parent.iterdir()] == ["config.toml"]


def test_a_run_is_refused_and_its_settings_are_a_profile(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--benchmark", "--run", "runs/mine"]) == BAD_INPUT
    said = capsys.readouterr().err
    assert "--profile runs/mine/config.toml" in said
    assert said.count("\n") == 1
    assert not list(here.iterdir())


@pytest.mark.parametrize("option", ["--minutes=5", "--no-selfplay", "--from-pgn=games.pgn"])
def test_options_of_training_are_refused(option: str, capsys: pytest.CaptureFixture[str]):
    assert main(["train", "--benchmark", option]) == BAD_INPUT
    said = capsys.readouterr().err
    assert f"expected --benchmark without {option.partition('=')[0]}," in said


@pytest.mark.parametrize("option", ["--baseline", "--steps=5", "--benchmark-output=tiny.json"])
def test_its_options_are_refused_without_it_instead_of_training(
    here: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert main(["train", *TINY_RUN, "--iterations=1", option]) == BAD_INPUT
    said = capsys.readouterr().err
    assert f"expected --benchmark with {option.partition('=')[0]}, got none" in said
    assert said.count("\n") == 1
    assert not list(here.iterdir())


def test_figures_are_shown_though_they_cannot_be_written(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "file").touch()
    figures = {"simulations": 8, "precision": "fp32", "positions_per_s": 4321.0}
    monkeypatch.setattr("train.benchmark_report.benchmark_training", lambda *_: figures)
    for output in ([], ["--json"]):
        options = ["--benchmark", "--benchmark-output=file/tiny.json", *output]
        assert main(["train", *TINY_RUN, *options]) == BAD_INPUT
        said = capsys.readouterr()
        assert "4321" in said.out.replace(",", "")
        assert "cannot write file/tiny.json" in said.err


def test_int8_is_what_is_measured_where_self_play_uses_it(here: Path) -> None:
    measuring = ["--benchmark", "--seconds=1", "--steps=0", "--selfplay-precision=int8"]
    assert main(["train", *TINY_RUN, *measuring]) == 0
    assert json.loads((here / "benchmark-cpu.json").read_text())["precision"] == "int8"


def test_the_baseline_fills_batches_from_its_four_actors(
    network: nn.Module, config: TrainConfig
) -> None:
    figures = measure_baseline(
        config, evaluator_of(network), Processor(), warm_up_s=0.2, seconds=0.3, rounds=3
    )
    assert 0 < figures.evals_per_s.lowest <= figures.evals_per_s.median
    assert figures.utilisation is not None
    assert 1 / 32 <= figures.fill_rate <= 1
    assert figures.latency_ms > 0


def test_the_search_of_the_baseline_is_that_of_its_time(
    network: nn.Module, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[SearchConfig, str]] = []

    def create(config: SearchConfig, *, backend: str) -> Search:
        asked.append((config, backend))
        return create_mcts(config, backend=backend)

    monkeypatch.setattr("train.baseline.create_mcts", create)
    gumbel = config.model_copy(update={"search_algorithm": "gumbel"})
    measure_baseline(gumbel, evaluator_of(network), Processor(), warm_up_s=0.1, seconds=0.1)
    assert asked
    for search, backend in asked:
        assert (search.algorithm, search.batch_size, backend) == ("puct", 8, "python")
        assert not search.find_mates


class _Failing:
    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        raise EvaluationError(f"no answer for {len(planes)} positions")

    def close(self) -> None:
        pass


def test_a_network_that_fails_ends_the_baseline(network: nn.Module, config: TrainConfig) -> None:
    failing = _Failing(evaluator_of(network).spec)
    with pytest.raises(EvaluationError, match="no answer"):
        measure_baseline(config, failing, Processor(), warm_up_s=0.1, seconds=0.5)
