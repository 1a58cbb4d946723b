import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import chess
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aztoolkit.errors import DataError
from tests.conftest import REPOSITORY
from train.journal import Journal, Recovered
from train.replay import (
    SCHEMA,
    Game,
    read_games,
    read_moves,
    read_positions,
    sample_positions,
    summarise_shard,
    write_shard,
)

DOCUMENT = REPOSITORY / "docs" / "replay.md"
GAME = Game(
    game_id=3,
    seed=2**62,
    checkpoint_step=40,
    start_fen=chess.STARTING_FEN,
    moves=["f2f3", "e7e5", "g2g4", "d8h4"],
    searched=[True, True, False, True],
    policy_index=[[1, 4671], [2], [3], [4]],
    policy_weight=[[1, 65535], [8], [9], [9]],
    root_value=[0.5, -0.25, 0.0, 1.0],
    result=-1,
    termination="checkmate",
    wdl=[],
)


def numbered(*game_ids: int) -> list[Game]:
    return [dataclasses.replace(GAME, game_id=game_id) for game_id in game_ids]


def test_round_trip_over_shards(run: Path) -> None:
    first = write_shard(run, numbered(1, 2))
    second = write_shard(run, numbered(5))
    assert [path.name for path in (first, second)] == [
        "shard-000001.parquet",
        "shard-000002.parquet",
    ]
    assert list(read_games(run)) == numbered(1, 2, 5)
    assert list(read_games(run / "replay")) == numbered(1, 2, 5)
    assert list(read_games(second)) == numbered(5)


def test_games_learned_from_others_stand_in_until_the_run_has_played(run: Path) -> None:
    write_shard(run / "supervised" / "pgn", numbered(1))
    write_shard(run / "supervised" / "teacher", numbered(2))
    assert list(read_games(run)) == numbered(1, 2)
    write_shard(run, numbered(7))
    assert list(read_games(run)) == numbered(7)


def test_moves_are_read_without_the_rest(run: Path) -> None:
    write_shard(run, numbered(1, 2))
    assert list(read_moves(run)) == [(GAME.start_fen, GAME.moves)] * 2
    write_shard(run, [dataclasses.replace(GAME, start_fen=None)])
    with pytest.raises(DataError, match="expected a start"):
        list(read_moves(run))


def test_a_shard_says_what_it_is(run: Path) -> None:
    metadata = pq.read_schema(write_shard(run, [GAME])).metadata
    assert metadata[b"aztoolkit.format_version"] == b"2"
    assert metadata[b"aztoolkit.encoding"] == b"az119"
    assert metadata[b"aztoolkit.action_space"] == b"az4672"


def test_a_shard_of_format_1_is_read_as_the_second(run: Path) -> None:
    path = write_shard(run, [GAME])
    old = vars(GAME) | {
        "policy_index": [[1, 7, 4671], [2], [3], [4]],
        "policy_visits": [[1, 0, 65535], [8], [9], [9]],
    }
    del old["policy_weight"], old["wdl"]
    fields = [field for field in SCHEMA if field.name in old]
    fields.insert(7, pa.field("policy_visits", SCHEMA.field("policy_weight").type))
    metadata = SCHEMA.metadata | {b"aztoolkit.format_version": b"1"}
    pq.write_table(pa.Table.from_pylist([old], schema=pa.schema(fields, metadata=metadata)), path)
    assert list(read_games(run)) == [GAME]
    journal = Journal(run)
    journal.recover()
    (run / "replay" / "journal.jsonl").write_text(json.dumps(old | {"game_id": 4}) + "\n")
    assert recovered(run) == numbered(3, 4)


def test_positions_come_with_their_history(run: Path) -> None:
    write_shard(run, numbered(1, 2))
    positions = list(read_positions(run))
    assert [game_id for game_id, _ in positions] == [1] * 4 + [2] * 4
    boards = [board for _, board in positions]
    assert [len(board.move_stack) for board in boards] == [0, 1, 2, 3] * 2
    assert [move.uci() for move in boards[3].move_stack] == GAME.moves[:3]


def test_sampled_positions_are_distinct_seeded_and_at_most_all(run: Path) -> None:
    write_shard(run, numbered(1, 2, 3))
    sample = sample_positions(run, 7, seed=1)
    keys = {(game_id, board.ply()) for game_id, board in sample}
    assert len(sample) == len(keys) == 7
    again = sample_positions(run, 7, seed=1)
    assert [(i, b.fen()) for i, b in sample] == [(i, b.fen()) for i, b in again]
    assert {(i, b.ply()) for i, b in sample_positions(run, 7, seed=2)} != keys
    assert len(sample_positions(run, 99, seed=1)) == 12


def _truncate(shard: Path) -> None:
    shard.write_bytes(shard.read_bytes()[:-20])


def _rewrite(change: Callable[[pa.Table], pa.Table]) -> Callable[[Path], None]:
    return lambda shard: pq.write_table(change(pq.read_table(shard)), shard)


def _with_row(**fields: object) -> Callable[[Path], None]:
    row = vars(GAME) | fields
    return lambda shard: pq.write_table(pa.Table.from_pylist([row], schema=SCHEMA), shard)


CORRUPTIONS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "got none in"),
    "empty": (lambda shard: shard.write_bytes(b""), "expected a replay shard"),
    "truncated": (_truncate, "expected a replay shard"),
    "not parquet": (lambda shard: shard.write_text("1. e4 e5"), "expected a replay shard"),
    "column missing": (_rewrite(lambda table: table.drop_columns(["moves"])), "with columns"),
    "metadata missing": (
        _rewrite(lambda table: table.replace_schema_metadata({})),
        "of format 1 or 2",
    ),
    "column empty": (_with_row(moves=None), "moves"),
    "ragged": (_with_row(root_value=[0.5]), "4 entries a ply"),
    "ragged labels": (_with_row(wdl=[[1, 2, 3]]), "4 entries a ply"),
    "labels of two": (_with_row(wdl=[[1, 2]] * 4), "4 entries a ply"),
    "ragged policy": (_with_row(policy_weight=[[1], [8], [9], [9]]), "4 entries a ply"),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_broken_shard_is_one_clear_line(run: Path, name: str) -> None:
    corrupt, complaint = CORRUPTIONS[name]
    corrupt(write_shard(run, [GAME]))
    with pytest.raises(DataError, match=complaint) as caught:
        list(read_games(run))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fields", [{"moves": ["e2e5"] * 4}, {"start_fen": "8/8 w"}])
def test_positions_of_an_illegal_game_are_refused(run: Path, fields: dict[str, object]) -> None:
    _with_row(**fields)(write_shard(run, [GAME]))
    with pytest.raises(DataError, match="game 3"):
        list(read_positions(run))


def recovered(run: Path) -> list[Game]:
    """Returns the games that a new process finds."""
    journal = Journal(run)
    found = journal.recover()
    older, games = journal.recent(10**6)
    kept = list(games)
    assert older == 0
    assert found.games == len(kept)
    assert found.positions == sum(sum(game.searched) for game in kept)
    assert found.next_game_id == 1 + max((game.game_id for game in kept), default=-1)
    return kept


def test_journal_keeps_games_until_they_are_sealed(run: Path) -> None:
    assert recovered(run) == []
    journal = Journal(run)
    journal.recover()
    for game in numbered(1, 2):
        journal.append(game)
    assert recovered(run) == numbered(1, 2)
    journal.seal()
    journal.append(*numbered(3))
    assert list(read_games(run)) == numbered(1, 2)
    assert recovered(run) == numbered(1, 2, 3)


def test_only_shards_with_recent_positions_are_read(run: Path) -> None:
    positions = sum(GAME.searched)
    shards = [write_shard(run, numbered(first, first + 1)) for first in (0, 2, 4)]
    journal = Journal(run)
    journal.recover()
    journal.append(*numbered(6))
    again = Journal(run)
    assert again.recover() == Recovered(games=7, positions=7 * positions, next_game_id=7)
    _corrupt_policies(shards[0])
    older, games = again.recent(2 * positions)
    assert (older, [game.game_id for game in games]) == (4 * positions, [4, 5, 6])
    older, games = again.recent(3 * positions + 1)
    assert (older, [game.game_id for game in games]) == (2 * positions, [2, 3, 4, 5, 6])
    with pytest.raises(DataError, match="entries a ply"):
        list(again.recent(7 * positions)[1])


def _corrupt_policies(shard: Path) -> None:
    """Games of the same length and number, which nobody notices who does not read their policies."""
    rows = [vars(game) | {"policy_index": [[]] * 4} for game in numbered(0, 1)]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), shard)


def test_a_shard_is_summarised_without_its_games(run: Path) -> None:
    shard = write_shard(run, numbered(4, 9))
    summary = summarise_shard(shard)
    assert summary.path == shard
    assert summary.game_ids.tolist() == [4, 9]
    assert summary.positions == 2 * sum(GAME.searched) == 6


def test_journal_survives_a_kill_in_the_middle_of_a_line(run: Path) -> None:
    journal = Journal(run)
    journal.recover()
    for game in numbered(1, 2):
        journal.append(game)
    path = run / "replay" / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    after = Journal(run)
    assert after.recover().games == 1
    after.append(*numbered(7))
    assert recovered(run) == numbered(1, 7)


def test_journal_does_not_count_a_sealed_game_twice(run: Path) -> None:
    journal = Journal(run)
    journal.recover()
    journal.append(GAME)
    write_shard(run, [GAME])  # killed before the journal was emptied
    again = Journal(run)
    assert again.recover().games == 1
    again.seal()
    assert list(read_games(run)) == [GAME]


def test_a_malformed_journal_is_refused(run: Path) -> None:
    journal = Journal(run)
    journal.recover()
    (run / "replay" / "journal.jsonl").write_text("{}\n")
    with pytest.raises(DataError, match="every line"):
        Journal(run).recover()


def test_the_document_names_every_column_and_its_type() -> None:
    rows = [line.split("|") for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    documented = {name.strip(" `"): kind.strip(" `") for _, name, kind, *_ in rows}
    for column in SCHEMA:
        kind = str(column.type).replace("element: ", "").replace("item: ", "")
        assert documented[column.name] == kind


def test_shards_are_read_beside_a_journal_by_other_programs(run: Path) -> None:
    for first in (1, 5):
        write_shard(run, numbered(first, first + 1))
    Journal(run).recover()
    shards = sorted((run / "replay").glob("*.parquet"))
    table = pa.concat_tables([pq.read_table(shard, columns=["game_id"]) for shard in shards])
    assert table["game_id"].to_pylist() == [1, 2, 5, 6]
