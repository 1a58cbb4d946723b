"""Which model files a name means."""

import os
from pathlib import Path

import pytest

from aztoolkit import model_files
from aztoolkit.errors import ModelError
from aztoolkit.model_files import find_models


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with empty `runs` and `models`, which stands for the installed network's."""
    for name, folder in (("RUNS", tmp_path / "runs"), ("SHIPPED", tmp_path / "models")):
        folder.mkdir()
        monkeypatch.setattr(model_files, name, folder)
    return tmp_path


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode())


def test_file_run_and_folder_are_found(tmp_path: Path) -> None:
    export = tmp_path / "export"
    both = [export / "fp32.onnx", export / "int8.onnx"]
    touch(*both, export / ".int8.onnx.tmp.onnx", export / "int8.json")
    assert find_models(both[1]) == both[1:]
    assert find_models(tmp_path) == both
    assert find_models(export) == both


def test_newest_run_is_taken_when_none_is_named(places: Path) -> None:
    touch(places / "models" / "int8.onnx")
    for age_s, name in ((100, "old"), (10, "new"), (50, "older")):
        model = places / "runs" / name / "export" / "fp32.onnx"
        touch(model)
        os.utime(model, (10_000 - age_s, 10_000 - age_s))
    (places / "runs" / "empty" / "export").mkdir(parents=True)
    assert find_models(None) == [places / "runs" / "new" / "export" / "fp32.onnx"]


def test_without_a_run_the_shipped_network_is_taken(places: Path) -> None:
    shipped = places / "models" / "int8.onnx"
    touch(shipped)
    assert find_models(None) == [shipped]


def test_shipped_network_has_a_name(
    places: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(places / "models" / "int8.onnx", places / "runs" / "one" / "export" / "fp32.onnx")
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    assert find_models(Path("shipped")) == [places / "models" / "int8.onnx"]


@pytest.mark.usefixtures("places")
def test_nothing_to_play_is_told_with_the_remedy() -> None:
    with pytest.raises(ModelError, match="aztoolkit train"):
        find_models(None)


@pytest.mark.parametrize("name", ["", "nothing-here"])
def test_empty_folder_and_missing_path_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="expected"):
        find_models(tmp_path / name)
