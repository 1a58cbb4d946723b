"""A lock on an open file, which the operating system releases when its holder closes it or dies."""

import errno
import sys

_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
"""What a lock says that somebody else has: Linux EAGAIN, Windows EACCES (EDEADLK after waiting)."""
_LOCKED_BYTES = 1
"""From where the file is at; Windows locks what is not there, too."""


def try_lock(descriptor: int) -> bool:
    """Returns whether the lock of a file that is open for writing could be had.

    Where the file system knows no locks, everyone has it.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, _LOCKED_BYTES)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _HELD
    return True
