"""What `aztoolkit train --benchmark` measures and leaves behind."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import nn

from aztoolkit.cli import main
from aztoolkit.errors import EvaluationError
from aztoolkit.evaluator import Evaluation
from aztoolkit.model import ModelSpec
from tests.train.conftest import evaluator_of
from train.baseline import measure_baseline
from train.settings import TrainConfig

TINY_RUN = ["--filters=8", "--blocks=1", "--simulations=8", "--games-per-actor=4", "--actors=1"]
FIELDS = {
    "positions_per_s",
    "games_per_hour",
    "evals_per_s",
    "raw_evals_per_s",
    "efficiency",
    "fill_rate",
    "latency_ms",
    "train_steps_per_s",
    "baseline",
    "speedup",
    "peak_memory_mib",
}


def test_the_document_has_every_figure_and_is_saved(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--run", str(run), *TINY_RUN, "--training-batch-size=16"]
    measuring = ["--benchmark", "--baseline", "--seconds=1.5", "--steps=2", "--json"]
    assert main(["train", *options, *measuring]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report.keys() >= FIELDS
    assert json.loads((run / "benchmark.json").read_text()) == report
    assert all(report[name] > 0 for name in FIELDS - {"baseline"})
    assert report["positions_per_s"] == pytest.approx(report["evals_per_s"] / 8)
    assert report["speedup"] == pytest.approx(
        report["positions_per_s"] / report["baseline"]["positions_per_s"]
    )
    assert not (run / "checkpoints").exists()


def test_without_a_baseline_there_is_no_speedup(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measuring = ["--benchmark", "--seconds=1", "--steps=0"]
    assert main(["train", "--run", str(run), *TINY_RUN, *measuring]) == 0
    assert "starting point" not in capsys.readouterr().out
    report = json.loads((run / "benchmark.json").read_text())
    assert not {"baseline", "speedup", "train_steps_per_s"} & report.keys()


def test_int8_is_what_is_measured_where_self_play_uses_it(run: Path) -> None:
    measuring = ["--benchmark", "--seconds=1", "--steps=0", "--selfplay-precision=int8"]
    assert main(["train", "--run", str(run), *TINY_RUN, *measuring]) == 0
    assert json.loads((run / "benchmark.json").read_text())["precision"] == "int8"


def test_the_baseline_fills_batches_from_its_four_actors(
    network: nn.Module, config: TrainConfig
) -> None:
    figures = measure_baseline(config, evaluator_of(network), warm_up_s=0.2, seconds=1.0)
    assert figures.evals_per_s > 0
    assert 1 / 32 <= figures.fill_rate <= 1
    assert figures.latency_ms > 0


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
        measure_baseline(config, failing, warm_up_s=0.1, seconds=0.5)
