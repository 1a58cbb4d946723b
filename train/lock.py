"""One trainer a run folder: a lock that the operating system releases when its holder dies."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aztoolkit.errors import CheckpointError, InputError

_NAME = ".lock"
_LOCKED_BYTES = 1
"""From the start of the file, which holds none: Windows locks what is not there, too."""


@contextmanager
def lock_run(run: Path) -> Iterator[None]:
    """Holds the lock of a run folder, which it makes if need be.

    Raises:
        CheckpointError: another process trains in it.
        InputError: the folder cannot be written.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
        stream = (run / _NAME).open("a")  # Windows does not let a locked file be emptied
    except OSError as error:
        raise InputError(
            f"cannot write {run}: {error.strerror}; choose a --run folder you may write to"
        ) from error
    with stream:
        if not _try_lock(stream.fileno()):
            raise CheckpointError(
                f"expected a run folder of our own, got {run}, in which another process trains; "
                "stop it or choose another --run"
            )
        yield


def _try_lock(descriptor: int) -> bool:
    """Returns whether the lock could be had; it is let go of when the file is closed."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, _LOCKED_BYTES)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
