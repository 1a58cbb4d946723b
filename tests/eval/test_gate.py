"""`aztoolkit gate`: verdicts, exit codes, files, and what it refuses."""

import io
import json
import shutil
import subprocess
import sys

import chess.pgn
import pytest

from aztoolkit.cli import main
from aztoolkit.files import sha256
from aztoolkit.model import sidecar
from eval.gate import STAGES
from eval.stages.journals import journal_path
from tests.eval.networks import write_network

JUDGES = [name for name in STAGES if name != "distance"]
ACCEPTED, REJECTED, BAD_INPUT, INCONCLUSIVE = 0, 1, 2, 3


@pytest.fixture
def gate(back_rank):
    """Runs the command with quick settings and returns its exit code."""

    def run(baseline, candidate, *options):
        quick = {"--simulations": "1", "--max-plies": "40", "--workers": "1", "--max-pairs": "50"}
        defaults = {"--openings": str(back_rank), **quick}
        words = [word for pair in defaults.items() if pair[0] not in options for word in pair]
        words += ["--skip", "tactics"]  # tests/eval/test_tactics.py has it
        return main(["gate", str(baseline), str(candidate), *words, *options])

    return run


def verdict_of(model):
    return json.loads(sidecar(model, "gate").read_text())


def games_of(model):
    stream = io.StringIO(model.with_suffix(".gate.pgn").read_text())
    return list(iter(lambda: chess.pgn.read_game(stream), None))


def test_a_model_against_itself_is_accepted(gate, good):
    assert gate(good, good) == ACCEPTED
    found = verdict_of(good)
    assert found["verdict"] == "accepted"
    assert found["score"] == 0.5
    assert found["elo"] == pytest.approx(0)
    assert found["pentanomial"] == [0, 0, found["pairs"], 0, 0]
    assert found["pairs"] >= 20
    assert found["llr"] >= found["llr_upper"] == pytest.approx(3.168, abs=1e-3)


def test_a_model_that_lost_its_idea_is_rejected(gate, good, bad):
    assert gate(good, bad) == REJECTED
    found = verdict_of(bad)
    assert found["verdict"] == "rejected"
    assert found["llr"] <= found["llr_lower"]
    assert found["score"] < 0.45
    assert found["elo_low"] <= found["elo"] <= found["elo_high"] < 0
    assert not sidecar(good, "gate").exists()


@pytest.mark.parametrize(
    "damage", [{"noise": 40.0}, {"permuted": True}], ids=["noised", "permuted"]
)
def test_a_sabotaged_policy_is_rejected(gate, good, az_spec, tmp_path, damage):
    assert gate(good, write_network(tmp_path / "sabotaged.onnx", az_spec, **damage)) == REJECTED


def test_a_negated_value_head_is_rejected(gate, az_spec, tmp_path):
    """Neither has an idea where to move; one knows what a rook on the seventh rank is worth."""
    sound = write_network(tmp_path / "sound.onnx", az_spec, drive=0.0, insight=8.0)
    negated = write_network(tmp_path / "negated.onnx", az_spec, drive=0.0, insight=-8.0)
    assert gate(sound, negated, "--simulations", "64") == REJECTED
    assert gate(negated, sound, "--simulations", "64") == ACCEPTED


def test_a_better_model_is_accepted(gate, good, bad):
    assert gate(bad, good) == ACCEPTED
    assert verdict_of(good)["score"] > 0.5


def test_nan_by_the_candidate_is_rejected_at_once_with_its_position(gate, good, broken):
    assert gate(good, broken) == REJECTED
    found = verdict_of(broken)
    failure = found["failures"][0]
    assert failure["engine"] == "candidate"
    assert failure["kind"] == "nan"
    assert chess.Board(failure["fen"]).is_valid()
    assert "the candidate failed (nan)" in found["reason"]
    assert found["pairs"] < 20
    assert found["score"] is None or found["pairs"]
    assert "lost by failure" in broken.with_suffix(".gate.pgn").read_text()


def test_nan_by_the_baseline_says_nothing_of_the_candidate(gate, good, broken):
    assert gate(broken, good) == INCONCLUSIVE
    found = verdict_of(good)
    assert found["failures"][0]["engine"] == "baseline"
    assert "the baseline failed" in found["reason"]


def test_too_few_pairs_to_decide_are_inconclusive(gate, good, bad):
    assert gate(good, bad, "--min-pairs", "2", "--max-pairs", "2") == INCONCLUSIVE
    assert verdict_of(bad)["pairs"] == 2


def test_verdict_file_says_what_was_played_and_how(gate, good, bad, back_rank):
    gate(good, bad, "--seed", "11")
    found = verdict_of(bad)
    assert found["baseline"]["sha256"] == sha256(good)
    assert found["candidate"]["sha256"] == sha256(bad)
    assert found["openings"]["sha256"] == sha256(back_rank)
    assert found["seed"] == found["settings"]["seed"] == 11
    assert found["settings"]["simulations"] == 1
    assert found["rule"]["elo0"] == -50
    assert found["temperature"] == 0
    assert "biased" in found["note"]
    assert [stage["name"] for stage in found["stages"]] == ["numeric distance", "equal simulations"]
    assert found["candidate"]["evaluations"] > 0
    for name in ("aztoolkit", "search", "duration_s", "games_per_hour", "evaluations_per_s"):
        assert found[name]
    for name in ("normalised_elo", "los", "pair_variance", "trinomial", "games_capped"):
        assert name in found


def test_pgn_holds_all_games_legal_with_headers_and_colours_swapped(gate, good, bad):
    gate(good, bad)
    games, found = games_of(bad), verdict_of(bad)
    assert len(games) == found["games_finished"] >= 2 * found["pairs"]
    assert not any(game.errors for game in games)
    rounds = {game.headers["Round"]: game for game in games}
    for pair in range(1, found["pairs"] + 1):
        one, two = rounds[f"{pair}.1"], rounds[f"{pair}.2"]
        assert (one.headers["White"], one.headers["Black"]) == ("bad", "good")
        assert (two.headers["White"], two.headers["Black"]) == ("good", "bad")
        assert one.board().epd() == two.board().epd()
        assert "Seed" in one.headers
    openings = {rounds[f"{pair}.1"].board().epd() for pair in range(1, found["pairs"] + 1)}
    assert len(openings) == found["pairs"]
    first = next(iter(games[0].mainline()))
    assert float(first.comment) <= 1
    for game in games:
        board = game.end().board()
        if game.headers["Termination"] == "normal":
            assert board.is_game_over(claim_draw=True)


def test_skipped_stages_are_left_out(gate, good):
    write_comparison(good)
    assert gate(good, good, "--skip", "distance") == ACCEPTED
    assert [stage["name"] for stage in verdict_of(good)["stages"]] == ["equal simulations"]


def test_nothing_is_accepted_without_games(gate, good):
    write_comparison(good)
    assert gate(good, good, "--skip", "simulations", "--max-kl", "1") == INCONCLUSIVE
    found = verdict_of(good)
    assert "no games were played" in found["reason"]
    assert found["pairs"] == 0
    assert "equal simulations" not in {stage["name"] for stage in found["stages"]}


def test_fewer_openings_than_pairs_are_said(gate, good, capsys):
    assert gate(good, good, "--max-pairs", "100") == ACCEPTED
    assert "Only 70 distinct openings" in capsys.readouterr().out
    assert "only 70 distinct openings" in good.with_suffix(".gate.html").read_text()
    assert gate(good, good, "--max-pairs", "60") == ACCEPTED
    assert "distinct openings" not in capsys.readouterr().out
    assert "distinct openings" not in good.with_suffix(".gate.html").read_text()


def test_json_is_the_verdict_file_on_stdout_and_nothing_else(gate, good, capsys):
    assert gate(good, good, "--json") == ACCEPTED
    printed = capsys.readouterr()
    assert json.loads(printed.out) == verdict_of(good)
    assert "ACCEPTED" in printed.err


def test_people_are_told_the_verdict_on_stdout(gate, good, bad, capsys):
    gate(good, bad)
    printed = capsys.readouterr().out
    assert "REJECTED" in printed
    assert "biased" in printed


def write_comparison(model, **changes):
    numbers = {"positions": 10, "kl_mean": 0.004, "winrate_error_p99": 0.02}
    comparison = {**numbers, "second": {"sha256": sha256(model)}, **changes}
    sidecar(model, "compare").write_text(json.dumps(comparison))


def test_distance_is_reported_and_rejects_only_by_a_limit(gate, good):
    write_comparison(good)
    assert gate(good, good) == ACCEPTED
    stage = verdict_of(good)["stages"][0]
    assert stage["verdict"] is None
    assert stage["numbers"]["kl_mean"] == 0.004
    assert gate(good, good, "--max-kl", "0.001") == REJECTED
    found = verdict_of(good)
    assert found["pairs"] == 0
    assert found["score"] is None
    assert "kl_mean is 0.004, above 0.001" in found["reason"]


def test_nan_distance_is_above_every_limit(gate, good):
    write_comparison(good, kl_mean=float("nan"))
    assert gate(good, good, "--max-kl", "0.5") == REJECTED


def test_a_killed_gate_goes_on_from_its_games(gate, good, bad, tmp_path):
    """The journal of a killed gate is what another one that decides later leaves behind."""
    journal = journal_path(bad, "simulations")
    kept = tmp_path / "kept"
    keep = shutil.copy

    import eval.stages.sequential

    class Kept(eval.stages.sequential.Journal):
        def close(self):
            super().close()
            keep(self.path, kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(eval.stages.sequential, "Journal", Kept)
        assert gate(good, bad) == REJECTED
    assert not journal.exists()
    whole = verdict_of(bad)
    lines = kept.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:20]) + lines[20][:30])  # the last line was cut off
    assert gate(good, bad) == REJECTED
    found = verdict_of(bad)
    assert found["games_resumed"] == 19
    assert found["pentanomial"] == whole["pentanomial"]
    assert not journal.exists()

    journal.write_text("".join(lines[:20]))
    assert gate(good, bad, "--seed", "1") == REJECTED  # another match: begun anew
    assert verdict_of(bad)["games_resumed"] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--simulations", "0"], "greater than or equal to 1"),
        (["--elo0", "10"], "expected --elo0 below --elo1"),
        (["--min-pairs", "60"], "expected --min-pairs up to --max-pairs"),
        (["--openings", "nowhere.epd"], "got nothing at nowhere.epd"),
        (["--max-kl", "0.1"], "aztoolkit compare"),
        (["--speed", "9"], "speed"),
        (["--skip", "tempo"], "expected a stage after --skip (distance, "),
        (
            [word for name in JUDGES for word in ("--skip", name)],
            "expected a stage that judges, got only",
        ),
        (["--min-pairs", "100", "--max-pairs", "100"], "at least 100 distinct openings"),
    ],
)
def test_wrong_options_are_one_line_and_exit_code_2(gate, good, capsys, options, message):
    assert gate(good, good, *options) == BAD_INPUT
    assert_one_line(capsys, message)


def test_broken_models_are_one_line_and_exit_code_2(gate, good, tmp_path, capsys, az_spec):
    assert gate(good, tmp_path / "god.onnx") == BAD_INPUT
    assert_one_line(capsys, "god.onnx")
    truncated = tmp_path / "truncated.onnx"
    truncated.write_bytes(good.read_bytes()[:5000])
    assert gate(good, truncated) == BAD_INPUT
    assert_one_line(capsys, "truncated.onnx")
    foreign = write_network(
        tmp_path / "foreign.onnx", az_spec.model_copy(update={"encoding": "go19"})
    )
    assert gate(good, foreign) == BAD_INPUT
    assert_one_line(capsys, "go19")


def test_stale_or_broken_comparison_is_one_line_and_exit_code_2(gate, good, capsys):
    write_comparison(good, second={"sha256": "0" * 64})
    assert gate(good, good) == BAD_INPUT
    assert_one_line(capsys, "older file")
    sidecar(good, "compare").write_text("{")
    assert gate(good, good) == BAD_INPUT
    assert_one_line(capsys, "expected a comparison")


def test_unwritable_folder_is_one_line_and_exit_code_2(gate, good, capsys):
    journal_path(good, "simulations").mkdir()
    assert gate(good, good) == BAD_INPUT
    assert_one_line(capsys, "cannot write")


def assert_one_line(capsys, message):
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert message in printed.err
    assert "Traceback" not in printed.err


def test_help_imports_no_runtime():
    script = (
        "import sys\nfrom aztoolkit.cli import main\n"
        "try: main(['gate', '--help'])\nexcept SystemExit: pass\n"
        "print('LOADED', [m for m in ('onnxruntime', 'torch', 'onnx') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "LOADED []" in done.stdout
    assert "--max-pairs" in done.stdout
