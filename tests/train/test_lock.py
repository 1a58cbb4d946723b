import errno
import fcntl
import sys
import types
from pathlib import Path

import pytest

from aztoolkit.errors import CheckpointError
from aztoolkit.locks import try_lock
from train.lock import lock_run


class FakeMsvcrt(types.ModuleType):
    """Locks as Windows does, by the descriptors of this process."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        super().__init__("msvcrt")
        self.locked = 0

    def locking(self, descriptor: int, mode: int, count: int) -> None:
        assert mode == self.LK_NBLCK
        assert count == 1
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise PermissionError(errno.EACCES, "Permission denied") from error
        self.locked += 1


@pytest.fixture(params=["posix", "windows"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> FakeMsvcrt | None:
    if request.param == "posix":
        return None
    fake = FakeMsvcrt()
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    monkeypatch.setattr("aztoolkit.locks.sys", types.SimpleNamespace(platform="win32"))
    return fake


@pytest.mark.skipif(sys.platform == "win32", reason="fcntl is not there")
def test_where_files_cannot_be_locked_everyone_may_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with (tmp_path / "file").open("a") as stream:
        assert try_lock(stream.fileno())


def test_a_run_is_locked_until_its_holder_lets_go(run: Path, system: FakeMsvcrt | None) -> None:
    with (
        lock_run(run),
        pytest.raises(CheckpointError, match="another process trains"),
        lock_run(run),
    ):
        pytest.fail("two hold it")
    with lock_run(run):
        pass
    assert system is None or system.locked == 2
