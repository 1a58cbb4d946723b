"""What an engine solves of suites, as a report and as a command."""

import json
from pathlib import Path

import pytest

from aztoolkit.cli import main
from aztoolkit.errors import DataError
from aztoolkit.files import sha256
from aztoolkit.model import ModelSpec
from benchmarks.estimates import share_interval
from benchmarks.puzzles import puzzles
from tests.benchmarks.puzzle_files import HEADER, MATE, NOT_MATE, ONE_MOVE, QUIET, TWO_MOVES
from tests.export.conftest import make_constant_model

NO_ANSWER = '7k/5ppp/8/8/8/8/6PP/R5K1 w - - id "no";\n'
ROOKS = "7k/5ppp/8/8/8/8/8/RR4K1 w - - "


@pytest.fixture
def epd(tmp_path: Path) -> Path:
    (tmp_path / "x.epd").write_text(MATE + NOT_MATE)
    return tmp_path / "x.epd"


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    (tmp_path / "x.csv").write_text(HEADER + TWO_MOVES + ONE_MOVE + QUIET)
    return tmp_path / "x.csv"


def test_suites_are_solved_by_simulations(epd: Path, csv: Path):
    report = puzzles("uniform", [epd, csv], simulations=[1, 2000, 1])
    rows = report["rows"]
    asked = [(row["suite"], row["simulations"], row["asked"]) for row in rows]
    assert asked == [("x.epd", 1, 2), ("x.epd", 2000, 2), ("x.csv", 1, 3), ("x.csv", 2000, 3)]
    assert [row["solved"] for row in rows] == [1, 1, 1, 2]
    assert rows[3]["share_95"] == pytest.approx(share_interval(2, 3), abs=1e-4)
    assert all(row["elapsed_s"] > 0 for row in rows)


def test_rated_puzzles_have_a_performance(epd: Path, csv: Path):
    one, longer = puzzles("uniform", [epd, csv], simulations=[1, 2000])["ratings"]
    assert (one["suite"], one["simulations"], one["mean_rating"]) == ("x.csv", 1, 1400)
    assert one["performance"] < 1400 < longer["performance"]
    low, high = longer["performance_95"]
    assert low < longer["performance"] < high


def test_only_the_first_of_each_suite_are_asked(epd: Path, csv: Path):
    report = puzzles("uniform", [epd, csv], simulations=[1], first=1)
    assert [row["asked"] for row in report["rows"]] == [1, 1]


def test_how_many_are_searched_together_changes_nothing(csv: Path):
    few, many = (puzzles("uniform", [csv], simulations=[50], together=n) for n in (1, 256))
    assert few["rows"][0]["solved"] == many["rows"][0]["solved"]


def test_a_model_file_is_named_with_its_hash(epd: Path, az_spec: ModelSpec, tmp_path: Path):
    model = make_constant_model(tmp_path / "a.onnx", az_spec)
    report = puzzles(str(model), [epd], simulations=[1], backend="cpu")
    assert report["rows"][0]["solved"] == 1
    assert report["backend"] == "backend cpu: as asked"
    assert report["model_sha256"] == sha256(model)
    assert report["suites"] == [{"suite": "x.epd", "sha256": sha256(epd)}]


@pytest.mark.parametrize("best", ["Ra8#", "Rb8#"])
def test_a_mate_as_short_solves_as_it_does_in_the_gate(best: str, tmp_path: Path):
    (tmp_path / "x.epd").write_text(f"{ROOKS}bm {best}; dm 1;\n")
    (row,) = puzzles("uniform", [tmp_path / "x.epd"], simulations=[1])["rows"]
    assert row["solved"] == 1


def test_positions_that_the_gate_refuses_are_refused(epd: Path):
    epd.write_text(MATE + NOT_MATE + NO_ANSWER)
    with pytest.raises(DataError, match=r"expected `bm` or `am` .*line 3"):
        puzzles("uniform", [epd])


def test_puzzles_are_a_command(epd: Path, csv: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["benchmark", "puzzles", "uniform", "--suite", str(epd), "--suite", str(csv)]
    assert main([*arguments, "--simulations", "1", "--simulations", "8"]) == 0
    shown = capsys.readouterr().out
    assert "share_95" in shown
    assert "performance" in shown


def test_the_command_writes_json(csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["benchmark", "puzzles", "uniform", "--suite", str(csv), "--simulations", "1"]
    assert main([*arguments, "--json", "--output", str(tmp_path / "kept")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((tmp_path / "kept" / "puzzles.json").read_text())
    assert report["rows"][0]["solved"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ["uniform", "--suite", "missing.csv"],
        ["missing.onnx", "--suite", "X"],
        ["uniform", "--suite", "X", "--simulations", "0"],
        ["uniform", "--suite", "X", "--first", "0"],
        ["uniform", "--suite", "X", "--together", "0"],
        ["uniform"],
    ],
)
def test_bad_input_is_one_line(wrong: list[str], epd: Path, capsys: pytest.CaptureFixture[str]):
    arguments = [str(epd) if argument == "X" else argument for argument in wrong]
    assert main(["benchmark", "puzzles", *arguments]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
