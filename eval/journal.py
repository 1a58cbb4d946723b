"""The games of an unfinished match on disk, one a line, so that a killed match goes on where it was.

The first line says what match it is. A journal of another match (other engines, openings, settings) is
not continued but kept under the name `.old`, and a last line that was cut off is dropped.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from pydantic import ValidationError

from aztoolkit.errors import InputError
from aztoolkit.files import write_text
from eval.records import GameRecord


class Journal:
    """An append-only file of finished games."""

    def __init__(self, path: Path, identity: Mapping[str, object]) -> None:
        """Opens or begins the journal of the match that `identity` describes.

        Raises:
            InputError: the file cannot be written.
        """
        self.path = path
        self._header = json.dumps(dict(identity), sort_keys=True)
        self.records = self._read()
        lines = [self._header, *(record.model_dump_json() for record in self.records)]
        write_text(path, "".join(f"{line}\n" for line in lines))
        self._stream: TextIO = path.open("a")

    def append(self, record: GameRecord) -> None:
        """Writes one game; raises InputError if the disk is full."""
        try:
            self._stream.write(record.model_dump_json() + "\n")
            self._stream.flush()
        except OSError as error:
            raise InputError(
                f"cannot write {self.path}: {error.strerror}; make space, then run again: "
                "it goes on from the games already played"
            ) from error

    def close(self) -> None:
        """Closes the file and leaves it where it is, to be continued; one without games is deleted."""
        empty = self._stream.tell() == len(self._header.encode()) + 1
        self._stream.close()
        if empty:
            self.path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Deletes the file: the match is over and reported."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _read(self) -> list[GameRecord]:
        if not self.path.is_file():
            return []
        header, *lines = self.path.read_text(errors="replace").split("\n")
        if header != self._header:
            if lines != [""]:
                self.path.replace(self.path.with_suffix(".jsonl.old"))
            return []
        records = []
        for line in lines:
            try:
                records.append(GameRecord.model_validate_json(line))
            except ValidationError:  # cut off when the match was killed
                break
        return records
