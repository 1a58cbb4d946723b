"""How levels are measured: who is played, what is written, what a kill costs, and what is refused."""

import json
import math
import shutil
import threading
from pathlib import Path
from typing import Any

import chess
import pytest
from rich.console import Console

from aztoolkit.cli import BAD_INPUT, main
from aztoolkit.levels import (
    FULL,
    LEVELS,
    Duel,
    Level,
    MeasuredLevel,
    MeasuredLevels,
    find_level,
    levels_of,
    read_levels,
)
from benchmarks import level_ladder
from benchmarks import levels as subject
from benchmarks.level_games import LevelGames, level_settings
from eval.seats import Choice, NetworkSeat
from eval.settings import MatchSettings
from eval.tally import Tally
from tests.conftest import HashEvaluator
from tests.eval.conftest import back_rank, broken, fake, good  # noqa: F401, fixtures
from tests.serve.networks import write_levels


@pytest.fixture
def measure(good: Path, fake: Path, back_rank: Path):  # noqa: F811, as fixtures are
    """Runs the command against a program that plays badly, and returns the exit code."""

    def run(*options: str, games: int = 4, ms: int = 1) -> int:
        words = ["--stockfish", str(fake), "--openings", str(back_rank), "--workers", "2"]
        words += ["--games", str(games), "--stockfish-ms", str(ms)]
        return main(["benchmark", "levels", str(good), *words, *options])

    return run


@pytest.fixture
def two_rungs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves two opponents: the least of the program, and one more."""
    monkeypatch.setattr(level_ladder, "GRID", (1700,))


def worth(losses: int, draws: int, wins: int, *, elo: int = 1350) -> Any:
    """Returns what a level is worth that had such games against one opponent, two alike a pair."""
    return level_ladder.worth(LEVELS[0], {elo: tally(losses, draws, wins)})


@pytest.mark.usefixtures("two_rungs")
def test_levels_are_written_beside_the_model_and_read_again(measure: Any, good: Path, capsys: Any):  # noqa: F811
    assert measure("--level", "club", "--level", "Beginner", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((good.parent / "levels.json").read_text())
    assert report["scale"] == "UCI_Elo of Scripted at 1 ms a move, 1 thread, 16 MiB hash"
    found = read_levels(good.parent / "levels.json")
    assert found == levels_of(good, report["sha256"])
    assert found is not None
    assert [one.level.name for one in found.levels] == ["Beginner", "Club"]
    for one in found.levels:
        played = sum(rung.won + rung.drawn + rung.lost for rung in one.rungs)
        assert one.games == played == 4
    assert list(good.parent.glob("*.games.jsonl")) == []


@pytest.mark.usefixtures("two_rungs")
def test_a_level_that_wins_goes_on_to_a_stronger_opponent(measure: Any, good: Path):  # noqa: F811
    """The network mates at once, the other knows nothing."""
    assert measure("--level", "Full", games=8) == 0
    found = read_levels(good.parent / "levels.json")
    assert found is not None
    rungs = {rung.stockfish_elo: rung for rung in found.levels[0].rungs}
    assert set(rungs) == {1350, 1700}
    assert rungs[1350].won + rungs[1350].drawn + rungs[1350].lost == 4
    assert rungs[1350].won > rungs[1350].lost


@pytest.mark.usefixtures("two_rungs")
def test_levels_measured_before_stay_unless_the_scale_is_another(measure: Any, good: Path):  # noqa: F811
    def names() -> list[str]:
        found = read_levels(good.parent / "levels.json")
        assert found is not None
        return [one.level.name for one in found.levels]

    assert measure("--level", "Casual") == 0
    assert measure("--level", "Beginner") == 0
    assert names() == ["Beginner", "Casual"]
    assert measure("--level", "Club", ms=2) == 0
    assert names() == ["Club"]


@pytest.mark.usefixtures("two_rungs")
def test_a_level_is_not_measured_worse_than_it_was(
    measure: Any,
    good: Path,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    assert measure("--level", "Full", games=6) == 0
    before = (good.parent / "levels.json").read_bytes()
    assert measure("--level", "Full", games=4) == BAD_INPUT
    assert "expected at least the 6 games" in capsys.readouterr().err.splitlines()[-1]
    assert (good.parent / "levels.json").read_bytes() == before
    assert measure("--level", "Full", "--output", str(tmp_path / "other.json"), games=4) == 0
    assert measure("--level", "Full", games=6) == 0


@pytest.mark.usefixtures("two_rungs")
def test_a_killed_measurement_goes_on_from_its_games(
    measure: Any,
    good: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(subject, "worth", killed)
        assert measure("--level", "Club") == 130
    assert list(good.parent.glob("levels.club-1*.games.jsonl"))
    heard = (tmp_path / "heard").read_text().count("go movetime")
    assert measure("--level", "Club") == 0
    assert (tmp_path / "heard").read_text().count("go movetime") == heard > 0
    found = read_levels(good.parent / "levels.json")
    assert found is not None
    assert found.levels[0].games == 4
    assert list(good.parent.glob("*.games.jsonl")) == []


@pytest.mark.usefixtures("two_rungs")
def test_games_decided_by_a_failure_are_told(
    broken: Path,  # noqa: F811
    fake: Path,  # noqa: F811
    back_rank: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
):
    words = ["--stockfish", str(fake), "--openings", str(back_rank), "--stockfish-ms", "1"]
    words += ["--games", "2", "--workers", "1", "--level", "Casual"]
    assert main(["benchmark", "levels", str(broken), *words]) == 0
    assert "2 games, 2 of them decided by a crash or the clock" in capsys.readouterr().out


def test_openings_of_opponents_are_distinct(fake: Path):  # noqa: F811
    ladder = level_ladder.prepare_ladder(games=10, stockfish=fake)
    assert ladder.rungs == (1350, 1500, 1700, 1850, 2000, 2300, 2600)
    books = [*map(ladder.openings, ladder.rungs), ladder.openings_of_levels]
    positions = [one.board().epd() for book in books for one in book.openings]
    assert len(set(positions)) == len(positions) == 40


def test_a_level_plays_as_it_is_met_in_the_browser(fake: Path):  # noqa: F811
    ladder = level_ladder.prepare_ladder(games=2, stockfish=fake, workers=2)
    settings = level_settings(find_level("Club"), ladder)
    assert (settings.simulations, settings.batch_size) == (10, 16)
    assert settings.games_at_once() == settings.worker_count() == 2


def test_a_seat_with_a_temperature_plays_by_the_chance_of_its_seed_and_game(
    hash_evaluator: HashEvaluator,
):
    def opening_moves(seed: int, temperature: float = 1.5) -> list[chess.Move]:
        settings = MatchSettings(simulations=1, seed=seed)
        seat = NetworkSeat(hash_evaluator, settings, threading.Event(), temperature=temperature)
        games = range(12)
        answers = seat.choose(games, [chess.Board() for _ in games])
        return [answer.move for answer in answers if isinstance(answer, Choice)]

    assert len(set(opening_moves(0))) > 3
    assert opening_moves(0) == opening_moves(0) != opening_moves(1)
    assert len(set(opening_moves(0, temperature=0.0))) == 1


def test_the_next_opponent_is_no_leap_away():
    def after(losses: int, wins: int, elo: int = 1350) -> float:
        pairs = [losses // 2, 0, 0, 0, wins // 2]
        return level_ladder.guess({elo: Tally(pentanomial=pairs)})

    assert after(0, 4) == pytest.approx(1350 + 280, abs=2)
    assert after(4, 0, elo=2000) == pytest.approx(2000 - 280, abs=2)
    assert after(2, 2) == pytest.approx(1350)
    assert after(0, 40) > after(0, 4) + 200


def test_a_level_that_loses_everything_is_below_a_bound():
    """Wilson's: a score of at most 3.7 % in 100 games."""
    found = worth(100, 0, 0)
    assert (found.elo, found.elo_low) == (None, None)
    assert found.elo_high == pytest.approx(1350 - 566, abs=2)
    assert worth(98, 0, 2).elo_high > found.elo_high


def test_a_level_that_wins_everything_is_above_a_bound():
    found = worth(0, 0, 100, elo=2600)
    assert (found.elo, found.elo_high) == (None, None)
    assert found.elo_low == pytest.approx(2600 + 566, abs=2)


def test_a_level_between_its_opponents_has_an_interval():
    found = worth(40, 20, 40)
    assert found.elo == 1350
    assert found.elo_low < 1350 < found.elo_high
    assert found.words == "about 1350 Elo"


def tally(losses: int, draws: int, wins: int) -> Tally:
    """Games of which two alike are a pair."""
    pairs = [losses // 2, 0, draws // 2, 0, wins // 2]
    return Tally(pentanomial=pairs, trinomial=[losses, draws, wins])


STRONGER = MeasuredLevel(level=FULL, elo=1000.0, elo_low=900.0, elo_high=1100.0, games=100)


def test_a_level_measured_by_a_stronger_one_takes_over_its_uncertainty():
    alone = worth(60, 20, 20, elo=1000)
    found = level_ladder.worth_beside(LEVELS[0], tally(60, 20, 20), STRONGER)
    assert found.elo == alone.elo < 1000
    assert found.elo_low == pytest.approx(
        found.elo - math.hypot(100, alone.elo - alone.elo_low), abs=0.2
    )
    assert found.elo_high == pytest.approx(
        found.elo + math.hypot(100, alone.elo_high - alone.elo), abs=0.2
    )
    assert found.duel == Duel(level="Full", won=20, drawn=20, lost=60)
    assert subject.tell(found).endswith(", 100 games, by games against Full")


def test_a_level_that_loses_everything_to_a_stronger_one_is_below_its_bound():
    found = level_ladder.worth_beside(LEVELS[0], tally(100, 0, 0), STRONGER)
    assert (found.elo, found.elo_low) == (None, None)
    assert found.elo_high == pytest.approx(1100 - 566, abs=2)


def test_a_level_that_wins_everything_against_a_stronger_one_is_above_its_bound():
    found = level_ladder.worth_beside(LEVELS[0], tally(0, 0, 100), STRONGER)
    assert (found.elo, found.elo_high) == (None, None)
    assert found.elo_low == pytest.approx(900 + 566, abs=2)


class Stockfish:
    """Whose games with a level, and another's with it, are known before."""

    def __init__(
        self, level: Level, ladder: level_ladder.Ladder, beaten_by: int, other: Tally | None = None
    ) -> None:
        self.level, self.ladder, self._beaten_by = level, ladder, beaten_by
        self._other = other or tally(10, 6, 4)
        self.asked: list[str] = []

    def against_stockfish(self, elo: int, pairs: int) -> Tally:
        self.asked.append("Stockfish")
        lost = elo >= self._beaten_by
        return tally(2 * pairs, 0, 0) if lost else tally(0, 0, 2 * pairs)

    def against(self, stronger: Level) -> Tally:
        self.asked.append(stronger.name)
        return self._other


def test_levels_out_of_reach_of_stockfish_play_the_next_stronger_one(fake: Path):  # noqa: F811
    ladder = level_ladder.prepare_ladder(games=20, stockfish=fake)
    measured = MeasuredLevels(model="a.onnx", sha256="0" * 64, scale=ladder.scale, levels=())
    asked = {}
    for level, beaten_by in (("Full", 1500), ("Expert", 0), ("Club", 0), ("Casual", 0)):
        games = Stockfish(find_level(level), ladder, beaten_by)
        found, _ = subject._measure(games, measured, near=1350.0)
        measured = measured.model_copy(update={"levels": (*measured.levels, found)})
        asked[level] = set(games.asked)
    assert asked == {
        "Full": {"Stockfish"},
        "Expert": {"Stockfish", "Full"},
        "Club": {"Expert"},
        "Casual": {"Club"},
    }
    full, expert, club, casual = measured.levels
    assert full.elo > expert.elo > club.elo > casual.elo
    assert (full.games, expert.games, club.games) == (20, 40, 20)
    assert expert.rungs[0].lost == 20
    assert casual.elo_high - casual.elo_low > club.elo_high - club.elo_low


def test_a_level_that_loses_to_all_keeps_the_lower_bound(fake: Path):  # noqa: F811
    ladder = level_ladder.prepare_ladder(games=20, stockfish=fake)
    stronger = STRONGER.model_copy(update={"elo": 1500.0, "elo_low": 1400.0, "elo_high": 1600.0})
    measured = MeasuredLevels(
        model="a.onnx", sha256="0" * 64, scale=ladder.scale, levels=(stronger,)
    )
    games = Stockfish(find_level("Club"), ladder, beaten_by=0, other=tally(20, 0, 0))
    found, _ = subject._measure(games, measured, near=1350.0)
    assert found.elo_high == level_ladder.worth(games.level, {1350: tally(20, 0, 0)}).elo_high
    assert found.games == 40


def test_levels_of_a_model_play_each_other(good: Path, fake: Path, tmp_path: Path):  # noqa: F811
    ladder = level_ladder.prepare_ladder(games=4, stockfish=fake, workers=2)
    output = tmp_path / "levels.json"
    games = LevelGames(good, find_level("Beginner"), ladder, output, Console(quiet=True))
    found = games.against(find_level("Casual"))
    assert found.pairs == 2
    assert sum(found.trinomial) == 4
    assert list(tmp_path.glob("levels.beginner-casual.games.jsonl"))
    games.forget()
    assert not list(tmp_path.glob("*.games.jsonl"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--games", "5"], "expected --games to be an even number"),
        (["--level", "Weak"], "expected the name of a level (Beginner, "),
        (["--stockfish", "/no/fish"], "expected Stockfish at /no/fish"),
        (["--games", "500"], "expected 2000 distinct openings"),
    ],
)
def test_wrong_options_are_one_line_before_any_game(
    good: Path,  # noqa: F811
    fake: Path,  # noqa: F811
    back_rank: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
):
    asked = ["--stockfish", str(fake)] if "--stockfish" not in options else []
    asked += ["--openings", str(back_rank)]
    assert main(["benchmark", "levels", str(good), *asked, *options]) == BAD_INPUT
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert message in printed


def test_levels_of_another_model_are_not_overwritten(
    measure: Any,
    good: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
):
    other = write_levels(Path(shutil.copy(good, good.with_name("int8.onnx"))))
    before = other.read_text()
    assert measure("--level", "Club") == BAD_INPUT
    printed = capsys.readouterr().err
    assert "expected levels of good.onnx or nothing in" in printed
    assert "got those of int8.onnx; name another file with --output" in printed
    assert other.read_text() == before


def test_a_file_that_holds_something_else_is_not_overwritten(
    measure: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    mine = tmp_path / "diary.json"
    mine.write_text("{}")
    assert measure("--output", str(mine)) == BAD_INPUT
    assert "expected the Elo of levels in" in capsys.readouterr().err
    assert mine.read_text() == "{}"
