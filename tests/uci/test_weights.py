"""Which model is meant."""

import json
from pathlib import Path

import pytest

from aztoolkit.errors import ModelError
from aztoolkit.files import sha256
from aztoolkit.uci.weights import find_model


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode())


def test_a_file_is_itself(tmp_path: Path):
    touch(tmp_path / "a.onnx")
    assert find_model(str(tmp_path / "a.onnx")) == tmp_path / "a.onnx"


def test_of_a_run_the_int8_model_is_taken_unless_it_was_rejected(tmp_path: Path):
    export = tmp_path / "export"
    touch(export / "fp16.onnx", export / "fp32.onnx", export / "int8.onnx", export / ".tmp.onnx")
    assert find_model(str(tmp_path)) == export / "int8.onnx"
    digest = sha256(export / "int8.onnx")
    verdict = {"verdict": "rejected", "candidate": {"sha256": digest}}
    (export / "int8.gate.json").write_text(json.dumps(verdict))
    assert find_model(str(tmp_path)) == export / "fp32.onnx"
    verdict["candidate"] = {"sha256": "of another file"}
    (export / "int8.gate.json").write_text(json.dumps(verdict))
    assert find_model(str(tmp_path)) == export / "int8.onnx"


def test_a_precision_chooses_among_models(tmp_path: Path):
    run = tmp_path / "export"
    touch(run / "fp32.onnx", run / "int8.onnx", tmp_path / "m.onnx", tmp_path / "m.int8.onnx")
    assert find_model(str(tmp_path), "fp32") == run / "fp32.onnx"
    assert find_model(str(run / "int8.onnx"), "fp32") == run / "fp32.onnx"
    assert find_model(str(tmp_path / "m.onnx"), "int8") == tmp_path / "m.int8.onnx"
    assert find_model(str(tmp_path / "m.onnx"), "fp16") == tmp_path / "m.onnx"
    with pytest.raises(ModelError, match="in fp16"):
        find_model(str(tmp_path), "fp16")


def test_nothing_at_a_path_is_an_error():
    with pytest.raises(ModelError, match="got nothing at"):
        find_model("/nowhere/at/all.onnx")
