from pathlib import Path

import numpy as np
import pytest

from tests.train.supervised.games import mating_game
from train.replay import write_shard
from train.settings import TrainConfig
from train.supervised.dataset import Shard, read_shards
from train.supervised.stream import Stream
from train.window import Batch, ReplayWindow

BATCH, GAMES, SHARDS = 16, 400, 5


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> list[Shard]:
    folder = tmp_path_factory.mktemp("data")
    for first in range(0, GAMES, GAMES // SHARDS):
        write_shard(folder, [mating_game(number) for number in range(first, first + 80)])
    return read_shards(folder)


class Phase:
    """Draws batches as the supervised phase does, from the one after `batches` on."""

    def __init__(self, shards: list[Shard], *, capacity: int, batches: int) -> None:
        config = TrainConfig(replay_capacity=capacity, replay_growth=1.0, mirror=False)
        self.window = ReplayWindow(config)
        done = batches * BATCH
        self.stream = Stream(shards, self.window, capacity=capacity, seed=1, done=done)
        self.batches = batches

    def draw(self) -> Batch:
        self.stream.feed(self.batches * BATCH)
        self.batches += 1
        return self.window.sample(np.random.default_rng(self.batches), BATCH)


@pytest.mark.parametrize("capacity", [100, 700, 100_000])
@pytest.mark.parametrize("batches", [1, 7, 100, 251])
def test_a_resumed_stream_goes_on_with_the_batch_that_would_have_followed(
    shards: list[Shard], capacity: int, batches: int
) -> None:
    whole = Phase(shards, capacity=capacity, batches=0)
    for _ in range(batches):
        whole.draw()
    resumed = Phase(shards, capacity=capacity, batches=batches)
    for _ in range(20):
        expected, got = whole.draw(), resumed.draw()
        np.testing.assert_array_equal(expected.planes, got.planes)
        np.testing.assert_array_equal(expected.policy, got.policy)
        np.testing.assert_array_equal(expected.wdl, got.wdl)


def test_shards_that_were_learned_are_not_read_again(
    shards: list[Shard], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    whole = Phase(shards, capacity=100, batches=0)
    epoch_batches = whole.stream.positions // BATCH
    monkeypatch.setattr(
        "train.supervised.stream.read_games",
        lambda path: read.append(path) or iter([mating_game(number) for number in range(80)]),
    )
    Phase(shards, capacity=100, batches=4 * epoch_batches // 5 + 1).draw()
    assert len(read) == 1  # the last fifth of the epoch
