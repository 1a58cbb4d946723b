"""Models opened, and what stands beside them."""

import json
from pathlib import Path

import pytest

from aztoolkit.errors import ModelError
from aztoolkit.files import sha256
from aztoolkit.model import Precision
from aztoolkit.model_files import find_models
from serve.catalog import open_catalog
from tests.serve.networks import write_model


def test_broken_model_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write_model(tmp_path / "good.onnx")
    truncated = tmp_path / "bad.onnx"
    truncated.write_bytes(good.read_bytes()[:1000])
    engines = open_catalog(find_models(tmp_path)).engines
    assert [engine.info.id for engine in engines] == ["good"]
    assert "left out bad.onnx" in capsys.readouterr().err


def test_only_broken_models_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"bad\.onnx"):
        open_catalog(find_models(tmp_path))


def test_rejected_model_is_not_the_default(tmp_path: Path) -> None:
    write_model(tmp_path / "fp32.onnx", "fp32")
    write_model(tmp_path / "int8.onnx", "int8")
    (tmp_path / "int8.gate.json").write_text('{"verdict": "rejected", "llr": -3.1}')
    opened = open_catalog(find_models(tmp_path))
    assert opened.default.info.id == "fp32"
    assert opened.get("int8").info.verdict is not None


def test_engines_that_passed_the_gate_are_offered_first_and_those_that_failed_last(
    tmp_path: Path,
) -> None:
    verdicts = {"a-int8": "rejected", "b-int8": "inconclusive", "d-fp16": "accepted"}
    write_model(tmp_path / "c-fp32.onnx", "fp32")  # the original
    for name, verdict in verdicts.items():
        precision: Precision = "int8" if name.endswith("int8") else "fp16"
        write_model(tmp_path / f"{name}.onnx", precision)
        (tmp_path / f"{name}.gate.json").write_text(json.dumps({"verdict": verdict}))
    opened = open_catalog(find_models(tmp_path))
    assert [engine.info.id for engine in opened.engines] == ["d-fp16", "b-int8", "c-fp32", "a-int8"]
    assert opened.default.info.id == "d-fp16"


def test_verdict_is_told_with_its_reason(tmp_path: Path) -> None:
    write_model(tmp_path / "int8.onnx", "int8")
    report = {"verdict": "rejected", "reason": "it misses mates", "score": None, "pairs": 0}
    (tmp_path / "int8.gate.json").write_text(json.dumps(report))
    verdict = open_catalog(find_models(tmp_path)).default.info.verdict
    assert verdict is not None
    assert verdict.reason == "it misses mates"


@pytest.mark.parametrize("text", ["", "{", '{"verdict": "splendid"}', "[]"])
def test_malformed_report_is_shown_as_none(tmp_path: Path, text: str) -> None:
    write_model(tmp_path / "int8.onnx", "int8")
    (tmp_path / "int8.gate.json").write_text(text)
    assert open_catalog(find_models(tmp_path)).default.info.verdict is None


def test_verdict_on_another_file_is_not_shown(tmp_path: Path) -> None:
    model = tmp_path / "int8.onnx"
    write_model(model, "int8")
    report = {"verdict": "accepted", "candidate": {"sha256": sha256(model)}}
    (tmp_path / "int8.gate.json").write_text(json.dumps(report))
    assert open_catalog([model]).default.info.verdict is not None
    report["candidate"] = {"sha256": "0" * 64}
    (tmp_path / "int8.gate.json").write_text(json.dumps(report))
    assert open_catalog([model]).default.info.verdict is None
