"""The gate's stage at equal time."""

import json

import chess.pgn
import pytest

from aztoolkit.cli import main
from aztoolkit.model import sidecar
from eval.gate import STAGES
from eval.stages.journals import journal_path

ACCEPTED, REJECTED, BAD_INPUT = 0, 1, 2
QUICK = {"--max-plies": "20", "--workers": "2", "--time-margin-ms": "60000", "--max-pairs": "50"}


@pytest.fixture
def gate(back_rank):
    """Runs a gate of which only the stage at equal time judges, and returns the exit code."""

    def run(baseline, candidate, *options, only=("time",)):
        defaults = {"--openings": str(back_rank), **QUICK}
        words = [word for pair in defaults.items() if pair[0] not in options for word in pair]
        return main(["gate", str(baseline), str(candidate), *words, *skip_all_but(*only), *options])

    return run


def skip_all_but(*names):
    return [word for name in STAGES if name not in names for word in ("--skip", name)]


def verdict_of(model):
    return json.loads(sidecar(model, "gate").read_text())


def test_a_model_that_lost_its_idea_is_rejected_at_equal_time(gate, good, bad):
    assert gate(good, bad, "--movetime", "3") == REJECTED
    found = verdict_of(bad)
    (stage,) = found["stages"]
    assert stage["name"] == "equal time"
    assert stage["games"]["llr"] <= stage["games"]["llr_lower"]
    assert stage["reason"].endswith("; 3 ms a move")
    assert found["pairs"] == stage["games"]["pairs"] >= 20


def test_numbers_say_what_each_side_made_of_its_time(gate, good):
    assert gate(good, good, "--movetime", "10", "--min-pairs", "2", "--max-pairs", "2") != BAD_INPUT
    numbers = verdict_of(good)["stages"][0]["numbers"]
    assert numbers["movetime_ms"] == 10
    assert numbers["time_margin_ms"] == 60000
    assert numbers["workers"] == 2
    for side in ("candidate", "baseline"):
        assert numbers[f"{side}_ms_per_move"] > 0
        assert numbers[f"{side}_evaluations_per_move"] >= 1


def test_it_comes_after_equal_simulations_with_games_of_its_own(gate, good):
    options = ["--simulations", "1", "--movetime", "3"]
    assert gate(good, good, *options, only=("simulations", "time")) == ACCEPTED
    found = verdict_of(good)
    stages = {stage["name"]: stage for stage in found["stages"]}
    assert list(stages) == ["equal simulations", "equal time"]
    by_simulations, by_time = stages["equal simulations"]["games"], stages["equal time"]["games"]
    batched, alone = by_simulations["candidate"], by_time["candidate"]
    assert batched["evaluations"] > batched["network_calls"]
    assert alone["evaluations"] == alone["network_calls"]
    assert found["pairs"] == by_simulations["pairs"]
    assert not list(good.parent.glob("*.games.jsonl"))
    pgn = good.with_suffix(".gate.pgn").read_text()
    assert '[Event "gate: equal time"]' in pgn


def test_a_late_candidate_is_rejected_with_its_position(gate, good, bad, monkeypatch):
    """From the sixth move on every move counts as 100 s longer."""
    from eval import seats

    judge = seats._late_fault

    def slow(elapsed_s, settings):
        return judge(elapsed_s + 100 * next(late), settings)

    late = iter([0] * 5 + [1] * 1000)
    monkeypatch.setattr(seats, "_late_fault", slow)
    code = gate(good, bad, "--movetime", "3", "--workers", "1")
    found = verdict_of(bad)
    failure = found["failures"][0]
    assert failure["kind"] == "time"
    assert chess.Board(failure["fen"]).is_valid()
    assert code == (REJECTED if failure["engine"] == "candidate" else 3)
    assert "(time)" in found["reason"]
    assert 'Termination "time forfeit"' in bad.with_suffix(".gate.pgn").read_text()


def test_its_journal_is_its_own_and_resumed(gate, good, bad, monkeypatch):
    def killed(*_arguments, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("eval.report.files.write_text", killed)
        gate(good, bad, "--movetime", "3")
    assert journal_path(bad, "time").is_file()
    assert not journal_path(bad, "simulations").exists()
    assert gate(good, bad, "--movetime", "3") == REJECTED
    found = verdict_of(bad)
    assert found["games_resumed"] >= 40
    assert found["stages"][0]["numbers"]["candidate_ms_per_move"] is None  # none was played anew


def test_without_time_it_is_no_stage(gate, good, capsys):
    assert gate(good, good) == BAD_INPUT
    assert "expected a stage that judges" in capsys.readouterr().err
    assert gate(good, good, "--movetime", "0") == BAD_INPUT
    assert "--movetime-ms: Input should be greater than or equal to 1" in capsys.readouterr().err
