"""The games of an unfinished match on disk, one a line, so that a killed match goes on where it was.

The first line says what match it is. A journal of another match (other engines, openings, settings) is
not continued but kept under the name `.old`, and a last line that was cut off is dropped.
"""

import errno
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path

from pydantic import ValidationError

from aztoolkit.errors import InputError
from aztoolkit.files import write_text
from aztoolkit.locks import try_lock
from eval.records import GameRecord

_END = b"\n"


class Journal:
    """An append-only file of finished games, of one process at a time."""

    def __init__(self, path: Path, identity: Mapping[str, object]) -> None:
        """Opens or begins the journal of the match that `identity` describes.

        Raises:
            InputError: the file cannot be written, or another process plays that match.
        """
        self.path = path
        self._header = json.dumps(dict(identity), sort_keys=True).encode()
        stream = _open_locked(path)
        if stream is None:
            raise InputError(
                f"expected a match of our own, got one that another process plays: it writes {path}; "
                "let it end, or stop it and run again"
            )
        self._stream = stream
        try:
            self.records = self._take_up()
        except BaseException:
            self._stream.close()
            raise
        self._games = len(self.records)

    def append(self, record: GameRecord) -> None:
        """Writes one game; raises InputError if the disk is full."""
        self._write(record.model_dump_json().encode())
        self._games += 1

    def close(self) -> None:
        """Closes the file and leaves it where it is, to be continued; one without games is deleted."""
        if not self._stream.closed and not self._games:
            _delete(self.path, self._stream)
        self._stream.close()

    def _take_up(self) -> list[GameRecord]:
        """Returns the games there are, and leaves the file ready for the next one."""
        text = self._stream.read()
        *lines, _cut_off = text.split(_END)
        if lines[:1] != [self._header]:
            if lines[1:]:
                write_text(self.path.with_suffix(".jsonl.old"), text.decode(errors="replace"))
            self._stream.truncate(0)
            self._write(self._header)
            return []
        records, length = [], len(self._header) + len(_END)
        for line in lines[1:]:
            try:
                records.append(GameRecord.model_validate_json(line))
            except ValidationError:  # the machine failed while it was written
                break
            length += len(line) + len(_END)
        self._stream.truncate(length)
        return records

    def _write(self, line: bytes) -> None:
        try:
            if self._stream.write(line + _END) <= len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise InputError(
                f"cannot write {self.path}: {error.strerror}; make space, then run again: "
                "it goes on from the games already played"
            ) from error


def discard(path: Path) -> None:
    """Deletes a journal, its match being over and reported; leaves one that another process writes."""
    if path.exists() and (stream := _open_locked(path)):
        _delete(path, stream)


def _open_locked(path: Path) -> FileIO | None:
    """Returns the file, made if need be and locked for us; None if another process has it.

    Raises:
        InputError: it cannot be written.
    """
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            stream = path.open("a+b", buffering=0)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}") from error
        stream.seek(0)
        if not try_lock(stream.fileno()):
            stream.close()
            return None
        if _is_still_there(path, stream):
            return stream
        stream.close()  # deleted by its holder while we opened it


def _is_still_there(path: Path, stream: FileIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(stream.fileno()))
    except FileNotFoundError:
        return False


def _delete(path: Path, stream: FileIO) -> None:
    """Deletes a file that is locked by us, before anyone else can have the lock."""
    if sys.platform == "win32":  # no open file can be deleted there
        stream.close()
        with suppress(PermissionError):  # another process was faster, and goes on with it
            path.unlink(missing_ok=True)
    else:
        path.unlink(missing_ok=True)
        stream.close()
