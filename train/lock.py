"""One trainer a run folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aztoolkit.errors import CheckpointError, InputError
from aztoolkit.locks import try_lock

_NAME = ".lock"


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
        if not try_lock(stream.fileno()):
            raise CheckpointError(
                f"expected a run folder of our own, got {run}, in which another process trains; "
                "stop it or choose another --run"
            )
        yield
