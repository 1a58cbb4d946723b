"""Which models a benchmark of precisions means."""

import shutil
from pathlib import Path

import pytest

from aztoolkit.errors import ConfigError, ModelError
from aztoolkit.model import ModelSpec
from benchmarks.family import find_family
from tests.export.conftest import make_constant_model


@pytest.fixture
def folder(az_spec: ModelSpec, tmp_path: Path) -> Path:
    for name, precision in (
        ("fp32.onnx", "fp32"),
        ("int8.onnx", "int8"),
        ("maia.onnx", "fp32"),
        ("maia.fp16.onnx", "fp16"),
        ("maia.int8.onnx", "int8"),
    ):
        checkpoint = "a" * 64 if "maia" in name else "b" * 64
        update = {"precision": precision, "checkpoint_sha256": checkpoint}
        make_constant_model(tmp_path / name, az_spec.model_copy(update=update))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("int8.onnx", {"int8.onnx", "fp32.onnx"}),
        ("fp32.onnx", {"fp32.onnx", "int8.onnx"}),
        ("maia.onnx", {"maia.onnx", "maia.fp16.onnx", "maia.int8.onnx"}),
        ("maia.int8.onnx", {"maia.int8.onnx", "maia.onnx", "maia.fp16.onnx"}),
    ],
)
def test_a_model_alone_brings_its_other_precisions(folder: Path, name: str, expected: set[str]):
    found = find_family([folder / name])
    assert found[0] == folder / name
    assert {path.name for path in found} == expected
    assert len(found) == len(expected)


def test_models_that_are_named_are_taken_as_they_are(folder: Path):
    pair = [folder / "maia.onnx", folder / "int8.onnx"]
    assert find_family(pair) == pair
    assert {path.name for path in find_family([Path("shipped")])} == {"fp32.onnx", "int8.onnx"}


def test_of_a_folder_of_several_networks_one_is_taken(folder: Path):
    assert [path.name for path in find_family([folder])] == ["fp32.onnx", "int8.onnx"]
    for name in ("fp32.onnx", "int8.onnx"):
        (folder / name).unlink()
    assert len(find_family([folder])) == 3


def test_a_broken_file_that_nobody_named_is_passed_over(folder: Path):
    (folder / "maia.fp16.onnx").write_bytes(b"nonsense")
    found = find_family([folder / "maia.int8.onnx"])
    assert [path.name for path in found] == ["maia.int8.onnx", "maia.onnx"]
    with pytest.raises(ModelError, match=r"maia\.fp16\.onnx"):
        find_family([folder / "maia.fp16.onnx"])


def test_a_model_without_another_is_refused(folder: Path):
    alone = folder / "alone" / "int8.onnx"
    alone.parent.mkdir()
    shutil.copy(folder / "int8.onnx", alone)
    shutil.copy(folder / "maia.onnx", alone.with_name("fp32.onnx"))  # of another checkpoint
    with pytest.raises(ConfigError, match=r"beside its original, got .*int8\.onnx alone"):
        find_family([alone])
    with pytest.raises(ModelError, match="got nothing"):
        find_family([folder / "missing.onnx"])
