import sys
import types
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from aztoolkit.errors import DataError, MachineError, MissingDependencyError
from train.metrics import Metrics, read_metrics
from train.settings import TrainConfig


def test_values_reach_the_file_and_tensorboard(run: Path) -> None:
    with Metrics(run, training_step=0) as metrics:
        metrics.write({"training_step": 5, "loss": 2.5})
        metrics.write({"training_step": 9, "loss": 1.5})
    rows = read_metrics(run)
    assert [(row["training_step"], row["loss"]) for row in rows] == [(5, 2.5), (9, 1.5)]
    board = EventAccumulator(str(run / "tb"))
    board.Reload()
    assert [(event.step, event.value) for event in board.Scalars("loss")] == [(5, 2.5), (9, 1.5)]


def test_hours_go_on_where_the_run_was_left(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("train.metrics.time.monotonic", lambda: now)
    with Metrics(run, training_step=0) as metrics:
        now += 1800
        metrics.write({"training_step": 5})
    now += 86_400  # nobody trains
    with Metrics(run, training_step=5) as metrics:
        now += 3600
        metrics.write({"training_step": 9})
    assert [row["hours"] for row in read_metrics(run)] == pytest.approx([0.5, 1.5])


def test_what_a_killed_run_wrote_too_much_is_removed(run: Path) -> None:
    with Metrics(run, training_step=0) as metrics:
        for step in (5, 9):
            metrics.write({"training_step": step})
    with (run / "metrics.jsonl").open("a") as stream:
        stream.write('{"training_step": 9, "lo')
    Metrics(run, training_step=5).__exit__(None, None, None)
    assert [row["training_step"] for row in read_metrics(run)] == [5]


def test_a_folder_without_metrics_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"metrics of a run .* got none"):
        read_metrics(tmp_path)


class FakeWandb(types.ModuleType):
    """Takes the calls that Weights & Biases documents, and remembers them."""

    class Artifact:
        def __init__(self, name: str, type: str) -> None:  # noqa: A002
            self.name, self.type, self.files = name, type, list[str]()

        def add_file(self, path: str) -> None:
            assert Path(path).is_file()
            self.files.append(Path(path).name)

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__("wandb")
        self.errors = types.SimpleNamespace(Error=OSError)
        self.error = error
        self.begun: list[dict[str, Any]] = []
        self.rows: list[dict[str, float]] = []
        self.artifacts: list[FakeWandb.Artifact] = []
        self.finished = 0

    def init(self, **arguments: Any) -> "FakeWandb":
        if self.error:
            raise self.error
        self.begun.append(arguments)
        return self

    def define_metric(self, name: str, step_metric: str | None = None) -> None:
        assert (name, step_metric) in (("training_step", None), ("*", "training_step"))

    def log(self, row: dict[str, float]) -> None:
        self.rows.append(row)

    def log_artifact(self, artifact: "FakeWandb.Artifact") -> None:
        self.artifacts.append(artifact)

    def finish(self) -> None:
        self.finished += 1


@pytest.fixture
def reporting(config: TrainConfig) -> TrainConfig:
    return config.model_copy(update={"wandb": True})


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> FakeWandb:
    fake = FakeWandb()
    monkeypatch.setitem(sys.modules, "wandb", fake)
    return fake


def test_metrics_and_the_checkpoint_reach_wandb(
    run: Path, tmp_path: Path, reporting: TrainConfig, wandb: FakeWandb
) -> None:
    checkpoint = tmp_path / "step-00000005.safetensors"
    checkpoint.touch()
    checkpoint.with_suffix(".json").touch()
    with Metrics(run, training_step=0, config=reporting) as metrics:
        metrics.write({"training_step": 5, "loss": 2.5})
        metrics.upload(checkpoint)
    assert wandb.begun[0]["config"] == reporting.model_dump()
    assert wandb.rows[0]["loss"] == 2.5
    assert (wandb.artifacts[0].name, wandb.artifacts[0].type) == ("run-checkpoint", "model")
    assert wandb.artifacts[0].files == [checkpoint.name, "step-00000005.json"]
    assert wandb.finished == 1


def test_a_resumed_run_is_the_same_run_to_wandb(
    run: Path, reporting: TrainConfig, wandb: FakeWandb
) -> None:
    for _ in range(2):
        Metrics(run, training_step=0, config=reporting).__exit__(None, None, None)
    assert wandb.begun[0]["id"] == wandb.begun[1]["id"]
    assert wandb.begun[0]["resume"] == "allow"


def test_wandb_is_left_alone_unless_asked_for(
    run: Path, config: TrainConfig, wandb: FakeWandb
) -> None:
    with Metrics(run, training_step=0, config=config) as metrics:
        metrics.write({"training_step": 1})
        metrics.upload(run)
    assert not wandb.begun
    assert not wandb.rows


def test_a_missing_wandb_gives_the_line_that_installs_it(
    run: Path, reporting: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingDependencyError, match="pip install wandb"):
        Metrics(run, training_step=0, config=reporting)


def test_a_refusal_of_wandb_is_one_line(
    run: Path, reporting: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", FakeWandb(OSError("no API key")))
    with pytest.raises(MachineError, match="no API key; log in with `wandb login`"):
        Metrics(run, training_step=0, config=reporting)
