import math
import time

import numpy as np
import pytest

from train.iteration import Iteration, replay_age
from train.rates import NO_PLAY
from train.settings import TrainConfig
from train.utilisation import Processor, Reading
from train.window import places_of


class Idle:
    def read(self) -> Reading:
        return Reading()


@pytest.fixture
def iteration() -> Iteration:
    return Iteration(lambda: NO_PLAY, Idle())


def test_losses_are_means_over_steps_however_often_they_are_read(iteration: Iteration) -> None:
    iteration.steps = 1
    iteration.read({"loss": 4.0})
    iteration.steps = 4
    iteration.read({"loss": 2.0})
    iteration.read({})  # nothing new
    assert iteration.losses == {"loss": pytest.approx((4 + 3 * 2) / 4)}
    assert iteration.metrics()["loss"] == iteration.live()["loss"] == iteration.losses["loss"]


def test_a_learner_that_waits_for_batches_is_not_busy(iteration: Iteration) -> None:
    with iteration.learning():
        iteration.steps = 2
        with iteration.waiting():
            time.sleep(0.06)
        time.sleep(0.02)
    values = iteration.metrics()
    assert values["learning_s"] >= 0.08
    assert values["train_steps_per_s"] == pytest.approx(2 / values["learning_s"])
    assert 0 < values["learner_busy"] < 0.5


def test_a_process_that_sleeps_does_not_use_the_processor() -> None:
    asleep = Iteration(lambda: NO_PLAY, Processor())
    time.sleep(0.1)
    awake = Iteration(lambda: NO_PLAY, Processor())
    assert asleep.metrics()["utilisation"] < 0.5
    end_s = time.process_time() + 0.05
    while time.process_time() < end_s:
        pass
    assert 0 < awake.metrics()["utilisation"] <= 1.05


def test_a_device_that_cannot_be_measured_has_no_utilisation(iteration: Iteration) -> None:
    assert "utilisation" not in iteration.metrics()


@pytest.mark.parametrize("recency", [0.0, 1e-4, 0.5, 3.0, 800.0])
def test_replay_age_is_that_of_the_mean_draw(recency: float) -> None:
    config = TrainConfig(recency=recency)
    uniform = (np.arange(100_000) + 0.5) / 100_000
    expected = float(1000 * (1 - places_of(uniform, recency)).mean())
    assert replay_age(config, 1000) == pytest.approx(expected, rel=1e-3)
    assert math.isclose(replay_age(TrainConfig(), 1000), 500)
