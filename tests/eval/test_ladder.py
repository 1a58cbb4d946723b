"""The gate's ladder: games against Stockfish of limited strength, which decide nothing."""

import io
import json
from dataclasses import replace

import chess.pgn
import pytest
from rich.console import Console

from aztoolkit.cli import main
from aztoolkit.errors import MachineError
from aztoolkit.model import sidecar
from eval.gate import STAGES, prepare_trial
from eval.openings import read_book
from eval.opponents import model_opponent
from eval.series import identify
from eval.settings import GateRule, LadderSettings, MatchSettings
from eval.stages.journals import journal_path
from eval.stages.ladder import PGN_SUFFIX, climb_ladder
from eval.stockfish import find_stockfish

ACCEPTED, REJECTED, BAD_INPUT = 0, 1, 2
QUICK = ["--simulations", "1", "--max-plies", "40", "--workers", "2", "--max-pairs", "50"]


@pytest.fixture
def gate(back_rank, fake):
    """Runs a gate with a ladder of few games and returns the exit code."""

    def run(baseline, candidate, *options, stockfish=fake):
        skipped = [name for name in STAGES if name not in ("simulations", "ladder")]
        words = ["--openings", str(back_rank), "--stockfish", str(stockfish), *QUICK]
        words += [word for name in skipped for word in ("--skip", name)]
        return main(["gate", str(baseline), str(candidate), *words, *options])

    return run


def ladder_of(model):
    stages = json.loads(sidecar(model, "gate").read_text())["stages"]
    return next((stage for stage in stages if stage["name"] == "ladder"), None)


def test_games_of_another_version_of_stockfish_are_not_gone_on_from(good, fake):
    engine = find_stockfish(fake)
    older = replace(engine, name="Scripted 0.9")
    book, settings = read_book(None, count=2, seed=0), MatchSettings()
    ours, theirs = (
        identify((model_opponent(good), one.opponent(1500, movetime_ms=10)), book, settings)
        for one in (engine, older)
    )
    assert ours != theirs


def test_rungs_that_disagree_are_told(gate, bad, monkeypatch):
    monkeypatch.setattr("eval.stats.ladder_misfit", lambda *_: 2.71)
    rungs = ["--stockfish-elo", "1500", "--stockfish-elo", "1400"]
    assert gate(bad, bad, *rungs, "--games", "4") == ACCEPTED
    stage = ladder_of(bad)
    assert stage["numbers"]["candidate"]["misfit"] == 2.71
    assert "on which its rungs disagree: 2.7 times as far" in stage["reason"]


def test_several_rungs_make_one_elo_and_no_verdict(gate, bad, tmp_path):
    options = ["--stockfish-elo", "1500", "--stockfish-elo", "1400", "--games", "4"]
    assert gate(bad, bad, *options, "--stockfish-ms", "70") == ACCEPTED
    stage = ladder_of(bad)
    assert stage["verdict"] is None
    numbers = stage["numbers"]
    assert numbers["scale"] == "UCI_Elo of Scripted at 70 ms a move, 1 thread, 16 MiB hash"
    assert numbers["players_have"] == "1 simulations a move"
    found = numbers["candidate"]
    assert [rung["stockfish_elo"] for rung in found["rungs"]] == [1400, 1500]
    for rung in found["rungs"]:
        assert rung["games"] == rung["won"] + rung["drawn"] + rung["lost"] == 4
        assert rung["failures"] == rung["failures_of_stockfish"] == 0
    assert found["elo_low"] < found["elo"] < found["elo_high"]
    assert found["misfit"] >= 1
    assert "baseline" not in numbers
    assert f"candidate {found['elo']:.0f} Elo" in stage["reason"]
    heard = (tmp_path / "heard").read_text()
    for line in ("UCI_LimitStrength value true", "UCI_Elo value 1500"):
        assert f"setoption name {line}" in heard
    assert "go movetime 70" in heard
    assert heard.count("ucinewgame") == 8  # a game is not left for another one


def test_a_ladder_may_have_simulations_of_its_own(gate, bad):
    options = ["--stockfish-elo", "1500", "--games", "2", "--ladder-simulations", "3"]
    assert gate(bad, bad, *options) == ACCEPTED
    assert ladder_of(bad)["numbers"]["players_have"] == "3 simulations a move"


@pytest.mark.parametrize(("openings", "asked", "played"), [(6, 6, 6), (2, 6, 4), (2, 4, 4)])
def test_a_ladder_has_all_its_games_in_a_gate_of_few_pairs(
    good, fake, tmp_path, back_rank, openings, asked, played
):
    """Or says that the book was too small."""
    book = tmp_path / "book.epd"
    book.write_text("".join(back_rank.read_text().splitlines(keepends=True)[:openings]))
    trial = prepare_trial(
        good,
        good,
        rule=GateRule(min_pairs=2, max_pairs=2),
        settings=MatchSettings(simulations=1, max_plies=4, workers=1),
        openings=book,
        console=Console(stderr=True),
        ladder=LadderSettings(stockfish_elo=(1500,), games=asked, stockfish=fake),
    )
    report = climb_ladder(trial)
    (rung,) = report.numbers["candidate"]["rungs"]
    assert rung["games"] == played
    few = f"only {played} games each instead of {asked}: no more openings in {book}"
    assert (few in report.reason) == (played < asked)


def test_a_stronger_player_has_a_higher_elo(gate, good, bad):
    """The candidate mates at once, the scripted engine knows nothing; the other way round it is even."""
    options = ["--stockfish-elo", "1500", "--games", "6", "--ladder-baseline"]
    assert gate(bad, good, *options) == ACCEPTED
    numbers = ladder_of(good)["numbers"]
    assert numbers["candidate"]["elo"] > numbers["baseline"]["elo"]
    assert numbers["candidate"]["elo"] > 1500


def test_its_games_are_written_and_no_journal_is_left(gate, good):
    gate(good, good, "--stockfish-elo", "1500", "--games", "4")
    stream = io.StringIO(good.with_suffix(PGN_SUFFIX).read_text())
    games = list(iter(lambda: chess.pgn.read_game(stream), None))
    assert len(games) == 4
    assert {games[0].headers[colour] for colour in ("White", "Black")} == {"good", "Scripted 1500"}
    assert games[0].headers["Event"] == "gate: ladder, candidate"
    assert not list(good.parent.glob("*.games.jsonl"))


def test_a_killed_ladder_goes_on_from_its_games(gate, good, tmp_path, monkeypatch):
    options = ["--stockfish-elo", "1500", "--games", "4"]

    def killed(*_arguments, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("eval.report.files.write_text", killed)
        gate(good, good, *options)
    assert journal_path(good, "ladder-candidate-1500").is_file()
    heard = (tmp_path / "heard").read_text().count("go movetime")
    assert gate(good, good, *options) == ACCEPTED
    assert (tmp_path / "heard").read_text().count("go movetime") == heard > 0


def test_a_rejected_candidate_climbs_no_ladder(gate, good, bad):
    assert gate(good, bad, "--stockfish-elo", "1500") == REJECTED
    assert ladder_of(bad) is None


def test_a_ladder_alone_is_no_gate(gate, good, capsys):
    assert gate(good, good, "--stockfish-elo", "1500", "--skip", "simulations") == BAD_INPUT
    assert "expected a stage that judges, got only ladder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--stockfish-elo", "1000"],
            "expected --stockfish-elo from 1350 to 2850, as Scripted has",
        ),
        (["--stockfish-elo", "1500", "--games", "5"], "multiple of 2"),
        (["--stockfish-elo", "weak"], "stockfish-elo"),
    ],
)
def test_wrong_options_are_one_line_before_any_game(gate, good, capsys, options, message):
    assert gate(good, good, *options) == BAD_INPUT
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert message in printed.err
    assert not sidecar(good, "gate").exists()


def test_no_stockfish_is_one_line(gate, good, capsys, monkeypatch):
    assert gate(good, good, "--stockfish-elo", "1500", stockfish="/no/fish") == BAD_INPUT
    assert "expected Stockfish at /no/fish, got none; install it" in capsys.readouterr().err
    monkeypatch.setattr("eval.stockfish.find_program", lambda _name: None)
    with pytest.raises(MachineError, match="expected Stockfish on PATH or in /usr/games, got none"):
        find_stockfish(None)


def test_a_program_that_is_no_stockfish_is_one_line(gate, good, capsys):
    assert gate(good, good, "--stockfish-elo", "1500", stockfish="/bin/false") == BAD_INPUT
    assert (
        "with the options UCI_LimitStrength and UCI_Elo, got /bin/false" in capsys.readouterr().err
    )


@pytest.mark.stockfish
def test_the_real_stockfish_is_found_and_limited(gate, bad, stockfish):
    found = find_stockfish(stockfish)
    assert found.name.startswith("Stockfish")
    assert found.least_elo <= 1500 <= found.most_elo
    options = ["--stockfish-elo", str(found.least_elo), "--games", "2", "--stockfish-ms", "20"]
    gate(bad, bad, *options, stockfish=stockfish)
    (rung,) = ladder_of(bad)["numbers"]["candidate"]["rungs"]
    assert rung["games"] == 2
    assert rung["failures_of_stockfish"] == 0
