"""Self-play games on disk: parquet shards, append-only, one row a game.

    RUN/replay/shard-000001.parquet

    column           type                 what
    game_id          int64                counts up over the run
    seed             int64                of every random choice in the game
    checkpoint_step  int32                training step of the network that began the game
    start_fen        string               where the game began
    moves            list<string>         UCI, one for each ply
    searched         list<bool>           whether that ply is a policy target
    policy_index     list<list<uint16>>   for each ply, policy indices of the moves with a weight
    policy_weight    list<list<uint16>>   ... and those weights, above 0: visits, or 1/65535ths
    root_value       list<float32>        value for the side to move, -1 to 1, NaN if unknown
    result           int8                 +1 White won, 0 drawn, -1 Black won
    termination      string               checkmate, stalemate, ..., max_plies
    wdl              list<list<uint16>>   empty; or for each ply win, draw, loss in 1/65535ths, as
                                          its side to move sees them: learned in place of the result

File metadata: `aztoolkit.format_version`, `aztoolkit.encoding`, `aztoolkit.action_space`.
Positions and their legal moves are not stored: they follow from the moves.

docs/replay.md shows how to look at them with other programs.
Format 1 had `policy_visits` of all legal moves, zeros among them, and no `wdl`; it is still read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any

import chess
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from aztoolkit.errors import DataError
from aztoolkit.files import atomic_path

FORMAT_VERSION = 2
FOLDER = "replay"
_NAME = "shard-{:06d}.parquet"
_PATTERN = "shard-*.parquet"
_LEARNED_FROM_OTHERS = f"supervised/*/{FOLDER}/{_PATTERN}"
_METADATA = {
    b"aztoolkit.format_version": str(FORMAT_VERSION).encode(),
    b"aztoolkit.encoding": b"az119",
    b"aztoolkit.action_space": b"az4672",
}
SCHEMA = pa.schema(
    [
        ("game_id", pa.int64()),
        ("seed", pa.int64()),
        ("checkpoint_step", pa.int32()),
        ("start_fen", pa.string()),
        ("moves", pa.list_(pa.string())),
        ("searched", pa.list_(pa.bool_())),
        ("policy_index", pa.list_(pa.list_(pa.uint16()))),
        ("policy_weight", pa.list_(pa.list_(pa.uint16()))),
        ("root_value", pa.list_(pa.float32())),
        ("result", pa.int8()),
        ("termination", pa.string()),
        ("wdl", pa.list_(pa.list_(pa.uint16()))),
    ],
    metadata=_METADATA,
)
_SCHEMA_1 = pa.schema(
    [
        column.with_name("policy_visits") if column.name == "policy_weight" else column
        for column in SCHEMA
        if column.name != "wdl"
    ],
    metadata=_METADATA | {b"aztoolkit.format_version": b"1"},
)
_PER_PLY = ("searched", "policy_index", "root_value")
OUTCOMES = 3
"""Win, draw, loss."""


@dataclass(frozen=True)
class Game:
    """One finished game; the sequences have an entry for each ply."""

    game_id: int
    seed: int
    checkpoint_step: int
    start_fen: str
    moves: Sequence[str]
    """UCI."""
    searched: Sequence[bool]
    """Whether the policy is a target."""
    policy_index: Sequence[Sequence[int]]
    """Policy indices of the moves with a weight."""
    policy_weight: Sequence[Sequence[int]]
    """Weights of those moves, 1 to 65535: visits, or Gumbel's improved policy in 1/65535ths."""
    root_value: Sequence[float]
    """For the side to move, -1 to 1."""
    result: int
    """+1 White won, 0 drawn, -1 Black won."""
    termination: str
    wdl: Sequence[Sequence[int]] = field(default_factory=list)
    """Empty; or win, draw and loss in 1/65535ths for the side to move, learned instead of the result."""

    def __len__(self) -> int:
        return len(self.moves)

    def boards(self) -> Iterator[chess.Board]:
        """Yields the position before each ply: one board, pushed on; copy it to keep it.

        Raises:
            DataError: the FEN or a move is not legal.
        """
        try:
            board = chess.Board(self.start_fen)
            for uci in self.moves:
                yield board
                board.push_uci(uci)
        except ValueError as error:
            raise DataError(
                f"expected legal moves in game {self.game_id}, got {error}; remove its shard"
            ) from error


def write_shard(run: Path, games: Iterable[Game]) -> Path:
    """Writes games as the next shard of a run folder and returns its path.

    Raises:
        InputError: the folder cannot be written.
    """
    table = pa.Table.from_pylist([vars(game) for game in games], schema=SCHEMA)
    shards = list_shards(run / FOLDER)
    number = 1 + (int(shards[-1].stem.removeprefix("shard-")) if shards else 0)
    path = run / FOLDER / _NAME.format(number)
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    return path


def find_shards(source: Path) -> list[Path]:
    """Returns the shards of a run folder, of its replay folder, or the one shard that `source` is.

    Those of a run that has not played yet are the games that it learned from others.

    Raises:
        DataError: there are none.
    """
    if source.is_file():
        return [source]
    folder = source / FOLDER if (source / FOLDER).is_dir() else source
    shards = list_shards(folder) or sorted(source.glob(_LEARNED_FROM_OTHERS))
    if not shards:
        raise DataError(
            f"expected replay shards (shard-*.parquet), got none in {source}; "
            "name a run folder of `aztoolkit train`"
        )
    return shards


def list_shards(folder: Path) -> list[Path]:
    """Returns the shards in a replay folder, the oldest first; none if it is not there."""
    return sorted(folder.glob(_PATTERN))


def read_games(source: Path) -> Iterator[Game]:
    """Yields the games of a run folder, a replay folder or one shard, in the order written.

    Raises:
        DataError: there are no shards, or one is truncated or malformed.
    """
    for shard in find_shards(source):
        for row in _read_rows(shard):
            yield _to_game(row, shard)


def read_moves(source: Path) -> Iterator[tuple[str, list[str]]]:
    """Yields the first position (FEN) and the moves (UCI) of each game of `read_games`, and sooner.

    Raises:
        DataError: there are no shards, or one is truncated or malformed.
    """
    for shard in find_shards(source):
        for row in _read_table(shard, ["start_fen", "moves"]).to_pylist():
            if None in row.values():
                raise DataError(f"expected a start and moves in every game, got none: {shard}")
            yield row["start_fen"], row["moves"]


@dataclass(frozen=True)
class ShardSummary:
    """What a shard holds, without its games."""

    path: Path
    game_ids: NDArray[np.int64]
    positions: int
    """That are policy targets."""


def summarise_shard(shard: Path) -> ShardSummary:
    """Returns what a shard holds; only two of its columns are read.

    Raises:
        DataError: it is truncated or malformed.
    """
    table = _read_table(shard, ["game_id", "searched"])
    searched = table["searched"].combine_chunks().flatten()
    return ShardSummary(shard, table["game_id"].to_numpy(), searched.true_count)


def read_positions(source: Path) -> Iterator[tuple[int, chess.Board]]:
    """Yields game id and board, its move stack the history, for each ply of each game in order.

    Positions of one game resemble each other: split them into sets by game id.

    Raises:
        DataError: there are no shards, or one is truncated or malformed.
    """
    for game in read_games(source):
        for board in game.boards():
            yield game.game_id, board.copy()


def sample_positions(source: Path, count: int, *, seed: int) -> list[tuple[int, chess.Board]]:
    """Returns `count` positions (all if there are fewer) with game ids, without replacement.

    Raises:
        DataError: there are no shards, or one is truncated or malformed.
    """
    games = list(read_games(source))
    ends = np.cumsum([len(game) for game in games])
    total = int(ends[-1]) if games else 0
    chosen = np.random.default_rng(seed).choice(total, size=min(count, total), replace=False)
    wanted: dict[int, list[int]] = {}
    for position in np.sort(chosen):
        index = int(np.searchsorted(ends, position, side="right"))
        wanted.setdefault(index, []).append(int(position - ends[index]) + len(games[index]))
    return [pair for index, plies in wanted.items() for pair in _at_plies(games[index], plies)]


def _at_plies(game: Game, plies: list[int]) -> Iterator[tuple[int, chess.Board]]:
    for ply, board in enumerate(game.boards()):
        if ply in plies:
            yield game.game_id, board.copy()


def upgrade_row(row: dict[str, Any]) -> dict[str, Any]:  # Any: columns of every type
    """Returns the fields of a game of format 1 as those of format 2, others as they are."""
    if "policy_visits" not in row:
        return row
    visits = row.pop("policy_visits")
    return row | {
        "policy_index": _where_visited(row["policy_index"], visits),
        "policy_weight": _where_visited(visits, visits),
        "wdl": [],
    }


def _where_visited(rows: list[list[int]], visits: list[list[int]]) -> list[list[int]]:
    return [list(compress(row, counts)) for row, counts in zip(rows, visits, strict=True)]


def _read_rows(shard: Path) -> list[dict[str, Any]]:  # Any: columns of every type
    rows: list[dict[str, Any]] = _read_table(shard).to_pylist()
    return rows


def _read_table(shard: Path, columns: list[str] | None = None) -> pa.Table:
    try:
        file = pq.ParquetFile(shard)
        found, table = file.schema_arrow, file.read(columns)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"expected a replay shard, got {reason}: {shard}; remove it to go on without its games"
        ) from error
    if not any(_is_of(schema, found) for schema in (SCHEMA, _SCHEMA_1)):
        raise DataError(
            f"expected a replay shard of format 1 or {FORMAT_VERSION} for az119/az4672, got "
            f"{_marks(found)} with columns {found.names}: {shard}; it is from elsewhere"
        )
    return table


def _is_of(schema: pa.Schema, found: pa.Schema) -> bool:
    return found.equals(schema) and _marks(found) == _marks(schema)


def _marks(schema: pa.Schema) -> dict[str, str | None]:
    """Returns what a schema says of itself, by the names of our metadata."""
    metadata = schema.metadata or {}
    return {
        key.decode().removeprefix("aztoolkit."): metadata[key].decode() if key in metadata else None
        for key in _METADATA
    }


def _to_game(row: dict[str, Any], shard: Path) -> Game:
    missing = [name for name, value in row.items() if value is None]
    if missing:
        raise DataError(
            f"expected every column filled in game {row['game_id']}, got none in {missing}: "
            f"{shard}; remove it to go on without its games"
        )
    weights = row["policy_visits" if "policy_visits" in row else "policy_weight"]
    lengths = {name: len(row[name]) for name in _PER_PLY} | {"weights": len(weights)}
    plies = len(row["moves"])
    ragged = [
        len(indices) != len(of_them)
        for indices, of_them in zip(row["policy_index"], weights, strict=False)
    ]
    ragged += [len(row.get("wdl", [])) not in (0, plies)]
    ragged += [len(outcomes) != OUTCOMES for outcomes in row.get("wdl", [])]
    if any(length != plies for length in lengths.values()) or any(ragged):
        raise DataError(
            f"expected {plies} entries a ply in game {row['game_id']}, got {lengths}: "
            f"{shard}; remove it to go on without its games"
        )
    return Game(**upgrade_row(row))
