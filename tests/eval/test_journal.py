"""The games of an unfinished match: kept through kills, apart for another match, one writer at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from aztoolkit.errors import InputError
from aztoolkit.locks import try_lock
from eval.journal import Journal, discard
from eval.records import GameRecord

MATCH, OTHER = {"engines": ["a", "b"]}, {"engines": ["a", "c"]}
HOLDER = """
import sys, time
from pathlib import Path
from eval.journal import Journal
journal = Journal(Path(sys.argv[1]), {"engines": ["a", "b"]})
print("held", flush=True)
time.sleep(60)
"""


def record(pair: int) -> GameRecord:
    return GameRecord(
        pair=pair,
        game=0,
        start="8/8/8/8/8/8/8/8 w - - 0 1",
        opening=(),
        moves=("e2e4",),
        values=(0.5,),
        result="1-0",
        termination="checkmate",
        seed=1,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "match.games.jsonl"


def begin(path: Path, games: int = 2) -> None:
    """Leaves a journal as a killed match does."""
    journal = Journal(path, MATCH)
    for pair in range(games):
        journal.append(record(pair))
    journal.close()


def pairs_in(path: Path) -> list[int]:
    journal = Journal(path, MATCH)
    found = [found.pair for found in journal.records]
    journal.close()
    return found


def test_games_are_there_again_and_more_are_added(path: Path) -> None:
    begin(path)
    journal = Journal(path, MATCH)
    assert [one.pair for one in journal.records] == [0, 1]
    journal.append(record(2))
    journal.close()
    assert pairs_in(path) == [0, 1, 2]


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_line_that_was_cut_off_is_dropped(path: Path, cut: int) -> None:
    begin(path)
    path.write_bytes(path.read_bytes()[:-cut])
    journal = Journal(path, MATCH)
    assert [one.pair for one in journal.records] == [0]
    journal.append(record(1))
    journal.close()
    assert pairs_in(path) == [0, 1]


@pytest.mark.parametrize("text", [b"", b'{"engines', b'{"engines": ["a", "b"]}', b"\0" * 30])
def test_a_first_line_that_was_cut_off_begins_anew(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    begin(path)
    assert pairs_in(path) == [0, 1]
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_games_of_another_match_are_kept_apart(path: Path) -> None:
    begin(path)
    before = path.read_bytes()
    journal = Journal(path, OTHER)
    assert journal.records == []
    journal.close()
    assert not path.exists()
    assert path.with_suffix(".jsonl.old").read_bytes() == before


def test_a_journal_without_games_is_not_left_behind(path: Path) -> None:
    begin(path, games=0)
    assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="what is locked cannot be read there")
def test_two_processes_do_not_write_one_journal(path: Path) -> None:
    begin(path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        before = path.read_bytes()
        with pytest.raises(InputError, match=r"another process plays: it writes .*match\.games"):
            Journal(path, MATCH)
        discard(path)
        assert path.read_bytes() == before
        holder.kill()
    assert pairs_in(path) == [0, 1]


def test_a_journal_deleted_while_it_is_opened_is_made_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As its holder does that has ended its match meanwhile."""
    begin(path)
    deleted = []

    def lock(descriptor: int) -> bool:
        if not deleted:
            path.unlink()
            deleted.append(path)
        return try_lock(descriptor)

    monkeypatch.setattr("eval.journal.try_lock", lock)
    journal = Journal(path, MATCH)
    assert journal.records == []
    journal.append(record(5))
    journal.close()
    assert pairs_in(path) == [5]


def test_a_discarded_journal_is_gone(path: Path) -> None:
    begin(path)
    discard(path)
    assert not path.exists()
    discard(path)
    assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="it has no limit on the size of files")
def test_a_full_disk_is_said_and_costs_no_game(path: Path) -> None:
    begin(path)
    largest = path.stat().st_size + 10
    script = (
        "import resource, signal, sys\nfrom pathlib import Path\n"
        "from eval.journal import Journal\nfrom tests.eval.test_journal import MATCH, record\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({largest}, {largest}))\n"
        "Journal(Path(sys.argv[1]), MATCH).append(record(2))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    assert "InputError: cannot write" in done.stderr
    assert "make space, then run again" in done.stderr
    assert pairs_in(path) == [0, 1]


def test_a_folder_in_its_place_is_said(path: Path) -> None:
    path.mkdir()
    with pytest.raises(InputError, match="cannot write"):
        Journal(path, MATCH)
