"""What benchmarks report."""

import json
from pathlib import Path

import pytest

from aztoolkit.cli import main
from benchmarks.measure import document, save


def test_a_report_names_machine_and_commit_and_is_saved_under_its_name(tmp_path: Path):
    report = document("speed", {"things_per_s": 3.0})
    assert {"aztoolkit", "commit", "cpu", "memory_gib", "python"} <= report.keys()
    path = save(report, tmp_path)
    assert path == tmp_path / "speed.json"
    assert json.loads(path.read_text())["things_per_s"] == 3.0


def test_encode_benchmark_prints_one_json_document(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    assert main(["benchmark", "encode", "--json", "--output", str(tmp_path)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["positions_per_s"] > 0
    assert (tmp_path / "encode.json").is_file()
