import json
from pathlib import Path

import pytest

from aztoolkit.errors import ConfigError, DataError
from tests.train.supervised.games import mating_game
from train.replay import read_games
from train.supervised.dataset import DataSet, read_shards

SOURCE = {"teacher": "Tiny 1", "seed": 1}
LONG_S = 1e6


def open_set(folder: Path, *, positions: int = 30, shard_s: float = LONG_S) -> DataSet:
    return DataSet(folder, SOURCE, shard_positions=positions, shard_s=shard_s)


def fill(data: DataSet, games: int) -> None:
    for _ in range(games):
        data.add(mating_game(data.next_game_id))


def ids(folder: Path) -> list[int]:
    return [game.game_id for game in read_games(folder)]


def test_games_come_to_disk_a_shard_at_a_time(tmp_path: Path) -> None:
    data = open_set(tmp_path)
    fill(data, 3)
    assert read_shards(tmp_path) == []
    fill(data, 5)
    first = read_shards(tmp_path)
    assert len(first) == 1
    data.flush()
    shards = read_shards(tmp_path)
    assert shards[0] == first[0]
    assert shards[-1].last_game_id == 7
    assert sum(shard.learned + shard.held_out for shard in shards) == data.positions
    assert ids(tmp_path) == list(range(8))


def test_a_slow_source_is_written_by_the_clock(tmp_path: Path) -> None:
    data = open_set(tmp_path, positions=10**6, shard_s=0.0)
    fill(data, 2)
    assert ids(tmp_path) == [0, 1]


def test_every_twentieth_game_is_held_out(tmp_path: Path) -> None:
    data = open_set(tmp_path, positions=10**6)
    fill(data, 41)
    data.flush()
    (shard,) = read_shards(tmp_path)
    held_out = sum(len(mating_game(number)) for number in (0, 20, 40))
    assert shard.held_out == held_out
    assert shard.learned == data.positions - held_out


def test_what_was_not_yet_written_is_made_again(tmp_path: Path) -> None:
    data = open_set(tmp_path)
    fill(data, 9)  # killed here: some games are in a shard, the rest nowhere
    written = len(ids(tmp_path))
    assert 0 < written < 9
    again = open_set(tmp_path)
    assert again.next_game_id <= written
    fill(again, 9 - again.next_game_id)
    again.flush()
    assert ids(tmp_path) == list(range(9))
    assert again.positions == sum(len(mating_game(number)) for number in range(9))


def test_killed_between_shard_and_progress_no_game_is_there_twice(tmp_path: Path) -> None:
    data = open_set(tmp_path)
    data.skip("no result")
    fill(data, 1)
    data.flush()
    before = (tmp_path / "progress.json").read_text()
    data.skip("low Elo")
    fill(data, 2)
    data.flush()
    (tmp_path / "progress.json").write_text(before)

    again = open_set(tmp_path)
    assert again.next_game_id == 2
    assert again.positions == data.positions
    again.skip("low Elo")
    fill(again, 3)
    again.flush(is_complete=True)
    assert ids(tmp_path) == [1, 3, 4, 5]
    assert again.skipped == {"no result": 1, "low Elo": 1}
    assert open_set(tmp_path).is_complete


def test_another_source_is_refused_by_name(tmp_path: Path) -> None:
    open_set(tmp_path)
    with pytest.raises(ConfigError, match=r"seed = 1\), got seed = 2"):
        DataSet(tmp_path, {**SOURCE, "seed": 2}, shard_positions=1, shard_s=1)


def test_a_broken_shard_is_one_line(tmp_path: Path) -> None:
    data = open_set(tmp_path)
    fill(data, 9)
    next(tmp_path.glob("replay/*.parquet")).write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="remove it to go on") as caught:
        open_set(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_broken_progress_is_one_line(tmp_path: Path) -> None:
    open_set(tmp_path)
    for text in ("{", json.dumps([1])):
        (tmp_path / "progress.json").write_text(text)
        with pytest.raises(DataError, match="remove the folder to begin again"):
            open_set(tmp_path)
