import math
import time

import numpy as np
import pytest

from train.iteration import Iteration, replay_age
from train.settings import TrainConfig
from train.throughput import Snapshot
from train.window import places_of


def snapshot(played_s: float = 0.0, games: int = 0, moves: int = 0) -> Snapshot:
    counters = dict.fromkeys(
        ("resigned", "control_resignations", "wrong_resignations", "evaluations"), 0
    )
    rest = {"batches": 0, "places": 0, "queued": 0, "latencies_s": []}
    return Snapshot(played_s=played_s, games=games, moves=moves, **counters, **rest)


def test_losses_are_means_over_steps_however_often_they_are_read() -> None:
    iteration = Iteration(snapshot())
    iteration.steps = 1
    iteration.read({"loss": 4.0})
    iteration.steps = 4
    iteration.read({"loss": 2.0})
    iteration.read({})  # nothing new
    assert iteration.losses == {"loss": pytest.approx((4 + 3 * 2) / 4)}


def test_rates_are_those_of_the_iteration() -> None:
    iteration = Iteration(snapshot(played_s=10, games=5, moves=100))
    values = iteration.metrics(snapshot(played_s=12, games=6, moves=150))
    assert values["positions_per_s"] == pytest.approx(25)
    assert values["games_per_hour"] == pytest.approx(1800)
    assert values["self_play_s"] == pytest.approx(2)
    assert "moves_per_s" not in values
    assert "train_steps_per_s" not in values  # no step was made


def test_a_learner_that_waits_for_batches_is_not_busy() -> None:
    iteration = Iteration(snapshot())
    with iteration.learning():
        iteration.steps = 2
        with iteration.waiting():
            time.sleep(0.06)
        time.sleep(0.02)
    values = iteration.metrics(snapshot())
    assert values["learning_s"] >= 0.08
    assert values["train_steps_per_s"] == pytest.approx(2 / values["learning_s"])
    assert 0 < values["learner_busy"] < 0.5


def test_a_process_that_sleeps_does_not_use_the_processor() -> None:
    asleep = Iteration(snapshot())
    time.sleep(0.1)
    awake = Iteration(snapshot())
    assert asleep.metrics(snapshot())["utilisation"] < 0.5
    end_s = time.process_time() + 0.05
    while time.process_time() < end_s:
        pass
    assert awake.metrics(snapshot())["utilisation"] > 0


@pytest.mark.parametrize("recency", [0.0, 1e-4, 0.5, 3.0, 800.0])
def test_replay_age_is_that_of_the_mean_draw(recency: float) -> None:
    config = TrainConfig(recency=recency)
    uniform = (np.arange(100_000) + 0.5) / 100_000
    expected = float(1000 * (1 - places_of(uniform, recency)).mean())
    assert replay_age(config, 1000) == pytest.approx(expected, rel=1e-3)
    assert math.isclose(replay_age(TrainConfig(), 1000), 500)
