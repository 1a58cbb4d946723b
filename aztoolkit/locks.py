"""A lock on an open file, which the operating system releases when its holder closes it or dies."""

import sys

_LOCKED_BYTES = 1
"""From where the file is at; Windows locks what is not there, too."""


def try_lock(descriptor: int) -> bool:
    """Returns whether the lock of a file that is open for writing could be had."""
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
