"""A folder of labelled games that grows batch by batch, and says where it came from.

    RUN/supervised/NAME/replay/shard-*.parquet    games with ids 0, 1, 2, ...; skipped ones are missing
    RUN/supervised/NAME/source.json               what it is made of; a resumed run must name the same
    RUN/supervised/NAME/progress.json             ids dealt with, and games skipped by reason

A process killed at any moment loses at most the games that are not yet in a shard.
"""

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from aztoolkit.errors import ConfigError, DataError
from aztoolkit.files import write_json
from train.replay import Game, find_shards, write_shard

SOURCE, PROGRESS = "source.json", "progress.json"
_HELD_OUT_EVERY = 20
"""One game of so many is not learned, but judged."""


@dataclass(frozen=True)
class Shard:
    """What a shard holds."""

    path: Path
    last_game_id: int
    learned: int
    """Positions of the games that are learned."""
    held_out: int
    """Positions of the games that are not."""


def is_held_out(game_id: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Returns for each game whether it is kept from the learner, to judge it by."""
    return np.asarray(game_id % _HELD_OUT_EVERY == 0)


def read_shards(folder: Path) -> list[Shard]:
    """Returns the shards of a data set in the order written; none if there are none.

    Raises:
        DataError: one is broken.
    """
    if not any(folder.glob("replay/shard-*.parquet")):
        return []
    return [_describe(path) for path in find_shards(folder)]


def read_json(path: Path) -> dict[str, Any]:  # Any: whatever JSON can hold
    """Returns the object in a JSON file, empty where there is no file; raises DataError if broken."""
    if not path.is_file():
        return {}
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise DataError(
            f"expected JSON in {path}, got {error}; remove the folder to begin again"
        ) from error
    if not isinstance(document, dict):
        raise DataError(f"expected an object in {path}; remove the folder to begin again")
    return document


class DataSet:
    """A data set being written."""

    def __init__(
        self, folder: Path, source: Mapping[str, Any], *, shard_positions: int, shard_s: float
    ) -> None:
        """Begins or continues the data set of a source.

        Args:
            folder: RUN/supervised/NAME.
            source: what it is made of, as JSON can hold it.
            shard_positions: positions of a shard ...
            shard_s: ... or seconds between two, whichever comes first.

        Raises:
            ConfigError: the folder holds data from another source.
            DataError: it is broken.
            InputError: it cannot be written.
        """
        self._folder = folder
        self._shard_positions, self._shard_s = shard_positions, shard_s
        _claim(folder / SOURCE, source)
        shards = read_shards(folder)
        self.positions = sum(shard.learned + shard.held_out for shard in shards)
        """Written or waiting to be."""
        progress = read_json(folder / PROGRESS)
        self.next_game_id = int(progress.get("next_game_id", 0))
        """The first that has not been dealt with."""
        self.skipped: Counter[str] = Counter(progress.get("skipped", {}))
        """Games left out, by reason."""
        self.is_complete = bool(progress.get("is_complete", False))
        """Whether its source is exhausted."""
        self._last_written = max((shard.last_game_id for shard in shards), default=-1)
        self._waiting: list[Game] = []
        self._waiting_positions, self._written_s = 0, time.monotonic()

    def add(self, game: Game) -> None:
        """Takes the game of the next id; every so often, writes those that wait as a shard.

        A game that is in a shard already (the process was killed just after writing it) is left out.
        """
        assert game.game_id == self.next_game_id, "games come in order"
        self.next_game_id += 1
        if game.game_id > self._last_written:
            count = sum(game.searched)
            self._waiting.append(game)
            self._waiting_positions += count
            self.positions += count
        if self._is_due():
            self.flush()

    def skip(self, reason: str) -> None:
        """Leaves out the game of the next id."""
        self.next_game_id += 1
        self.skipped[reason] += 1

    def flush(self, *, is_complete: bool = False) -> None:
        """Writes the games that wait; raises InputError if the disk is full.

        Args:
            is_complete: there are no more.
        """
        if self._waiting:
            write_shard(self._folder, self._waiting)
            self._last_written = self._waiting[-1].game_id
        self._waiting, self._waiting_positions = [], 0
        self._written_s = time.monotonic()
        self.is_complete = is_complete
        document = {
            "next_game_id": self.next_game_id,
            "skipped": dict(self.skipped),
            "is_complete": is_complete,
        }
        write_json(self._folder / PROGRESS, document)

    def _is_due(self) -> bool:
        late = time.monotonic() - self._written_s > self._shard_s
        return self._waiting_positions >= self._shard_positions or (late and bool(self._waiting))


def _claim(path: Path, source: Mapping[str, Any]) -> None:
    known = read_json(path)
    if known and known != source:
        differing = [name for name in source if known.get(name) != source[name]]
        raise ConfigError(
            f"expected the source that {path.parent} was begun with "
            f"({_words(known, differing)}), got {_words(source, differing)}; "
            "name the same, or choose another --run"
        )
    if not known:
        write_json(path, dict(source))


def _words(source: Mapping[str, Any], names: list[str]) -> str:
    return ", ".join(f"{name} = {json.dumps(source.get(name))}" for name in names)


def _describe(path: Path) -> Shard:
    try:
        table = pq.read_table(path, columns=["game_id", "searched"])
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"expected a replay shard, got {reason}: {path}; remove it to go on without its games"
        ) from error
    ids = table.column("game_id").to_numpy()
    searched = table.column("searched").combine_chunks()
    games = pc.list_parent_indices(searched).to_numpy()
    flags = pc.list_flatten(searched).to_numpy(zero_copy_only=False)
    positions = np.bincount(games, weights=flags, minlength=len(ids)).astype(int)
    kept = is_held_out(ids)
    return Shard(
        path,
        last_game_id=int(ids.max(initial=-1)),
        learned=int(positions[~kept].sum()),
        held_out=int(positions[kept].sum()),
    )
