import dataclasses
import sys
import threading
from collections.abc import Iterable

import numpy as np
import pytest

from aztoolkit.errors import DataError
from tests.train.random_games import random_games
from train.reference_buffer import ReferenceBuffer
from train.replay import Game
from train.settings import TrainConfig
from train.window import Batch, ReplayWindow, create_buffer, places_of, window_limit


def window_of(games: Iterable[Game], **settings: object) -> ReplayWindow:
    window = ReplayWindow(TrainConfig.model_validate(settings))
    window.add(games)
    return window


def test_the_same_dice_draw_the_same_batch(games: list[Game]) -> None:
    first, second = (window_of(games).sample(np.random.default_rng(seed), 64) for seed in (1, 1))
    assert np.array_equal(first.planes, second.planes)
    assert np.array_equal(first.policy, second.policy)
    assert first.planes.shape == (64, 119, 8, 8)
    other = window_of(games).sample(np.random.default_rng(2), 64)
    assert not np.array_equal(first.planes, other.planes)


def test_every_position_is_drawn(games: list[Game]) -> None:
    window = window_of(games[:1])
    batch = window.sample(np.random.default_rng(1), 200)
    assert len({planes.tobytes() for planes in batch.planes}) == len(games[0])


def test_a_batch_may_be_written_into_memory_of_the_caller(games: list[Game]) -> None:
    window = window_of(games)
    batch = Batch.empty(16)
    before = batch.planes.ctypes.data
    window.sample_into(np.random.default_rng(1), batch)
    assert batch.planes.ctypes.data == before
    assert np.array_equal(batch.planes, window.sample(np.random.default_rng(1), 16).planes)


def test_half_of_the_positions_are_mirrored_unless_told_not_to() -> None:
    games = [next(random_games(6, plies=1)), *list(random_games(6, plies=30))[5:]]
    bare = games[-1]  # nobody may castle
    upright = window_of([bare], mirror=False).sample(np.random.default_rng(1), 400)
    turned = window_of([bare], mirror=True).sample(np.random.default_rng(1), 400)
    same = (upright.planes == turned.planes).all(axis=(1, 2, 3))
    assert np.array_equal(turned.planes[~same], upright.planes[~same][..., ::-1])
    assert 0.35 < same.mean() < 0.65


def test_oldest_positions_leave_a_full_window(games: list[Game]) -> None:
    window = window_of(games, replay_capacity=10)
    assert window.positions == 10


def test_oldest_games_leave_when_memory_is_full() -> None:
    games = list(random_games(48)) * 6
    window = window_of(games, replay_memory_mb=1)
    report = window.memory_report()
    assert 2**19 < report.bytes <= 2**20
    assert report.games < len(games)
    assert report.positions == window.positions
    assert report.bytes_per_position == report.bytes / report.positions
    assert window_of([]).memory_report().bytes_per_position == 0


def test_the_window_grows_more_slowly_than_the_run(games: list[Game]) -> None:
    config = TrainConfig(replay_capacity=5_000, replay_minimum=100, replay_growth=0.5)
    assert [window_limit(config, n) for n in (1, 100, 10_000, 10**6, 10**8)] == [
        10,
        100,
        1_000,
        5_000,
        5_000,
    ]
    whole = TrainConfig(replay_capacity=5_000)
    assert [window_limit(whole, n) for n in (1, 4_999, 10**7)] == [1, 4_999, 5_000]
    positions = sum(len(game) for game in games)
    grown = window_of(games, replay_growth=0.5, replay_minimum=4)
    assert grown.positions == round((4 * positions) ** 0.5) < positions
    resumed = ReplayWindow(TrainConfig(replay_growth=0.5, replay_minimum=4), earlier=len(games[0]))
    resumed.add(games[1:])
    assert resumed.positions == grown.positions


@pytest.mark.parametrize("recency", [0.0, 1.0, 3.0, 40.0])
def test_the_newest_are_drawn_so_many_times_as_often_as_the_oldest(recency: float) -> None:
    uniform = (np.arange(100_000) + 0.5) / 100_000
    places = places_of(uniform, recency)
    assert np.all(np.diff(places) > 0)
    assert places[0] >= 0
    assert places[-1] < 1
    counts, _ = np.histogram(places, bins=50, range=(0, 1))
    if recency <= 3:
        assert counts[-1] / counts[0] == pytest.approx(np.exp(recency * 49 / 50), rel=0.05)
    middle = np.exp(recency * (np.arange(50) + 0.5) / 50)
    assert counts / counts.sum() == pytest.approx(middle / middle.sum(), rel=0.05, abs=0.02)
    assert places_of(np.array([0.0]), recency)[0] == pytest.approx(0, abs=1e-12)


def test_however_strong_recency_is_places_lie_in_the_window() -> None:
    places = places_of(np.array([0.0, 0.5, 1 - 2**-53]), 1e6)
    assert np.all((places >= 0) & (places <= 1))


def test_recent_positions_are_drawn_more_often(games: list[Game]) -> None:
    old, new = dataclasses.replace(games[0], wdl=[[1, 0, 0]] * len(games[0])), games[0]
    new = dataclasses.replace(games[0], wdl=[[0, 0, 1]] * len(games[0]))
    wdl = window_of([old, new], recency=2.0).sample(np.random.default_rng(1), 4_000).wdl
    odds = wdl[:, 2].sum() / wdl[:, 0].sum()
    assert odds == pytest.approx(np.exp(1), rel=0.15)  # (e^2 - e) / (e - 1)


def test_plies_that_were_not_searched_are_no_targets(games: list[Game]) -> None:
    game = dataclasses.replace(games[0], searched=[True] + [False] * (len(games[0]) - 1))
    window = window_of([game])
    assert window.positions == 1
    window.add([dataclasses.replace(game, searched=[False] * len(game))])
    assert window.positions == 1


def test_an_illegal_game_is_named(games: list[Game]) -> None:
    broken = dataclasses.replace(games[0], game_id=77, moves=["e2e5", *games[0].moves[1:]])
    with pytest.raises(DataError, match=r"game 77: .*e2e5.*; remove its shard") as caught:
        window_of([broken])
    assert "\n" not in str(caught.value)


def test_one_thread_adds_while_another_draws() -> None:
    games = list(random_games(6, plies=30))
    window = window_of(games, replay_capacity=100)
    adding = threading.Thread(target=lambda: [window.add(games) for _ in range(30)])
    adding.start()
    rng = np.random.default_rng(1)
    while adding.is_alive():
        assert len(window.sample(rng, 32)) == 32
    assert window.positions == 100


def test_without_a_compiler_the_window_is_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aztoolkit._native", None)
    assert isinstance(create_buffer(1), ReferenceBuffer)
    window = window_of(random_games(2, plies=10), mirror=False)
    in_python = window.sample(np.random.default_rng(1), 20)
    monkeypatch.undo()
    native = window_of(random_games(2, plies=10), mirror=False)
    assert native.memory_report().positions == window.memory_report().positions
    assert np.array_equal(native.sample(np.random.default_rng(1), 20).planes, in_python.planes)
