import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from aztoolkit.cli import DONE
from aztoolkit.errors import ConfigError, DataError, MachineError
from tests.train.supervised.engine import write_engine
from tests.train.supervised.games import write_pgn
from train.progress import Display
from train.replay import Game, read_games
from train.supervised.gather import gather
from train.supervised.settings import SupervisedSettings

START_S = 120


def never() -> bool:
    return False


def after(calls: int) -> Callable[[], bool]:
    """Returns a stop that comes at the given call."""
    left = iter(range(calls))
    return lambda: next(left, None) is None


def collect(
    run: Path, *, stop: Callable[[], bool] = never, seed: int = 1, **fields: object
) -> tuple[bool, str]:
    """Gathers what `fields` ask for; returns whether that is all, and what was said."""
    stream = io.StringIO()
    display = Display(Console(file=stream, width=80))
    settings = SupervisedSettings.model_validate(fields)
    return gather(run, settings, seed=seed, display=display, stop=stop), stream.getvalue()


def games(run: Path, name: str) -> list[Game]:
    return list(read_games(run / "supervised" / name))


def test_bad_games_are_skipped_counted_and_said(run: Path, tmp_path: Path) -> None:
    pgn = write_pgn(tmp_path / "a.pgn", 100)
    with pgn.open("a") as stream:
        stream.write('[Result "1-0"]\n\n1. e4 e4 1-0\n\n[Result "*"]\n\n1. e4 *\n\n')
    more = write_pgn(tmp_path / "b.pgn", 10)
    done, said = collect(run, from_pgn=[pgn, more], pgn_min_plies=4)
    assert done
    found = games(run, "pgn")
    assert len(found) == 110
    assert said == (
        f"PGN: 110 games, {sum(map(len, found))} positions; "
        "skipped 2 games (1 illegal move, 1 no result)\n"
    )
    assert [game.game_id for game in found[99:101]] == [99, 102]


def test_pgn_that_was_stopped_goes_on_to_the_same_games(run: Path, tmp_path: Path) -> None:
    pgn = write_pgn(tmp_path / "a.pgn", 300)
    done, said = collect(run, from_pgn=[pgn], pgn_min_plies=1, stop=after(90))
    assert not done
    assert "run again to go on" in said
    assert 0 < len(games(run, "pgn")) < 300
    done, _ = collect(run, from_pgn=[pgn], pgn_min_plies=1)
    assert done
    collect(run / "other", from_pgn=[pgn], pgn_min_plies=1)
    assert repr(games(run, "pgn")) == repr(games(run / "other", "pgn"))


def test_files_that_were_read_may_go(run: Path, tmp_path: Path) -> None:
    pgn = write_pgn(tmp_path / "a.pgn", 10)
    collect(run, from_pgn=[pgn], pgn_min_plies=1)
    pgn.unlink()
    assert collect(run, from_pgn=[pgn], pgn_min_plies=1)[0]
    with pytest.raises(DataError, match="check --from-pgn"):
        collect(run, from_pgn=[tmp_path / "b.pgn"], pgn_min_plies=1)


@pytest.mark.parametrize("change", ["file", "filter"])
def test_other_games_are_refused(run: Path, tmp_path: Path, change: str) -> None:
    pgn = write_pgn(tmp_path / "a.pgn", 50)
    collect(run, from_pgn=[pgn], pgn_min_plies=1, stop=after(10))
    if change == "file":
        write_pgn(pgn, 51)
    with pytest.raises(ConfigError, match="expected the source that"):
        collect(run, from_pgn=[pgn], pgn_min_plies=1 if change == "file" else 2)


def test_a_missing_file_leaves_nothing(run: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        collect(run, from_pgn=[write_pgn(tmp_path / "a.pgn", 1), tmp_path / "b.pgn"])
    assert not run.exists()


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_engine(tmp_path / "tiny")


def label(run: Path, engine: Path, positions: int, **more: object) -> tuple[bool, str]:
    stop, seed = more.pop("stop", never), more.pop("seed", 1)
    fields = {"teacher": str(engine), "teacher_positions": positions, "teacher_lines": 2, **more}
    return collect(run, stop=stop, seed=seed, **fields)  # type: ignore[arg-type]


def test_labels_are_the_same_however_often_labelling_was_stopped(run: Path, tiny: Path) -> None:
    done, said = label(run, tiny, 1500, stop=after(2))
    assert not done
    assert "of 1,500; run again to go on" in said
    done, said = label(run, tiny, 1500)
    assert done
    at_once = run / "other"
    label(at_once, tiny, 1500)
    assert repr(games(run, "teacher")) == repr(games(at_once, "teacher"))
    assert sum(sum(game.searched) for game in games(run, "teacher")) >= 1500
    assert len({tuple(game.moves) for game in games(run, "teacher")}) == len(games(run, "teacher"))


def test_more_positions_may_be_asked_for_later(run: Path, tiny: Path) -> None:
    label(run, tiny, 100)
    before = games(run, "teacher")
    done, _ = label(run, tiny, 900)
    assert done
    assert repr(games(run, "teacher")[: len(before)]) == repr(before)


@pytest.mark.parametrize(
    "change",
    [{"teacher_nodes": 7}, {"teacher_lines": 3}, {"teacher_random_moves": 0.2}, {"seed": 2}],
)
def test_labels_of_another_kind_are_not_mixed_in(
    run: Path, tiny: Path, change: dict[str, object]
) -> None:
    label(run, tiny, 10)
    with pytest.raises(ConfigError, match="expected the source that"):
        label(run, tiny, 1000, **change)


def test_a_missing_teacher_leaves_nothing(run: Path) -> None:
    with pytest.raises(MachineError, match="no program 'no-such-engine'"):
        label(run, Path("no-such-engine"), 10)
    assert not run.exists()


def test_an_engine_that_fails_in_a_worker_is_one_line(run: Path, tmp_path: Path) -> None:
    engine = write_engine(tmp_path / "mortal", "sys.exit(3)")
    with pytest.raises(MachineError, match="run again to go on"):
        label(run, engine, 10)


@pytest.mark.stockfish
def test_labelling_killed_at_any_moment_loses_at_most_a_batch(run: Path, stockfish: Path) -> None:
    wanted = 12_000
    command = [sys.executable, "-W", "error", "-m", "aztoolkit", "train", "--run", str(run)]
    command += ["--teacher", str(stockfish), "--teacher-nodes", "20", "--teacher-lines", "2"]
    command += ["--teacher-positions", str(wanted), "--supervised-steps", "0", "--no-selfplay"]
    command += ["--filters", "8", "--blocks", "1", "--json"]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    end_s = time.monotonic() + START_S
    while not any((run / "supervised").glob("teacher/replay/shard-*.parquet")):
        assert killed.poll() is None, killed.communicate()
        assert time.monotonic() < end_s
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    before = games(run, "teacher")
    assert 0 < sum(sum(game.searched) for game in before) < wanted

    resumed = subprocess.run(command, capture_output=True, text=True, timeout=START_S, check=False)
    assert resumed.returncode == DONE, resumed.stderr
    assert json.loads(resumed.stdout)["training_step"] == 0
    found = games(run, "teacher")
    assert repr(found[: len(before)]) == repr(before)
    assert [game.game_id for game in found] == list(range(len(found)))
    assert sum(sum(game.searched) for game in found) >= wanted
