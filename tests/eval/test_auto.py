"""`aztoolkit gate --auto RUN`: the fastest engine that passes, and no game played twice."""

import json

import pytest

from aztoolkit.cli import main
from aztoolkit.measure import Rate
from aztoolkit.model import sidecar
from eval import auto
from eval.settings import MatchSettings
from tests.eval.networks import write_network

ACCEPTED, REJECTED, BAD_INPUT, INCONCLUSIVE = 0, 1, 2, 3
SKIP = ["--skip", "tactics"]  # tests/eval/test_tactics.py has it


@pytest.fixture
def run(tmp_path, az_spec):
    """A run with a baseline, the same again, and one that lost its idea."""
    export = tmp_path / "mine" / "export"
    export.mkdir(parents=True)
    write_network(export / "fp32.onnx", az_spec)
    write_network(export / "fp16.onnx", az_spec)
    write_network(export / "int8.onnx", az_spec, drive=-12.0)
    return tmp_path / "mine"


@pytest.fixture
def speeds(monkeypatch):
    """Lets a test say how fast the engines are; the real speeds of tiny ones are all alike."""

    def say(**medians):
        def measure(models, _settings):
            rates = {m: Rate(medians[m.stem], medians[m.stem], medians[m.stem]) for m in models}
            return rates, {}

        monkeypatch.setattr(auto, "measure_speeds", measure)

    return say


@pytest.fixture
def gate_auto(back_rank):
    def call(run, *options):
        quick = {"--simulations": "1", "--max-plies": "40", "--workers": "1", "--max-pairs": "50"}
        defaults = {"--openings": str(back_rank), **quick}
        words = [word for pair in defaults.items() if pair[0] not in options for word in pair]
        return main(["gate", "--auto", str(run), *words, *SKIP, *options])

    return call


def found(capsys):
    return json.loads(capsys.readouterr().out)


def test_the_sabotaged_engine_is_rejected_and_the_next_fastest_named(
    gate_auto, run, speeds, capsys
):
    speeds(fp32=100.0, fp16=150.0, int8=300.0)
    assert gate_auto(run, "--json") == ACCEPTED
    document = found(capsys)
    assert document["verdict"] == "accepted"
    assert document["chosen"] == str(run / "export" / "fp16.onnx")
    engines = {engine["name"]: engine for engine in document["engines"]}
    assert list(engines) == ["int8", "fp16"]  # in the order in which they were tried
    assert [engines[name]["verdict"] for name in engines] == ["rejected", "accepted"]
    assert [engines[name]["speedup"] for name in engines] == [3.0, 1.5]
    assert engines["fp16"]["score"] == 0.5
    for name in engines:
        for suffix in (".gate.json", ".gate.html", ".gate.pgn"):
            assert (run / "export" / name).with_suffix(suffix).is_file()
    assert not sidecar(run / "export" / "fp32.onnx", "gate").exists()


def test_engines_slower_than_one_that_passes_are_not_tried(gate_auto, run, speeds, capsys):
    speeds(fp32=100.0, fp16=400.0, int8=300.0)
    assert gate_auto(run, "--json") == ACCEPTED
    first, second = found(capsys)["engines"]
    assert (first["name"], first["verdict"], first["played"]) == ("fp16", "accepted", True)
    assert (second["name"], second["verdict"], second["played"]) == ("int8", None, False)
    assert "slower than fp16" in second["reason"]
    assert not sidecar(run / "export" / "int8.onnx", "gate").exists()


def test_engines_no_faster_than_the_original_are_not_tried(gate_auto, run, speeds, capsys):
    speeds(fp32=100.0, fp16=80.0, int8=100.0)
    assert gate_auto(run, "--json") == REJECTED
    document = found(capsys)
    assert document["chosen"] is None
    assert [engine["name"] for engine in document["engines"]] == ["int8", "fp16"]
    for engine, speed in zip(document["engines"], ("1.00", "0.80"), strict=True):
        assert (engine["verdict"], engine["played"]) == (None, False)
        assert f"no faster than fp32 ({speed} times" in engine["reason"]
    gate_auto(run)
    assert "None is faster: stay with fp32" in capsys.readouterr().out


def test_models_of_other_checkpoints_are_passed_over(gate_auto, run, capsys, az_spec):
    other = az_spec.model_copy(update={"checkpoint_sha256": "f" * 64, "training_step": 1234})
    write_network(run / "export" / "step-00001234.int8.onnx", other)
    gate_auto(run, "--json")
    last = found(capsys)["engines"][-1]
    assert (last["name"], last["verdict"], last["played"]) == ("step-00001234.int8", None, False)
    assert last["reason"].startswith("passed over: of another checkpoint (step 1,234, SHA-256 ffff")
    for name in ("fp16", "int8"):
        (run / "export" / f"{name}.onnx").unlink()
    assert gate_auto(run) == BAD_INPUT
    assert_one_line(capsys, "candidate of the baseline's checkpoint")


def test_speeds_that_are_measured_put_engines_in_order(gate_auto, run, capsys):
    gate_auto(run, "--json")
    document = found(capsys)
    speeds = [engine["evals_per_s"] for engine in document["engines"]]
    assert speeds == sorted(speeds, reverse=True)
    assert min(speeds) > 0
    original = document["baseline"]["evals_per_s"]
    for engine in document["engines"]:
        slower = engine["speedup"] <= 1
        assert slower == ("no faster" in engine["reason"]) or document["chosen"], original


def played(capsys):
    return {engine["name"]: engine["played"] for engine in found(capsys)["engines"]}


def test_verdicts_that_still_hold_are_not_played_again(gate_auto, run, speeds, capsys):
    speeds(fp32=100.0, fp16=150.0, int8=300.0)
    assert gate_auto(run, "--json") == ACCEPTED
    capsys.readouterr()
    before = {path: path.stat().st_mtime_ns for path in (run / "export").glob("*.gate.*")}
    assert len(before) == 6
    assert gate_auto(run, "--json", "--concurrency", "7") == ACCEPTED  # plays the same games
    assert played(capsys) == {"int8": False, "fp16": False}
    assert before == {path: path.stat().st_mtime_ns for path in (run / "export").glob("*.gate.*")}


def test_a_plain_gate_leaves_a_verdict_that_holds(gate_auto, run, speeds, back_rank, capsys):
    speeds(fp32=100.0, fp16=150.0, int8=300.0)
    models = [str(run / "export" / f"{name}.onnx") for name in ("fp32", "int8")]
    quick = ["--simulations", "1", "--max-plies", "40", "--workers", "1", "--max-pairs", "50"]
    assert main(["gate", *models, "--openings", str(back_rank), *quick, *SKIP]) == REJECTED
    capsys.readouterr()
    gate_auto(run, "--json")
    assert played(capsys) == {"int8": False, "fp16": True}


@pytest.mark.parametrize(
    "options", [("--seed", "5"), ("--simulations", "2"), ("--min-pairs", "25"), ("--elo0", "-60")]
)
def test_other_settings_are_played_anew(gate_auto, run, speeds, capsys, options):
    speeds(fp32=100.0, fp16=300.0, int8=150.0)
    gate_auto(run)
    capsys.readouterr()
    gate_auto(run, "--json", *options)
    assert played(capsys)["fp16"]


@pytest.mark.parametrize("changed", ["fp32", "fp16"])
def test_another_file_is_played_anew(gate_auto, run, speeds, capsys, az_spec, changed):
    speeds(fp32=100.0, fp16=300.0, int8=150.0)
    gate_auto(run)
    capsys.readouterr()
    write_network(run / "export" / f"{changed}.onnx", az_spec, seed=3)
    gate_auto(run, "--json")
    assert played(capsys)["fp16"]


def test_a_verdict_of_another_judge_is_played_anew(gate_auto, run, speeds, capsys):
    speeds(fp32=100.0, fp16=300.0, int8=150.0)
    gate_auto(run)
    path = sidecar(run / "export" / "fp16.onnx", "gate")
    document = json.loads(path.read_text())
    document["identity"]["judge"] = "Stockfish 3, 30000 nodes a move"
    path.write_text(json.dumps(document))
    capsys.readouterr()
    gate_auto(run, "--json")
    assert played(capsys)["fp16"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"verdict": "accepted"}', '{"identity": 1}'])
def test_a_verdict_that_cannot_be_read_is_played_anew(gate_auto, run, speeds, capsys, text):
    speeds(fp32=100.0, fp16=300.0, int8=150.0)
    sidecar(run / "export" / "fp16.onnx", "gate").write_text(text)
    assert gate_auto(run, "--json") == ACCEPTED
    assert played(capsys)["fp16"]


def test_none_that_passes_is_exit_code_1_and_doubt_is_3(gate_auto, run, speeds, capsys):
    (run / "export" / "fp16.onnx").unlink()
    speeds(fp32=100.0, int8=300.0)
    assert gate_auto(run) == REJECTED
    assert "None passes: stay with fp32" in capsys.readouterr().out
    assert gate_auto(run, "--min-pairs", "2", "--max-pairs", "2") == INCONCLUSIVE


def test_people_get_a_table_that_names_the_engine(gate_auto, run, speeds, capsys):
    speeds(fp32=100.0, fp16=150.0, int8=300.0)
    gate_auto(run)
    printed = " ".join(capsys.readouterr().out.split())
    assert "the original" in printed
    assert "rejected" in printed
    assert "The fastest that passes:" in printed
    assert "(1.5 times as fast as the original)" in printed


def test_a_broken_candidate_is_left_out_with_its_reason(gate_auto, run, capsys):
    (run / "export" / "aaa.onnx").write_bytes(b"no model")
    gate_auto(run, "--json")
    last = found(capsys)["engines"][-1]
    assert (last["name"], last["verdict"], last["evals_per_s"]) == ("aaa", None, None)
    assert "aaa.onnx" in last["reason"]


def assert_one_line(capsys, message):
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert message in printed.err


def test_missing_and_empty_runs_are_one_line(gate_auto, run, tmp_path, capsys):
    assert gate_auto(tmp_path / "nowhere") == BAD_INPUT
    assert_one_line(capsys, "aztoolkit export")
    (tmp_path / "empty" / "export").mkdir(parents=True)
    assert gate_auto(tmp_path / "empty") == BAD_INPUT
    assert_one_line(capsys, "expected a run with")
    for name in ("int8", "fp16"):
        (run / "export" / f"{name}.onnx").unlink()
    assert gate_auto(run) == BAD_INPUT
    assert_one_line(capsys, "aztoolkit quantize")


def test_broken_baselines_and_only_broken_candidates_are_one_line(gate_auto, run, capsys):
    good = (run / "export" / "fp32.onnx").read_bytes()
    (run / "export" / "fp32.onnx").write_bytes(b"no model")
    assert gate_auto(run) == BAD_INPUT
    assert_one_line(capsys, "fp32.onnx")
    (run / "export" / "fp32.onnx").write_bytes(good)
    for name in ("int8", "fp16"):
        (run / "export" / f"{name}.onnx").write_bytes(b"no model")
    assert gate_auto(run) == BAD_INPUT
    assert_one_line(capsys, "that can be opened")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "expected a baseline and a candidate"),
        (["a.onnx"], "expected a baseline and a candidate"),
        (["a.onnx", "b.onnx", "--auto", "runs/a"], "two models or --auto"),
    ],
)
def test_models_and_auto_exclude_each_other(capsys, words, message):
    assert main(["gate", *words]) == BAD_INPUT
    assert_one_line(capsys, message)


def test_speeds_are_those_of_the_models(run, monkeypatch):
    monkeypatch.setattr(auto, "_RUN_S", 0.01)
    models = sorted((run / "export").glob("*.onnx"))
    speeds, broken = auto.measure_speeds(models, MatchSettings(workers=1))
    assert set(speeds) == set(models)
    assert broken == {}
    assert all(rate.lowest <= rate.median <= rate.highest for rate in speeds.values())
