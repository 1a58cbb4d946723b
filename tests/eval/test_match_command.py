"""`aztoolkit match`: any two engines, and what it refuses."""

import io
import json

import chess.pgn
import pytest

from aztoolkit.cli import main
from eval.match import Labour
from eval.records import Side
from eval.seats import Work
from eval.series import Series
from eval.tally import Tally

QUICK = ["--simulations", "1", "--max-plies", "20", "--workers", "1"]


def play(capsys, *arguments):
    """Returns exit code and JSON document of a match."""
    code = main(["match", *map(str, arguments), *QUICK, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_two_models_play_all_pairs_and_pgn_is_written(capsys, good, bad, back_rank, tmp_path):
    pgn = tmp_path / "games" / "match.pgn"
    code, found = play(
        capsys, good, bad, "--pairs", 6, "--openings", back_rank, "--pgn", pgn, "--batch-size", 2
    )
    assert code == 0
    assert found["pairs"] == 6
    assert sum(found["trinomial"]) == 12
    assert found["score"] > 0.5
    assert (found["a"]["name"], found["b"]["name"]) == ("good", "bad")
    stream = io.StringIO(pgn.read_text())
    games = list(iter(lambda: chess.pgn.read_game(stream), None))
    assert len(games) == 12
    assert not any(game.errors for game in games)
    assert [path.name for path in pgn.parent.iterdir()] == ["match.pgn"]  # no journal is left


def test_the_share_of_raw_inference_is_reported(capsys, good, back_rank):
    _, found = play(capsys, good, "uniform", "--pairs", 2, "--openings", back_rank)
    sides = found["a"], found["b"]
    network_s = sum(side["network_s"] for side in sides)
    evaluations = sum(side["evaluations"] for side in sides)
    raw = found["raw_evaluations_per_s"]
    assert raw == pytest.approx(evaluations / network_s, rel=0.05)  # network_s is rounded
    assert 0 < found["efficiency"] < 1
    assert found["efficiency"] == pytest.approx(found["evaluations_per_s"] / raw, abs=0.01)
    _, found = play(capsys, "random", "random", "--pairs", 1, "--openings", back_rank)
    assert (found["raw_evaluations_per_s"], found["efficiency"]) == (None, None)


def test_labour_of_two_workers_is_counted_side_by_side():
    works = [Work(evaluations=30, network_s=1.0), Work(evaluations=10, network_s=1.0)]
    labour = Labour([(side, work) for work in works for side in Side])
    assert labour.workers == 2
    assert labour.raw_evaluations_per_s == 2 * 80 / 4
    series = Series(Tally(), labour, duration_s=4.0, resumed_games=0)
    assert series.efficiency() == 0.5


def test_human_output_is_on_stdout(capsys, good, back_rank):
    assert (
        main(["match", str(good), "uniform", "--pairs", "2", "--openings", str(back_rank), *QUICK])
        == 0
    )
    printed = capsys.readouterr().out
    assert "good against uniform" in printed
    assert "2 pairs" in printed


def test_a_run_folder_plays_its_fp32_model(capsys, good, back_rank, tmp_path):
    run = tmp_path / "run"
    (run / "export").mkdir(parents=True)
    good.rename(run / "export" / "fp32.onnx")
    code, found = play(capsys, run, "uniform", "--pairs", 1, "--openings", back_rank)
    assert code == 0
    assert found["a"]["source"] == str(run / "export" / "fp32.onnx")


def test_fewer_openings_than_pairs_are_said(capsys, good, back_rank):
    assert (
        main(
            ["match", str(good), str(good), "--openings", str(back_rank), "--pairs", "500", *QUICK]
        )
        == 0
    )
    assert "Only 70 distinct openings" in capsys.readouterr().out


def test_a_uci_engine_plays(capsys, scripted, back_rank):
    code, found = play(
        capsys, scripted("none") + "?Fault=a", "uniform", "--pairs", 2, "--openings", back_rank
    )
    assert code == 0
    assert found["failures"] == []


@pytest.mark.parametrize("fault", ["crash", "illegal"])
def test_a_faulty_uci_engine_loses_every_game_and_is_recorded(capsys, scripted, back_rank, fault):
    code, found = play(capsys, "uniform", scripted(fault), "--pairs", 2, "--openings", back_rank)
    assert code == 0
    assert found["trinomial"] == [0, 0, 4]
    assert {failure["kind"] for failure in found["failures"]} == {fault}
    assert {failure["engine"] for failure in found["failures"]} == {"B"}


@pytest.mark.stockfish
def test_stockfish_beats_search_without_a_network(capsys, stockfish):
    engine = f"uci:{stockfish}?Threads=1&Hash=16"
    settings = ["--simulations", "30", "--max-plies", "200", "--workers", "1"]
    assert main(["match", engine, "uniform", "--pairs", "2", *settings, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["score"] > 0.8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.onnx", "uniform"], "got nothing at nowhere.onnx"),
        (["uniform", "uci:no-such-engine-here"], "no-such-engine-here"),
        (["uniform", "uci:"], "got no program"),
        (["uniform", "uniform", "--pairs", "0"], "pairs"),
        (["uniform", "uniform", "--pgn", "/dev/null/games.pgn"], "cannot write"),
        (["uniform", "uniform", "--pgn", "/tmp"], "got a folder"),
        (["uniform"], "B"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(capsys, arguments, message):
    assert main(["match", *arguments, *QUICK]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert message in printed.err


def test_bad_uci_options_are_one_line_and_exit_code_2(capsys, scripted):
    assert main(["match", "uniform", scripted("none") + "?Fault", *QUICK]) == 2
    assert "NAME=VALUE" in capsys.readouterr().err
    assert main(["match", "uniform", scripted("none") + "?Unknown=1", *QUICK]) == 2
    assert "Unknown" in capsys.readouterr().err


def test_a_run_without_models_is_refused(capsys, tmp_path):
    assert main(["match", str(tmp_path), "uniform", *QUICK]) == 2
    assert "aztoolkit export" in capsys.readouterr().err


def test_the_runtime_of_the_networks_is_chosen_or_named_and_said(capsys, good, back_rank):
    arguments = ["match", str(good), "uniform", "--pairs", "1", "--openings", str(back_rank)]
    assert main([*arguments, *QUICK, "--backend", "cpu"]) == 0
    assert "backend cpu: as asked" in capsys.readouterr().out
    assert main([*arguments, *QUICK]) == 0
    assert "backend " in capsys.readouterr().out


def test_a_runtime_that_is_not_there_is_one_line(capsys, good, back_rank, monkeypatch):
    monkeypatch.setattr("aztoolkit.backends.openvino.find_spec", lambda _name: None)
    arguments = ["match", str(good), "uniform", "--pairs", "1", "--openings", str(back_rank)]
    assert main([*arguments, *QUICK, "--backend", "openvino"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "pip install 'aztoolkit[openvino]'" in printed.err
    assert printed.err.count("\n") == 1
