import threading
import time
from collections.abc import Callable

import pytest
from torch import nn

from aztoolkit.errors import EvaluationError, InputError
from tests.train.conftest import TINY, evaluator_of
from train.actors import ActorGroup
from train.checkpoint import CheckpointInfo
from train.inference import TorchEvaluator
from train.replay import Game
from train.settings import TrainConfig
from train.throughput import Throughput

PATIENCE_S = 30.0
BOTH = pytest.mark.parametrize("server", [False, True], ids=["direct", "server"])


def group_of(
    config: TrainConfig, network: nn.Module, *, server: bool = False, **settings: object
) -> ActorGroup:
    chosen = {"inference_batch_size": 8, "inference_timeout_ms": 2.0, **settings}
    changed = config.model_copy(update=chosen)
    return ActorGroup(changed, evaluator_of(network), first_game_id=10, server=server)


def eventually(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, "never came true"
        time.sleep(0.002)


def play(group: ActorGroup, positions: int) -> list[Game]:
    return group.play(positions, stop=lambda: False, finished=lambda _: None, poll=lambda: None)


def spoil(network: nn.Module) -> None:
    for parameter in network.parameters():
        parameter.data.fill_(float("nan"))


@BOTH
def test_it_plays_at_least_what_was_asked_for(
    config: TrainConfig, network: nn.Module, server: bool
) -> None:
    told: list[Game] = []
    with group_of(config, network, server=server, actors=2) as group:
        games = group.play(60, stop=lambda: False, finished=told.append, poll=lambda: None)
    assert sum(len(game) for game in games) >= 60
    assert len({game.game_id for game in games}) == len(games)
    assert sorted(game.game_id for game in told) == sorted(game.game_id for game in games)
    assert min(game.game_id for game in games) >= 10


def test_threads_do_not_change_what_is_played(config: TrainConfig, network: nn.Module) -> None:
    def play_once() -> list[Game]:
        with group_of(config, network, actors=2) as group:
            return play(group, 24)

    games = play_once()
    assert play_once() == games
    assert {game.game_id % 2 for game in games} == {0, 1}


def test_a_server_plays_what_an_actor_alone_plays(config: TrainConfig, network: nn.Module) -> None:
    """Logits differ in the last bits between batch sizes, which these few simulations do not feel."""
    with group_of(config, network) as alone, group_of(config, network, server=True) as served:
        first = {game.game_id: game for game in play(alone, 40)}
        second = {game.game_id: game for game in play(served, 40)}
    both = first.keys() & second.keys()
    assert len(both) >= 4
    assert [first[number].moves for number in both] == [second[number].moves for number in both]


@BOTH
def test_games_go_on_from_call_to_call(
    config: TrainConfig, network: nn.Module, server: bool
) -> None:
    with group_of(config, network, server=server, max_plies=40) as group:
        assert group.play(40, stop=lambda: True, finished=lambda _: None, poll=lambda: None) == []
        numbers = [game.game_id for _ in range(3) for game in play(group, 1)]
    assert len(set(numbers)) == len(numbers)
    assert max(numbers) < 10 + 3 + len(numbers)  # none was dropped


@BOTH
def test_in_the_background_it_plays_until_stopped(
    config: TrainConfig, network: nn.Module, server: bool
) -> None:
    told: list[Game] = []
    with group_of(config, network, server=server, actors=2) as group:
        group.start(told.append)
        eventually(lambda: len(told) >= 10)
        group.check()
        assert group.stop() == []
        count, moves = len(told), group.moves
        time.sleep(0.05)
        assert (len(told), group.moves) == (count, moves)
        group.start(told.append)
        eventually(lambda: len(told) > count)
    assert len({game.game_id for game in told}) == len(told)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("actor")]


@BOTH
def test_another_network_takes_over_while_playing(
    config: TrainConfig, network: nn.Module, server: bool
) -> None:
    told: list[Game] = []
    with group_of(config, network, server=server) as group:
        group.start(told.append)
        eventually(lambda: len(told) >= 3)
        group.use(TorchEvaluator(network, CheckpointInfo(network=TINY, training_step=8)))
        eventually(lambda: told[-1].checkpoint_step == 8)
        group.stop()
    assert told[0].checkpoint_step == 7


@BOTH
def test_an_error_in_one_actor_ends_all(
    config: TrainConfig, network: nn.Module, server: bool
) -> None:
    spoil(network)
    with (
        group_of(config, network, server=server, actors=3) as group,
        pytest.raises(EvaluationError, match="NaN"),
    ):
        play(group, 24)


@BOTH
def test_an_error_in_the_background_is_raised_by_check_and_stop(
    config: TrainConfig, network: nn.Module, server: bool
) -> None:
    healthy = evaluator_of(network)
    spoil(network)
    group = group_of(config, network, server=server, actors=2)

    def check() -> None:
        while True:
            group.check()
            time.sleep(0.002)

    group.start(lambda _: None)
    with pytest.raises(EvaluationError, match="NaN"):
        check()
    with pytest.raises(EvaluationError, match="NaN"):
        group.stop()
    assert group.stop() == []
    assert healthy.spec.training_step == 7
    group.close()


def test_an_error_of_the_receiver_ends_the_actor(config: TrainConfig, network: nn.Module) -> None:
    def full_disk(_: Game) -> None:
        raise InputError("cannot write: no space left")

    group = group_of(config, network)
    group.start(full_disk)
    eventually(lambda: all(future.done() for future in group._futures))
    with pytest.raises(InputError, match="no space"):
        group.close()


def test_an_interrupt_while_waiting_stops_the_actors(
    config: TrainConfig, network: nn.Module
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    group = group_of(config, network, actors=2)
    with pytest.raises(KeyboardInterrupt):
        group.play(10**9, stop=lambda: False, finished=lambda _: None, poll=interrupt)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("actor")]


@BOTH
def test_throughput_counts_what_was_played(
    config: TrainConfig, network: nn.Module, server: bool
) -> None:
    with group_of(config, network, server=server, actors=2) as group:
        before = group.snapshot()
        games = play(group, 60)
        between = group.snapshot()
        time.sleep(0.05)
        after = group.snapshot()
    rates = Throughput.between(before, between)
    assert after.played_s == between.played_s  # learning is no time of theirs
    assert between.games == len(games)
    assert between.moves >= sum(len(game) for game in games)
    assert between.evaluations > between.moves
    assert rates.moves_per_s == pytest.approx(between.moves / between.played_s)
    assert rates.games_per_hour == pytest.approx(3600 * between.games / between.played_s)
    assert 0 < rates.fill_rate <= 1
    assert 0 < rates.latency_ms <= rates.latency_p99_ms
    assert rates.to_json()["games_per_hour"] == rates.games_per_hour
