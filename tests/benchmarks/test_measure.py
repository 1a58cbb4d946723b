"""How benchmarks measure and report."""

import json
import time
from pathlib import Path

import pytest

from aztoolkit.cli import main
from benchmarks.measure import document, rate, rates_side_by_side, save


def sleeper(delay_s: float, things: int):
    def work() -> int:
        time.sleep(delay_s)
        return things

    return work


def test_a_rate_counts_things_a_second():
    measured = rate(sleeper(0.01, 5), repeats=3, min_run_s=0.02)
    assert 0 < measured.lowest <= measured.median <= measured.highest <= 500


def test_works_are_measured_in_turns_after_a_warm_up():
    calls: list[str] = []

    def note(name: str):
        def work() -> int:
            calls.append(name)
            return 1

        return work

    rates_side_by_side({"a": note("a"), "b": note("b")}, repeats=2, min_run_s=0)
    assert calls == ["a", "b", "a", "b", "a", "b"]


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
