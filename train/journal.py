"""The journal: finished games as JSON lines, until there are enough of them for a replay shard.

    RUN/replay/journal.jsonl    a line is appended the moment a game ends

A parquet file cannot be appended to. With the journal, a process killed at any moment loses only
the games that were still being played: a line cut short is dropped, and a game that is in a shard
already (killed between writing the shard and emptying the journal) is not counted twice.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from aztoolkit.errors import DataError, InputError
from aztoolkit.files import write_text
from train.replay import (
    FOLDER,
    Game,
    ShardSummary,
    list_shards,
    read_games,
    summarise_shard,
    upgrade_row,
    write_shard,
)

_NAME = "journal.jsonl"


@dataclass(frozen=True)
class Recovered:
    """What a run has played."""

    games: int
    positions: int
    """That are policy targets."""
    next_game_id: int


class Journal:
    """Where the finished games of a run go."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._path = run / FOLDER / _NAME
        self._open: list[Game] = []
        self._shards: list[ShardSummary] = []

    def recover(self) -> Recovered:
        """Counts all games of the run, those of a killed process included; call it first.

        Raises:
            DataError: a shard or the journal is malformed.
            InputError: the folder cannot be written.
        """
        folder = self._path.parent
        self._shards = [summarise_shard(path) for path in list_shards(folder)]
        sealed = {int(number) for shard in self._shards for number in shard.game_ids}
        self._open = [game for game in self._read() if game.game_id not in sealed]
        self._rewrite()
        numbers = sealed | {game.game_id for game in self._open}
        positions = sum(shard.positions for shard in self._shards) + _positions(self._open)
        return Recovered(len(numbers), positions, next_game_id=1 + max(numbers, default=-1))

    def recent(self, positions: int) -> tuple[int, Iterator[Game]]:
        """Returns how many older positions there are, and the games with the newest, as recovered.

        The games hold at least so many positions together, or all; whole shards are read, one at a time.

        Raises:
            DataError: when the games are read, a shard is malformed.
        """
        first, held = len(self._shards), _positions(self._open)
        while first > 0 and held < positions:
            first -= 1
            held += self._shards[first].positions
        older = sum(shard.positions for shard in self._shards[:first])
        recent = [shard.path for shard in self._shards[first:]]
        return older, chain(chain.from_iterable(map(read_games, recent)), list(self._open))

    def since(self, games: int) -> Iterator[Game]:
        """Yields the recovered games beyond the first so many, which end with a shard.

        Raises:
            DataError: when they are read, a shard is malformed.
        """
        before = 0
        for shard in self._shards:
            if before >= games:
                yield from read_games(shard.path)
            before += len(shard.game_ids)
        yield from list(self._open)

    def append(self, game: Game) -> None:
        """Adds a finished game; it is safe from a killed process when this returns.

        Raises:
            InputError: the disk is full.
        """
        self._open.append(game)
        try:
            with self._path.open("a") as stream:
                stream.write(json.dumps(asdict(game)) + "\n")
        except OSError as error:
            raise InputError(
                f"cannot write {self._path}: {error.strerror}; make space, then run again to resume"
            ) from error

    def seal(self) -> None:
        """Writes the games of the journal as a shard, and empties it.

        Raises:
            InputError: the disk is full.
        """
        if self._open:
            write_shard(self._run, sorted(self._open, key=lambda game: game.game_id))
            self._open = []
            self._rewrite()

    def _read(self) -> list[Game]:
        if not self._path.exists():
            return []
        try:
            *whole, _torn = self._path.read_text().split("\n")
            return [Game(**upgrade_row(json.loads(line))) for line in whole]
        except (ValueError, TypeError) as error:
            raise DataError(
                f"expected a game on every line of {self._path}, got {error}; remove that line"
            ) from error

    def _rewrite(self) -> None:
        write_text(self._path, "".join(json.dumps(asdict(game)) + "\n" for game in self._open))


def _positions(games: Iterable[Game]) -> int:
    return sum(sum(game.searched) for game in games)
